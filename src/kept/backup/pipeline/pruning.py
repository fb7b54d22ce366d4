"""How is room made without ever losing what a snapshot leans on?

Under an exclusive lock. What is in use is gathered from every snapshot, those in grace too; if one
of them, an index file or a tree cannot be read, nothing is touched. Then slice by slice, each
complete in itself: new parts, new index, old index away, old parts away. Killed at any moment it
leaves more than is needed and never less; the next run finishes.
A blob in two parts counts as used in one of them; before another copy goes, that one is read.
Source: restic design document, "Read and Write Ordering"; `docs/formats/backup.md`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from kept.backup.pipeline.adopting import never
from kept.backup.pipeline.fetching import Want, ranges
from kept.backup.pipeline.forgetting import refuse_adding_only
from kept.backup.pipeline.grace import GraceFolder
from kept.backup.pipeline.loading import (
    DAMAGE,
    Broken,
    TreeReader,
    load_indexes,
    load_snapshots,
    part_ids,
)
from kept.backup.pipeline.prune_plan import PartUse, plan
from kept.backup.pipeline.using import Used, used_by
from kept.backup.ports import FileKind, Stored
from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.index import BlobIndex
from kept.backup.repo.locking import HeldLock, Surroundings, locked
from kept.backup.repo.packs import Entry, Listing, PartBuilder
from kept.backup.repo.repository import Repository
from kept.backup.repo.snapshots import read_snapshot
from kept.backup.repo.unpacked import decode_unpacked, read_object
from kept.base.errors import KeptError, RefusedError

PART_BYTES = 16 * 2**20
SLICE_BYTES = 128 * 2**20  # packed anew before it counts; a few seconds of work


class Phase(StrEnum):
    """What a prune is at."""

    LOOKING = "looking"  # counted in trees
    REMOVING = "removing"  # counted in parts
    REPACKING = "repacking"  # counted in bytes


PruneWatch = Callable[[Phase, int, int | None], None]  # done, of how many (None: not known)


def unwatched(_phase: Phase, _done: int, _of: int | None) -> None:
    """The watch of a run that nobody looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneLimits:
    """How much one run may do."""

    max_repack: int | None = None  # bytes of parts; None: all
    max_time: timedelta | None = None  # looked at between slices
    slice_bytes: int = SLICE_BYTES
    part_bytes: int = PART_BYTES  # of new parts


@dataclass(slots=True, kw_only=True)
class Pruned:
    """What was done, or would be in a dry run. Bytes are those of parts as stored."""

    removed: int = 0  # parts nobody needs
    repacked: int = 0  # parts whose needed blobs moved to new ones
    new: int = 0
    freed_bytes: int = 0
    kept_unused_bytes: int = 0
    left_to_repack: int = 0  # parts for the next run
    grace_over: tuple[str, ...] = ()  # snapshots that can no longer be brought back
    broken: list[Broken] = field(default_factory=list[Broken])  # parts left alone


def prune(
    repository: Repository,
    *,
    around: Surroundings,
    grace: GraceFolder | None = None,
    limits: PruneLimits | None = None,
    dry_run: bool = False,
    watch: PruneWatch = unwatched,
    stop: Callable[[], bool] = never,
) -> Pruned:
    """Make room.

    Args:
        repository: open.
        around: for the exclusive lock, taken and given back here, and the clock.
        grace: the waiting room of this repository, if this host has one.
        limits: of this run; the next one goes on.
        dry_run: only say what would be done; no lock is taken.
        watch: told of progress.
        stop: asked between slices.

    Raises:
        RefusedError: `place_only_adds`, `repository_read_only`, or `not_whole`: something a
            snapshot leans on cannot be read, so nobody knows what is needed; nothing was changed.
        ConflictError: somebody is at work there, or the lock was lost.
        UnavailableError: the place cannot be reached or written.
    """
    repository.check_writable()
    if dry_run:
        return _Prune(repository, around, grace, limits or PruneLimits(), watch).rehearse()
    refuse_adding_only(repository)
    with locked(around, exclusive=True) as lock:
        run = _Prune(repository, around, grace, limits or PruneLimits(), watch)
        return run.work(lock, stop)


