"""Which bytes of the file are its refused rows, to be mended and sent again?

The heading and the refused rows exactly as they stood, so that nothing is lost by having been
refused; UTF-16 comes as UTF-8. A row beyond `MAX_ROW_BYTES` is left out: it was never held whole.
"""

from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import BinaryIO

from kept.vault.model.lines import chunks, decoder, lines
from kept.vault.model.records import MAX_QUOTED_LINES, Records
from kept.vault.model.survey import Format, Survey


def refused_lines(file: BinaryIO, survey: Survey, refused: Collection[int]) -> Iterator[bytes]:
    """Lines with their ends, the heading first.

    Args:
        file: the surveyed one, seekable.
        survey: of this very file.
        refused: numbers of rows; best a set.
    """
    wanted = set(range(1, survey.skip_lines + 1)) | _extent(file, survey, refused)
    found = lines(chunks(file, survey.encoding), survey.newline)
    for number, line in enumerate(found, start=1):
        if line is not None and number in wanted:
            yield line + survey.newline


def _extent(file: BinaryIO, survey: Survey, refused: Collection[int]) -> set[int]:
    """The numbers of all lines of these rows: up to where the next row begins."""
    if survey.format is Format.JSONL:
        return set(refused)
    starts = (record.number for record in _records(file, survey))
    wanted: set[int] = set()
    for number, following in pairwise(_and_end(starts)):
        if number in refused:
            wanted.update(range(number, following))
    return wanted


def _records(file: BinaryIO, survey: Survey) -> Records:
    return Records(
        lines(chunks(file, survey.encoding), survey.newline),
        decode=decoder(survey.encoding),
        delimiter=survey.delimiter,
        width=len(survey.columns),
    )


def _and_end(starts: Iterator[int]) -> Iterator[int]:
    number = 0
    for number in starts:
        yield number
    yield number + MAX_QUOTED_LINES + 1
