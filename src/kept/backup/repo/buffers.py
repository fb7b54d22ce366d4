"""Where does a part lie while it is filled and sent?

In memory, and one larger than 32 MiB in a file without a name, mapped: what was filled, hashed or
sent is let go from memory and read again from the file. Only what is sealed ever lies there. Where
the disk has no room for it, memory has to do.
Source: posix_fallocate(3), without which a full disk would end the process; madvise(2).
"""

import mmap
import os
import tempfile
from pathlib import Path
from typing import TypeAlias

LARGE_BYTES = 32 * 2**20
LET_GO_BYTES = 4 * 2**20  # so much is held of a large one, by each who works on it
SPARE_BYTES = 24 * 2**20  # the blob that fills a part, and the longest header
_LASTING = Path("/var/tmp")  # noqa: S108  # nosec B108  # a disk where /tmp may be memory
PartBuffer: TypeAlias = bytearray | mmap.mmap


def buffer_of(capacity_bytes: int) -> PartBuffer:
    """Room for a part that is likely to reach that size, for a large one with some to spare."""
    if capacity_bytes <= LARGE_BYTES:
        return bytearray(capacity_bytes)
    size = capacity_bytes + SPARE_BYTES
    folder = _LASTING if _LASTING.is_dir() else None
    try:
        with tempfile.TemporaryFile(dir=folder, prefix="kept-part-") as file:
            os.posix_fallocate(file.fileno(), 0, size)
            return mmap.mmap(file.fileno(), size)
    except OSError:
        return bytearray(capacity_bytes)


def let_go(buffer: object, start: int, end: int) -> int:
    """Hold no longer in memory what lies there; up to where, at most `end`.

    What was written stays in the file. Of a buffer in memory nothing is let go.
    """
    if not isinstance(buffer, mmap.mmap):
        return end
    start -= start % mmap.PAGESIZE
    whole = min(end, len(buffer)) // mmap.PAGESIZE * mmap.PAGESIZE
    if whole > start:
        buffer.madvise(mmap.MADV_DONTNEED, start, whole - start)
    return max(start, whole)
