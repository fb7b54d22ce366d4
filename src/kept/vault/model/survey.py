"""What kind of table is this file: format, encoding, delimiter, heading?

Two passes over the file in constant memory: one for its hash, one for its encoding, since the
first Cyrillic letter may stand in the last row. A byte order mark decides; else strict UTF-8 if
at least as many lines with non-ASCII letters are UTF-8 as are not; else Windows-1251, or -1252
where such letters stand inside Latin words. The rest is seen from the first lines.
"""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

import msgspec

from kept.vault.model.headers import MEANINGS, compact
from kept.vault.model.lines import CHUNK_BYTES, MARKS, Encoding, chunks, decoder, lines
from kept.vault.model.records import Records
from kept.vault.model.rows import MAX_COLUMNS, UnreadableTableError

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 200
_BINARY = (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"SQLite format 3")
_IN_LATIN = re.compile(rb"[A-Za-z][\xc0-\xff]|[\xc0-\xff][A-Za-z]")
_APART = re.compile(rb"[\xa8\xb8\xc0-\xff]{2,}")
_SEPARATOR_LINE = re.compile(rb"[sS][eE][pP]=([,;\t|])\s*")  # Excel's first line
# No sign fits two parts of the address, so that a hostile heading costs no more than its length.
_DATA = re.compile(r"[^\s@]+@[^\s@.]+\.[^\s@]+|\+?[0-9()\s./-]{5,}|[0-9]{5,}.*|=.*")
_OBJECT = msgspec.json.Decoder(dict[str, Any])


