"""Does a limited line stay limited, and does trying again end?"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from kept.backup.places.retrying import PATIENCE_S, Retrying
from kept.backup.places.throttle import STEP_BYTES, Bucket, Pace
from kept.backup.places.trouble import STUCK
from kept.backup.ports import FileKind, Stored
from kept.base.errors import NotFoundError, UnavailableError


class Hours:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


class Moody:
    """A place whose calls do what the test says, one after the other."""

    can_remove = True

    def __init__(self, *moods: Callable[[], bytes]) -> None:
        self.moods = list(moods)

    def get(
        self, kind: FileKind, name: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """As the next mood says; the last one stays."""
        return (self.moods.pop(0) if len(self.moods) > 1 else self.moods[0])()

    def create(self) -> None:
        """As `get`."""
        self.get(FileKind.KEY, "")

    def put(self, kind: FileKind, name: str, content: bytes | memoryview) -> None:
        """As `get`."""
        self.get(kind, name)

    def list(self, kind: FileKind) -> list[Stored]:
        """As `get`."""
        self.get(kind, "")
        return []

    def remove(self, kind: FileKind, name: str) -> None:
        """As `get`."""
        self.get(kind, name)

    def close(self) -> None:
        """Nothing to close."""


def away(seconds: float = 0) -> Callable[[], bytes]:
    """A mood: come back later."""

    def raised() -> bytes:
        raise UnavailableError("away", retry_after=timedelta(seconds=seconds))

    return raised


def absent() -> bytes:
    """A mood: no such file."""
    raise NotFoundError("gone")


def wrapped(place: Moody, hours: Hours, chance: float = 0.5) -> Retrying:
    """A place that is tried again, with a chance that is always the same."""
    return Retrying(place, clock=hours.clock, sleep=hours.sleep, chance=lambda: chance)


def test_waits_double_up_to_a_minute() -> None:
    """Each wait is a share of 1, 2, 4 … 60 s."""
    hours = Hours()
    place = Moody(*[away()] * 9, lambda: b"here")
    assert wrapped(place, hours).get(FileKind.KEY, "") == b"here"
    assert hours.slept == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_server_says_when() -> None:
    """A wait is never shorter than the server asked, and longer when the draw says so."""
    hours = Hours()
    place = Moody(away(7), away(0.1), lambda: b"here")
    wrapped(place, hours).get(FileKind.KEY, "")
    assert hours.slept == [7, 1]


@pytest.mark.parametrize("chance", [0.1, 0.5, 0.999])
def test_gives_up_after_a_quarter_hour(chance: float) -> None:
    """A place that stays away is told as away, and the wait is never much overdrawn."""
    hours = Hours()
    with pytest.raises(UnavailableError, match="away"):
        wrapped(Moody(away()), hours, chance).put(FileKind.KEY, "", b"")
    assert PATIENCE_S - 60 <= sum(hours.slept) <= PATIENCE_S


def test_somebody_who_sits_there_gives_up_sooner() -> None:
    """The patience is whoever's who asks."""
    hours = Hours()
    place = Retrying(
        Moody(away()), clock=hours.clock, sleep=hours.sleep, chance=lambda: 0.5, patience_s=30
    )
    with pytest.raises(UnavailableError, match="away"):
        place.create()
    assert hours.slept == [0.5, 1, 2, 4, 8]


def test_hopeless_is_told_at_once() -> None:
    """A wrong password is not tried for a quarter hour."""
    hours = Hours()
    with pytest.raises(UnavailableError):
        wrapped(Moody(away(STUCK.total_seconds())), hours).list(FileKind.KEY)
    assert hours.slept == []


def test_a_place_that_was_away_long_is_not_waited_for_again() -> None:
    """After a quarter hour each later call tries once; when one succeeds there is patience anew."""
    hours = Hours()
    place = Moody(away())
    tried = wrapped(place, hours)
    with pytest.raises(UnavailableError):
        tried.put(FileKind.KEY, "", b"")
    hours.slept.clear()
    with pytest.raises(UnavailableError):
        tried.remove(FileKind.LOCK, "")
    assert sum(hours.slept) <= 60
    place.moods = [lambda: b"", away(), away(), lambda: b""]
    tried.list(FileKind.KEY)
    hours.slept.clear()
    tried.list(FileKind.KEY)
    assert hours.slept == [0.5, 1]


def test_whoever_waits_is_told_why_before() -> None:
    """The reason and the seconds are heard first; what the sleep raises ends the trying."""
    hours = Hours()
    heard: list[str] = []

    def sleep(seconds: float) -> None:
        heard.append(f"slept {seconds}")
        raise KeyboardInterrupt

    place = Retrying(
        Moody(away(7)),
        clock=hours.clock,
        sleep=sleep,
        chance=lambda: 0.5,
        told=lambda error, seconds: heard.append(f"{error} {seconds}"),
    )
    with pytest.raises(KeyboardInterrupt):
        place.list(FileKind.KEY)
    assert heard == ["away 7.0", "slept 7.0"]


def test_absent_is_an_answer() -> None:
    """A file that is not there is not asked for again."""
    hours = Hours()
    with pytest.raises(NotFoundError):
        wrapped(Moody(absent), hours).get(FileKind.KEY, "")
    assert hours.slept == []


def test_every_call_is_tried_again() -> None:
    """Making, putting, listing and removing come back too."""
    hours = Hours()
    here = lambda: b""  # noqa: E731
    wrapped(Moody(away(), here), hours).create()
    wrapped(Moody(away(), here), hours).put(FileKind.KEY, "", b"")
    assert wrapped(Moody(away(), here), hours).list(FileKind.KEY) == []
    wrapped(Moody(away(), here), hours).remove(FileKind.KEY, "")
    assert hours.slept == [0.5] * 4


def test_line_stays_under_its_rate() -> None:
    """10 MiB at 1 MiB a second take 10 s, in steps of 64 KiB."""
    hours = Hours()
    bucket = Bucket(lambda: 2**20, clock=hours.clock, sleep=hours.sleep)
    content = bytes(10 * 2**20)
    steps = [len(piece) for piece in Pace(up=bucket).sending(content)]
    assert steps == [STEP_BYTES] * 160
    assert sum(hours.slept) == pytest.approx(10 - STEP_BYTES / 2**20)
    assert max(hours.slept) == pytest.approx(STEP_BYTES / 2**20)


def test_idle_time_is_not_saved_up() -> None:
    """After an hour of silence the line is not flooded."""
    hours = Hours()
    bucket = Bucket(lambda: 2**20, clock=hours.clock, sleep=hours.sleep)
    bucket.take(2**20)
    hours.now += 3600
    hours.slept.clear()
    bucket.take(2**20)
    assert sum(hours.slept) == pytest.approx(1 - STEP_BYTES / 2**20)


def test_rate_may_change_with_the_hour() -> None:
    """At night there is no limit, by day there is; up and down are apart."""
    hours = Hours()
    day = Bucket(
        lambda: 65_536.0 if hours.now < 1010 else None, clock=hours.clock, sleep=hours.sleep
    )
    pace = Pace(down=day)
    list(pace.sending(bytes(2**22)))
    assert hours.slept == []
    pace.received(2**22)
    assert hours.now == pytest.approx(1010, abs=1)
