"""A repository of the restic format in memory or in a folder, for tests of the format alone."""

from datetime import UTC, datetime
from pathlib import Path

from kept.backup.ports import FileKind, Stored
from kept.backup.repo.repository import Repository, create_repository
from kept.base.errors import ConflictError, NotFoundError
from kept.crypto.repo_sealing import ScryptCost
from kept.crypto.secret import Secret

PASSWORD = Secret(b"geheim")
NOW = datetime(2026, 11, 21, 3, 4, 5, 678900, tzinfo=UTC)
CHEAP = ScryptCost(n=16, r=8, p=1)


class MemoryPlace:
    """A place in memory."""

    can_remove = True

    def __init__(self) -> None:
        self.files: dict[FileKind, dict[str, bytes]] = {kind: {} for kind in FileKind}
        self.reads: list[tuple[FileKind, str, int]] = []

    def create(self) -> None:
        """Nothing to make."""

    def put(self, kind: FileKind, name: str, content: bytes | memoryview) -> None:
        """Keep a file."""
        if self.files[kind].setdefault(name, bytes(content)) != bytes(content):
            raise ConflictError("another file stands there")

    def get(
        self, kind: FileKind, name: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """A slice of a file."""
        if name not in self.files[kind]:
            raise NotFoundError(name)
        raw = self.files[kind][name][offset:][:length]
        self.reads.append((kind, name, len(raw)))
        return raw

    def list(self, kind: FileKind) -> list[Stored]:
        """All files of a kind."""
        return [Stored(name, len(raw)) for name, raw in self.files[kind].items()]

    def remove(self, kind: FileKind, name: str) -> None:
        """Forget a file."""
        self.files[kind].pop(name, None)

    def close(self) -> None:
        """Nothing to let go."""


class FolderPlace(MemoryPlace):
    """A place that is a folder as restic lays it out; without a thought for durability."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root

    def path(self, kind: FileKind, name: str) -> Path:
        """Where a file lies."""
        if kind is FileKind.CONFIG:
            return self.root / "config"
        folder = self.root / kind.value
        return folder / name[:2] / name if kind is FileKind.DATA else folder / name

    def create(self) -> None:
        """Make the folders."""
        for kind in set(FileKind) - {FileKind.CONFIG}:
            (self.root / kind.value).mkdir(parents=True, exist_ok=True)
        for number in range(256):
            (self.root / "data" / f"{number:02x}").mkdir(exist_ok=True)

    def put(self, kind: FileKind, name: str, content: bytes | memoryview) -> None:
        """Write a file."""
        path = self.path(kind, name)
        if path.exists() and path.read_bytes() != bytes(content):
            raise ConflictError("another file stands there")
        path.write_bytes(content)

    def get(
        self, kind: FileKind, name: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """Read a slice of a file."""
        try:
            return self.path(kind, name).read_bytes()[offset:][:length]
        except FileNotFoundError:
            raise NotFoundError(name) from None

    def list(self, kind: FileKind) -> list[Stored]:
        """All files of a kind."""
        found = self.root.glob("data/*/*" if kind is FileKind.DATA else f"{kind.value}/*")
        return [Stored(path.name, path.stat().st_size) for path in found]

    def remove(self, kind: FileKind, name: str) -> None:
        """Delete a file."""
        self.path(kind, name).unlink(missing_ok=True)


def new_repository(place: MemoryPlace | None = None) -> Repository:
    """An empty repository whose key file costs little to open."""
    return create_repository(place or MemoryPlace(), PASSWORD, now=NOW, cost=CHEAP)
