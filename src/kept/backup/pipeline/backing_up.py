"""How does a state of the owner's folders become a snapshot?

walk → read and cut → a worker by chance: claim, zstd, seal, open again → its packer → uploader →
index → trees → snapshot. Rules:

1. The snapshot is written last, when every part is durable and named by an index file. A failure
   before that means no snapshot; what was stored by then stays, and the next run uses it.
2. A file is unchanged when size, mtime, ctime and inode are those of the parent snapshot (newest of
   the same host and paths) and all its blobs are stored. Anything else is read.
3. What cannot be read is told and missing: the copy is partial. A stream that fails is a failure.
4. What an interrupted run stored is adopted first; its lock, if stale, is removed.
5. Memory is bounded by bytes: what waits for workers, what they pack, two parts on their way.

Source: restic design document, "Read and Write Ordering"; `docs/formats/backup.md`, "Runs".
"""

import errno
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256

from kept.backup.cutting import SMALL_MOST, Cutter, seed_of
from kept.backup.model.nodes import Node, NodeType
from kept.backup.pipeline.adopting import Adopted, adopt, never
from kept.backup.pipeline.claims import Claims
from kept.backup.pipeline.counting import Count
from kept.backup.pipeline.folders import Folder, Folders
from kept.backup.pipeline.inboxes import BrokenOffError
from kept.backup.pipeline.loading import TreeReader
from kept.backup.pipeline.looking_ahead import LookAhead
from kept.backup.pipeline.packing import Packer, merged
from kept.backup.pipeline.parents import OldTrees, Parent, choose_parent
from kept.backup.pipeline.reading import (
    ATTEMPTS,
    file_pieces,
    is_same,
    opened,
    refreshed,
    stream_pieces,
)
from kept.backup.pipeline.run_plan import (
    TAG,
    Around,
    Progress,
    RunDone,
    RunPlan,
    Stream,
    Waits,
    Watch,
    nobody,
)
from kept.backup.pipeline.streams import stream_node, with_streams
from kept.backup.pipeline.uploading import Store, Uploader
from kept.backup.pipeline.windows import Windows
from kept.backup.pipeline.working import Batch, LargeFile, Piece, SmallFile, Tally, Task, Worker
from kept.backup.ports import FileKind
from kept.backup.repo.blobs import BlobKind, prepare
from kept.backup.repo.locking import HeldLock, Surroundings, locked
from kept.backup.repo.packs import Part
from kept.backup.repo.repository import Repository
from kept.backup.repo.snapshots import Snapshot, Summary, snapshot_members
from kept.backup.repo.times import Moment
from kept.backup.sources.walk import (
    Event,
    Found,
    Known,
    Left,
    Skipped,
    SkipReason,
    Unread,
    nothing_known,
    walk,
)
from kept.base.errors import KeptError, RefusedError
from kept.crypto.chance import draw

BATCH_FILES = 64
BATCH_BYTES = 4 * 2**20
BATCH_COST_BYTES = 2**19  # what a batch is counted as: its names and facts, not its contents
INBOX_BYTES = 16 * 2**20  # of all workers together
WAITING_FOLDERS = 64  # so many may wait for a batch that is not full
LOOK_S = 0.2  # how often whoever looks on is told
_NO_ADOPTED = Adopted((), 0, 0, (), is_whole=True)


def back_up(
    repository: Repository,
    plan: RunPlan,
    around: Around,
    *,
    watch: Watch = nobody,
    stop: Callable[[], bool] = never,
) -> RunDone:
    """Copy what the plan names into a new snapshot.

    Args:
        repository: open.
        plan: what and how.
        around: clock and processes.
        watch: told how far the run is, from this thread.
        stop: asked several times a second; True ends the run without a snapshot, soon and clean.

    Raises:
        RefusedError: `repository_read_only`: of version 1; `nothing_to_copy`: nothing that was
            named is there.
        ConflictError: somebody else holds the repository, or the lock was lost on the way.
        MalformedError: roots that contradict each other.
        TamperedError: the machine errs: what was sealed did not open.
        UnavailableError: the place is away or full; what was stored is used by the next run.
        Exception: what a stream or `watch` raised, as it was. In all cases there is no snapshot.
    """
    if plan.is_dry:
        ahead = LookAhead(repository)
        ahead.look()
        return _prepared(ahead, plan, around, ears=_Ears(watch, stop), lock=None)
    repository.check_writable()
    surroundings = Surroundings(
        place=repository.place,
        files=repository,
        clock=around.clock,
        sleep=around.sleep,
        own=around.own,
        start_time_of=around.start_time_of,
    )
    ahead = LookAhead(repository)
    with locked(surroundings, exclusive=False, meanwhile=ahead.look) as lock:
        return _prepared(ahead, plan, around, ears=_Ears(watch, stop), lock=lock)


