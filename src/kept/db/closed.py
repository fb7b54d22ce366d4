"""Is a stored word one of those that may stand there? Rows may have been changed by hand."""

from enum import StrEnum
from typing import TypeVar

from kept.base.errors import TamperedError

E = TypeVar("E", bound=StrEnum)


def word_of(kind: type[E], word: str, *, table: str, column: str, row: object) -> E:
    """The member of a closed set that a column holds.

    Args:
        kind: the set.
        word: what stands there.
        table: the table, for the message.
        column: the column, for the message.
        row: what names the row to its owner: an id or a number. Shown, so nothing of a person.

    Raises:
        TamperedError: the word is not one of them; table, row and column are named.
    """
    try:
        return kind(word)
    except ValueError:
        raise TamperedError(f"{column} of {table} {row}") from None
