"""What must a place for tiles, and a place for the high-water mark, promise?"""

from collections.abc import Sequence
from typing import Protocol


class TileStore(Protocol):
    """Holds full tiles and full bundles by their C2SP path. They never change once written."""

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Store each file durably, atomically, and read it back; the same bytes again are fine.

        Raises:
            UnavailableError: not all are stored, or not known to be durable.
            TamperedError: other bytes stand there, already or after writing.
        """
        ...

    def get(self, path: str) -> bytes | None:
        """The bytes, or None when absent.

        Raises:
            UnavailableError: the place cannot be read.
        """
        ...


class HighWater(Protocol):
    """The last signed checkpoint: never in a backup, never set back."""

    def read(self) -> bytes | None:
        """The signed note; None when none was ever written; empty when what stands is damaged.

        Raises:
            UnavailableError: the place cannot be read.
        """
        ...

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Replace `old` by `new` durably.

        Raises:
            ConflictError: something else than `old` stands there: another leader is at work.
            UnavailableError: not stored, or not known to be durable.
        """
        ...
