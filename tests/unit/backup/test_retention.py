"""Does a policy keep what restic's keeps, for the same reasons?"""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.model.retention import ALL, DEFAULT, Candidate, Policy, apply
from kept.backup.model.spans import Span
from kept.base.errors import MalformedError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG = Span.parse("1y2m3d3h")
# The policies of restic's `internal/data/snapshot_policy_test.go`, in its order.
POLICIES = [
    Policy(),
    Policy(last=10),
    Policy(last=15),
    Policy(last=99),
    Policy(last=200),
    Policy(hourly=20),
    Policy(daily=3),
    Policy(daily=10),
    Policy(daily=30),
    Policy(last=5, daily=5),
    Policy(last=2, daily=10),
    Policy(weekly=2),
    Policy(weekly=4),
    Policy(daily=3, weekly=4),
    Policy(monthly=6),
    Policy(daily=2, weekly=2, monthly=6),
    Policy(yearly=10),
    Policy(daily=7, weekly=2, monthly=3, yearly=10),
    Policy(tags=(("foo",),)),
    Policy(tags=(("foo", "bar"),)),
    Policy(tags=(("foo",), ("bar",))),
    *(Policy(within=Span.parse(text)) for text in (
        "1d", "2d", "7d", "1m", "1m14d", "1y1d1m", "13d23h", "2m2h", "1y2m3d3h",
    )),
    Policy(within_hourly=LONG),
    Policy(within_daily=LONG),
    Policy(within_weekly=LONG),
    Policy(within_monthly=LONG),
    Policy(within_yearly=LONG),
    Policy(
        within=Span(hours=1), within_hourly=Span(days=1), within_daily=Span(days=7),
        within_weekly=Span(months=1), within_monthly=Span(years=1), within_yearly=Span(years=9999),
    ),
    Policy(last=ALL),
    Policy(last=ALL, hourly=ALL),
    Policy(hourly=ALL),
    Policy(daily=3, weekly=2, monthly=ALL, yearly=ALL),
]  # fmt: skip
# Its list of snapshots: a month, then day (and half a tenth) of each at 10:20:30.
HALF_YEAR = {
    "2014-09": "1 2 5 6 8 9 10 11 20 22",
    "2014-08": "8 10 12 13 13.1 15 18 20 21 22",
    "2014-10": "1 2 5 6 8 9 10 11 20 22",
    "2014-11": "8 10 12 13 13.1 15 18 20 21 22",
    "2015-09": "1 2 5 6 8 9 10 11 20 22",
    "2015-08": "8 10 12 13 13.1 15 18 20 21 22",
    "2015-10": "1 2 5 6 8 9 10 11 20 22 22 22 22 22",
    "2015-11": "8 10 12 13 13.1 15 18 20 21 22",
}
JANUARY = (
    "01 01:02 01:03 07:08|03 07:02|04 10:23 11:23 12:23 12:24 12:28 12:30 16:23|05 09:02|06 08:02"
    "|07 10:02|08 20:02|09 21:02|12 21:02 21:08|18 12:02"
)


def made(name: str, at: str, tags: tuple[str, ...] = (), paths: tuple[str, ...] = ()) -> Candidate:
    """A snapshot made at a time of UTC."""
    return Candidate(name, datetime.fromisoformat(at).replace(tzinfo=UTC), tags, paths=paths)


def restics() -> list[Candidate]:
    """The list that restic's own test begins with, in its order."""
    found: list[Candidate] = []
    for month, days in HALF_YEAR.items():
        for place, day in enumerate(days.split()):
            whole, _, tenth = day.partition(".")
            at = f"{month}-{int(whole):02}T10:20:30" + (".100000" if tenth else "")
            tags, paths = (), ()
            if month == "2014-10" or (month == "2014-11" and place < 4):
                tags = ("foo",)
            elif month == "2014-11" and place < 6:
                tags = ("bar",) if tenth else ("foo", "bar")
            elif month == "2015-10" and place > 10:
                tags, paths = ("foo", "bar"), ("path1", "path2") if place == 13 else ()
            found.append(made(str(len(found)), at, tags, paths))
    for day, *times in (part.split() for part in JANUARY.split("|")):
        found += [made(f"{day} {time}", f"2016-01-{day}T{time}:03") for time in times]
    return found


