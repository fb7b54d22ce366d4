"""What can be read of the repository while a new lock settles, and does it still stand?

Snapshots before indexes, parts before both, so that what is written meanwhile is not missed. Our
lock is there, and nobody may begin to clean beside it; but somebody who began before may end just
now. Whoever cleans writes new index files before anything is removed, so what was read stands when
the index files are those that were read; else they are read again.
"""

from kept.backup.pipeline.loading import NamedSnapshot, load_indexes, load_snapshots, part_ids
from kept.backup.ports import FileKind
from kept.backup.repo.index import BlobIndex
from kept.backup.repo.repository import Repository


class LookAhead:
    """Snapshots and index of a repository, read before the lock on it is certain."""

    def __init__(self, repository: Repository) -> None:
        """Nothing read yet."""
        self.repository = repository
        self.snapshots: list[NamedSnapshot] = []  # newest first
        self._index = BlobIndex()
        self._files: frozenset[str] | None = None

    def look(self) -> None:
        """Read what is there.

        Raises:
            UnavailableError: the place cannot be reached or read.
        """
        self.snapshots, _ = load_snapshots(self.repository)
        self._load()

    def index(self) -> BlobIndex:
        """Every blob that a part holds; to be asked for once, when the lock is held.

        Raises:
            UnavailableError: the place cannot be reached or read.
        """
        if self._files != self._present():
            self._load()
        return self._index

    def _load(self) -> None:
        parts = part_ids(self.repository.list(FileKind.DATA))
        self._files = self._present()  # before they are read: one more meanwhile is one too many
        self._index = load_indexes(self.repository, among=parts).index

    def _present(self) -> frozenset[str]:
        return frozenset(stored.name for stored in self.repository.list(FileKind.INDEX))
