"""Which day does this text name?

ISO 8601 dates, day.month.year, and slashes in the order of the house's region; Excel's serial
numbers are recognised and reported, since a column may count from 1904. A date that could be two
days or another century is not guessed.
"""

import re
from datetime import date

from kept.vault.model.body import day_of

MONTH_FIRST = frozenset({"US", "AS", "GU", "MP", "PR", "VI", "UM", "PH", "FM", "PW", "MH"})
SERIALS = range(10_000, 80_000)  # 1927-05-18 to 2119-01-10
_SERIAL_EPOCH = 25_569  # Excel's number of 1970-01-01 in the 1900 system
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ][0-9:.]{4,15}(?:Z|[+-][0-9:]{4,6})?)?"
)
_YEAR_FIRST = re.compile(r"([0-9]{4})[./]([0-9]{1,2})[./]([0-9]{1,2})")
_DOTS = re.compile(r"([0-9]{1,2})[.-]([0-9]{1,2})[.-]([0-9]{4})(?: [0-9:]{4,8})?(?: ?г\.?)?")
_SLASHES = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?: [0-9:]{4,8}(?: ?[AaPp][Mm])?)?")
_SERIAL = re.compile(r"([0-9]{5})(?:[.,][0-9]{1,12})?")


def read_day(text: str, *, region: str) -> tuple[int | None, str | None]:
    """Days since 1970 and a code of `refusals`: (None, code) if unreadable.

    Args:
        text: hostile, stripped.
        region: ISO 3166-1 code; tells `01/02/2026` in New York from Berlin.
    """
    if match := _ISO.fullmatch(text) or _YEAR_FIRST.fullmatch(text):
        return _day(match[1], match[2], match[3])
    if match := _DOTS.fullmatch(text):
        return _day(match[3], match[2], match[1])
    if match := _SLASHES.fullmatch(text):
        return _slashes(match, month_first=region in MONTH_FIRST)
    if (match := _SERIAL.fullmatch(text)) and int(match[1]) in SERIALS:
        return int(match[1]) - _SERIAL_EPOCH, "date_serial"
    return None, "date_unclear"


def _slashes(match: re.Match[str], *, month_first: bool) -> tuple[int | None, str | None]:
    first, second = int(match[1]), int(match[2])
    if second > 12 or (month_first and first <= 12):
        return _day(match[3], match[1], match[2])
    return _day(match[3], match[2], match[1])


def _day(year: str, month: str, day: str) -> tuple[int | None, str | None]:
    try:
        return day_of(date(int(year), int(month), int(day))), None
    except ValueError:
        return None, "date_unclear"