def as_restic(one: Candidate) -> dict[str, Any]:
    """A snapshot as restic's files write it."""
    time = one.time.strftime("%Y-%m-%dT%H:%M:%S") + (".1" if one.time.microsecond else "") + "Z"
    shown = {"time": time, "tree": None, "paths": list(one.paths) or None}
    return shown | ({"tags": list(one.tags)} if one.tags else {})


@pytest.mark.parametrize(("at", "policy"), [*enumerate(POLICIES)], ids=str)
def test_restics_vectors(vectors: Path, at: int, policy: Policy) -> None:
    """All forty: what is kept, in order, every reason and every counter."""
    path = vectors / "restic-policy" / f"policy_keep_snapshots_{at}"
    expected = json.loads(path.read_text(encoding="utf-8"))
    found = apply(policy, restics(), now=NOW)
    assert [as_restic(one.snapshot) for one in found.keep] == (expected["keep"] or [])
    reasons = [
        {
            "snapshot": as_restic(one.snapshot),
            "matches": list(one.reasons),
            "counters": dict(one.left),
        }
        for one in found.keep
    ]
    assert reasons == expected.get("reasons", [])
    assert len(found.keep) + len(found.remove) == len(restics())


def test_every_vector_has_its_policy(vectors: Path) -> None:
    """None of the published results is left out."""
    assert len(list((vectors / "restic-policy").glob("policy_keep_*"))) == len(POLICIES) == 40
    assert len(restics()) == 103


def daily(count: int, *, hour: int = 3) -> list[Candidate]:
    """One snapshot a day, the newest today."""
    return [Candidate(str(n), NOW.replace(hour=hour) - timedelta(days=n)) for n in range(count)]


def kept(policy: Policy, snapshots: list[Candidate]) -> list[str]:
    """The ids that stay."""
    return [one.snapshot.id for one in apply(policy, snapshots, now=NOW).keep]


def test_the_default_thins_out_with_age() -> None:
    """A week whole, then days to five weeks, weeks to three months, months to a year."""
    expected: list[str] = []
    for one in daily(800):
        day = one.time.date()
        is_sunday, is_last = day.weekday() == 6, (day + timedelta(days=1)).day == 1
        if (
            day > date(2026, 10, 17)
            or (is_sunday and day > date(2026, 8, 21))
            or (is_last and day > date(2025, 11, 21))
        ):
            expected.append(one.id)
    assert kept(DEFAULT, daily(800)) == expected
    assert len(expected) == 35 + 8 + 11


def test_the_future_does_not_move_within() -> None:
    """A snapshot dated ahead keeps nothing from being recent, and goes by no span itself."""
    ahead = Candidate("ahead", NOW + timedelta(days=400))
    assert kept(Policy(within=Span(days=2)), [*daily(5), ahead]) == ["ahead", "0", "1"]


def test_nothing_is_dropped_where_all_lies_ahead() -> None:
    """With no time to count back from, a span keeps everything."""
    ahead = [Candidate(str(n), NOW + timedelta(days=n + 1)) for n in range(3)]
    for policy in (Policy(within=Span(hours=1)), Policy(within_hourly=Span(hours=1))):
        assert len(kept(policy, ahead)) == 3


def test_days_are_those_of_the_snapshots_own_clock() -> None:
    """23:30 and 00:30 in Tokyo are two days, though one in UTC."""
    tokyo = timezone(timedelta(hours=9))
    late = [
        Candidate("evening", datetime(2026, 11, 19, 23, 30, tzinfo=tokyo)),
        Candidate("morning", datetime(2026, 11, 20, 0, 30, tzinfo=tokyo)),
    ]
    assert kept(Policy(daily=5), late) == ["morning", "evening"]
    moved = [Candidate(one.id, one.time.astimezone(UTC)) for one in late]
    assert kept(Policy(daily=1), moved) == ["morning"]
    assert apply(Policy(daily=2), moved, now=NOW).keep[1].reasons == ("oldest daily snapshot",)


