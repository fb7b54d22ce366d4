"""Does the house's time ever run backwards?"""

from datetime import UTC, datetime, timedelta

import pytest

from kept.base import clock
from kept.base.clock import EPOCH, SetClock, SystemClock, from_micros, to_micros

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_machine_set_back_does_not_set_the_house_back(monkeypatch: pytest.MonkeyPatch):
    """Until the machine has caught up, the last answer is given again; below the floor never."""
    told = [NOON, NOON - timedelta(days=30), NOON + timedelta(seconds=1), NOON]

    class Machine:
        """The machine's clock, told what to say."""

        @staticmethod
        def now(zone: object) -> datetime:
            """The next answer."""
            assert zone is UTC
            return told.pop(0)

    monkeypatch.setattr(clock, "datetime", Machine)
    house = SystemClock(floor=NOON - timedelta(hours=1))
    late = NOON + timedelta(seconds=1)
    assert [house.now() for _ in range(4)] == [NOON, NOON, late, late]
    told.append(NOON - timedelta(days=1))
    assert SystemClock(floor=NOON).now() == NOON


def test_times_survive_their_way_into_tables():
    """Whole microseconds, also before 1970."""
    for at in (EPOCH, NOON + timedelta(microseconds=1), EPOCH - timedelta(microseconds=1)):
        assert from_micros(to_micros(at)) == at
    assert to_micros(EPOCH + timedelta(seconds=1)) == 1_000_000


def test_a_set_clock_moves_forward_alone():
    """It stands until it is moved, and refuses to go back."""
    house = SetClock(NOON)
    house.advance(timedelta(0))
    assert house.now() == NOON
    with pytest.raises(ValueError, match="forward"):
        house.advance(timedelta(seconds=-1))
