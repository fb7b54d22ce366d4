"""When does a copy run, and how fast may it send?

Once a day at a minute between 01:00 and 05:00 local time, drawn once for each installation, so
that not all houses call the same place at once. A run that was missed, because the machine slept,
starts when it wakes. In quiet hours nothing starts. Hours reach from the first to before the
second and may pass midnight: `22-06`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Self

from kept.base.errors import MalformedError

FIRST_MINUTE = 60  # 01:00
MINUTES = 240  # to before 05:00
_HOURS = re.compile(r"([01]?\d|2[0-4])\s*[-\N{EN DASH}]\s*([01]?\d|2[0-4])")
_RATE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*([A-Za-z]+)/s")
_ENTRY = re.compile(r"\s*([^=]+?)\s*=\s*\"?([^\"]+?)\"?\s*")
_DAY_HOURS = 24
UNITS = {  # bytes a second
    "kbit": 125,
    "Mbit": 125_000,
    "Gbit": 125_000_000,
    "kB": 1_000,
    "MB": 1_000_000,
    "GB": 1_000_000_000,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}
LEAST_RATE = 8_000  # bytes a second; slower than this a first copy never ends


def minute_of(drawn: int) -> int:
    """The minute of the day at which this installation runs.

    Args:
        drawn: uniform below `MINUTES`.

    Raises:
        MalformedError: out of range.
    """
    if not 0 <= drawn < MINUTES:
        raise MalformedError("minute", "not below 240")
    return FIRST_MINUTE + drawn


@dataclass(frozen=True, slots=True)
class Hours:
    """From the hour `start` (0 to 23) to before `end` (1 to 24), or past midnight to it."""

    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `08-22`.

        Raises:
            MalformedError: something else, or no hour at all.
        """
        found = _HOURS.fullmatch(text.strip())
        if not found:
            raise MalformedError("hours", "not like 08-22")
        start, end = int(found[1]), int(found[2])
        if start in {_DAY_HOURS, end}:
            raise MalformedError("hours", "no hour lies between them")
        return cls(start, end or _DAY_HOURS)

    def __contains__(self, hour: int) -> bool:
        if self.start < self.end:
            return self.start <= hour < self.end
        return hour >= self.start or hour < self.end

    def __str__(self) -> str:
        return f"{self.start:02}-{self.end:02}"


def due(
    *,
    now: datetime,
    zone: tzinfo,
    minute: int,
    last_start: datetime | None,
    quiet: Hours | None = None,
) -> datetime:
    """When the next run starts: `now` or earlier means at once.

    Args:
        now: aware.
        zone: the shop's local time.
        minute: of the day, of `minute_of` or chosen by the owner (0 to 1439).
        last_start: when the last run began; None before the first.
        quiet: hours in which none starts; a run that falls into them waits for their end.
    """
    local = now.astimezone(zone)
    latest = _at(local, minute, days=0, zone=zone)
    if latest > now:
        latest = _at(local, minute, days=-1, zone=zone)
    missed = last_start is None or last_start < latest
    wanted = max(latest, now) if missed else _next(local, minute, zone=zone, now=now)
    return wanted if quiet is None else _after_quiet(wanted, quiet, zone)


def _next(local: datetime, minute: int, *, zone: tzinfo, now: datetime) -> datetime:
    today = _at(local, minute, days=0, zone=zone)
    return today if today > now else _at(local, minute, days=1, zone=zone)


def _at(local: datetime, minute: int, *, days: int, zone: tzinfo) -> datetime:
    """That minute of a day; one that the change to summer time leaves out comes an hour later."""
    day = local.date() + timedelta(days=days)
    return datetime.combine(day, time(*divmod(minute, 60)), zone).astimezone(UTC)


def _after_quiet(wanted: datetime, quiet: Hours, zone: tzinfo) -> datetime:
    local = wanted.astimezone(zone)
    if local.hour not in quiet:
        return wanted
    end = local.replace(hour=quiet.end % _DAY_HOURS, minute=0, second=0, microsecond=0, fold=0)
    if quiet.end <= local.hour or quiet.end == _DAY_HOURS:
        end += timedelta(days=1)
    return end.astimezone(UTC)


def parse_rate(text: str) -> int:
    """Bytes a second of `20 Mbit/s`, `500 kB/s` or `2.5 MiB/s`.

    Raises:
        MalformedError: another form or unit, or below 64 kbit/s.
    """
    found = _RATE.fullmatch(text.strip())
    if not found or found[2] not in UNITS:
        raise MalformedError("bandwidth", "not like 20 Mbit/s")
    rate = round(float(found[1]) * UNITS[found[2]])
    if rate < LEAST_RATE:
        raise MalformedError("bandwidth", "below 64 kbit/s no copy would ever be finished")
    return rate


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """The most that is sent, by hour: (hours, bytes a second); no entry means no limit."""

    limits: tuple[tuple[Hours, int], ...] = ()

    def __post_init__(self) -> None:
        for hour in range(_DAY_HOURS):
            if sum(hour in hours for hours, _ in self.limits) > 1:
                raise MalformedError("bandwidth", f"two limits for the hour {hour:02}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `08-22 = "20 Mbit/s", 22-24 = "50 Mbit/s"`; quotes may be left out.

        Raises:
            MalformedError: another form, or two limits for one hour.
        """
        entries: dict[str, str] = {}
        for part in filter(str.strip, re.split(r"[,;\n]", text)):
            found = _ENTRY.fullmatch(part)
            if not found or found[1] in entries:
                raise MalformedError("bandwidth", 'not like 08-22 = "20 Mbit/s"')
            entries[found[1]] = found[2]
        return cls.of(entries)

    @classmethod
    def of(cls, entries: Mapping[str, str]) -> Self:
        """The same from a table of the settings: hours, rate.

        Raises:
            MalformedError: as `parse`.
        """
        return cls(tuple((Hours.parse(hours), parse_rate(rate)) for hours, rate in entries.items()))

    def at(self, local: datetime) -> int | None:
        """Bytes a second at a local time; None: as fast as it goes."""
        return next((rate for hours, rate in self.limits if local.hour in hours), None)
