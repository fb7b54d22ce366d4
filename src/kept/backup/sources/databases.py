"""What of the house itself is copied, and where does it stand in a snapshot?

Under `/kept`, wherever the folder lies, so that snapshots of a moved house fit together. SQLite is
copied first, into a folder of its own: the ledger's full tiles are written once and only grow, so
those that are read later hold all that the copied tables know of.
Never: keys.db, keyring.json, find.db, high-water, WAL and SHM, lock, socket, uploads, staging.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kept.backup.sources.walk import Root
from kept.base.errors import UnavailableError
from kept.db.seam import Database

HOUSE = b"/kept"
DATA = b"/kept/data.db"
DUMP = b"/kept/postgres.dump"
TILES = b"/kept/tiles"
STAGING = "staging"
_MODE = 0o700
_BESIDE = ("tiles", "objects", "promises.toml", "kept.toml")  # what else goes along, if it is there
_COPY = "data.db"


@dataclass(frozen=True, slots=True)
class Staged:
    """What is ready to be copied: `copied` is a database's path in the snapshot, or None."""

    roots: tuple[Root, ...]
    copied: bytes | None


@contextmanager
def staging(folder: Path) -> Generator[Path]:
    """An empty folder of ours in the data folder, by its whole path, gone at the end.

    What another process left goes first: whoever is here holds the folder's lock. Two threads of
    one process each have their own.

    Raises:
        UnavailableError: the disk refuses.
    """
    base, own = folder.absolute() / STAGING, f"{os.getpid()}-"  # others read it from elsewhere
    try:
        base.mkdir(mode=_MODE, exist_ok=True)
        for left in base.iterdir():
            if not left.name.startswith(own):
                shutil.rmtree(left, ignore_errors=True)
        mine = Path(tempfile.mkdtemp(dir=base, prefix=own))
    except OSError as error:
        raise UnavailableError("The data folder cannot be written. There is no copy.") from error
    try:
        yield mine
    finally:
        shutil.rmtree(mine, ignore_errors=True)
        with suppress(OSError):  # another one is at work in it
            base.rmdir()


def stage_house(db: Database, folder: Path, into: Path) -> Staged:
    """Copy what must be copied at one moment, and name what stands still.

    Args:
        db: the house's data; of PostgreSQL nothing is staged, its dump is a stream.
        folder: the data folder.
        into: an empty folder of ours.

    Raises:
        UnavailableError: too little room, or the database cannot be read whole.
    """
    copied = None
    roots = list[Root]()
    if db.dialect == "sqlite":
        db.copy_to(into / _COPY)
        roots.append(Root(DATA, os.fsencode(into / _COPY)))
        copied = DATA
    for name in _BESIDE:
        path = folder.absolute() / name
        if path.exists():
            roots.append(Root(HOUSE + b"/" + os.fsencode(name), os.fsencode(path)))
    return Staged(tuple(roots), copied)


def wipe(path: Path) -> None:
    """Overwrite a file of ours, then remove it; one that is not there is fine.

    Raises:
        OSError: it cannot be written.
    """
    try:
        with path.open("r+b", buffering=0) as file:
            left = file.seek(0, os.SEEK_END)
            file.seek(0)
            while left > 0:
                left -= file.write(bytes(min(left, 1 << 20)))
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    path.unlink()
