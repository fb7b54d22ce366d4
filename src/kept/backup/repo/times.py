"""What moment is this RFC 3339 text, to the nanosecond, and how is a moment written?

Whole nanoseconds since 1970 UTC, of years 0 to 9999: Go's `time.Time` in JSON reaches that far and
Python's `datetime` reaches neither year 0 nor nanoseconds. Written as Go writes: trailing zeros of
the fraction cut, `Z` for UTC. Read: any offset, since restic writes the local one.
Source: RFC 3339 §5.6; Go's `time.RFC3339Nano`; proleptic Gregorian calendar.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Self

from kept.backup.model.nodes import MAX_NS, MIN_NS
from kept.base.errors import MalformedError

SECOND_NS = 1_000_000_000
DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _days_before_year(year: int) -> int:
    """Days from 0000-01-01 to the first of January of `year`; year 0 is a leap year."""
    past = year - 1
    return year * 365 + (past // 4 - past // 100 + past // 400 + 1 if year > 0 else 0)


_EPOCH_DAYS = _days_before_year(1970)
ZERO_NS = (_days_before_year(1) - _EPOCH_DAYS) * DAY_S * SECOND_NS  # Go's zero time, year 1


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@lru_cache(maxsize=4096)  # files of one backup share a few thousand days
def _date_text(days: int) -> str:
    """The date `days` after 1970-01-01."""
    rest = days + _EPOCH_DAYS
    year = rest * 400 // 146_097  # at most one too late or too early
    while _days_before_year(year + 1) <= rest:
        year += 1
    while _days_before_year(year) > rest:
        year -= 1
    rest -= _days_before_year(year)
    month = 1
    while rest >= (length := _month_days(year, month)):
        rest -= length
        month += 1
    return f"{year:04d}-{month:02d}-{rest + 1:02d}"


def _month_days(year: int, month: int) -> int:
    return 29 if month == 2 and _is_leap(year) else _MONTH_DAYS[month - 1]


@lru_cache(maxsize=4096)
def _date_days(text: str) -> int | None:
    """Days after 1970-01-01 of a date of the right form, or None where no such day is."""
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:])
    if not 1 <= month <= 12 or not 1 <= day <= _month_days(year, month):
        return None
    before = sum(_month_days(year, earlier) for earlier in range(1, month))
    return _days_before_year(year) - _EPOCH_DAYS + before + day - 1


def time_text(time_ns: int) -> str:
    """RFC 3339 in UTC, as Go writes it; `time_ns` lies between MIN_NS and MAX_NS.

    Raises:
        MalformedError: outside years 0 to 9999.
    """
    return _clock_text(time_ns) + "Z"


def _clock_text(time_ns: int) -> str:
    if not MIN_NS <= time_ns <= MAX_NS:
        raise MalformedError("time", "outside years 0 to 9999")
    seconds, fraction = divmod(time_ns, SECOND_NS)
    text = _second_text(seconds)
    return f"{text}.{fraction:09d}".rstrip("0") if fraction else text


@lru_cache(maxsize=4096)  # so do files that were written together
def _second_text(seconds: int) -> str:
    """Date and time of day, `seconds` after 1970."""
    days, seconds = divmod(seconds, DAY_S)
    minutes, second = divmod(seconds, 60)
    return f"{_date_text(days)}T{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}"


def parse_time(text: str, where: str) -> int:
    """Nanoseconds since 1970 UTC. Hostile input.

    Raises:
        MalformedError: another form, a day or time that does not exist, or outside years 0 to 9999.
    """
    return Moment.parse(text, where).ns


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment and the clock on the wall where it was noted."""

    ns: int  # since 1970 UTC, of years 0 to 9999
    offset_minutes: int = 0  # of the local clock, east positive, less than a day

    @classmethod
    def of(cls, at: datetime) -> Self:
        """From an aware datetime, with its offset.

        Raises:
            MalformedError: without an offset, or with one of seconds.
        """
        offset = at.utcoffset()
        if offset is None or offset % timedelta(minutes=1):
            raise MalformedError("time", "has no offset of whole minutes")
        micros = (at - _EPOCH) // timedelta(microseconds=1)
        return cls(micros * 1000, offset // timedelta(minutes=1))

    @classmethod
    def parse(cls, text: str, where: str) -> Self:
        """Read RFC 3339 with any offset. Hostile input.

        Raises:
            MalformedError: another form, a day or time that does not exist, or outside years 0 to
                9999, where it was noted or in UTC.
        """
        form = _FORM.fullmatch(text)
        if form is None:
            raise MalformedError(where, "not a time of RFC 3339 with at most nanoseconds")
        date, hour, minute, second, fraction, sign, zone_hours, zone_minutes = form.groups()
        days = _date_days(date)
        if days is None or int(hour) > 23 or int(minute) > 59 or int(second) > 59:
            raise MalformedError(where, "no such day or time of day")
        offset = 0
        if sign is not None:
            if int(zone_hours) > 23 or int(zone_minutes) > 59:
                raise MalformedError(where, "no such offset")
            offset = int(sign + "1") * (int(zone_hours) * 60 + int(zone_minutes))
        seconds = days * DAY_S + int(hour) * 3600 + int(minute) * 60 + int(second) - offset * 60
        ns = seconds * SECOND_NS + (int(fraction.ljust(9, "0")) if fraction else 0)
        if not MIN_NS <= ns <= MAX_NS:
            raise MalformedError(where, "outside years 0 to 9999")
        return cls(ns, offset)

    def text(self) -> str:
        """RFC 3339 with the offset it was noted with.

        Raises:
            MalformedError: outside years 0 to 9999 where it was noted.
        """
        hours, minutes = divmod(abs(self.offset_minutes), 60)
        sign = "-" if self.offset_minutes < 0 else "+"
        zone = f"{sign}{hours:02d}:{minutes:02d}" if self.offset_minutes else "Z"
        return _clock_text(self.ns + self.offset_minutes * 60 * SECOND_NS) + zone

    def utc(self) -> datetime:
        """Aware UTC to the microsecond, rounded down; years before 1 become year 1."""
        micros = max(self.ns, ZERO_NS) // 1000
        return _EPOCH + timedelta(microseconds=micros)
