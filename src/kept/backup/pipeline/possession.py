"""Does the keeper still hold the parts, asked without any key?

A part's name is the SHA-256 of its bytes: whoever can read them can tell. A sample is drawn from a
seed nobody chose (`model.sampling`), so anybody draws the same; a list kept from before shows what
was taken away. A damaged file is named by kind and name; nothing more can be seen without the key.
Source: `docs/formats/backup.md`, "Samples", "Inventory".
"""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kept.backup.model.inventory import Changes, Item, compare, inventory, inventory_root
from kept.backup.model.sampling import sample
from kept.backup.pipeline.adopting import never
from kept.backup.ports import CONFIG_NAME, FileKind, Place
from kept.base.errors import NotFoundError, UnavailableError

_NAME = re.compile(r"[0-9a-f]{64}")
_STEP_BYTES = 2**20
_LISTED = (FileKind.DATA, FileKind.INDEX, FileKind.KEY, FileKind.SNAPSHOT)


@dataclass(frozen=True, slots=True)
class Possession:
    """What was asked for and what came back.

    `bad` has another hash than its name, `missing` was listed or asked for and is not there,
    `unread` could not be read just now: nobody can tell. Each is `(kind, name)`.
    """

    asked: int
    of: int  # how many parts there were to draw from
    good: int
    bytes_read: int
    bad: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    unread: tuple[tuple[str, str], ...]
    inventory: tuple[Item, ...]
    changes: Changes | None  # against a list from before, if there was one
    is_whole: bool  # False where `stop` ended it early

    @property
    def root(self) -> bytes:
        """The root over the inventory, 32 bytes."""
        return inventory_root(self.inventory)

    @property
    def exit_code(self) -> int:
        """0 if all that was asked for is there and nothing was taken away or resized, else 1."""
        changed = self.changes is not None and bool(self.changes.gone or self.changes.resized)
        is_bad = self.bad or self.missing or self.unread or changed or not self.is_whole
        return 1 if is_bad else 0


def inventory_of(place: Place) -> tuple[Item, ...]:
    """All files of a place but locks.

    Raises:
        UnavailableError: it cannot be reached or read.
    """
    files = [
        (kind.value, stored.name, stored.size) for kind in _LISTED for stored in place.list(kind)
    ]
    with suppress(NotFoundError):  # where it is missing the comparison tells
        config = place.get(FileKind.CONFIG, CONFIG_NAME)
        files.append((FileKind.CONFIG.value, CONFIG_NAME, len(config)))
    return inventory(files)


def check_possession(
    place: Place,
    *,
    seed: bytes | None,
    picks: int,
    before: tuple[Item, ...] | None = None,
    stop: Callable[[], bool] = never,
) -> Possession:
    """Read a sample of parts whole and compare each with its name.

    Parts are drawn from the list kept from before where there is one, so that whoever lost one
    cannot keep it out of the draw by not listing it.

    Args:
        place: of the repository; no key is needed.
        seed: 32 bytes; None: every part is read.
        picks: how many parts, where there is a seed.
        before: a list from before.
        stop: asked before each part.

    Raises:
        MalformedError: the seed has not 32 bytes, or the place lists a file twice.
        UnavailableError: the place cannot be reached.
    """
    now = inventory_of(place)
    drawn_from = now if before is None else before
    names = [item.name.encode() for item in drawn_from if item.kind == FileKind.DATA.value]
    asked = sorted(names) if seed is None else sample(seed, names, picks)
    tally = _Tally()
    for name in asked:
        if stop():
            tally.is_whole = False
            break
        tally.ask(place, FileKind.DATA, name.decode())
    return Possession(
        len(asked),
        len(names),
        tally.good,
        tally.bytes_read,
        tuple(tally.bad),
        tuple(tally.missing),
        tuple(tally.unread),
        now,
        None if before is None else compare(before, now),
        tally.is_whole,
    )


class _Tally:
    def __init__(self) -> None:
        self.good = self.bytes_read = 0
        self.bad: list[tuple[str, str]] = []
        self.missing: list[tuple[str, str]] = []
        self.unread: list[tuple[str, str]] = []
        self.is_whole = True

    def ask(self, place: Place, kind: FileKind, name: str) -> None:
        """Read one file and compare."""
        try:
            raw = place.get(kind, name)
        except NotFoundError:
            self.missing.append((kind.value, name))
            return
        except UnavailableError:
            self.unread.append((kind.value, name))
            return
        self.bytes_read += len(raw)
        if hashlib.sha256(raw).hexdigest() == name:
            self.good += 1
        else:
            self.bad.append((kind.value, name))


def keyless(
    folder: Path,
    *,
    before: tuple[Item, ...] | None = None,
    stop: Callable[[], bool] = never,
) -> Possession:
    """The same for a plain folder: all parts, and all else that is named after its bytes.

    `folder` may be a repository, or nothing but its `data`. Needs no configuration, key or place.

    Raises:
        NotFoundError: no file named like a part is in it.
        UnavailableError: a folder cannot be listed.
    """
    found = sorted(_named_files(folder))
    tally = _Tally()
    items: list[tuple[str, str, int]] = []
    for kind, name, path in found:
        if stop():
            tally.is_whole = False
            break
        try:
            size, is_good = _hash(path, name)
        except OSError:
            tally.unread.append((kind, name))
            continue
        items.append((kind, name, size))
        tally.bytes_read += size
        if kind == FileKind.CONFIG.value:
            continue
        if is_good:
            tally.good += 1
        else:
            tally.bad.append((kind, name))
    asked = sum(kind != FileKind.CONFIG.value for kind, _, _ in found)
    if not asked:
        raise NotFoundError("No file in this folder is named like a part of a repository.")
    now = inventory(items)
    changes = None if before is None else compare(before, now)
    return Possession(
        asked,
        asked,
        tally.good,
        tally.bytes_read,
        tuple(tally.bad),
        () if changes is None else tuple(item.key for item in changes.gone),
        tuple(tally.unread),
        now,
        changes,
        tally.is_whole,
    )


def _named_files(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Kind, name and path of each file; links are not followed.

    Raises:
        UnavailableError: a folder cannot be listed.
    """
    is_repository = (folder / FileKind.DATA.value).is_dir()
    if is_repository and (folder / "config").is_file():
        yield FileKind.CONFIG.value, CONFIG_NAME, folder / "config"
    kinds = [kind.value for kind in _LISTED] if is_repository else [FileKind.DATA.value]
    for kind in kinds:
        below = folder / kind if is_repository else folder
        try:
            for path in _files(below):
                if _NAME.fullmatch(path.name):
                    yield kind, path.name, path
        except OSError as refused:
            raise UnavailableError(
                f"The folder {kind} cannot be listed ({refused.strerror})."
            ) from None


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            elif stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                yield Path(entry.path)


def _hash(path: Path, name: str) -> tuple[int, bool]:
    found, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_STEP_BYTES):
            found.update(piece)
            size += len(piece)
    return size, found.hexdigest() == name
