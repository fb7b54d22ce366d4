"""Which of many millions of ids were met, in 32 bytes each?

Sorted records, found by the first two bytes of the id; new ids gather in a set and are merged in
when they are many. For one thread.
"""

from array import array
from itertools import accumulate

from kept.backup.repo.blobs import ID_BYTES

_LEAST_MERGED = 2**15
_FANS = 2**16


class IdSet:
    """A set of 32-byte ids."""

    __slots__ = ("_ends", "_new", "_records")

    def __init__(self) -> None:
        self._records = b""
        self._ends = array("I", bytes(4 * _FANS))  # record number at which each first pair ends
        self._new: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._records) // ID_BYTES + len(self._new)

    def __contains__(self, named: bytes) -> bool:
        return named in self._new or self._is_settled(named)

    def add(self, named: bytes) -> bool:
        """Put an id in; whether it was not there."""
        if named in self:
            return False
        self._new.add(named)
        if len(self._new) >= max(_LEAST_MERGED, len(self._records) // ID_BYTES // 2):
            self._merge()
        return True

    def _is_settled(self, named: bytes) -> bool:
        fan = named[0] << 8 | named[1]
        start = self._ends[fan - 1] * ID_BYTES if fan else 0
        end = self._ends[fan] * ID_BYTES
        at = self._records.find(named, start, end)
        while at >= 0 and (at - start) % ID_BYTES:
            at = self._records.find(named, at + 1, end)
        return at >= 0

    def _merge(self) -> None:
        old = self._records
        ids = [old[at : at + ID_BYTES] for at in range(0, len(old), ID_BYTES)]
        ids.extend(self._new)
        ids.sort()
        self._new.clear()
        counts = array("I", bytes(4 * _FANS))
        for named in ids:
            counts[named[0] << 8 | named[1]] += 1
        self._records = b"".join(ids)
        self._ends = array("I", accumulate(counts))