def _prepared(
    ahead: LookAhead, plan: RunPlan, around: Around, *, ears: "_Ears", lock: HeldLock | None
) -> RunDone:
    """See what is stored, adopt what nobody knows of, and run."""
    began = Moment.of(around.clock.now())
    repository, index = ahead.repository, ahead.index()
    parent = choose_parent(
        ahead.snapshots,
        hostname=plan.hostname or around.own.hostname,
        paths=plan.paths,
        until_ns=began.ns,
    )
    adopted = _NO_ADOPTED if lock is None else adopt(repository, index, stop=ears.stop)
    store = Store(repository, index, Claims(index), lock)
    run = _Run(store, plan, around, ears=ears, parent=parent)
    try:
        done = run.copied(began)
    except BrokenOffError:
        done = run.broken_off()
    except BaseException:
        run.abandon()
        raise
    return replace(
        done,
        adopted=tuple(part.hex() for part in adopted.parts),
        broken_parts=tuple(broken.name for broken in adopted.broken),
    )


@dataclass(frozen=True, slots=True)
class _Ears:
    """Who is told of the run, and who may end it."""

    watch: Watch
    stop: Callable[[], bool]


class _Run:
    """One run; its methods belong to the thread that walks."""

    def __init__(
        self, store: Store, plan: RunPlan, around: Around, *, ears: _Ears, parent: Parent | None
    ) -> None:
        """Start the threads."""
        self._store = store
        self._plan = plan
        self._around = around
        self._ears = ears
        self._parent = parent
        self._began_s = self._told_s = around.monotonic()
        self._failure: BaseException | None = None
        self._is_stopped = False
        self._woke = threading.Event()
        self._tally = Tally()
        self._skipped: dict[SkipReason, int] = {}
        self._dirs = [0, 0, 0]  # new, changed, unmodified
        self._batch: Batch = []
        self._batch_bytes = 0
        self._larges: list[tuple[LargeFile, Folder, Node]] = []
        self._folders = Folders(self._keep_tree)
        key = store.repository.key
        self._cutter = Cutter(seed_of(key.encrypt))
        self._windows = Windows()
        reader = TreeReader(store.repository, store.index)
        self._old = OldTrees(reader, store.index, parent)
        is_counted = plan.is_counted and ears.watch is not nobody
        self._count = Count(plan.roots, plan.excludes) if is_counted else None
        self._uploader = Uploader(
            store, monotonic=around.monotonic, woke=self._woke.set, failed=self._fail
        )

        def packer(kind: BlobKind, send: Callable[[Part], None]) -> Packer:
            return Packer(key, kind, part_bytes=plan.part_bytes, send=send)

        self._trees = packer(BlobKind.TREE, self._send_part)
        lane = threading.Lock()
        each = 2 if plan.workers == 1 else 1
        self._workers = [
            Worker(
                [packer(BlobKind.DATA, self._uploader.send) for _ in range(each)],
                store.claims,
                number=number,
                inbox_bytes=INBOX_BYTES // plan.workers,
                lane=lane,
                woke=self._woke.set,
                failed=self._fail,
            )
            for number in range(plan.workers)
        ]
        if self._count is not None:
            self._count.start()

    def copied(self, began: Moment) -> RunDone:
        """All of it.

        Raises:
            BrokenOffError: `broken_off` tells why.
        """
        plan = self._plan
        knows = nothing_known if plan.is_forced else self._old.knows
        events = walk(plan.roots, plan.excludes, knows) if plan.roots else ()
        for stream in plan.streams:
            self._stream(stream)
        for event in with_streams(events, plan.roots, plan.streams):
            self._take(event)
            self._look()
        self._flush()
        self._finish_workers()
        self._refuse_nothing()
        return self._snapshot(began)

    def broken_off(self) -> RunDone:
        """Index what is stored, then tell why the run ended early.

        Raises:
            BaseException: the failure, if it was one.
        """
        if self._failure is not None:
            self.abandon()
            raise self._failure
        self._end()
        self._uploader.save_index()
        return RunDone(
            snapshot=None,
            tree=None,
            parent=None if self._parent is None else self._parent.name,
            summary=None,
            unread=self._unread(),
            is_stopped=True,
        )

    def abandon(self) -> None:
        """End a run that failed; what is stored is indexed if the place lets us."""
        self._end()
        with suppress(KeptError):  # the next run finds the parts by their headers
            self._uploader.save_index()

    def _end(self) -> None:
        """Let every thread come to its end."""
        if self._count is not None:
            self._count.stop()
        for worker in self._workers:
            worker.inbox.break_off()
        self._uploader.break_off()
        for worker in self._workers:
            worker.join()
        self._uploader.join()

    def _fail(self, error: BaseException) -> None:
        """Note the first failure and break the run off; from any thread."""
        if self._failure is None:
            self._failure = error
        for worker in self._workers:
            worker.inbox.break_off()
        self._uploader.break_off()
        self._woke.set()

    # What the walk tells.

    def _take(self, event: Event) -> None:
        match event:
            case Known():
                self._known(event)
            case Found():
                self._found(event)
            case Left():
                old_tree = self._old_tree(event.path)
                self._old.leave(event.path)
                self._folders.leave(event.path, event.node, old_tree=old_tree)
                if self._batch and self._folders.waiting > WAITING_FOLDERS:
                    self._flush()
                self._close_ready()
            case Skipped():
                self._skipped[event.reason] = self._skipped.get(event.reason, 0) + 1
            case Unread():
                self._tally.unread.append(event)

    def _old_tree(self, path: bytes) -> bytes | None:
        if path == b"/":
            return None if self._parent is None else self._parent.tree
        return self._old.subtree(path)

    def _known(self, known: Known) -> None:
        self._folders.known(known.path, known.texts)
        self._tally.pass_over(known.size, files=len(known.texts))

    def _found(self, found: Found) -> None:
        node = found.node
        folder = self._folders.expect(found.path)
        if node.type is not NodeType.FILE:
            folder.add(node)
            return
        known = None if self._plan.is_forced else self._old.unchanged(found.path, node)
        if known is not None:
            folder.add_file(node, node.size, known)
            self._tally.pass_over(node.size, files=1)
            return
        old = self._old.entry(found.path)
        was_there = old is not None and old.type == NodeType.FILE
        if node.size > SMALL_MOST:
            self._large(found, folder, was_there=was_there)
        else:
            small = SmallFile(folder, found.path, found.source, node, was_there=was_there)
            self._batch.append(small)
            self._batch_bytes += node.size
            if len(self._batch) >= BATCH_FILES or self._batch_bytes >= BATCH_BYTES:
                self._flush()

    def _large(self, found: Found, folder: Folder, *, was_there: bool) -> None:
        path = found.path
        try:
            with opened(found.source) as (handle, first):
                file, size, is_steady, before = LargeFile(), 0, False, first
                for _ in range(ATTEMPTS):
                    file, size = LargeFile(), 0
                    for piece in file_pieces(
                        handle,
                        before.st_size,
                        name=found.node.name,
                        cutter=self._cutter,
                        windows=self._windows,
                        is_database=path in self._plan.databases,
                    ):
                        size += len(piece)
                        self._send_piece(file, piece)
                    after = os.fstat(handle)
                    is_steady = is_same(before, after)
                    before = after
                    if is_steady:
                        break
                node = refreshed(found.node, before, handle)
        except OSError as refused:
            self._tally.unread.append(Unread(path, refused.errno or errno.EIO))
            folder.drop()
            return
        self._larges.append((file, folder, replace(node, size=size)))
        self._tally.count(size, was_there=was_there)
        if not is_steady:
            self._tally.unsteady.append(path)

    def _stream(self, stream: Stream) -> None:
        folder = self._folders.expect(stream.at)
        file, size = LargeFile(), 0
        name = stream.at.rpartition(b"/")[2]
        for piece in stream_pieces(
            stream.pieces, name=name, cutter=self._cutter, windows=self._windows
        ):
            size += len(piece)
            self._send_piece(file, piece)
        self._larges.append((file, folder, stream_node(stream, size, ())))
        self._tally.count(size, was_there=self._old.entry(stream.at) is not None)

    # To the workers, and back.

    def _send_piece(self, file: LargeFile, piece: memoryview) -> None:
        number = len(file.blobs)
        file.blobs.append(b"")
        self._send(Piece(file, number, piece), len(piece))
        self._look()

    def _flush(self) -> None:
        if self._batch:
            batch, self._batch, self._batch_bytes = self._batch, [], 0
            self._send(batch, BATCH_COST_BYTES)

    def _send(self, task: Task, size: int) -> None:
        """To a worker drawn by chance, so that neighbours do not lie in one part."""
        worker = self._workers[int.from_bytes(draw(2), "big") % len(self._workers)]
        while not worker.inbox.offer((task, size), size):
            self._look(Waits.SENDING if self._uploader.is_full else Waits.PACKING)

    def _close_ready(self) -> bool:
        """Make the nodes and trees that can be made; whether none is left to make."""
        larges = self._larges
        if larges:
            for file, folder, node in larges:
                if file.is_whole:
                    folder.add_file(node, node.size, tuple(file.blobs))
            self._larges = [one for one in larges if not one[0].is_whole]
        return self._folders.close_ready() and not self._larges

    def _keep_tree(self, folder: Folder, plain: bytes) -> bytes:
        named = sha256(plain).digest()
        old = folder.old_tree
        self._dirs[0 if old is None else 2 if old == named else 1] += 1
        if self._store.claims.take(BlobKind.TREE, named):
            self._trees.add(prepare(BlobKind.TREE, plain, named=named))
        return named

    def _look(self, waits: Waits = Waits.READING, *, wait_s: float = 0.0) -> None:
        """See whether to go on, and tell how far the run is.

        Raises:
            BrokenOffError: a failure, or somebody stopped the run.
        """
        if wait_s:
            self._woke.wait(wait_s)
            self._woke.clear()
        if self._failure is not None:
            raise BrokenOffError
        now_s = self._around.monotonic()
        if now_s - self._told_s < LOOK_S:
            return
        self._told_s = now_s
        try:
            self._ears.watch(self._progress(now_s, waits))
            self._is_stopped = self._ears.stop()
        except BaseException as error:
            self._fail(error)
            raise BrokenOffError from error
        if self._is_stopped:
            raise BrokenOffError

    def _progress(self, now_s: float, waits: Waits) -> Progress:
        tallies = self._tallies()
        files_in_all, bytes_in_all = (self._count and self._count.found) or (None, None)
        return Progress(
            files=sum(tally.files for tally in tallies),
            size_bytes=sum(tally.size_bytes for tally in tallies),
            sent_bytes=self._uploader.sent_bytes,
            unread=sum(len(tally.unread) for tally in tallies),
            seconds=now_s - self._began_s,
            waits=waits,
            files_in_all=files_in_all,
            bytes_in_all=bytes_in_all,
        )

    def _tallies(self) -> list[Tally]:
        return [self._tally, *(worker.tally for worker in self._workers)]

    def _unread(self) -> tuple[Unread, ...]:
        found = [unread for tally in self._tallies() for unread in tally.unread]
        return tuple(sorted(found, key=lambda unread: unread.path))

    # The end.

    def _finish_workers(self) -> None:
        for worker in self._workers:
            worker.inbox.finish()
        while any(worker.is_at_work for worker in self._workers):
            self._look(
                Waits.SENDING if self._uploader.is_full else Waits.PACKING, wait_s=LOOK_S / 4
            )
            self._close_ready()
        self._look()
        if not self._close_ready():
            raise RuntimeError("a directory waits for files that nobody reads")

    def _refuse_nothing(self) -> None:
        """Never a snapshot of nothing: the disk may not be mounted.

        Raises:
            RefusedError: `nothing_to_copy`.
        """
        missing = {unread.path for unread in self._tally.unread if unread.is_root}
        if self._plan.streams or not all(root.at in missing for root in self._plan.roots):
            return
        raise RefusedError(
            "nothing_to_copy",
            "Nothing of what is to be copied is there. No snapshot was made; those that stand are"
            " untouched. Is the disk plugged in, and are the paths right?",
        )

    def _snapshot(self, began: Moment) -> RunDone:
        packers = [packer for worker in self._workers for packer in worker.packers]
        self._send_rests(BlobKind.DATA, packers)
        self._send_rests(BlobKind.TREE, [self._trees])
        self._uploader.finish()
        while self._uploader.is_alive:
            self._look(Waits.SENDING, wait_s=LOOK_S / 4)
        self._look()
        self._uploader.save_index()
        summary = self._summary(began, packers)
        name = None if self._store.lock is None else self._save(self._store.lock, summary)
        self._told_s = float("-inf")
        with suppress(BrokenOffError):  # the snapshot stands: too late to stop
            self._look()
        self._end()
        return RunDone(
            snapshot=name,
            tree=self._folders.tree,
            parent=None if self._parent is None else self._parent.name,
            summary=summary,
            unread=self._unread(),
            unsteady=tuple(sorted(path for one in self._tallies() for path in one.unsteady)),
            skipped=self._skipped,
        )

    def _send_rests(self, kind: BlobKind, packers: Iterable[Packer]) -> None:
        rests = [rest for packer in packers if (rest := packer.rest()) is not None]
        key = self._store.repository.key
        for part in merged(key, kind, rests, part_bytes=self._plan.part_bytes):
            self._send_part(part)

    def _send_part(self, part: Part) -> None:
        """A part that the walk's own thread made."""
        while not self._uploader.offer(part):
            self._look(Waits.SENDING)

    def _summary(self, began: Moment, packers: list[Packer]) -> Summary:
        tallies = self._tallies()
        every = [*packers, self._trees]
        return Summary(
            backup_start=began,
            backup_end=Moment.of(self._around.clock.now()),
            files_new=sum(tally.new for tally in tallies),
            files_changed=sum(tally.changed for tally in tallies),
            files_unmodified=sum(tally.unmodified for tally in tallies),
            dirs_new=self._dirs[0],
            dirs_changed=self._dirs[1],
            dirs_unmodified=self._dirs[2],
            data_blobs=sum(packer.blobs for packer in packers),
            tree_blobs=self._trees.blobs,
            data_added=sum(packer.plain_bytes for packer in every),
            data_added_packed=sum(packer.packed_bytes for packer in every),
            total_files_processed=sum(tally.files for tally in tallies),
            total_bytes_processed=sum(tally.size_bytes for tally in tallies),
        )

    def _save(self, lock: HeldLock, summary: Summary) -> str:
        tree = self._folders.tree
        if tree is None:
            raise RuntimeError("the walk ended without the tree of /")
        own = self._around.own
        snapshot = Snapshot(
            time=summary.backup_start,
            parent=None if self._parent is None else bytes.fromhex(self._parent.name),
            tree=tree,
            paths=self._plan.paths,
            hostname=self._plan.hostname or own.hostname,
            username=own.username,
            uid=own.uid,
            gid=own.gid,
            excludes=self._plan.patterns,
            tags=(TAG, *self._plan.tags),
            program_version=self._plan.program_version,
            summary=summary,
        )
        lock.demand()
        return self._store.repository.save_unpacked(FileKind.SNAPSHOT, snapshot_members(snapshot))
