"""Where does one record of a CSV file end, and what are its cells?

RFC 4180 with three guards. An opened quotation mark that is not closed would swallow the rest of
the file: at most `MAX_QUOTED_LINES` further lines are looked at, the joined record must have the
heading's number of columns and no line inside it may have as many; else only the first line is
refused and reading goes on at the next: a row too many in the report is mended, one too few is
never noticed. Each record is given to `csv` alone, so no state is carried from row to row.
"""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from kept.vault.model.rows import MAX_CELL_CHARS, MAX_ROW_BYTES

MAX_QUOTED_LINES = 64


class Record(NamedTuple):
    """One record. `code` is "" or why the cells could not be read."""

    number: int  # the line it begins on, from 1
    cells: list[str]
    code: str
    is_plain: bool = False  # short and without apostrophes: no cell needs a second look


class Ahead:
    """Lines with the right to put some back."""

    def __init__(self, lines: Iterator[bytes | None]) -> None:
        self._lines = lines
        self._again: deque[bytes | None] = deque()
        self.number = 0

    def __iter__(self) -> "Ahead":
        return self

    def __next__(self) -> bytes | None:
        line = self._again.popleft() if self._again else next(self._lines)
        self.number += 1
        return line

    def put_back(self, taken: list[bytes | None]) -> None:
        """These lines come again, in this order."""
        self._again.extendleft(reversed(taken))
        self.number -= len(taken)


class Records:
    """Iterates over the records of some lines; blank lines are passed over."""

    def __init__(
        self,
        lines: Iterator[bytes | None],
        *,
        decode: Callable[[bytes], str | None],
        delimiter: str,
        width: int | None,
    ) -> None:
        self._lines = Ahead(lines)
        self._decode = decode
        self._delimiter = delimiter
        self._width = width

    def __iter__(self) -> Iterator[Record]:
        lines, delimiter = self._lines, self._delimiter
        for line in lines:
            number = lines.number
            if line is not None and (not line or line.isspace()):
                continue
            text, code = self._text(line)
            if code:
                yield Record(number, [], code)
            elif '"' not in text:
                is_plain = len(text) <= MAX_CELL_CHARS and "'" not in text
                yield Record(number, text.split(delimiter), "", is_plain)
            else:
                yield Record(number, *self._quoted(text))

    def _text(self, line: bytes | None) -> tuple[str, str]:
        if line is None:
            return "", "row_too_long"
        if b"\0" in line:
            return "", "nul_bytes"
        text = self._decode(line)
        return ("", "encoding_broken") if text is None else (text.removesuffix("\r"), "")

    def _quoted(self, first: str) -> tuple[list[str], str]:
        cells, code = split_quoted(first, self._delimiter)
        if code != "quotes_unclosed":
            return cells, code
        taken: list[bytes | None] = []
        found = self._close(first, taken)
        if found is None:
            self._lines.put_back(taken)
            return [], "quotes_unclosed"
        return found, ""

    def _close(self, first: str, taken: list[bytes | None]) -> list[str] | None:
        """The cells of the record that `first` begins; None if it has no end. Fills `taken`."""
        parts, size = [first], len(first)
        for line in self._lines:
            taken.append(line)
            text, code = self._text(line)
            size += len(text)
            if code or len(taken) > MAX_QUOTED_LINES or size > MAX_ROW_BYTES:
                return None
            parts.append(text)
            if '"' not in text:
                continue
            cells, code = split_quoted("\n".join(parts), self._delimiter)
            if code != "quotes_unclosed":
                return None if code or not self._is_whole(cells, parts[1:-1]) else cells
        return None

    def _is_whole(self, cells: list[str], inner: list[str]) -> bool:
        """As wide as the heading, and no line inside looks like a row that was swallowed."""
        width = self._width
        if width is None:
            return True
        swallowed = width > 2 and any(ln.count(self._delimiter) == width - 1 for ln in inner)
        return len(cells) == width and not swallowed


def split_quoted(text: str, delimiter: str) -> tuple[list[str], str]:
    """The cells of one whole record, or the code of what is wrong with its quotes."""
    try:
        return next(csv.reader((text,), delimiter=delimiter, strict=True)), ""
    except csv.Error as exc:
        message = str(exc)
    if "end of data" in message:
        return [], "quotes_unclosed"
    return [], "cell_too_long" if "field limit" in message else "quotes_broken"
