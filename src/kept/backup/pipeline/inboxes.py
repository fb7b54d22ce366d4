"""How do threads hand work to each other without ever holding more than so many bytes?

A bound counts what waits and what is worked on: room is free again when `release` says so. One
thing larger than the bound passes when nothing else is there. When a run breaks off, everything
waiting is dropped and everybody who waits is woken.
"""

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")
LOOK_S = 0.2  # how long an offer waits before its owner looks around


class BrokenOffError(Exception):
    """The run ends early: put nothing more, take nothing more. Never leaves the pipeline."""


class Inbox(Generic[T]):
    """A queue with a bound. May be used from any thread."""

    def __init__(self, limit: int) -> None:
        """An empty one for `limit` bytes, or whatever the sizes given to `offer` count."""
        self._limit = limit
        self._held = 0
        self._items: deque[T] = deque()
        self._is_finished = False
        self._is_broken = False
        self._changed = threading.Condition()

    def offer(self, item: T, size: int, *, wait_s: float = LOOK_S) -> bool:
        """Put something in; False where there was no room for so long.

        Raises:
            BrokenOffError: the run is broken off.
        """
        with self._changed:
            if not self._has_room(size):
                self._changed.wait_for(lambda: self._is_broken or self._has_room(size), wait_s)
            if self._is_broken:
                raise BrokenOffError
            if not self._has_room(size):
                return False
            self._held += size
            self._items.append(item)
            self._changed.notify_all()
            return True

    def put(self, item: T, size: int) -> None:
        """Put something in, however long it takes.

        Raises:
            BrokenOffError: the run is broken off.
        """
        while not self.offer(item, size):
            pass

    def take(self) -> T | None:
        """The next thing, or None when there will be nothing more.

        Raises:
            BrokenOffError: the run is broken off.
        """
        with self._changed:
            while not self._items:
                if self._is_broken:
                    raise BrokenOffError
                if self._is_finished:
                    return None
                self._changed.wait()
            return self._items.popleft()

    def release(self, size: int) -> None:
        """What was taken is done with."""
        with self._changed:
            self._held -= size
            self._changed.notify_all()

    def finish(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._is_finished = True
            self._changed.notify_all()

    def break_off(self) -> None:
        """Drop what waits and wake everybody."""
        with self._changed:
            self._is_broken = True
            self._items.clear()
            self._changed.notify_all()

    @property
    def is_full(self) -> bool:
        """Whether a thing of any size would have to wait."""
        return self._held >= self._limit

    def _has_room(self, size: int) -> bool:
        return not self._held or self._held + size <= self._limit
