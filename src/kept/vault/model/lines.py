"""How do the bytes of a table become lines of bounded size?

In constant memory: a line longer than `MAX_ROW_BYTES` is passed over and becomes `None`. UTF-16
is turned into UTF-8 on the way, so that everything above sees bytes in which a quotation mark and
a line end are one byte each. What UTF-16 cannot mean becomes U+FFFD, and the row is refused.
"""

import codecs
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import BinaryIO

from kept.vault.model.rows import MAX_ROW_BYTES

CHUNK_BYTES = 1 << 16


class Encoding(StrEnum):
    """How the file's letters are written; the value is Python's codec."""

    UTF_8 = "utf-8"
    UTF_8_BOM = "utf-8-sig"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"
    WINDOWS_1251 = "windows-1251"  # Cyrillic
    WINDOWS_1252 = "windows-1252"  # Western Europe


MARKS: dict[Encoding, bytes] = {  # byte order marks, Unicode 16.0 §23.8
    Encoding.UTF_8_BOM: codecs.BOM_UTF8,
    Encoding.UTF_16_LE: codecs.BOM_UTF16_LE,
    Encoding.UTF_16_BE: codecs.BOM_UTF16_BE,
}


def chunks(file: BinaryIO, encoding: Encoding) -> Iterator[bytes]:
    """The whole file from its start, less its mark, UTF-16 as UTF-8."""
    file.seek(len(MARKS.get(encoding, b"")))
    raw = iter(lambda: file.read(CHUNK_BYTES), b"")
    if encoding not in {Encoding.UTF_16_LE, Encoding.UTF_16_BE}:
        yield from raw
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for part in raw:
        yield decoder.decode(part).encode()
    yield decoder.decode(b"", final=True).encode()


def lines(parts: Iterator[bytes], newline: bytes) -> Iterator[bytes | None]:
    """The lines without their ends; None for one that is too long."""
    tail, skipping = b"", False
    for part in parts:
        whole = (tail + part).split(newline)
        tail = whole.pop()
        if skipping and whole:
            yield None
            del whole[0]
            skipping = False
        for line in whole:
            yield line if len(line) <= MAX_ROW_BYTES else None
        if skipping or len(tail) > MAX_ROW_BYTES:
            tail, skipping = b"", True
    if skipping:
        yield None
    elif tail:
        yield tail


def decoder(encoding: Encoding) -> Callable[[bytes], str | None]:
    """How one line becomes text; None if it is in another encoding than its file."""
    match encoding:
        case Encoding.WINDOWS_1251 | Encoding.WINDOWS_1252:
            return lambda line: _single_byte(line, encoding)
        case Encoding.UTF_16_LE | Encoding.UTF_16_BE:
            return _from_utf_16
        case _:
            return _utf_8


def _utf_8(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def _from_utf_16(line: bytes) -> str | None:
    text = line.decode()
    return None if "\ufffd" in text else text


def _single_byte(line: bytes, encoding: Encoding) -> str | None:
    if line.isascii():
        return line.decode("ascii")
    if _utf_8(line) is not None:  # UTF-8 letters amid the other: Ð˜Ð²Ð°Ð½, not a name
        return None
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None
