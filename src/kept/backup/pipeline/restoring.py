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
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kept.backup.model.nodes import Node, NodeType, name_problem
from kept.backup.pipeline.adopting import never
from kept.backup.pipeline.fetching import Fetcher, Want
from kept.backup.pipeline.loading import DAMAGE, TreeReader, load_indexes, part_ids
from kept.backup.pipeline.restore_files import File, FileWriter, why_not_made
from kept.backup.pipeline.restore_target import Folder, Target
from kept.backup.pipeline.restore_values import (
    MAX_UNSET_TOLD,
    Lost,
    LostWhy,
    Progress,
    Restored,
    UnsetFact,
    Watch,
    Wish,
    unwatched,
)
from kept.backup.ports import FileKind
from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.index import BlobIndex
from kept.backup.repo.packs import Listing
from kept.backup.repo.repository import Repository
from kept.backup.repo.snapshots import Snapshot
from kept.backup.sources.write_nodes import (
    Unset,
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

Chosen = dict[bytes, "Chosen | None"]  # names below a folder; None: all that is in it
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
    top, chosen = _top(reader, snapshot, wish)
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


def index_to_read(repository: Repository) -> BlobIndex:
    """All that can be found: readable index files, and the headers of parts that none names.

    Raises:
        UnavailableError: the place cannot be reached or read.
    """
    parts = part_ids(repository.list(FileKind.DATA))
    index = load_indexes(repository, among=parts).index
    known = index.parts()

    def listings() -> Iterable[Listing]:
        for part, stored in parts.items():
            if part not in known:
                try:
                    yield Listing(part, repository.load_header(stored))
                except DAMAGE:
                    continue

    index.load(listings())
    return index


def split_snapshot_path(path: bytes) -> list[bytes]:
    """The names in an absolute path of a snapshot; none for `/`.

    Raises:
        MalformedError: not absolute, or with a name that leads elsewhere.
    """
    if not path.startswith(b"/"):
        raise MalformedError("path", "not an absolute path")
    names = [name for name in path.split(b"/") if name]
    if any(name_problem(name) for name in names):
        raise MalformedError("path", "not a clean path")
    return names


def node_at(reader: TreeReader, snapshot: Snapshot, path: bytes) -> Node | None:
    """The entry at a path; None for `/`.

    Raises:
        NotFoundError: it is not in the snapshot, or a list on the way is missing.
        TamperedError: a list on the way is damaged.
        MalformedError: the path is none.
        UnavailableError: the place cannot be reached or read.
    """
    tree: bytes | None = snapshot.tree
    node: Node | None = None
    for name in split_snapshot_path(path):
        found = None if tree is None else reader.read(tree)
        node = next((one for one in found or () if one.name == name), None)
        if node is None:
            shown = path.decode("utf-8", "backslashreplace")
            raise NotFoundError(f"{shown} is not in this snapshot.")
        tree = node.subtree
    return node


def _top(
    reader: TreeReader, snapshot: Snapshot, wish: Wish
) -> tuple[bytes | list[tuple[bytes, Node]], Chosen | None]:
    """What lies right below the target: a tree, or entries with the folder each comes from.

    Raises:
        NotFoundError: a path is not in the snapshot.
        MalformedError: no path, one that is none, or two that would come back as one.
        UnavailableError: the place is away.
    """
    if not wish.paths:
        raise MalformedError("path", "none is named")
    if any(not split_snapshot_path(path) for path in wish.paths):
        return snapshot.tree, None
    found = [(path, node_at(reader, snapshot, path)) for path in wish.paths]
    if wish.full_paths:
        chosen: Chosen = {}
        for path in wish.paths:
            _choose(chosen, split_snapshot_path(path))
        return snapshot.tree, chosen
    entries = [
        (b"/" + b"".join(name + b"/" for name in split_snapshot_path(path)[:-1]), node)
        for path, node in found
        if node is not None
    ]
    if len({node.name for _, node in entries}) != len(entries):
        raise MalformedError("path", "two of one name would come back as one")
    return entries, None


def _choose(chosen: Chosen, names: list[bytes]) -> None:
    for name in names[:-1]:
        below = chosen.setdefault(name, {})
        if below is None:
            return
        chosen = below
    chosen[names[-1]] = None


@dataclass(slots=True)
class _Tally:
    """What came back so far."""

    files_found: int = 0
    bytes_found: int = 0
    files: int = 0
    bytes: int = 0
    folders: int = 0
    others: int = 0
    passed_over: int = 0
    verified: int = 0
    lost_files: int = 0
    is_all_found: bool = False
    lost: list[Lost] = field(default_factory=list[Lost])
    unset: list[UnsetFact] = field(default_factory=list[UnsetFact])
    unset_count: int = 0


class _Run:
    """One restore. Tells itself what became of the files."""

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
        self._tally = _Tally()
        self._lock = threading.Lock()
        self._tasks: queue.Queue[_Task | None] = queue.Queue(maxsize=2 * wish.workers)
        self._fatal: BaseException | None = None
        self._batch: dict[bytes, dict[int, Want[tuple[File, int]]]] = {}
        self._batched_files = self._batched_pieces = 0
        self._folders: list[Folder] = []
        self._first_of: dict[tuple[int, int], tuple[Folder, bytes]] = {}
        self._links: list[tuple[Folder, Node, tuple[Folder, bytes]]] = []

    # What became of files (`Told`).

    def lose(self, path: bytes, why: LostWhy, detail: str) -> None:
        """An entry does not come back."""
        with self._lock:
            self._tally.lost.append(Lost(path, why, detail))

    def note(self, path: bytes, unset: list[Unset]) -> None:
        """Facts the system did not let us set."""
        with self._lock:
            self._tally.unset_count += len(unset)
            for one in unset[: max(0, MAX_UNSET_TOLD - len(self._tally.unset))]:
                self._tally.unset.append(UnsetFact(path, one.fact.value, one.code))

    def came_back(self, size: int, *, is_verified: bool) -> None:
        """A file is done; a size of -1: it is lost."""
        with self._lock:
            if size < 0:
                self._tally.lost_files += 1
            else:
                self._tally.files += 1
                self._tally.bytes += size
                self._tally.verified += is_verified

    # The two ways to run.

    def rehearse(self, top: bytes | list[tuple[bytes, Node]], chosen: Chosen | None) -> Restored:
        """Say what would come back, and what is missing."""
        self._walk(top, chosen, self._rehearse_folder)
        self._tally.is_all_found = True
        self._tell()
        return self._result()

    def restore(
        self, root: int, top: bytes | list[tuple[bytes, Node]], chosen: Chosen | None
    ) -> Restored:
        """Do it.

        Raises:
            As `restoring.restore`.
        """
        self._target = Target(root)
        self._writer = FileWriter(self._target, self._wish, self, owner=self._owner)
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
        self._tell()
        return self._result()

    def _finish(self, workers: list[threading.Thread]) -> None:
        """Let the workers end, and raise what stopped one of them."""
        for _ in workers:
            self._put(None)
        for worker in workers:
            while worker.is_alive():
                worker.join(0.2)
                self._tell()
        self._writer.drop_unfinished()
        self._target.close()
        if self._fatal is not None:
            raise self._fatal

    # The walk.

    def _walk(
        self,
        top: bytes | list[tuple[bytes, Node]],
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
                self.lose(folder.path, LostWhy.NO_LIST, str(error))
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
            self._tell()

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
                    self.lose(folder.path + node.name, LostWhy.MISSING, str(sizes))
                    continue
                tally.bytes_found += sum(sizes)
                tally.files += 1
                tally.bytes += sum(sizes)
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
            self.lose(folder.path, why_not_made(error), str(error))
            return False
        try:
            if folder.node is not None:
                self._folders.append(folder)
            for node in nodes:
                if node.type is NodeType.DIR:
                    if node.subtree is None:
                        self.lose(folder.path + node.name, LostWhy.NO_LIST, "it names no list")
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
            self.lose(path, why_not_made(error), str(error))
            return
        if unset:
            self.note(path, unset)
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
                self._tell()
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
                self.lose(path, first_lost.why, first_lost.detail)
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
                self.lose(path, why_not_made(error), str(error))
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
                self.lose(folder.path, why_not_made(error), str(error))
                continue
            self._tally.folders += 1
            if unset:
                self.note(folder.path, unset)

    def _tell(self) -> None:
        tally = self._tally
        self._watch(
            Progress(
                tally.files_found,
                tally.bytes_found,
                tally.files + tally.lost_files,
                tally.bytes,
                tally.is_all_found,
            )
        )

    def _result(self) -> Restored:
        tally = self._tally
        return Restored(
            files=tally.files,
            bytes=tally.bytes,
            folders=tally.folders,
            others=tally.others,
            passed_over=tally.passed_over,
            verified=tally.verified,
            lost=tuple(sorted(tally.lost, key=lambda lost: lost.path)),
            unset=tuple(tally.unset),
            unset_count=tally.unset_count,
        )
