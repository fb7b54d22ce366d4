"""Which rows does this table of people hold?

Streams a surveyed file of any length in constant memory. Whatever is wrong with a row is said of
that row and reading goes on; nothing is guessed into a row and nothing is evaluated. The same
file gives the same numbers every time, so an import that was cut off resumes by row number, once
the file's hash is seen to be the same.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import msgspec

from kept.vault.model.cells import unguard
from kept.vault.model.lines import chunks, decoder, lines
from kept.vault.model.records import Record, Records
from kept.vault.model.rows import MAX_CELL_CHARS, MAX_ROW_BYTES, RefusedRow, Row
from kept.vault.model.survey import Format, Survey

_OBJECT = msgspec.json.Decoder(dict[str, Any])
_WORDS = {True: "true", False: "false", None: ""}


def read(
    file: BinaryIO, survey: Survey, *, after: int = 0, used: frozenset[str] | None = None
) -> Iterator[Row | RefusedRow]:
    """The rows in order.

    Args:
        file: the surveyed one, seekable; hostile.
        survey: of this very file.
        after: the number of the last row already done; 0 for none.
        used: columns that feed a field; a list or object elsewhere in JSONL is passed over. None:
            all of them.
    """
    found = lines(chunks(file, survey.encoding), survey.newline)
    rows = _jsonl(found, survey, used) if survey.format is Format.JSONL else _csv(found, survey)
    return (row for row in rows if row.number > after) if after else rows


def _csv(found: Iterator[bytes | None], survey: Survey) -> Iterator[Row | RefusedRow]:
    columns, width = survey.columns, len(survey.columns)
    records = Records(
        found, decode=decoder(survey.encoding), delimiter=survey.delimiter, width=width
    )
    for record in records:
        if record.number <= survey.skip_lines or _is_empty(record):
            continue
        number, cells, code, is_plain = record
        if code:
            yield RefusedRow(number, None, code)
        elif len(cells) == width:
            values = dict(zip(columns, cells, strict=True))
            yield Row(number, values) if is_plain else _checked(number, values)
        elif len(cells) < width:
            yield RefusedRow(number, columns[len(cells)], "too_few_columns")
        elif any(cells[width:]):
            yield RefusedRow(number, None, "too_many_columns")
        else:
            yield _checked(number, dict(zip(columns, cells, strict=False)))


def _is_empty(record: Record) -> bool:
    return not record.code and not any(cell.strip() for cell in record.cells)


def _checked(number: int, values: dict[str, str]) -> Row | RefusedRow:
    for column, cell in values.items():
        if cell[:1] == "'":
            values[column] = unguard(cell)
        if len(cell) > MAX_CELL_CHARS:
            return RefusedRow(number, column, "cell_too_long")
    return Row(number, values)


def _jsonl(
    found: Iterator[bytes | None], survey: Survey, used: frozenset[str] | None
) -> Iterator[Row | RefusedRow]:
    decode = decoder(survey.encoding)
    for number, line in enumerate(found, start=1):
        if line is None:
            yield RefusedRow(number, None, "row_too_long")
        elif line and not line.isspace():
            text = decode(line)
            if text is None:
                yield RefusedRow(number, None, "encoding_broken")
            else:
                yield from_json(number, text, used=used)


def from_json(
    number: int, line: str | bytes, *, used: frozenset[str] | None = None
) -> Row | RefusedRow:
    """One row of JSONL, also of a stream that is no file."""
    if len(line) > MAX_ROW_BYTES:
        return RefusedRow(number, None, "row_too_long")
    try:
        found = _OBJECT.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return RefusedRow(number, None, "json_broken")
    if _is_plain(line) and set(map(type, found.values())) == {str}:
        return Row(number, cast("dict[str, str]", found))
    for column, value in found.items():
        if type(value) is str:
            if code := _fault(value):
                return RefusedRow(number, column, code)
        elif not isinstance(value, dict | list):
            found[column] = _scalar(value)
        elif used is None or column in used:
            return RefusedRow(number, column, "value_nested")
        else:
            found[column] = ""
    return Row(number, cast("dict[str, str]", found))


def _is_plain(line: str | bytes) -> bool:
    """Whether no text in this line can be too long or hold a NUL, which JSON has to escape."""
    if isinstance(line, bytes):
        return len(line) <= MAX_CELL_CHARS and b"\\u0000" not in line
    return len(line) <= MAX_CELL_CHARS and "\\u0000" not in line


def _fault(text: str) -> str:
    if len(text) > MAX_CELL_CHARS:
        return "cell_too_long"
    return "nul_bytes" if "\0" in text else ""


def _scalar(value: float | bool | None) -> str:  # noqa: FBT001  a value of JSON, no switch
    return _WORDS[value] if value is None or isinstance(value, bool) else repr(value)
