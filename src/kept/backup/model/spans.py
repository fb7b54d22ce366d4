"""How long is a year, two months and three days, counted back from a snapshot?

Written `1y2m3d4h` as restic does. Years, months and days follow the calendar: a day that the month
has not runs over into the next (31 October less one month is 1 October); hours are then taken off
in real time.
Source: restic manual, "Removing backup snapshots", `--keep-within`; Go `time.Time.AddDate`.
"""

import re
from dataclasses import dataclass
from datetime import MINYEAR, UTC, datetime, timedelta
from typing import Self

from kept.base.errors import MalformedError

_FORM = re.compile(r"(?:\d{1,5}[ymdh])+")
_PART = re.compile(r"(\d+)([ymdh])")
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time by the calendar; each number is 0 to 99999. All 0: none is set."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `1y2m3d4h`, in any order, each letter once at most.

        Raises:
            MalformedError: something else.
        """
        if not _FORM.fullmatch(text):
            raise MalformedError("span", "not like 1y2m3d4h")
        found = [(unit, int(count)) for count, unit in _PART.findall(text)]
        parts = dict(found)
        if len(parts) != len(found):
            raise MalformedError("span", "a letter stands in it twice")
        return cls(parts.get("y", 0), parts.get("m", 0), parts.get("d", 0), parts.get("h", 0))

    def __bool__(self) -> bool:
        return bool(self.years or self.months or self.days or self.hours)

    def __str__(self) -> str:
        parts = ((self.years, "y"), (self.months, "m"), (self.days, "d"), (self.hours, "h"))
        return "".join(f"{count}{unit}" for count, unit in parts if count) or "0d"

    def before(self, at: datetime) -> datetime:
        """The time this long before `at` (aware), in its offset; never before the year 2."""
        months = (at.year - self.years) * _MONTHS + at.month - 1 - self.months
        year, month = divmod(months, _MONTHS)
        earliest = datetime(MINYEAR + 1, 1, 1, tzinfo=UTC)
        if year <= MINYEAR + 1:
            return earliest
        first = at.replace(year=year, month=month + 1, day=1)
        back = timedelta(days=self.days - at.day + 1, hours=self.hours)
        return first - back if first - earliest > back else earliest
