"""Full tiles and bundles as files, at their C2SP paths below one folder."""

from collections.abc import Sequence
from pathlib import Path

from kept.base.durable import replace_files
from kept.base.errors import TamperedError, UnavailableError


class FileTiles:
    """`TileStore` in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Write what is not there yet, read all back and compare.

        Raises:
            UnavailableError: not all are stored.
            TamperedError: other bytes stand there.
        """
        fresh = [(path, content) for path, content in files if not self._stands(path, content)]
        if not fresh:
            return
        try:
            replace_files([(self._folder / path, content) for path, content in fresh], mode=0o644)
        except OSError as error:
            raise UnavailableError("The ledger's files cannot be written.") from error
        for path, content in fresh:
            if not self._stands(path, content):
                raise TamperedError(f"ledger file {path}")

    def get(self, path: str) -> bytes | None:
        """The bytes, or None when absent.

        Raises:
            UnavailableError: the file is there but cannot be read.
        """
        try:
            return (self._folder / path).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnavailableError(f"Ledger file {path} cannot be read.") from error

    def _stands(self, path: str, content: bytes) -> bool:
        """Whether the file is there, whole.

        Raises:
            TamperedError: other bytes stand there.
        """
        found = self.get(path)
        if found is not None and found != content:
            raise TamperedError(f"ledger file {path}")
        return found is not None
