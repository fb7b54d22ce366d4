"""How does a house come back on a new machine, with nothing but the words on paper and its copies?

The words open the copy of the keys; the keys give the password of the copies of the data. Both are
laid together in a new folder. Nothing is opened or signed here: the next commands do that, and what
was erased meanwhile is erased again before anybody is served.
"""

import os
from pathlib import Path

from kept.backup.acts.secrets import repository_password
from kept.backup.pipeline.loading import load_snapshots
from kept.backup.pipeline.restore_values import Restored, Watch, Wish, unwatched
from kept.backup.pipeline.restoring import restore
from kept.backup.ports import FileKind, Place
from kept.backup.repo.repository import open_repository
from kept.base.errors import NotFoundError, RefusedError, TamperedError, UnavailableError
from kept.crypto import keyring_file
from kept.crypto.sealing import KeyMismatchError
from kept.crypto.words import from_words
from kept.flows.copy_keys import open_key_copy
from kept.wiring.folder import DataFolder
from kept.wiring.ways_in import open_by_words

HOUSE = b"/kept"


def rebuild(
    folder: Path, words: str, *, keys: Place, data: Place, watch: Watch = unwatched
) -> tuple[str, Restored]:
    """Make the data folder anew; the snapshot's name and what came back.

    Args:
        folder: where it shall stand; there must be nothing.
        words: the recovery words.
        keys: the place of the copy of the keys.
        data: a place of copies of the data.
        watch: told of progress.

    Raises:
        RefusedError: something stands there already, or the words are another house's.
        MalformedError: the words are misspelt.
        NotFoundError: no copy of keys, or no copy of a house, lies there.
        TamperedError: what lies there was changed.
        UnavailableError: a place is away, or the disk refuses.
    """
    if folder.exists():
        raise RefusedError("rebuild.stands", f"{folder} is there already. Nothing was changed.")
    work = folder.with_name(f"{folder.name}.rebuilding")
    house = work / HOUSE.decode().strip("/")
    try:
        work.mkdir(mode=0o700, parents=True)
        ring = work / "keys"
        ring.mkdir(mode=0o700)
    except OSError as error:
        raise UnavailableError(f"{work} cannot be made: {error.strerror}.") from None
    names = _keys_into(ring, words, keys)
    opened = open_by_words(keyring_file.load(DataFolder(ring).keyring), words)
    repository = open_repository(data, repository_password(opened.house_keys["house"]))
    snapshots, _ = load_snapshots(repository)
    newest = next((one for one in snapshots if _holds_house(one.snapshot.paths)), None)
    if newest is None:
        raise NotFoundError("No copy of a house lies there.")
    wish = Wish(target=os.fsencode(work.absolute()), paths=(HOUSE,), replace=True)
    done = restore(repository, newest.snapshot, wish, watch=watch)
    if done.lost:
        raise TamperedError(f"{len(done.lost)} files of the copy in {work}")
    try:
        house.chmod(0o700)
        for name in names:
            (ring / name).rename(house / name)
        ring.rmdir()
        house.rename(folder)
        work.rmdir()
    except OSError as error:
        raise UnavailableError(f"{folder} cannot be made: {error.strerror}.") from None
    return newest.name, done


def _holds_house(paths: tuple[str, ...]) -> bool:
    return any(path.startswith("/kept/data.db") for path in paths)


def _keys_into(into: Path, words: str, place: Place) -> tuple[str, ...]:
    """The files of the newest copy of the keys.

    Raises:
        NotFoundError: there is none.
        RefusedError: it was sealed for other words.
    """
    found = place.list(FileKind.KEY)
    if not found:
        raise NotFoundError("No copy of keys lies there.")
    identity = from_words(words)
    for stored in found:
        try:
            return open_key_copy(place.get(FileKind.KEY, stored.name), identity, into)
        except KeyMismatchError:
            continue
    raise RefusedError("wrong_words", "These words open no copy of keys there. Nothing was made.")
