"""What stands at this place of the book? A strict reader that names the place of every mistake.

Rules: each key is asked for once, with its type; `close` refuses what nobody asked for, so a
misspelt key is an error and never silently ignored. Durations are ISO 8601-1 §5.5.2 in weeks,
days, hours, minutes and seconds; months and years have no fixed length and are refused.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar, cast

from kept.base.errors import MalformedError
from kept.vault.model.rules import Text

E = TypeVar("E", bound=StrEnum)

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DURATION = re.compile(
    r"P(?:(?P<weeks>\d{1,4})W|(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,4})H)?(?:(?P<minutes>\d{1,4})M)?(?:(?P<seconds>\d{1,4})S)?)?)",
    re.ASCII,
)
MAX_TEXT = 500  # characters of one sentence, label or name


def parse_duration(text: str, where: str) -> timedelta:
    """Read `P7D`, `PT15M`, `P2W`, `P1DT12H`; longer than nothing.

    Raises:
        MalformedError: anything else, also months and years.
    """
    found = _DURATION.fullmatch(text)
    parts = (
        {name: int(value) for name, value in found.groupdict().items() if value} if found else {}
    )
    span = timedelta(**parts)
    if span <= timedelta(0):
        raise MalformedError(where, 'write a length of time such as "P7D" (7 days) or "PT15M"')
    return span


class Table:
    """One table of the book, read key by key."""

    def __init__(self, data: Mapping[str, object], where: str) -> None:
        self.where = where
        self._left = dict(data)

    def place(self, key: str) -> str:
        """How an error names this key."""
        return f"{self.where}.{key}" if self.where else key

    def has(self, key: str) -> bool:
        """Whether the key stands here and was not read yet."""
        return key in self._left

    def _take(self, key: str) -> object:
        if key not in self._left:
            raise MalformedError(self.place(key), "is missing")
        return self._left.pop(key)

    def text(self, key: str, *, default: str | None = None) -> str:
        """One line of text, trimmed, not empty.

        Raises:
            MalformedError: absent without a default, not text, empty, too long, many lines.
        """
        if default is not None and not self.has(key):
            return default
        value = self._take(key)
        if not isinstance(value, str) or not value.strip():
            raise MalformedError(self.place(key), "write some text in quotes")
        if len(value) > MAX_TEXT or not value.isprintable():
            raise MalformedError(self.place(key), f"one line of at most {MAX_TEXT} characters")
        return value.strip()

    def whole(self, key: str, *, least: int, most: int, default: int | None = None) -> int:
        """A whole number from `least` to `most`.

        Raises:
            MalformedError: absent without a default, not a whole number, out of range.
        """
        if default is not None and not self.has(key):
            return default
        value = self._take(key)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise MalformedError(self.place(key), f"write a whole number from {least} to {most}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """`true` or `false`.

        Raises:
            MalformedError: anything else.
        """
        value = self._take(key) if self.has(key) else default
        if not isinstance(value, bool):
            raise MalformedError(self.place(key), "write true or false, without quotes")
        return value

    def duration(self, key: str) -> timedelta | None:
        """A length of time, None when the key is absent.

        Raises:
            MalformedError: not text, or not a duration.
        """
        return parse_duration(self.text(key), self.place(key)) if self.has(key) else None

    def choice(self, key: str, of: type[E]) -> E:
        """One of the words of `of`.

        Raises:
            MalformedError: absent, or another word.
        """
        return one_of(self.text(key), of, self.place(key))

    def names(self, key: str, *, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of distinct names.

        Raises:
            MalformedError: absent without a default, not a list of text, a name twice.
        """
        if default is not None and not self.has(key):
            return default
        value = self._take(key)
        items = cast("list[object]", value) if isinstance(value, list) else [None]
        names = tuple(item for item in items if isinstance(item, str))
        if len(names) != len(items):
            raise MalformedError(self.place(key), 'write a list of names: ["one", "two"]')
        if len(set(names)) != len(names):
            raise MalformedError(self.place(key), "names one thing twice")
        return names

    def table(self, key: str) -> "Table":
        """The table below this key.

        Raises:
            MalformedError: absent, or no table.
        """
        value = self._take(key)
        if not isinstance(value, dict):
            raise MalformedError(self.place(key), "must be a table")
        return Table(cast("dict[str, object]", value), self.place(key))

    def tables(self, *, keys: re.Pattern[str] = KEY) -> dict[str, "Table"]:
        """Every key of this table as a table of its own; then nothing is left.

        Raises:
            MalformedError: a key is badly spelt, or holds no table.
        """
        for key in self._left:
            if not keys.fullmatch(key):
                raise MalformedError(self.place(key), "names here are small latin letters")
        return {key: self.table(key) for key in list(self._left)}

    def both(self, key: str | None = None) -> Text:
        """A text in both languages: `en` and `ru` below `key`, or here.

        Raises:
            MalformedError: a language is missing.
        """
        if key is None:
            return Text(self.text("en"), self.text("ru"))
        inner = self.table(key)
        text = inner.both()
        inner.close()
        return text

    def close(self) -> None:
        """Nothing may be left unread.

        Raises:
            MalformedError: a key nobody asked for.
        """
        for key in self._left:
            raise MalformedError(self.place(key), "nothing by this name is known here")


def one_of(word: str, of: type[E], where: str) -> E:
    """Read a word of a closed list.

    Raises:
        MalformedError: not in the list; the message tells the list.
    """
    try:
        return of(word)
    except ValueError:
        raise MalformedError(where, "write one of: " + ", ".join(of)) from None
