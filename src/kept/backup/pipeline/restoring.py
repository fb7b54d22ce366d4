"""How does a snapshot, a folder or a file come back?

One thread walks the trees, makes folders and gathers which pieces of which parts are wanted; part
by part workers read them, each part about once, open every piece, compare it with its name and
write it where it belongs. Then hard links, then the facts of folders, the deepest first.
Rules: a new or empty target unless told otherwise; what is damaged or missing is named and the
rest goes on; half a file is no file.
Source: restic manual, "Restoring from backup"; `docs/formats/backup.md`.
"""

import os
import queue
import threading
from collections.abc import Callable

from kept.backup.model.nodes import Node, NodeType
from kept.backup.pipeline.adopting import never
from kept.backup.pipeline.fetching import Fetcher, Want
from kept.backup.pipeline.loading import DAMAGE, TreeReader
from kept.backup.pipeline.restore_choice import Chosen, Top, index_to_read, top_of
from kept.backup.pipeline.restore_files import File, FileWriter, why_not_made
from kept.backup.pipeline.restore_tally import RestoreTally
from kept.backup.pipeline.restore_target import Folder, Target
from kept.backup.pipeline.restore_values import (
    LostWhy,
    Restored,
    Watch,
    Wish,
    unwatched,
)
from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.index import BlobIndex
from kept.backup.repo.repository import Repository
from kept.backup.repo.snapshots import Snapshot
from kept.backup.sources.write_nodes import (
    make_hard_link,
    make_special,
    open_target,
    set_facts,
)
from kept.base.errors import (
    ConflictError,
    KeptError,
    MalformedError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from kept.crypto.repo_sealing import SEAL_OVERHEAD_BYTES

BATCH_FILES = 4096
BATCH_PIECES = 16_384
MAX_WORKERS = 64
_PASSED_OVER = frozenset({NodeType.SOCKET, NodeType.IRREGULAR})

_Task = tuple[bytes, list[Want[tuple[File, int]]]]


def restore(
    repository: Repository,
    snapshot: Snapshot,
    wish: Wish,
    *,
    watch: Watch = unwatched,
    stop: Callable[[], bool] = never,
) -> Restored:
    """Put a snapshot, or some of it, back.

    Args:
        repository: open; at least a shared lock on it is held by the caller, if the place lets
            one be written.
        snapshot: of it.
        wish: what, where to, and how.
        watch: told of progress, a few times a second.
        stop: asked often; True ends the run, and files half written are removed.

    Raises:
        NotFoundError: a path is not in the snapshot.
        ConflictError: the target holds something, or `stop` ended the run.
        MalformedError: paths that are not absolute, or two that would come back as one.
        RefusedError: this user may not write to the target.
        UnavailableError: the place is away, or the target's disk is full or away.
    """
    if not 1 <= wish.workers <= MAX_WORKERS:
        raise MalformedError("workers", f"must be 1 to {MAX_WORKERS}")
    index = index_to_read(repository)
    reader = TreeReader(repository, index)
    top, chosen = top_of(reader, snapshot, wish)
    run = _Run(repository, index, reader, wish, watch, stop)
    if wish.dry_run:
        return run.rehearse(top, chosen)
    root = open_target(wish.target)
    try:
        if not wish.replace and not _is_empty(root):
            raise ConflictError(
                "The folder to restore to holds something already. Nothing was changed. Name a new"
                " folder, or say that files in it may be replaced."
            )
        return run.restore(root, top, chosen)
    finally:
        os.close(root)


def _is_empty(root: int) -> bool:
    with os.scandir(root) as entries:
        return next(entries, None) is None


class _Run:
    """One restore."""

    def __init__(  # noqa: PLR0917 - made in one place, of what was given there
        self,
        repository: Repository,
        index: BlobIndex,
        reader: TreeReader,
        wish: Wish,
        watch: Watch,
        stop: Callable[[], bool],
    ) -> None:
        self._index = index
        self._reader = reader
        self._wish = wish
        self._watch = watch
        self._stop = stop
        self._fetcher = Fetcher(repository, index)
        self._owner = os.geteuid() == 0 if wish.owner is None else wish.owner
        self._tally = RestoreTally()
        self._tasks: queue.Queue[_Task | None] = queue.Queue(maxsize=2 * wish.workers)
        self._fatal: BaseException | None = None
        self._batch: dict[bytes, dict[int, Want[tuple[File, int]]]] = {}
        self._batched_files = self._batched_pieces = 0
        self._folders: list[Folder] = []
        self._first_of: dict[tuple[int, int], tuple[Folder, bytes]] = {}
        self._links: list[tuple[Folder, Node, tuple[Folder, bytes]]] = []

    # The two ways to run.

    def rehearse(self, top: Top, chosen: Chosen | None) -> Restored:
        """Say what would come back, and what is missing."""
        self._walk(top, chosen, self._rehearse_folder)
        self._tally.is_all_found = True
        self._watch(self._tally.progress())
        return self._tally.result()

    def restore(self, root: int, top: Top, chosen: Chosen | None) -> Restored:
        """Do it.

        Raises:
            As `restoring.restore`.
        """
        self._target = Target(root)
        self._writer = FileWriter(self._target, self._wish, self._tally, owner=self._owner)
        workers = [
            threading.Thread(target=self._work, name=f"restore {number}", daemon=True)
            for number in range(self._wish.workers)
        ]
        for worker in workers:
            worker.start()
        try:
            self._walk(top, chosen, self._restore_folder)
            self._flush()
            self._tally.is_all_found = True
        except BaseException as error:  # noqa: BLE001 - raised again when the workers have ended
            self._fatal = self._fatal or error
        self._finish(workers)
        self._link()
        self._settle_folders()
        self._watch(self._tally.progress())
        return self._tally.result()

    def _finish(self, workers: list[threading.Thread]) -> None:
        """Let the workers end, and raise what stopped one of them."""
        for _ in workers:
            self._put(None)
        for worker in workers:
            while worker.is_alive():
                worker.join(0.2)
                self._watch(self._tally.progress())
        self._writer.drop_unfinished()
        self._target.close()
        if self._fatal is not None:
            raise self._fatal

    # The walk.

    def _walk(
        self,
        top: Top,
        chosen: Chosen | None,
        enter: Callable[[Folder, list[Node]], bool],
    ) -> None:
        """Every folder, parents before what is in them; a stack, as trees may be very deep."""
        stack: list[tuple[Folder, bytes, Chosen | None]] = []
        if isinstance(top, bytes):
            stack.append((Folder(None, None, b"/"), top, chosen))
        else:
            for path, node in sorted(top, key=lambda one: one[1].name):
                folder = Folder(None, None, path)
                if enter(folder, [node]) and node.subtree is not None:
                    stack.append((
                        Folder(folder, node, path + node.name + b"/"),
                        node.subtree,
                        None,
                    ))
        while stack:
            self._check()
            folder, tree, only = stack.pop()
            try:
                nodes = list(self._reader.read(tree))
            except DAMAGE as error:
                self._tally.lose(folder.path, LostWhy.NO_LIST, str(error))
                nodes = []
            if only is not None:
                nodes = [node for node in nodes if node.name in only]
            if not enter(folder, nodes):
                continue
            for node in reversed(nodes):
                if node.type is NodeType.DIR and node.subtree is not None:
                    below = None if only is None else only[node.name]
                    path = folder.path + node.name + b"/"
                    stack.append((Folder(folder, node, path), node.subtree, below))
            self._watch(self._tally.progress())

    def _check(self) -> None:
        """Go on, or raise why not.

        Raises:
            ConflictError: the run was stopped.
        """
        if self._fatal is not None:
            raise self._fatal
        if self._stop():
            raise ConflictError(
                "The restore was stopped. What had come back whole is there; the rest is not."
            )

    def _sizes(self, node: Node) -> list[int] | KeptError:
        """The plain bytes of each piece of a file."""
        sizes: list[int] = []
        for named in node.content or ():
            at = self._index.find(BlobKind.DATA, named)
            if at is None:
                return NotFoundError(f"no part holds its piece {named.hex()}")
            sizes.append(at.plain_length or at.length - SEAL_OVERHEAD_BYTES)
        return sizes

    def _rehearse_folder(self, folder: Folder, nodes: list[Node]) -> bool:
        tally = self._tally
        tally.folders += folder.node is not None
        for node in nodes:
            if node.type is NodeType.FILE:
                tally.files_found += 1
                sizes = self._sizes(node)
                if isinstance(sizes, KeptError):
                    self._tally.lose(folder.path + node.name, LostWhy.MISSING, str(sizes))
                    continue
                tally.bytes_found += sum(sizes)
                tally.files += 1
                tally.size_bytes += sum(sizes)
            elif node.type in _PASSED_OVER:
                tally.passed_over += 1
            elif node.type is not NodeType.DIR:
                tally.others += 1
        return True

    def _restore_folder(self, folder: Folder, nodes: list[Node]) -> bool:
        self._target.reserve(self._flush, lambda: self._fatal is not None)
        try:
            self._target.enter(folder)
        except (ConflictError, MalformedError, RefusedError, UnavailableError) as error:
            self._target.free()
            self._tally.lose(folder.path, why_not_made(error), str(error))
            return False
        try:
            if folder.node is not None:
                self._folders.append(folder)
            for node in nodes:
                if node.type is NodeType.DIR:
                    if node.subtree is None:
                        self._tally.lose(
                            folder.path + node.name, LostWhy.NO_LIST, "it names no list"
                        )
                    continue
                self._entry(folder, node)
        finally:
            self._target.leave(folder)
        return True

    def _entry(self, folder: Folder, node: Node) -> None:
        if node.type in _PASSED_OVER:
            self._tally.passed_over += 1
            return
        if node.links > 1 and node.inode:
            key = (node.device_id, node.inode)
            first = self._first_of.setdefault(key, (folder, node.name))
            if first != (folder, node.name):
                self._links.append((folder, node, first))
                return
        if node.type is NodeType.FILE:
            self._file(folder, node)
        else:
            self._special(folder, node)

    def _special(self, folder: Folder, node: Node) -> None:
        path = folder.path + node.name
        try:
            make_special(folder.opened, node, replace=self._wish.replace)
            unset = set_facts(folder.opened, node, owner=self._owner)
        except (ConflictError, MalformedError, RefusedError, UnavailableError) as error:
            self._tally.lose(path, why_not_made(error), str(error))
            return
        if unset:
            self._tally.note(path, unset)
        self._tally.others += 1

    def _file(self, folder: Folder, node: Node) -> None:
        tally = self._tally
        tally.files_found += 1
        found = [self._index.find(BlobKind.DATA, named) for named in node.content or ()]
        sizes = [
            0 if at is None else at.plain_length or at.length - SEAL_OVERHEAD_BYTES for at in found
        ]
        file = File(folder, node, sizes)
        tally.bytes_found += file.size
        self._target.join(folder)
        if not file.is_single:
            self._target.reserve(self._flush, lambda: self._fatal is not None)
        if not found:
            self._writer.write_empty(file)
            return
        offset = 0
        for named, at, size in zip(node.content or (), found, sizes, strict=True):
            if at is None:
                self._writer.spoil(file, NotFoundError(f"no part holds its piece {named.hex()}"))
                continue
            wants = self._batch.setdefault(at.part, {})
            want = wants.get(at.offset)
            if want is None:
                want = wants[at.offset] = Want(named, at.offset, at.length, at.plain_length, [])
            want.takers.append((file, offset))
            offset += size
            self._batched_pieces += 1
            if self._batched_pieces >= BATCH_PIECES:
                self._flush()
        self._batched_files += 1
        if self._batched_files >= BATCH_FILES:
            self._flush()

    def _flush(self) -> None:
        """Give the gathered work to the workers."""
        batch, self._batch = self._batch, {}
        self._batched_files = self._batched_pieces = 0
        for part, wants in batch.items():
            self._put((part, [wants[at] for at in sorted(wants)]))

    def _put(self, task: _Task | None) -> None:
        while True:
            try:
                self._tasks.put(task, timeout=0.2)
            except queue.Full:
                self._watch(self._tally.progress())
                if task is not None:
                    self._check()
            else:
                return

    # The workers.

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            if self._fatal is not None:
                continue
            try:
                self._fetch(*task)
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
                self._fatal = error

    def _fetch(self, part: bytes, wants: list[Want[tuple[File, int]]]) -> None:
        for want, found in self._fetcher.fetch(BlobKind.DATA, part, wants):
            if self._fatal is not None:
                return
            for file, at in want.takers:
                if isinstance(found, KeptError):
                    self._writer.spoil(file, found)
                else:
                    self._writer.write(file, at, found)

    # The end.

    def _link(self) -> None:
        lost = {one.path: one for one in self._tally.lost}
        for folder, node, (first_folder, first_name) in self._links:
            path = folder.path + node.name
            if (first_lost := lost.get(first_folder.path + first_name)) is not None:
                self._tally.lose(path, first_lost.why, first_lost.detail)
                continue
            try:
                with (
                    self._target.visit(folder) as parent,
                    self._target.visit(first_folder) as first,
                ):
                    make_hard_link(
                        parent, node.name, (first, first_name), replace=self._wish.replace
                    )
            except (ConflictError, MalformedError, RefusedError, UnavailableError) as error:
                self._tally.lose(path, why_not_made(error), str(error))
                continue
            if node.type is NodeType.FILE:
                self._tally.files += 1
                self._tally.files_found += 1
            else:
                self._tally.others += 1

    def _settle_folders(self) -> None:
        for folder in reversed(self._folders):
            if folder.parent is None or folder.node is None:
                continue
            try:
                with self._target.visit(folder.parent) as parent:
                    unset = set_facts(parent, folder.node, owner=self._owner)
            except (ConflictError, MalformedError, RefusedError, UnavailableError) as error:
                self._tally.lose(folder.path, why_not_made(error), str(error))
                continue
            self._tally.folders += 1
            if unset:
                self._tally.note(folder.path, unset)
