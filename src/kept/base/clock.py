"""What time is it? The only module that asks the machine.

Everything below the entrances takes `now`. Times are aware UTC datetimes; tables hold them as
whole microseconds since 1970 (`to_micros`, `from_micros`).
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


class Clock(Protocol):
    """Tells the time. Never runs backwards within one object."""

    def now(self) -> datetime:
        """Aware UTC, never earlier than an answer given before."""
        ...


class SystemClock:
    """The machine's clock, held at `floor` while the machine says less.

    A clock set back must not revive an expired consent or share, so wiring passes the newest
    recorded act's time as the floor.
    """

    def __init__(self, floor: datetime = EPOCH) -> None:
        self._last = floor
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The machine's UTC time, or the last answer if the machine went back."""
        with self._lock:
            self._last = max(self._last, datetime.now(UTC))
            return self._last


class SetClock:
    """A clock that stands where it is put: for demo history and tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The time last set."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move forward.

        Raises:
            ValueError: `by` is negative.
        """
        if by < timedelta(0):
            raise ValueError("a clock moves forward")
        self._now += by


def to_micros(at: datetime) -> int:
    """Whole microseconds since 1970 UTC."""
    return (at - EPOCH) // _MICRO


def from_micros(micros: int) -> datetime:
    """Aware UTC datetime of whole microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)