class Format(StrEnum):
    """Which rules the rows follow."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class Survey:
    """All that reading needs to know, and what a preview shows."""

    format: Format
    encoding: Encoding
    newline: bytes  # b"\n", or b"\r" of old Macintosh exports
    delimiter: str  # "" for JSONL
    columns: tuple[str, ...]  # unique; made up where there is no heading
    has_heading: bool
    skip_lines: int  # rows begin after this line
    sha256: bytes
    size_bytes: int
    lines: int  # at least the number of rows: for the progress bar


class _Shape(NamedTuple):
    delimiter: str
    columns: tuple[str, ...]
    has_heading: bool
    skip_lines: int


def survey(file: BinaryIO) -> Survey:
    """Look at the whole file. It must be seekable; its position afterwards is undefined.

    Raises:
        UnreadableTableError: empty, a program's own format, no usable heading.
    """
    sha256, size_bytes = _fingerprint(file)
    file.seek(0)
    head = file.read(CHUNK_BYTES)
    if head.startswith(_BINARY):
        raise UnreadableTableError("file_binary")
    marked = next((e for e, mark in MARKS.items() if head.startswith(mark)), None)
    start = next(chunks(file, marked or Encoding.UTF_8), b"")
    newline = b"\r" if b"\r" in start and b"\n" not in start else b"\n"
    encoding, count = _weigh(lines(chunks(file, marked or Encoding.UTF_8), newline))
    encoding = marked or encoding
    sample = _sample(file, encoding, newline)
    is_json = next((ln for _, ln in sample if ln.strip()), b"").lstrip()[:1] in {b"{", b"["}
    shape = (_jsonl if is_json else _csv)(sample, encoding)
    return Survey(
        format=Format.JSONL if is_json else Format.CSV,
        encoding=encoding,
        newline=newline,
        delimiter=shape.delimiter,
        columns=shape.columns,
        has_heading=shape.has_heading,
        skip_lines=shape.skip_lines,
        sha256=sha256,
        size_bytes=size_bytes,
        lines=count,
    )


def _fingerprint(file: BinaryIO) -> tuple[bytes, int]:
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while part := file.read(CHUNK_BYTES):
        digest.update(part)
        size += len(part)
    return digest.digest(), size


def _weigh(found: Iterable[bytes | None]) -> tuple[Encoding, int]:
    """The likeliest encoding of unmarked lines, and how many lines there are."""
    count = utf8 = other = latin = 0
    for count, line in enumerate(found, start=1):  # noqa: B007  the last count is wanted
        if line is None or line.isascii():
            continue
        try:
            line.decode()
        except UnicodeDecodeError:
            other += 1
            latin += len(_IN_LATIN.findall(line)) - len(_APART.findall(line))
        else:
            utf8 += 1
    if utf8 >= other:
        return Encoding.UTF_8, count
    return Encoding.WINDOWS_1252 if latin > 0 else Encoding.WINDOWS_1251, count


def _sample(file: BinaryIO, encoding: Encoding, newline: bytes) -> list[tuple[int, bytes]]:
    first = islice(lines(chunks(file, encoding), newline), SAMPLE_ROWS)
    found = [(number, line or b"") for number, line in enumerate(first, start=1)]
    if not any(line.strip() for _, line in found):
        raise UnreadableTableError("file_empty")
    return found


def _jsonl(sample: list[tuple[int, bytes]], encoding: Encoding) -> _Shape:
    read = decoder(encoding)
    columns: dict[str, None] = {}
    if next(line for _, line in sample if line.strip()).lstrip().startswith(b"["):
        raise UnreadableTableError("file_json_array")
    for _, line in sample:
        try:
            columns |= dict.fromkeys(_OBJECT.decode(read(line) or ""))
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            continue
    if len(columns) > MAX_COLUMNS:
        raise UnreadableTableError("file_columns")
    return _Shape("", tuple(columns), has_heading=True, skip_lines=0)


def _csv(sample: list[tuple[int, bytes]], encoding: Encoding) -> _Shape:
    skipped = next(number for number, line in sample if line.strip()) - 1
    told = _SEPARATOR_LINE.fullmatch(sample[skipped][1])
    if told:
        skipped += 1
    rest = [line for _, line in sample[skipped:]]
    delimiter = told[1].decode("ascii") if told else _delimiter(rest, encoding)
    found = iter(Records(iter(rest), decode=decoder(encoding), delimiter=delimiter, width=None))
    first = next(iter(found), None)
    if first is None or first.code:
        raise UnreadableTableError("file_heading")
    if len(first.cells) > MAX_COLUMNS:
        raise UnreadableTableError("file_columns")
    cells = [cell.strip() for cell in first.cells]
    is_heading = _is_heading(cells)
    names = cells if is_heading else [""] * len(cells)
    skip_lines = skipped + first.number if is_heading else skipped
    return _Shape(delimiter, _unique(names), is_heading, skip_lines)


def _is_heading(cells: list[str]) -> bool:
    """Two known headings settle it; else nothing may look like a person's data."""
    if sum(compact(cell) in MEANINGS for cell in cells) > 1:
        return True
    return any(cells) and not any(_DATA.fullmatch(cell) for cell in cells)


def _delimiter(sample: list[bytes], encoding: Encoding) -> str:
    """The one that cuts most of the first lines into the same number, above one, of cells."""
    codec = "utf-8" if encoding.startswith("utf") else encoding
    texts = [line.decode(codec, "replace") for line in sample[:50] if line.strip()]
    scores: dict[str, tuple[int, int]] = {}
    for delimiter in DELIMITERS:
        widths = Counter(_width(text, delimiter) for text in texts)
        width, agreeing = max(widths.items(), key=lambda item: (item[0] > 1, item[1]))
        scores[delimiter] = (agreeing if width > 1 else 0, width)
    return max(DELIMITERS, key=scores.__getitem__)


def _width(text: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader((text,), delimiter=delimiter)))
    except (csv.Error, StopIteration):
        return text.count(delimiter) + 1


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """No name twice, none empty: `email`, `email (2)`, `column 3`."""
    given: dict[str, None] = {}
    for place, name in enumerate(names, start=1):
        base = name or f"column {place}"
        candidate, copy = base, 1
        while candidate in given:
            copy += 1
            candidate = f"{base} ({copy})"
        given[candidate] = None
    return tuple(given)
