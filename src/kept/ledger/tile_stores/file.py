"""Full tiles and bundles as files, at their C2SP paths below one folder."""

from pathlib import Path

from kept.base.durable import replace_file
from kept.base.errors import TamperedError, UnavailableError


class FileTiles:
    """`TileStore` in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, path: str, content: bytes) -> None:
        """Write, read back and compare."""
        if (found := self.get(path)) is not None:
            if found != content:
                raise TamperedError(f"ledger file {path}")
            return
        try:
            replace_file(self._folder / path, content, mode=0o644)
        except OSError as error:
            raise UnavailableError(f"Ledger file {path} cannot be written.") from error
        if self.get(path) != content:
            raise TamperedError(f"ledger file {path}")

    def get(self, path: str) -> bytes | None:
        """The bytes, or None when absent."""
        try:
            return (self._folder / path).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnavailableError(f"Ledger file {path} cannot be read.") from error
