"""How does a repository with damaged parts become one that the next run can make whole?

A damaged part stands in an index, so a run believes its blobs stored and does not send them again.
Here every part is read; one that is not what its name says is read once more, and what still opens
in it is packed anew. Then, as in a prune: new parts, new index, old index away, old parts away.
What did not open is in no index any more: the next run stores what is still on the disk.
Source: restic design document, "Read and Write Ordering".
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kept.backup.pipeline.adopting import never
from kept.backup.pipeline.forgetting import refuse_adding_only
from kept.backup.pipeline.loading import DAMAGE, load_indexes, part_ids
from kept.backup.ports import FileKind, Stored
from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.locking import HeldLock
from kept.backup.repo.packs import Entry, Listing, PartBuilder
from kept.backup.repo.repository import Repository
from kept.base.errors import NotFoundError, RefusedError

ReadWatch = Callable[[int, int], None]  # parts read, of how many


def unwatched(_done: int, _of: int) -> None:
    """The watch of a run that nobody looks at."""


@dataclass(frozen=True, slots=True)
class PartsMended:
    """What was found and done; names of parts are 64 hex digits."""

    read: int
    damaged: tuple[str, ...]  # removed, once what opens of them was stored anew
    saved_blobs: int
    lost_blobs: int
    is_whole: bool  # False where `stop` ended it early: nothing was changed then


def mend_parts(
    repository: Repository,
    lock: HeldLock,
    *,
    watch: ReadWatch = unwatched,
    stop: Callable[[], bool] = never,
) -> PartsMended:
    """Read every part, and take damaged ones out.

    Args:
        repository: open, every index file readable.
        lock: the exclusive one.
        watch: told of progress.
        stop: asked before each part is read.

    Raises:
        RefusedError: `place_only_adds`, `repository_read_only`, or `not_whole`: an index file is
            damaged; nothing was changed.
        ConflictError: the lock was lost.
        UnavailableError: the place cannot be reached, read or written.
    """
    repository.check_writable()
    refuse_adding_only(repository)
    return _Mend(repository, lock, watch, stop).run()


class _Mend:
    """One mending."""

    def __init__(
        self,
        repository: Repository,
        lock: HeldLock,
        watch: ReadWatch,
        stop: Callable[[], bool],
    ) -> None:
        self._repository = repository
        self._lock = lock
        self._watch = watch
        self._stop = stop
        self._parts = part_ids(repository.list(FileKind.DATA))
        loaded = load_indexes(repository, among=self._parts)
        if loaded.broken:
            raise RefusedError(
                "not_whole", "An index file is damaged. Run `adopt` first. Nothing was changed."
            )
        self._by_file = loaded.by_file
        self._saved = self._lost = 0

    def run(self) -> PartsMended:
        """All of it."""
        damaged, read = set[bytes](), 0
        for part, stored in sorted(self._parts.items()):
            if self._stop():
                return PartsMended(read, (), 0, 0, is_whole=False)
            if not self._is_sound(stored):
                damaged.add(part)
            read += 1
            self._watch(read, len(self._parts))
        if damaged:
            self._replace(damaged, self._packed_anew(damaged))
        names = tuple(part.hex() for part in sorted(damaged))
        return PartsMended(read, names, self._saved, self._lost, is_whole=True)

    def _is_sound(self, stored: Stored) -> bool:
        """Whether a part is what its name says; asked twice before it counts as damaged."""
        return any(
            hashlib.sha256(self._read(stored.name)).hexdigest() == stored.name for _ in range(2)
        )

    def _read(self, name: str) -> bytes:
        try:
            return self._repository.place.get(FileKind.DATA, name)
        except NotFoundError:
            return b""  # removed by hand meanwhile

    def _packed_anew(self, damaged: set[bytes]) -> list[Listing]:
        """What still opens in these parts, in new ones, one for each kind in a part."""
        fresh = list[Listing]()
        for part, entries in self._told_of(damaged).items():
            view = memoryview(self._read(part.hex()))
            builders: dict[BlobKind, PartBuilder] = {}
            for entry in sorted(entries, key=lambda entry: entry.offset):
                sealed = view[entry.offset : entry.offset + entry.length]
                builder = builders.setdefault(
                    entry.kind, PartBuilder(self._repository.key, entry.kind)
                )
                try:
                    builder.add_sealed(entry.kind, entry.id, entry.plain_length, sealed)
                except DAMAGE:
                    self._lost += 1
            for builder in builders.values():
                if builder.count:
                    self._saved += builder.count
                    made = builder.finish()
                    self._lock.demand()
                    self._repository.save_part(made)
                    fresh.append(made.listing)
        return fresh

    def _told_of(self, damaged: set[bytes]) -> dict[bytes, set[Entry]]:
        """What all index files together say of these parts."""
        found: dict[bytes, set[Entry]] = {part: set() for part in damaged}
        for _, listing in self._listings(damaged):
            if listing.part in damaged:
                found[listing.part] |= set(listing.entries)
        return found

    def _listings(self, parts: set[bytes]) -> Iterator[tuple[str, Listing]]:
        """Each index file that tells of one of these parts, with all that it tells."""
        names = sorted(name for name, named in self._by_file.items() if named & parts)
        return self._repository.read_indexes(names)

    def _replace(self, damaged: set[bytes], fresh: list[Listing]) -> None:
        """New index, old index away, old parts away; the new parts are durable."""
        old = {name for name, named in self._by_file.items() if named & damaged}
        kept = (one for _, one in self._listings(damaged) if one.part not in damaged)
        self._lock.demand()
        self._repository.save_indexes([*fresh, *kept])
        place = self._repository.place
        for name in sorted(old):
            self._lock.demand()
            place.remove(FileKind.INDEX, name)
        for part in sorted(damaged):
            self._lock.demand()
            place.remove(FileKind.DATA, part.hex())
