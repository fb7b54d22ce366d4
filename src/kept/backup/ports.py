"""What must a place for a repository promise?

Rules: names only, never paths; what `put` wrote is whole and durable when it returns, or it is not
there; nothing is changed in place. Every call may be made from several threads at once.
Source: restic design document, "Repository Layout"; `docs/formats/backup.md`, places.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

CONFIG_NAME = ""  # the one file of `FileKind.CONFIG` has no name of its own


class FileKind(StrEnum):
    """The kinds of files in a repository; the value is the folder's name."""

    CONFIG = "config"
    KEY = "keys"
    DATA = "data"
    INDEX = "index"
    SNAPSHOT = "snapshots"
    LOCK = "locks"


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of a repository: its name (64 hex digits) and size in bytes."""

    name: str
    size: int


class Place(Protocol):
    """Where a repository lies."""

    @property
    def can_remove(self) -> bool:
        """Whether files other than locks may be removed from here, as far as is known."""
        ...

    def create(self) -> None:
        """Make the folders of a new repository; what stands is left alone.

        Raises:
            RefusedError: the place would remove our files by a rule of its own.
            UnavailableError: the place cannot be reached or written.
        """
        ...

    def put(self, kind: FileKind, name: str, content: bytes | memoryview) -> None:
        """Store a file durably and atomically. The same bytes under the same name again are fine.

        Raises:
            ConflictError: another file stands there (only `config` can meet this).
            RefusedError: the place would remove our files by a rule of its own.
            UnavailableError: not stored, or not known to be durable: full, away, refused.
        """
        ...

    def get(
        self, kind: FileKind, name: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """The bytes from `offset`, at most `length` of them; a negative offset counts from the end.

        Raises:
            NotFoundError: no such file.
            UnavailableError: the place cannot be reached or read.
        """
        ...

    def list(self, kind: FileKind) -> list[Stored]:
        """Every file of a kind whose name has the right form; temporary ones are passed over.

        Raises:
            UnavailableError: the place cannot be reached or read.
        """
        ...

    def remove(self, kind: FileKind, name: str) -> None:
        """Remove a file; one that is not there is fine.

        Raises:
            RefusedError: this place only adds.
            UnavailableError: the place cannot be reached or written.
        """
        ...

    def close(self) -> None:
        """Let go of connections; the place is not used afterwards."""
        ...
