"""When did this machine first see each snapshot?

A file beside those that wait in their grace: when we looked last, and for each snapshot the look
before and the look that first found it. With it a policy does not go by the time that a client
with a wrong clock, or a thief, wrote into a snapshot. What stood there before the first look
counts at its own time. Source: decision 0042.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from kept.backup.model.forgetting import Sight
from kept.base.durable import replace_file
from kept.base.errors import MalformedError, UnavailableError

_FILE = "first-seen.json"
MAX_BYTES = 64 * 2**20  # half a million snapshots


class _Seen(msgspec.Struct, forbid_unknown_fields=True):
    """`before` is the look before the first one that found it; None: it was there at our first."""

    first: datetime
    before: datetime | None = None


class _Book(msgspec.Struct, forbid_unknown_fields=True):
    """The file; times are aware."""

    looked: datetime
    seen: dict[str, _Seen]


class FirstSeen:
    """The notes about one repository."""

    def __init__(self, folder: Path) -> None:
        """Args: the repository's own, made with the first note."""
        self._path = folder / _FILE

    def look(self, names: Iterable[str], now: datetime, *, is_noted: bool) -> dict[str, Sight]:
        """When each of these was first seen; those that stood there before we looked have none.

        Args:
            names: of all snapshots that lie there.
            now: aware, of this machine.
            is_noted: whether this look counts; False leaves the file as it is.

        Raises:
            MalformedError: the file is none of ours.
            UnavailableError: it cannot be read or written.
        """
        book = self._read()
        before = None if book is None else min(book.looked, now)
        old = {} if book is None else book.seen
        seen = {name: old.get(name) or _Seen(now, before) for name in names}
        if is_noted:
            self._write(_Book(now, seen))
        return {
            name: Sight(one.before, one.first)
            for name, one in seen.items()
            if one.before is not None
        }

    def _read(self) -> _Book | None:
        try:
            with self._path.open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnavailableError(
                f"{self._path} cannot be read: {error.strerror}. Nothing was forgotten."
            ) from None
        try:
            book = msgspec.json.decode(raw[:MAX_BYTES], type=_Book)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            book = None
        if book is None or not all(map(_is_aware, _times(book))):
            raise MalformedError(
                str(self._path),
                "is damaged. Nothing was forgotten. Look at the snapshots' times with `kept backup"
                " list`, then remove that file: they count at their own times once",
            )
        return book

    def _write(self, book: _Book) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, msgspec.json.encode(book))
        except OSError as error:
            raise UnavailableError(
                f"{self._path} cannot be written: {error.strerror}. Nothing was forgotten."
            ) from None


def _times(book: _Book) -> Iterable[datetime]:
    yield book.looked
    for one in book.seen.values():
        yield one.first
        if one.before is not None:
            yield one.before


def _is_aware(at: datetime) -> bool:
    return at.tzinfo is not None
