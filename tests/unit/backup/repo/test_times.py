"""Are times whole to the nanosecond, and of any year the format knows?"""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.model.nodes import MAX_NS, MIN_NS, clamp_ns
from kept.backup.repo.times import Moment, parse_time, time_text
from kept.base.errors import MalformedError

KNOWN = [
    (0, "1970-01-01T00:00:00Z"),
    (1, "1970-01-01T00:00:00.000000001Z"),
    (-1, "1969-12-31T23:59:59.999999999Z"),
    (-1_500_000_000, "1969-12-31T23:59:58.5Z"),
    (951_782_400 * 10**9, "2000-02-29T00:00:00Z"),
    (1_795_299_612_051_862_704, "2026-11-21T22:20:12.051862704Z"),
    (-62_135_596_800 * 10**9, "0001-01-01T00:00:00Z"),  # Go's zero time
    (-62_167_219_200 * 10**9, "0000-01-01T00:00:00Z"),
    (253_402_300_799 * 10**9 + 999_999_999, "9999-12-31T23:59:59.999999999Z"),
]


@pytest.mark.parametrize(("ns", "text"), KNOWN)
def test_known_moments(ns: int, text: str):
    """Well-known moments have their well-known text."""
    assert time_text(ns) == text
    assert parse_time(text, "time") == ns


def test_the_ends_are_the_ends():
    """Years 0 to 9999, nothing beyond; a file system's wilder time is moved to the end."""
    assert (KNOWN[-2][0], KNOWN[-1][0]) == (MIN_NS, MAX_NS)
    assert clamp_ns(MIN_NS - 1) == MIN_NS
    assert clamp_ns(MAX_NS + 1) == MAX_NS
    for beyond in (MIN_NS - 1, MAX_NS + 1):
        with pytest.raises(MalformedError):
            time_text(beyond)


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001 - UTC is put on below
def test_the_calendar_is_pythons(at: datetime):
    """Two calendars, written apart, tell the same date."""
    aware = at.replace(tzinfo=UTC)
    micros = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    text = time_text(micros * 1000)
    assert text[:19] == aware.isoformat()[:19]
    assert parse_time(text, "time") == micros * 1000


@given(st.integers(MIN_NS, MAX_NS))
def test_any_nanosecond_comes_back(ns: int):
    """No nanosecond is lost in any year."""
    assert parse_time(time_text(ns), "time") == ns


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2022-01-02T03:04:05+01:00", 1_641_089_045 * 10**9),
        ("2022-01-01T21:04:05.5-05:00", 1_641_089_045 * 10**9 + 500_000_000),
        ("2022-01-02T07:49:05+05:45", 1_641_089_045 * 10**9),
        ("2022-01-02T02:04:05+00:00", 1_641_089_045 * 10**9),
        ("2022-01-02T02:04:05.000000000Z", 1_641_089_045 * 10**9),
    ],
)
def test_local_times_are_read(text: str, ns: int):
    """The offset restic wrote does not move the moment."""
    assert parse_time(text, "time") == ns


def test_a_moment_keeps_its_own_clock():
    """Retention counts days on the clock of the machine that made the snapshot."""
    moment = Moment.parse("2022-01-01T21:04:05.5-05:30", "time")
    assert moment.offset_minutes == -330
    assert moment.text() == "2022-01-01T21:04:05.5-05:30"
    assert moment.utc() == datetime(2022, 1, 2, 2, 34, 5, 500_000, tzinfo=UTC)
    local = datetime(2022, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert Moment.of(local).text() == "2022-07-01T12:00:00+02:00"
    with pytest.raises(MalformedError):
        Moment.of(datetime(2022, 7, 1))  # noqa: DTZ001 - a time without an offset is the case


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2022-01-02",
        "2022-01-02 03:04:05Z",
        "2022-01-02T03:04:05",
        "2022-1-2T03:04:05Z",
        "2022-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2022-13-01T00:00:00Z",
        "2022-00-01T00:00:00Z",
        "2022-01-32T00:00:00Z",
        "2022-01-01T24:00:00Z",
        "2022-01-01T00:60:00Z",
        "2022-01-01T00:00:60Z",
        "2022-01-01T00:00:00.Z",
        "2022-01-01T00:00:00.0000000001Z",
        "2022-01-01T00:00:00+24:00",
        "2022-01-01T00:00:00+01:60",
        "2022-01-01T00:00:00+0100",
        "2022-01-01T00:00:00z",
        "٢٠٢٢-01-01T00:00:00Z",
        "12022-01-01T00:00:00Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "2022-01-01T00:00:00Z\n",
    ],
)
def test_other_forms_are_refused(text: str):
    """One form, and only times that exist."""
    with pytest.raises(MalformedError):
        parse_time(text, "time")
