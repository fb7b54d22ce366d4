"""How does a house come back on a new machine, with nothing but the words on paper and its copies?

The words open the copy of the keys; the keys give the password of the copies of the data. Both are
laid together in a new folder; what lay in PostgreSQL goes into empty databases that were named.
Nothing is opened or signed here: the next commands do that, and what was erased meanwhile is erased
again before anybody is served. Where something fails nothing stays of what was begun.
"""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kept.backup.acts.secrets import repository_password
from kept.backup.pipeline.loading import NamedSnapshot, load_snapshots
from kept.backup.pipeline.restore_values import Restored, Watch, Wish, unwatched
from kept.backup.pipeline.restoring import restore
from kept.backup.ports import FileKind, Place
from kept.backup.repo.repository import open_repository
from kept.backup.sources.databases import DATA, DUMP, HOUSE, wipe
from kept.base.durable import replace_file
from kept.base.errors import KeptError, NotFoundError, RefusedError, TamperedError, UnavailableError
from kept.crypto import keyring_file
from kept.crypto.sealing import KeyMismatchError
from kept.crypto.secret import Secret
from kept.crypto.words import from_words
from kept.db.dump import put_back
from kept.db.scratch import clear, is_empty
from kept.flows.copy_keys import KEYS_DUMP, open_key_copy
from kept.wiring.folder import DataFolder
from kept.wiring.ways_in import open_by_words

DATA_DUMP = "postgres.dump"


@dataclass(frozen=True, slots=True)
class Servers:
    """Empty PostgreSQL databases for what lay in one: the data, the keys."""

    dsn: Secret | None = None
    keys_dsn: Secret | None = None


FILES_ALONE = Servers()


def rebuild(
    folder: Path,
    words: str,
    *,
    keys: Place,
    data: Place,
    servers: Servers = FILES_ALONE,
    watch: Watch = unwatched,
) -> tuple[str, Restored]:
    """Make the data folder anew; the snapshot's name and what came back.

    Args:
        folder: where it shall stand; there must be nothing.
        words: the recovery words.
        keys: the place of the copy of the keys.
        data: a place of copies of the data.
        servers: for a house that lay in PostgreSQL.
        watch: told of progress.

    Raises:
        RefusedError: something stands there already, or the words are another house's; a database
            is needed and was not named, or is not empty.
        MalformedError: the words are misspelt.
        NotFoundError: no copy of keys, or no copy of a house, lies there.
        TamperedError: what lies there was changed.
        UnavailableError: a place or a server is away, or the disk refuses.
    """
    if folder.exists():
        raise RefusedError("rebuild.stands", f"{folder} is there already. Nothing was changed.")
    _require_empty(servers)
    with _working(folder) as work:
        ring = work / "keys"
        ring.mkdir(mode=0o700)
        names = _keys_into(ring, words, keys)
        _require(servers.keys_dsn, is_dump=KEYS_DUMP in names, setting="KEPT_KEYS_DSN_FILE")
        opened = open_by_words(keyring_file.load(DataFolder(ring).keyring), words)
        repository = open_repository(data, repository_password(opened.house_keys["house"]))
        snapshots, _ = load_snapshots(repository)
        newest = next((one for one in snapshots if _holds_house(one)), None)
        if newest is None:
            raise NotFoundError("No copy of a house lies there.")
        own = DUMP if _holds(newest, DUMP) else DATA
        _require(servers.dsn, is_dump=own == DUMP, setting="KEPT_DSN_FILE")
        wish = Wish(target=os.fsencode(work.absolute()), paths=(HOUSE,), replace=True)
        done = restore(repository, newest.snapshot, wish, watch=watch)
        if done.lost or not (work / own.decode().strip("/")).is_file():
            raise TamperedError(f"the copy {newest.name[:8]}")
        with _put_back(work / HOUSE.decode().strip("/"), ring, servers):
            _join(work, folder)
    return newest.name, done


@contextmanager
def _working(folder: Path) -> Generator[Path]:
    """A folder beside the one to come; gone at the end, with the keys in it overwritten.

    Raises:
        RefusedError: one is left of a rebuilding that was cut off.
        UnavailableError: the disk refuses.
    """
    work = folder.with_name(f"{folder.name}.rebuilding")
    try:
        work.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise RefusedError(
            "rebuild.left",
            f"{work} is left of a rebuilding that was cut off. Remove it, and empty the databases"
            " that were named, if any; then begin again.",
        ) from None
    except OSError as error:
        raise UnavailableError(f"{work} cannot be made: {error.strerror}.") from None
    try:
        yield work
    finally:
        for left in sorted(work.glob("keys/*")):
            with suppress(OSError):
                wipe(left)
        shutil.rmtree(work, ignore_errors=True)


def _join(work: Path, folder: Path) -> None:
    """Lay the keys beside the data, and the house where it shall stand.

    Raises:
        UnavailableError: the disk refuses.
    """
    house = work / HOUSE.decode().strip("/")
    try:
        house.chmod(0o700)
        for path in (work / "keys").iterdir():
            path.rename(house / path.name)
        replace_file(DataFolder(house).copy_mark, b"What was signed after the copy is unknown.\n")
        house.rename(folder)
    except OSError as error:
        raise UnavailableError(f"{folder} cannot be made: {error.strerror}.") from None


def _require_empty(servers: Servers) -> None:
    """See that nobody's data lies where ours is to go.

    Raises:
        RefusedError: something lies there.
        UnavailableError: a server is away.
    """
    for dsn in (servers.dsn, servers.keys_dsn):
        if dsn is not None and not is_empty(dsn):
            raise RefusedError(
                "rebuild.not_empty",
                "A database that was named holds something already. Name an empty one. Nothing was"
                " changed.",
            )


def _require(dsn: Secret | None, *, is_dump: bool, setting: str) -> None:
    """What lay in PostgreSQL goes there again, and what lay in a file does not.

    Raises:
        RefusedError: a database is needed and was not named, or the other way round.
    """
    if is_dump and dsn is None:
        raise RefusedError(
            "rebuild.needs_database",
            f"This house lay in PostgreSQL. Name an empty database for it: {setting} names a file"
            " that holds its DSN. Nothing was changed.",
        )
    if not is_dump and dsn is not None:
        raise RefusedError(
            "rebuild.needs_no_database",
            f"This house lay in a file, so it comes back as one. Leave {setting} out; nothing was"
            " changed.",
        )


@contextmanager
def _put_back(house: Path, ring: Path, servers: Servers) -> Generator[None]:
    """Put the dumps into their databases; emptied again where what follows fails.

    Raises:
        TamperedError: a server does not take what was in a dump.
        UnavailableError: a server is away or full.
    """
    begun = list[Secret]()
    try:
        for dump, dsn in ((ring / KEYS_DUMP, servers.keys_dsn), (house / DATA_DUMP, servers.dsn)):
            if dsn is not None:
                begun.append(dsn)
                put_back(dump, dsn)
                wipe(dump)
        yield
    except BaseException:
        for dsn in begun:
            with suppress(KeptError):
                clear(dsn)
        raise


def _holds_house(one: NamedSnapshot) -> bool:
    return _holds(one, DATA) or _holds(one, DUMP)


def _holds(one: NamedSnapshot, path: bytes) -> bool:
    return path.decode() in one.snapshot.paths


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
