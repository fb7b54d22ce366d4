"""What does a worker do with what the walk found?

A worker owns its packers, so nothing is locked on the way from a file to its part. A batch of small
files it reads itself; of a large file it gets pieces, as do the others. What a thread runs into is
the run's failure, but a file that cannot be read is only noted.
"""

import errno
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from kept.backup.cutting import SMALL_MOST
from kept.backup.model.nodes import Node
from kept.backup.pipeline.claims import Claims
from kept.backup.pipeline.folders import Folder
from kept.backup.pipeline.inboxes import BrokenOffError, Inbox
from kept.backup.pipeline.packing import Packer
from kept.backup.pipeline.reading import read_whole
from kept.backup.repo.blobs import BlobKind, prepare
from kept.backup.sources.walk import Unread
from kept.crypto.chance import draw

TINY_BYTES = 16 * 2**10  # mean of a batch


class SmallFile:
    """A file that is read by the worker itself."""

    __slots__ = ("folder", "node", "path", "source", "was_there")

    def __init__(
        self, folder: Folder, path: bytes, source: bytes, node: Node, *, was_there: bool
    ) -> None:
        self.folder = folder
        self.path = path
        self.source = source
        self.node = node
        self.was_there = was_there  # in the parent snapshot


class LargeFile:
    """A file whose pieces are with several workers; its blobs in order, as they become known."""

    __slots__ = ("blobs", "done")

    def __init__(self) -> None:
        self.blobs: list[bytes] = []  # grows in the walk's thread alone
        self.done: list[int] = []  # an append is one step under the GIL

    @property
    def is_whole(self) -> bool:
        """Whether every piece announced so far has its blob."""
        return len(self.done) == len(self.blobs)


@dataclass(frozen=True, slots=True)
class Piece:
    """One blob of a large file."""

    file: LargeFile
    number: int
    content: memoryview


Batch = list[SmallFile]
Task = Piece | Batch


@dataclass(slots=True)
class Tally:
    """What one thread has done; others only read it."""

    files: int = 0
    new: int = 0
    changed: int = 0
    unmodified: int = 0
    size_bytes: int = 0  # of these files
    unread: list[Unread] = field(default_factory=list[Unread])
    unsteady: list[bytes] = field(default_factory=list[bytes])

    def count(self, size: int, *, was_there: bool) -> None:
        """A file that was read."""
        self.files += 1
        self.size_bytes += size
        if was_there:
            self.changed += 1
        else:
            self.new += 1

    def pass_over(self, size: int, *, files: int) -> None:
        """Files that did not change, `size` bytes together."""
        self.files += files
        self.unmodified += files
        self.size_bytes += size


class Worker:
    """A thread, its inbox and its packers."""

    def __init__(
        self,
        packers: list[Packer],
        claims: Claims,
        *,
        number: int,
        inbox_bytes: int,
        lane: threading.Lock,
        woke: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Start it.

        Args:
            packers: its own; which one gets a blob is drawn for each task.
            claims: of the run.
            number: for the thread's name.
            inbox_bytes: so much may wait here.
            lane: of all workers; held for a batch of tiny files.
            woke: called after each task and at the end.
            failed: told what went wrong; it breaks the run off.
        """
        self.packers = packers
        self.inbox: Inbox[tuple[Task, int]] = Inbox(inbox_bytes)
        self.tally = Tally()
        self._claims = claims
        self._lane = lane
        self._woke = woke
        self._failed = failed
        self.is_at_work = True  # has not come to its end
        self._thread = threading.Thread(target=self._work, name=f"worker {number}", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait for the thread."""
        self._thread.join()

    def _work(self) -> None:
        try:
            while (taken := self.inbox.take()) is not None:
                task, size = taken
                packer = self._packer()
                if isinstance(task, Piece):
                    task.file.blobs[task.number] = self._keep(task.content, packer)
                    task.file.done.append(task.number)
                elif _is_tiny(task):
                    with self._lane:
                        self._read_all(task, packer)
                else:
                    self._read_all(task, packer)
                del task, taken  # its memory is free before the next one is waited for
                self.inbox.release(size)
                self._woke()
        except BrokenOffError:
            return
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the run's
            self._failed(error)
        finally:
            self.is_at_work = False
            self._woke()

    def _packer(self) -> Packer:
        packers = self.packers
        return packers[0] if len(packers) == 1 else packers[draw(1)[0] % len(packers)]

    def _read_all(self, batch: Batch, packer: Packer) -> None:
        for file in batch:
            self._read(file, packer)

    def _read(self, file: SmallFile, packer: Packer) -> None:
        try:
            read = read_whole(file.source, file.node)
        except OSError as refused:
            self.tally.unread.append(Unread(file.path, refused.errno or errno.EIO))
            file.folder.drop()
            return
        content = read.content
        if len(content) <= SMALL_MOST:
            blobs = (self._keep(content, packer),) if content else ()
        else:  # it grew since
            view = memoryview(content)
            starts = range(0, len(view), SMALL_MOST)
            blobs = tuple([self._keep(view[at : at + SMALL_MOST], packer) for at in starts])
        file.folder.add_file(read.node, len(content), blobs)
        self.tally.count(len(content), was_there=file.was_there)
        if not read.is_steady:
            self.tally.unsteady.append(file.path)

    def _keep(self, plain: bytes | memoryview, packer: Packer) -> bytes:
        named = sha256(plain).digest()
        if self._claims.take(BlobKind.DATA, named):
            packer.add(prepare(BlobKind.DATA, plain, named=named))
        return named


def _is_tiny(batch: Batch) -> bool:
    """Whether most of the work on these files holds the interpreter.

    Two threads at them hinder each other: a third more processor time, and no earlier an end.
    """
    return sum(file.node.size for file in batch) < TINY_BYTES * len(batch)
