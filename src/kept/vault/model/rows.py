"""What comes out of one row of a table of people?

A `Row` of texts, or a `RefusedRow` with a code of `kept.vault.model.refusals`. `number` is the
line of the file on which the row begins, the heading being line 1 where there is one: what an
editor shows, and a spreadsheet too while no cell holds a line break.
"""

from typing import NamedTuple

from kept.base.errors import MalformedError
from kept.vault.model.refusals import FILE_CODES, sentence
from kept.vault.model.rules import Lang

MAX_ROW_BYTES = 1 << 18  # 256 KiB; three times that in UTF-8 still fits into one body
MAX_CELL_CHARS = 32_767  # what a cell of Excel holds
MAX_COLUMNS = 512


class Row(NamedTuple):
    """One row as written. Every column has a text, "" where the row has nothing."""

    number: int
    values: dict[str, str]


class RefusedRow(NamedTuple):
    """One row that was not taken."""

    number: int
    column: str | None
    code: str

    def sentence(self, lang: Lang) -> str:
        """Why, in words."""
        return sentence(self.code, lang)


class UnreadableTableError(MalformedError):
    """Nothing of the file can be read. `code` is one of `refusals.FILE_CODES`."""

    def __init__(self, code: str) -> None:
        super().__init__("file", FILE_CODES[code].en)
        self.code = code
