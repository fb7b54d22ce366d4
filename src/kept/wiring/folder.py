"""Which file lies where in a data folder, and is this one?"""

from dataclasses import dataclass
from pathlib import Path

from kept.base.errors import ConflictError, NotFoundError
from kept.wiring.settings import program_name

FOLDER_MODE = 0o700


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The paths below one data folder."""

    root: Path

    @property
    def data(self) -> Path:
        """Acts and sealed people, SQLite."""
        return self.root / "data.db"

    @property
    def keys(self) -> Path:
        """Wrapped person keys; never in a backup of data."""
        return self.root / "keys.db"

    @property
    def find(self) -> Path:
        """Blind tags; derived, never backed up."""
        return self.root / "find.db"

    @property
    def keyring(self) -> Path:
        """The wraps of the vault key and the house's own keys."""
        return self.root / "keyring.json"

    @property
    def book(self) -> Path:
        """What is promised."""
        return self.root / "promises.toml"

    @property
    def high_water(self) -> Path:
        """The last signed checkpoint; never restored."""
        return self.root / "high-water"

    @property
    def tiles(self) -> Path:
        """Full tiles and bundles of the ledger."""
        return self.root / "tiles"

    @property
    def lock(self) -> Path:
        """Held by whoever writes."""
        return self.root / "lock"

    @property
    def socket(self) -> Path:
        """Where a running server listens for the terminal."""
        return self.root / "kept.sock"

    @property
    def uploads(self) -> Path:
        """Lists on their way in, sealed under keys that live in memory alone."""
        return self.root / "uploads"

    @property
    def demo_mark(self) -> Path:
        """Says that nothing in here is real."""
        return self.root / "demo"

    @property
    def copy_mark(self) -> Path:
        """Says that all this came out of a copy, until the ledger told so."""
        return self.root / "from-copy"

    def require(self) -> None:
        """Check that this is a data folder.

        Raises:
            NotFoundError: it is not, or it is not whole.
        """
        if not self.root.is_dir():
            raise NotFoundError(
                f"There is no folder {self.root}."
                f" Make one with: {program_name()} --data {self.root} init"
            )
        if not self.keyring.is_file() or not self.book.is_file():
            raise NotFoundError(
                f"{self.root} is not a data folder of Kept: its keyring or its book is missing."
                " If they were moved, put them back; nothing was changed."
            )

    def require_free(self) -> None:
        """Check that a new house may be made here.

        Raises:
            ConflictError: something lies here already.
        """
        if self.root.exists() and (not self.root.is_dir() or any(self.root.iterdir())):
            raise ConflictError(
                f"{self.root} is not empty. A new house needs a new or an empty folder;"
                " nothing was changed."
            )
