"""The high-water mark as one file beside the data, outside every backup."""

from pathlib import Path

from kept.base.durable import replace_file
from kept.base.errors import ConflictError, UnavailableError


class FileHighWater:
    """`HighWater` in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes | None:
        """The signed note, or None.

        Raises:
            UnavailableError: the file cannot be read.
        """
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnavailableError("The ledger's high-water mark cannot be read.") from error

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Compare, then replace atomically.

        Raises:
            ConflictError: something else than `old` stands there.
            UnavailableError: the file cannot be written.
        """
        if self.read() != old:
            raise ConflictError("Another process signed for this ledger. Nothing was signed here.")
        try:
            replace_file(self._path, new)
        except OSError as error:
            raise UnavailableError("The ledger's high-water mark cannot be written.") from error
