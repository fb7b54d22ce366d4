"""Does a copy run every day, also on a machine that sleeps, and no faster than allowed?"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.model.schedule import MINUTES, Bandwidth, Hours, due, minute_of, parse_rate
from kept.base.errors import MalformedError

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = 3 * 60 + 17


def berlin(text: str) -> datetime:
    """A local time."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_the_minute_lies_between_one_and_five() -> None:
    """240 minutes, each once."""
    found = [minute_of(n) for n in range(MINUTES)]
    assert (found[0], found[-1], len(set(found))) == (60, 299, 240)
    for drawn in (-1, MINUTES):
        with pytest.raises(MalformedError):
            minute_of(drawn)


@pytest.mark.parametrize(
    ("now", "last", "expected"),
    [
        ("2026-11-21T02:00", "2026-11-20T03:17", "2026-11-21T03:17"),
        ("2026-11-21T03:17", "2026-11-20T03:17", "2026-11-21T03:17"),
        ("2026-11-21T09:30", "2026-11-20T03:17", "2026-11-21T09:30"),  # slept: at once
        ("2026-11-21T09:30", "2026-11-01T03:17", "2026-11-21T09:30"),  # weeks: once
        ("2026-11-21T09:31", "2026-11-21T09:30", "2026-11-22T03:17"),
        ("2026-11-21T09:30", "2026-11-21T03:17", "2026-11-22T03:17"),
        ("2026-11-21T02:00", "2026-11-19T03:17", "2026-11-21T02:00"),  # yesterday's was missed
        ("2026-11-21T02:00", None, "2026-11-21T02:00"),
    ],
)
def test_when_it_runs_next(now: str, last: str | None, expected: str) -> None:
    """At its minute, or on waking, once."""
    last_start = berlin(last) if last else None
    found = due(now=berlin(now), zone=BERLIN, minute=MINUTE, last_start=last_start)
    assert found == berlin(expected)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-21T09:30", "2026-11-21T22:00"),
        ("2026-11-21T21:59", "2026-11-21T22:00"),
        ("2026-11-21T22:00", "2026-11-21T22:00"),
    ],
)
def test_a_missed_run_waits_for_the_end_of_quiet_hours(now: str, expected: str) -> None:
    """While the shop is open nothing starts."""
    found = due(
        now=berlin(now), zone=BERLIN, minute=MINUTE, last_start=None, quiet=Hours.parse("08-22")
    )
    assert found == berlin(expected)


def test_quiet_hours_past_midnight() -> None:
    """22-06 holds a run at 03:17 back to six, and one at 23:30 to six the next day."""
    quiet = Hours.parse("22-06")
    last = berlin("2026-11-20T07:00")
    found = due(
        now=berlin("2026-11-21T03:17"), zone=BERLIN, minute=MINUTE, last_start=last, quiet=quiet
    )
    assert found == berlin("2026-11-21T06:00")
    late = due(
        now=berlin("2026-11-21T23:30"), zone=BERLIN, minute=MINUTE, last_start=last, quiet=quiet
    )
    assert late == berlin("2026-11-22T06:00")
    until_midnight = Hours.parse("20-24")
    found = due(
        now=berlin("2026-11-21T21:00"),
        zone=BERLIN,
        minute=MINUTE,
        last_start=None,
        quiet=until_midnight,
    )
    assert found == berlin("2026-11-22T00:00")


@given(st.integers(0, 1439), st.integers(0, 370 * 24 * 6))
def test_every_local_day_has_one_run(minute: int, tens: int) -> None:
    """A machine that never sleeps runs once a local day, over both changes of the clock."""
    start = berlin("2026-01-01T00:00").astimezone(UTC) + timedelta(minutes=10 * tens)
    first = due(now=start, zone=BERLIN, minute=minute, last_start=start)
    second = due(now=first, zone=BERLIN, minute=minute, last_start=first)
    assert start < first < second
    days = second.astimezone(BERLIN).date() - first.astimezone(BERLIN).date()
    assert days == timedelta(days=1)
    assert timedelta(hours=22, minutes=59) < second - first < timedelta(hours=25, minutes=1)


@pytest.mark.parametrize(
    ("text", "bytes_a_second"),
    [("20 Mbit/s", 2_500_000), ("500kB/s", 500_000), ("2.5 MiB/s", 2_621_440),
     ("64 kbit/s", 8_000), ("1 Gbit/s", 125_000_000)],
)  # fmt: skip
def test_rates(text: str, bytes_a_second: int) -> None:
    """Bits are an eighth of bytes, Ki is 1024."""
    assert parse_rate(text) == bytes_a_second


def test_a_limit_by_the_hour() -> None:
    """The settings' own form; quotes and the kind of dash do not matter."""
    found = Bandwidth.parse('08-22 = "20 Mbit/s", 22\N{EN DASH}6 = 50 Mbit/s')
    assert found == Bandwidth.of({"08-22": "20 Mbit/s", "22-06": "50 Mbit/s"})
    expected = {
        7: None,
        8: 2_500_000,
        21: 2_500_000,
        22: 6_250_000,
        0: 6_250_000,
        5: 6_250_000,
        6: None,
    }
    hours = {hour: found.at(berlin(f"2026-11-21T{hour:02}:30")) for hour in expected}
    assert hours == expected
    assert Bandwidth.parse("").at(berlin("2026-11-21T10:00")) is None
    assert str(found.limits[1][0]) == "22-06"


@pytest.mark.parametrize(
    "text",
    ["08-22", "08-22 = fast", "08-22 = 20 mbit/s", "8-8 = 1 MB/s", "24-3 = 1 MB/s",
     "25-26 = 1 MB/s", "08-22 = 1 MB/s, 21-23 = 2 MB/s", "08-22 = 1 MB/s, 08-22 = 2 MB/s",
     "08-22 = 0 MB/s", "08-22 = 63 kbit/s", "08-22 = -1 MB/s", "= 1 MB/s"],
)  # fmt: skip
def test_limits_that_are_none(text: str) -> None:
    """Nothing is guessed, and no hour has two limits."""
    with pytest.raises(MalformedError):
        Bandwidth.parse(text)
