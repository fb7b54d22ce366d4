"""How is a file read while others may be writing it?

Its facts are taken from the open file before and after. Where they differ it is read again, twice
at most; then what was read is kept and the file is unsteady. What took its place since the walk is
told by its own facts. A file that is gone, or no file any more, raises OSError.
Source: open(2), posix_fadvise(2); `docs/formats/backup.md`, "Runs".
"""

import errno
import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kept.backup.cutting import HEAD_BYTES, SMALL_MOST, Cutter, choose
from kept.backup.model.nodes import Node
from kept.backup.pipeline.windows import WINDOW_BYTES, Windows
from kept.backup.sources.opening import open_to_read
from kept.backup.sources.stat_nodes import read_node

ATTEMPTS = 3
MOST_WHOLE_BYTES = 16 * 2**20  # of a small file that grew meanwhile; what follows is not steady


@dataclass(slots=True)
class WholeFile:
    """A small file as it was read."""

    content: bytes
    node: Node  # without its content's blobs
    is_steady: bool


def read_whole(source: bytes, node: Node) -> WholeFile:
    """Read a small file.

    Args:
        source: where it is read.
        node: as the walk found it.

    Raises:
        OSError: gone, forbidden, no file any more, or it cannot be read.
    """
    with opened(source) as (handle, found):
        is_steady, before, content = False, found, b""
        for attempt in range(ATTEMPTS):
            if attempt:
                os.lseek(handle, 0, os.SEEK_SET)
            content = _all_of(handle, before.st_size)
            after = os.fstat(handle)
            is_steady = is_same(before, after)
            before = after
            if is_steady:
                break
        return WholeFile(content, refreshed(node, before, handle), is_steady)


@contextmanager
def opened(source: bytes) -> Generator[tuple[int, os.stat_result]]:
    """An open file and its facts.

    Raises:
        OSError: gone, forbidden, or no file any more.
    """
    handle = open_to_read(source)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.ENOENT, "the file that was there is gone")
        yield handle, found
    finally:
        os.close(handle)


def is_same(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether nobody wrote to an open file between two looks at it."""
    return (
        before.st_mtime_ns == after.st_mtime_ns
        and before.st_ctime_ns == after.st_ctime_ns
        and before.st_size == after.st_size
    )


def refreshed(node: Node, found: os.stat_result, handle: int) -> Node:
    """The node as the walk found it, or a new one where the file is another or changed since.

    Raises:
        OSError: its attributes may not be read.
    """
    if (
        node.inode == found.st_ino
        and node.ctime_ns == found.st_ctime_ns
        and node.mtime_ns == found.st_mtime_ns
        and node.size == found.st_size
    ):
        return node
    return read_node(node.name, found, handle) or node


def _all_of(handle: int, size: int) -> bytes:
    content = os.read(handle, size + 1)
    if len(content) == size and size:
        return content  # a short read is the end of a regular file
    pieces, total = [content], len(content)
    while content and total < MOST_WHOLE_BYTES:
        content = os.read(handle, SMALL_MOST)
        pieces.append(content)
        total += len(content)
    return b"".join(pieces)


def file_pieces(
    handle: int, size: int, *, name: bytes, cutter: Cutter, windows: Windows, is_database: bool
) -> Iterator[memoryview]:
    """A file from its beginning, cut; a piece stays as it is, however long it is kept.

    Raises:
        OSError: it cannot be read.
    """
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    os.lseek(handle, 0, os.SEEK_SET)
    return _cut(
        lambda view: os.readv(handle, [view]),
        size,
        name=name,
        cutter=cutter,
        windows=windows,
        is_database=is_database,
    )


def stream_pieces(
    pieces: Iterable[bytes], *, name: bytes, cutter: Cutter, windows: Windows
) -> Iterator[memoryview]:
    """A stream, cut as a database is; what it raises comes through."""
    waiting = iter(pieces)
    left = memoryview(b"")

    def read_into(view: memoryview) -> int:
        nonlocal left
        while not left:
            following = next(waiting, None)
            if following is None:
                return 0
            left = memoryview(following)
        count = min(len(left), len(view))
        view[:count] = left[:count]
        left = left[count:]
        return count

    return _cut(read_into, None, name=name, cutter=cutter, windows=windows, is_database=True)


def _cut(
    read_into: Callable[[memoryview], int],
    size: int | None,
    *,
    name: bytes,
    cutter: Cutter,
    windows: Windows,
    is_database: bool,
) -> Iterator[memoryview]:
    room = WINDOW_BYTES if size is None else min(WINDOW_BYTES, max(size, SMALL_MOST) + 1)
    kind = None
    carried = memoryview(b"")
    while True:
        # Each window is memory of its own: the pieces go on to other threads.
        view = windows.take(max(room, len(carried) + 1))
        end = len(carried)
        view[:end] = carried
        while end < len(view) and (count := read_into(view[end:])):
            end += count
        is_final = end < len(view)
        if kind is None:
            head = bytes(view[: min(end, HEAD_BYTES)])
            kind = choose(size=size, head=head, name=name, is_database=is_database)
        start = 0
        for cut in cutter.cuts(view[:end], kind, final=is_final):
            yield view[start:cut]
            start = cut
        if is_final:
            return
        carried, room = view[start:end], WINDOW_BYTES
