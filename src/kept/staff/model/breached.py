"""Is this password in a table of known ones?

The table is the sorted first 64 bits of SHA-1 sums, read through `mmap` and searched by halving:
nothing is loaded, a look costs microseconds. A 64-bit prefix meets a foreign password by chance
once in 2^64 / entries tries, which is never. SHA-1 because published lists of breached passwords
are SHA-1 sums; it protects nothing here.

Layout: 8 bytes `KEPTSHA1`, 8 bytes number of entries, then the entries ascending, 8 bytes each;
all numbers big-endian. See `docs/formats/breached.md`.
"""

import hashlib
import re
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from mmap import mmap

from kept.base.errors import MalformedError, TamperedError

MAGIC = b"KEPTSHA1"
HEADER_BYTES = 16
ENTRY_BYTES = 8
_LINE = re.compile(r"([0-9A-Fa-f]{40}):[0-9]{1,12}")


class BreachedTable:
    """A table of known passwords over bytes or a mapped file, which it does not own."""

    def __init__(self, data: bytes | mmap) -> None:
        """Check the frame, not the entries.

        Raises:
            TamperedError: no table, or one cut short.
        """
        whole = len(data) >= HEADER_BYTES and data[:8] == MAGIC
        self._count = int.from_bytes(data[8:HEADER_BYTES], "big") if whole else 0
        if not whole or len(data) != HEADER_BYTES + self._count * ENTRY_BYTES:
            raise TamperedError("the table of known passwords")
        self._data = data

    def __len__(self) -> int:
        return self._count

    def holds(self, password: str) -> bool:
        """True when the password, or its lower-case form, is in the table."""
        return any(self._has(form) for form in {password, password.lower()})

    def _has(self, password: str) -> bool:
        prefix = sha1_prefix(password)
        at = bisect_left(range(self._count), prefix, key=self._entry)
        return at < self._count and self._entry(at) == prefix

    def _entry(self, i: int) -> bytes:
        start = HEADER_BYTES + i * ENTRY_BYTES
        return self._data[start : start + ENTRY_BYTES]


def sha1_prefix(password: str) -> bytes:
    """The first 64 bits of the SHA-1 of the password's UTF-8."""
    digest = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return digest[:ENTRY_BYTES]


def build_table(lines: Iterable[str]) -> bytes:
    """A table from lines `SHA1:count`, in any order, blank lines allowed. Hostile input.

    Eight bytes of memory an entry when the lines come sorted by hash, as published lists do.

    Raises:
        MalformedError: a line of another shape; `where` names its number.
    """
    entries = array("Q")
    is_sorted = True
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        entry = _parse_line(text, number)
        if entries and entry <= entries[-1]:
            if entry == entries[-1]:
                continue
            is_sorted = False
        entries.append(entry)
    if not is_sorted:
        entries = array("Q", sorted(set(entries)))
    return _encode(entries)


def _parse_line(text: str, number: int) -> int:
    match = _LINE.fullmatch(text)
    if match is None:
        raise MalformedError(f"line {number}", "not SHA1:count")
    return int(match[1][: 2 * ENTRY_BYTES], 16)


def _encode(entries: "array[int]") -> bytes:
    if sys.byteorder == "little":
        entries.byteswap()
    return MAGIC + len(entries).to_bytes(8, "big") + entries.tobytes()