def test_weeks_are_iso_weeks() -> None:
    """31 December 2024 and 1 January 2025 are one week; Sunday and Monday are two."""
    days = ("2024-12-29", "2024-12-30", "2024-12-31", "2025-01-01")
    found = kept(Policy(weekly=9), [made(day, f"{day}T10:00:00") for day in (*days, "2024-12-01")])
    assert found == ["2025-01-01", "2024-12-29", "2024-12-01"]


def test_an_empty_tag_means_none() -> None:
    """`""` keeps what has no tags."""
    found = kept(Policy(tags=(("",),)), [made("a", "2026-01-01"), made("b", "2026-01-02", ("x",))])
    assert found == ["a"]


@given(st.lists(st.integers(0, 3 * 365 * 24), max_size=60), st.sampled_from(POLICIES))
def test_a_policy_sorts_every_snapshot_once(hours: list[int], policy: Policy) -> None:
    """Nothing is lost or doubled; the newest stays wherever anything stays by time."""
    snapshots = [Candidate(str(n), NOW - timedelta(hours=1 + back)) for n, back in enumerate(hours)]
    found = apply(policy, snapshots, now=NOW)
    both = [one.snapshot.id for one in found.keep] + [one.id for one in found.remove]
    assert sorted(both) == sorted(one.id for one in snapshots)
    if hours and not policy.is_empty and not policy.tags:
        newest = max(one.time for one in snapshots)
        assert found.keep[0].snapshot.time == newest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("last 3", Policy(last=3)),
        ("daily 7, weekly 4,yearly all", Policy(daily=7, weekly=4, yearly=ALL)),
        ("within 7d, monthly within 1y2m", Policy(within=Span(days=7),
                                                  within_monthly=Span(years=1, months=2))),
        ("tag a+b, tag c", Policy(tags=(("a", "b"), ("c",)))),
        ("", Policy()),
        (str(DEFAULT), DEFAULT),
    ],
)  # fmt: skip
def test_a_line_of_settings(text: str, expected: Policy) -> None:
    """One line says the policy, and is said back."""
    assert Policy.parse(text) == expected
    assert Policy.parse(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    ["daily", "daily -1", "daily 7 8", "within", "within 7", "within 1d1d", "fortnightly 3",
     "daily 7, daily 8", "daily 999999", "tag", "last within 3d", "Daily 7"],
)  # fmt: skip
def test_a_line_that_is_no_policy(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(MalformedError):
        Policy.parse(text)


def test_bounds_of_a_policy() -> None:
    """Counts below -1 and empty sets of tags do not exist."""
    for fault in ({"last": -2}, {"yearly": 100_001}, {"tags": ((),)}):
        with pytest.raises(MalformedError):
            Policy(**fault)  # pyright: ignore[reportArgumentType]


def test_how_far_back_it_reaches() -> None:
    """The longest span is told; a count or a tag has no end."""
    assert DEFAULT.longest == Span(months=12)
    assert Policy(daily=3, within=Span(days=7)).longest is None
    assert Policy(within=Span(days=7), tags=(("a",),)).longest is None
    assert Policy().longest is None


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("1m", "2026-10-31T10:00:00", "2026-10-01T10:00:00"),  # 31 September runs over
        ("1m", "2026-03-31T10:00:00", "2026-03-03T10:00:00"),
        ("1y", "2024-02-29T10:00:00", "2023-03-01T10:00:00"),
        ("13m", "2026-01-15T10:00:00", "2024-12-15T10:00:00"),
        ("1y2m3d3h", "2016-01-18T12:02:03", "2014-11-15T09:02:03"),
        ("1d", "2026-03-01T00:30:00", "2026-02-28T00:30:00"),
        ("9999y", "2026-03-01T00:30:00", "0002-01-01T00:00:00"),
        ("99999d", "2026-03-01T00:00:00", "1752-05-17T00:00:00"),
    ],
)
def test_a_span_goes_by_the_calendar(text: str, at: str, expected: str) -> None:
    """As Go's AddDate, which restic uses."""
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert Span.parse(text).before(moment) == datetime.fromisoformat(expected).replace(tzinfo=UTC)
