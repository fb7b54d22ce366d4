"""Is this the one process that may sign and keep the folder? A lock on the data folder.

Rules: the lock only saves work, the ledger's fences keep it whole without; the kernel lets go of
it when the process dies, so nothing stale is ever to be removed by hand. The file holds the
holder's process number, to be named to whoever comes second. PostgreSQL's is in `lead_postgres`.
Source: flock(2).
"""

import fcntl
import os
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from kept.base.errors import ConflictError, KeptError, UnavailableError


class FolderLock:
    """`flock` on a file of the data folder, from `take` until `release` or the process's end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self) -> Self:
        """Take the lock, or say who holds it.

        Raises:
            ConflictError: another process holds it.
            UnavailableError: the file cannot be opened.
        """
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UnavailableError("The data folder cannot be locked.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
            os.close(handle)
            raise ConflictError(
                f"Another server is using this folder (process {holder or 'unknown'}). Nothing was"
                " started and nothing was lost. Stop that one first, or use it."
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode("ascii"), 0)
        self._handle = handle
        return self

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._handle is not None

    def release(self) -> None:
        """Let go; fine when it was never taken."""
        if self._handle is not None:
            with suppress(OSError):
                os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self if self.is_held else self.take()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class SessionLock(Protocol):
    """A lock that may be lost at any moment, as `lead_postgres.AdvisoryLock`."""

    def take(self) -> object:
        """Take it, or fail."""
        ...

    @property
    def is_held(self) -> bool:
        """Whether it still is."""
        ...

    def release(self) -> None:
        """Let go."""
        ...


class Leading:
    """Does this process lead now? Asked before each piece of work; without a lock, always."""

    def __init__(self, lock: SessionLock | None = None) -> None:
        self._lock, self._guard = lock, threading.Lock()

    def holds(self) -> bool:
        """True while the lock is held; a lost or foreign one is tried for again."""
        if self._lock is None:
            return True
        with self._guard:
            if self._lock.is_held:
                return True
            try:
                self._lock.take()
            except KeptError:
                return False
            return True

    def release(self) -> None:
        """Let another lead."""
        if self._lock is not None:
            with self._guard:
                self._lock.release()
