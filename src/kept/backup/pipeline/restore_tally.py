"""What came back so far, and what did not?

The walk counts in its own thread; what becomes of files is told from any.
"""

from dataclasses import dataclass, field
from threading import Lock

from kept.backup.pipeline.restore_values import (
    MAX_UNSET_TOLD,
    Lost,
    LostWhy,
    Progress,
    Restored,
    UnsetFact,
)
from kept.backup.sources.write_nodes import Unset


@dataclass(slots=True)
class RestoreTally:
    """What came back so far; a `Told`."""

    files_found: int = 0
    bytes_found: int = 0
    files: int = 0
    size_bytes: int = 0
    folders: int = 0
    others: int = 0
    passed_over: int = 0
    verified: int = 0
    lost_files: int = 0
    is_all_found: bool = False
    lost: list[Lost] = field(default_factory=list[Lost])
    unset: list[UnsetFact] = field(default_factory=list[UnsetFact])
    unset_count: int = 0
    _lock: Lock = field(default_factory=Lock)

    def lose(self, path: bytes, why: LostWhy, detail: str) -> None:
        """An entry does not come back."""
        with self._lock:
            self.lost.append(Lost(path, why, detail))

    def note(self, path: bytes, unset: list[Unset]) -> None:
        """Facts the system did not let us set."""
        with self._lock:
            self.unset_count += len(unset)
            for one in unset[: max(0, MAX_UNSET_TOLD - len(self.unset))]:
                self.unset.append(UnsetFact(path, one.fact.value, one.code))

    def came_back(self, size: int, *, is_verified: bool) -> None:
        """A file is done; a size of -1: it is lost."""
        with self._lock:
            if size < 0:
                self.lost_files += 1
            else:
                self.files += 1
                self.size_bytes += size
                self.verified += is_verified

    def progress(self) -> Progress:
        """How far it is."""
        return Progress(
            self.files_found,
            self.bytes_found,
            self.files + self.lost_files,
            self.size_bytes,
            self.is_all_found,
        )

    def result(self) -> Restored:
        """All of it, when it is over."""
        return Restored(
            files=self.files,
            bytes=self.size_bytes,
            folders=self.folders,
            others=self.others,
            passed_over=self.passed_over,
            verified=self.verified,
            lost=tuple(sorted(self.lost, key=lambda lost: lost.path)),
            unset=tuple(self.unset),
            unset_count=self.unset_count,
        )