class _Prune:
    """One run."""

    def __init__(  # noqa: PLR0917 - made in one place, of what was given there
        self,
        repository: Repository,
        around: Surroundings,
        grace: GraceFolder | None,
        limits: PruneLimits,
        watch: PruneWatch,
    ) -> None:
        self._repository = repository
        self._grace = grace
        self._limits = limits
        self._watch = watch
        self._clock = around.clock
        self._begun = around.clock.now()
        self._result = Pruned()
        # Snapshots before indexes: what a snapshot needs was in an index before it.
        roots = self._roots()
        self._parts: dict[bytes, Stored] = part_ids(repository.list(FileKind.DATA))
        loaded = load_indexes(repository, among=self._parts)
        if loaded.broken:
            _refuse(f"index/{loaded.broken[0].name}", loaded.broken[0].error, "`adopt` mends it.")
        self._index: BlobIndex = loaded.index
        self._by_file: dict[str, set[bytes]] = {
            name: set(parts) for name, parts in loaded.by_file.items()
        }
        self._unlisted = self._read_unlisted()
        self._used = self._gather(roots)
        self._repeated = self._read_repeated()

    def rehearse(self) -> Pruned:
        """Say what would be done."""
        chosen = plan(self._uses())
        self._result.removed = len(chosen.remove) + len(self._garbage)
        self._result.repacked = len(chosen.repack)
        self._result.kept_unused_bytes = chosen.kept_unused
        self._result.freed_bytes = sum(self._parts[one.part].size for one in chosen.remove) + sum(
            one.unused for one in chosen.repack
        )
        return self._result

    def work(self, lock: HeldLock, stop: Callable[[], bool]) -> Pruned:
        """Do it."""
        chosen = plan(self._uses())
        self._result.kept_unused_bytes = chosen.kept_unused
        gone = self._that_may_go({one.part for one in chosen.remove})
        needed = [one for one in self._unlisted.values() if one.part not in gone]
        self._result.removed = len(gone) + len(self._garbage)
        self._watch(Phase.REMOVING, 0, self._result.removed)
        self._replace(lock, {*gone, *self._garbage}, needed)
        self._watch(Phase.REMOVING, self._result.removed, self._result.removed)
        waiting = self._affordable(list(chosen.repack))
        total, done = sum(self._parts[one.part].size for one in waiting), 0
        while waiting and not stop() and not self._is_late():
            now, size = list[bytes](), 0
            while waiting and (not now or size < self._limits.slice_bytes):
                part = waiting.pop(0).part
                now.append(part)
                size += self._parts[part].size
            self._repack(lock, now)
            done += size
            self._watch(Phase.REPACKING, done, total)
        self._result.left_to_repack += len(waiting)
        self._end_grace()
        return self._result

    # What is needed.

    def _roots(self) -> list[bytes]:
        snapshots, broken = load_snapshots(self._repository)
        if broken:
            _refuse(f"snapshots/{broken[0].name}", broken[0].error, "Look at `check` first.")
        roots = [one.snapshot.tree for one in snapshots]
        over = list[str]()
        for waiting in self._grace.waiting() if self._grace else ():
            if waiting.is_over(self._begun):
                over.append(waiting.name)
                continue
            where = f"snapshots/{waiting.name} in grace"
            try:
                sealed = self._grace.read(waiting.name) if self._grace else b""
                document = decode_unpacked(self._repository.key, sealed, where=where)
                roots.append(read_snapshot(read_object(document, where)).tree)
            except DAMAGE as error:
                _refuse(where, error, "Remove that file if it is not wanted back.")
        self._result.grace_over = tuple(over)
        return roots

    def _read_unlisted(self) -> dict[bytes, Listing]:
        """Parts in no index, by their headers; those without a sound one are garbage."""
        known = self._index.parts()
        found: dict[bytes, Listing] = {}
        self._garbage: list[bytes] = []
        for part, stored in self._parts.items():
            if part in known:
                continue
            try:
                found[part] = Listing(part, self._repository.load_header(stored))
            except DAMAGE as error:
                # All that is in use is elsewhere, or `_gather` refuses: an upload cut short.
                self._result.broken.append(Broken(FileKind.DATA, stored.name, error))
                self._garbage.append(part)
        self._index.load(found.values())
        return found

    def _gather(self, roots: list[bytes]) -> Used:
        reader = TreeReader(self._repository, self._index)
        try:
            return used_by(
                roots,
                reader,
                self._index,
                tell=lambda trees: self._watch(Phase.LOOKING, trees, None),
            )
        except DAMAGE as error:
            raise _refusal("A tree or a piece of a file", error, "Look at `check` first.") from None

    def _read_repeated(self) -> dict[bytes, set[Entry]]:
        """What several index files together say of parts that stand in more than one."""
        met, repeated = set[bytes](), set[bytes]()
        for parts in self._by_file.values():
            repeated |= met & parts
            met |= parts
        found: dict[bytes, set[Entry]] = {part: set() for part in repeated}
        if repeated:
            for _, listing in self._repository.read_indexes(self._by_file):
                if listing.part in repeated:
                    found[listing.part] |= set(listing.entries)
        return found

    def _listings(self, names: list[str]) -> Iterator[Listing]:
        """Each part that is there and that these index files name, once."""
        told = set[bytes]()
        for _, listing in self._repository.read_indexes(names):
            part = listing.part
            if part not in self._parts or part in told:
                continue
            told.add(part)
            if part in self._repeated:
                entries = sorted(self._repeated[part], key=lambda entry: entry.offset)
                yield Listing(part, tuple(entries))
            else:
                yield listing

    def _uses(self) -> Iterator[PartUse]:
        for listing in (*self._listings(list(self._by_file)), *self._unlisted.values()):
            used = sum(entry.length for entry in listing.entries if self._is_home(listing, entry))
            total = sum(entry.length for entry in listing.entries)
            yield PartUse(listing.part, used, total - used)

    def _is_home(self, listing: Listing, entry: Entry) -> bool:
        """Whether this is the one copy that counts of a blob in use."""
        if not self._used.has(entry.kind, entry.id):
            return False
        at = self._index.find(entry.kind, entry.id)
        return at is not None and (at.part, at.offset) == (listing.part, entry.offset)

    def _that_may_go(self, parts: set[bytes]) -> set[bytes]:
        """Those of these parts all whose needed blobs can be read from where they count."""
        kept = {
            listing.part
            for listing in self._told_of(parts)
            if not all(
                self._is_sound_elsewhere(listing.part, entry)
                for entry in listing.entries
                if self._used.has(entry.kind, entry.id)
            )
        }
        return parts - kept

    def _told_of(self, parts: set[bytes]) -> Iterator[Listing]:
        """What is told of these parts: by an index, or by their headers where there is none."""
        yield from [one for part, one in self._unlisted.items() if part in parts]
        names = [name for name, named in self._by_file.items() if named & parts]
        for listing in self._listings(names):
            if listing.part in parts:
                yield listing

    def _is_sound_elsewhere(self, part: bytes, entry: Entry) -> bool:
        at = self._index.find(entry.kind, entry.id)
        if at is None or at.part == part:
            return False
        try:
            self._repository.load_blob_at(at, entry.id)
        except DAMAGE as error:
            self._result.broken.append(Broken(FileKind.DATA, at.part.hex(), error))
            return False
        return True

    # What is done.

    def _affordable(self, repack: list[PartUse]) -> list[PartUse]:
        most = self._limits.max_repack
        if most is None:
            return repack
        chosen, size = list[PartUse](), 0
        for one in repack:
            size += self._parts[one.part].size
            if chosen and size > most:
                break
            chosen.append(one)
        self._result.left_to_repack = len(repack) - len(chosen)
        return chosen

    def _is_late(self) -> bool:
        most = self._limits.max_time
        return most is not None and self._clock.now() - self._begun > most

    def _repack(self, lock: HeldLock, parts: list[bytes]) -> None:
        fresh = list[Listing]()
        builders: dict[BlobKind, PartBuilder] = {}
        moved = list[bytes]()

        def finish(kind: BlobKind) -> None:
            part = builders.pop(kind).finish()
            lock.demand()
            self._repository.save_part(part)
            self._parts[part.listing.part] = Stored(part.name, len(part.content))
            self._result.new += 1
            self._result.freed_bytes -= len(part.content)
            fresh.append(part.listing)

        for listing in self._told_of(set(parts)):
            if self._move(listing, builders, finish):
                moved.append(listing.part)
        for kind in [kind for kind, builder in builders.items() if builder.count]:
            finish(kind)
        self._replace(lock, set(moved), fresh)
        self._result.repacked += len(moved)

    def _move(
        self,
        listing: Listing,
        builders: dict[BlobKind, PartBuilder],
        finish: Callable[[BlobKind], None],
    ) -> bool:
        """Take what is needed of a part into new ones; False where it must stay."""
        wants = [
            Want[BlobKind](one.id, one.offset, one.length, one.plain_length, [one.kind])
            for one in listing.entries
            if self._used.has(one.kind, one.id)
            and (self._is_home(listing, one) or not self._is_sound_elsewhere(listing.part, one))
        ]
        name = listing.part.hex()
        try:
            for run in ranges(wants):
                start = run[0].offset
                length = run[-1].offset + run[-1].length - start
                raw = self._repository.place.get(FileKind.DATA, name, offset=start, length=length)
                view = memoryview(raw)
                for want in run:
                    at = want.offset - start
                    self._take(want, view[at : at + want.length], builders, finish)
        except DAMAGE as error:
            self._result.broken.append(Broken(FileKind.DATA, name, error))
            return False
        return True

    def _take(
        self,
        want: Want[BlobKind],
        sealed: memoryview,
        builders: dict[BlobKind, PartBuilder],
        finish: Callable[[BlobKind], None],
    ) -> None:
        kind = want.takers[0]
        builder = builders.get(kind)
        if builder is not None and not builder.has_room(len(sealed)):
            finish(kind)
            builder = None
        if builder is None:
            builder = builders[kind] = PartBuilder(self._repository.key, kind)
        builder.add_sealed(kind, want.id, want.plain_length, sealed)
        if builder.size_bytes >= self._limits.part_bytes:
            finish(kind)

    def _replace(self, lock: HeldLock, gone: set[bytes], fresh: list[Listing]) -> None:
        """New index, old index away, old parts away; the new parts are durable."""
        if not gone and not fresh:
            return
        old = [name for name, parts in self._by_file.items() if parts & gone]

        def listings() -> Iterator[Listing]:
            yield from fresh
            for listing in self._listings(old):
                if listing.part not in gone:
                    yield listing

        lock.demand()
        new = self._repository.save_indexes(listings())
        for name, listing in self._repository.read_indexes(new):
            self._by_file.setdefault(name, set()).add(listing.part)
        for listing in fresh:
            self._index.add(listing)
            self._unlisted.pop(listing.part, None)
        place = self._repository.place
        for name in old:
            lock.demand()
            place.remove(FileKind.INDEX, name)
            del self._by_file[name]
        for part in sorted(gone):
            lock.demand()
            place.remove(FileKind.DATA, part.hex())
            self._result.freed_bytes += self._parts.pop(part).size

    def _end_grace(self) -> None:
        if self._grace is not None:
            for name in self._result.grace_over:
                self._grace.remove(name)


def _refusal(what: str, error: KeptError, then: str) -> RefusedError:
    return RefusedError(
        "not_whole",
        f"{what} cannot be read ({error}). So nobody knows what is still needed, and nothing was"
        f" removed. {then}",
    )


def _refuse(what: str, error: KeptError, then: str) -> None:
    raise _refusal(what, error, then)
