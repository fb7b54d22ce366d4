"""A repository in a folder of this machine: a disk in the closet, a mounted share.

A file is written under a temporary name, mode 0400, flushed, measured, renamed; then its folder is
flushed. What a crash leaves under a temporary name is removed by a listing a day later. A missing
folder is never taken for an empty one: the disk may not be mounted.
Source: `docs/formats/backup.md`, places.
"""

import errno
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kept.backup.places.layout import (
    OLD_TEMP,
    folders,
    is_name,
    is_temp,
    sized_range,
    split_path,
    temp_name,
)
from kept.backup.places.throttle import FREE, STEP_BYTES, Pace
from kept.backup.places.trouble import SOON, STUCK
from kept.backup.ports import FileKind, Stored
from kept.base.clock import Clock
from kept.base.durable import sync_folder
from kept.base.errors import ConflictError, NotFoundError, UnavailableError
from kept.crypto.chance import draw

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EMLINK})  # FAT and some shares
_FILE_MODE = 0o400
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class LocalPlace:
    """`Place` in a folder."""

    def __init__(self, folder: Path, *, clock: Clock, pace: Pace = FREE) -> None:
        self._folder = folder
        self._clock = clock
        self._pace = pace

    @property
    def can_remove(self) -> bool:
        """A folder that can be written can be emptied."""
        return True

    def create(self) -> None:
        """Make every folder, also the 256 of data/.

        Raises:
            UnavailableError: a folder cannot be made.
        """
        with _told():
            with _made():
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                for below in folders():
                    (self._folder / below).mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._folder / "data")
            sync_folder(self._folder)
            sync_folder(self._folder.parent)

    def put(self, kind: FileKind, name: str, content: bytes | memoryview) -> None:
        """Write, flush, measure, rename, flush the folder.

        Raises:
            ConflictError: another config stands there.
            MalformedError: the name has not the right form.
            UnavailableError: not stored.
        """
        below, leaf = split_path(kind, name)
        folder = self._folder / below
        temp = folder / temp_name(leaf, draw(4))
        with _told():
            try:
                self._write(temp, content, may_make=kind is FileKind.DATA)
                if kind is FileKind.CONFIG:
                    self._settle_config(temp, folder / leaf, bytes(content))
                else:
                    temp.replace(folder / leaf)
            finally:
                with suppress(OSError):
                    temp.unlink(missing_ok=True)
            sync_folder(folder)

    def get(
        self, kind: FileKind, name: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """Read a piece.

        Raises:
            MalformedError: the name has not the right form.
            NotFoundError: no such file.
            UnavailableError: it cannot be read.
        """
        below, leaf = split_path(kind, name)
        with _told():
            try:
                file = (self._folder / below / leaf).open("rb", buffering=0)
            except FileNotFoundError:
                raise NotFoundError("This file is not in the copy.") from None
            with file:
                start, end = sized_range(os.fstat(file.fileno()).st_size, offset, length)
                return self._read(file.fileno(), start, end)

    def list(self, kind: FileKind) -> list[Stored]:
        """Every file of a kind; temporary ones a day old are removed on the way.

        Raises:
            UnavailableError: a folder is missing or cannot be read.
        """
        if kind is FileKind.CONFIG:
            return [*self._config()]
        with _told():
            folder = self._folder / kind.value
            found = list(self._files(folder))
            if kind is FileKind.DATA:
                for below in sorted(os.listdir(folder)):  # noqa: PTH208  # names, not paths
                    if len(below) == 2 and (folder / below).is_dir():
                        found += self._files(folder / below)
            return found

    def remove(self, kind: FileKind, name: str) -> None:
        """Remove a file; all but parts durably, since order matters between kinds.

        Raises:
            MalformedError: the name has not the right form.
            UnavailableError: it cannot be removed.
        """
        below, leaf = split_path(kind, name)
        with _told():
            (self._folder / below / leaf).unlink(missing_ok=True)
            if kind is not FileKind.DATA:
                sync_folder(self._folder / below)

    def close(self) -> None:
        """Nothing is held open."""

    def _write(self, temp: Path, content: bytes | memoryview, *, may_make: bool) -> None:
        try:
            handle = os.open(temp, _NEW, _FILE_MODE)
        except FileNotFoundError:
            if not may_make:
                raise
            temp.parent.mkdir(mode=0o700)  # others make data/xx when they need it
            sync_folder(temp.parent.parent)
            handle = os.open(temp, _NEW, _FILE_MODE)
        try:
            for piece in self._pace.sending(content):
                _write_all(handle, piece)
            os.fsync(handle)
            if os.fstat(handle).st_size != len(content):
                raise UnavailableError(
                    "The disk holds another length than was written. Nothing was lost.",
                    retry_after=SOON,
                )
        finally:
            os.close(handle)

    def _read(self, handle: int, start: int, end: int) -> bytes:
        read: list[bytes] = []
        while start < end:
            wanted = min(STEP_BYTES, end - start) if self._pace.down else end - start
            self._pace.received(wanted)
            piece = os.pread(handle, wanted, start)
            if not piece:
                break
            read.append(piece)
            start += len(piece)
        return b"".join(read)

    def _settle_config(self, temp: Path, path: Path, content: bytes) -> None:
        """Give the config its name, unless another stands there.

        Raises:
            ConflictError: another one stands there.
            OSError: it cannot be named or compared.
        """
        try:
            path.hardlink_to(temp)
        except FileExistsError:
            if path.read_bytes() != content:
                raise ConflictError("A copy already stands in this folder.") from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if path.exists():
                raise ConflictError("A copy already stands in this folder.") from None
            temp.replace(path)

    def _config(self) -> Iterator[Stored]:
        with _told():
            self._folder.stat()
            with suppress(FileNotFoundError):
                yield Stored("", (self._folder / "config").stat().st_size)

    def _files(self, folder: Path) -> Iterator[Stored]:
        oldest = (self._clock.now() - OLD_TEMP).timestamp()
        with os.scandir(folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # removed meanwhile
                    if is_name(entry.name) and entry.is_file(follow_symlinks=False):
                        yield Stored(entry.name, entry.stat(follow_symlinks=False).st_size)
                    elif is_temp(entry.name) and entry.stat().st_mtime < oldest:
                        with suppress(OSError):
                            Path(entry.path).unlink()


def _write_all(handle: int, piece: memoryview) -> None:
    while len(piece):
        piece = piece[os.write(handle, piece) :]


@contextmanager
def _made() -> Generator[None]:
    """Tell why a folder could not be made; what is usual with disks is left to `_told`.

    Raises:
        UnavailableError: in place of what the system says of a folder.
        OSError: another one.
    """
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise UnavailableError(
            "The folder for the copy could not be made: a file is in its way.", retry_after=STUCK
        ) from error
    except FileNotFoundError as error:
        raise UnavailableError(
            "The folder for the copy could not be made: the system takes no folder there.",
            retry_after=STUCK,
        ) from error
    except OSError as error:
        if error.errno not in _CLOSED:
            raise
        raise UnavailableError(
            "The folder for the copy could not be made: we may not write there. If it is to lie on"
            " a disk of its own: is that plugged in?",
            retry_after=STUCK,
        ) from error


@contextmanager
def _told() -> Generator[None]:
    """Tell a disk's failure in our words.

    Raises:
        UnavailableError: in place of any `OSError`.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise UnavailableError(
            "The folder of the copy is not there. Is the disk plugged in?", retry_after=STUCK
        ) from error
    except OSError as error:
        if error.errno in _FULL:
            raise UnavailableError(
                "The disk of the copy is full. What is on it stays good.", retry_after=STUCK
            ) from error
        if error.errno in _CLOSED:
            raise UnavailableError(
                "The folder of the copy cannot be read or written by us.", retry_after=STUCK
            ) from error
        raise UnavailableError(
            "The disk of the copy does not answer as it should.", retry_after=SOON
        ) from error
