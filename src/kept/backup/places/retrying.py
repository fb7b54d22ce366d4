"""How long does a place that is away get?

Full jitter: each wait is drawn evenly between nothing and a bound that doubles from 1 s to 60 s,
and is never shorter than the server asked. After 15 minutes the failure is told; the next run
goes on where this one stopped. Every call may be made twice: files never change, and removing
what is gone is fine.
"""

from collections.abc import Callable
from typing import TypeVar

from kept.backup.ports import FileKind, Place, Stored
from kept.base.errors import UnavailableError

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
PATIENCE_S = 900.0
_MOST_DOUBLINGS = 16  # 2^16 s is far beyond the longest wait
T = TypeVar("T")


class Retrying:
    """`Place` that tries another one's calls again."""

    def __init__(
        self,
        place: Place,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        chance: Callable[[], float],
    ) -> None:
        """Wrap a place.

        Args:
            place: the one that is tried.
            clock: seconds that never run backwards.
            sleep: waits so many seconds; what it raises ends the trying.
            chance: an even draw from 0 up to, not including, 1.
        """
        self._place = place
        self._clock = clock
        self._sleep = sleep
        self._chance = chance

    @property
    def can_remove(self) -> bool:
        """As the place itself says."""
        return self._place.can_remove

    def create(self) -> None:
        """As the port says."""
        self._tried(self._place.create)

    def put(self, kind: FileKind, name: str, content: bytes | memoryview) -> None:
        """As the port says."""
        self._tried(lambda: self._place.put(kind, name, content))

    def get(
        self, kind: FileKind, name: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """As the port says."""
        return self._tried(lambda: self._place.get(kind, name, offset=offset, length=length))

    def list(self, kind: FileKind) -> list[Stored]:
        """As the port says."""
        return self._tried(lambda: self._place.list(kind))

    def remove(self, kind: FileKind, name: str) -> None:
        """As the port says."""
        self._tried(lambda: self._place.remove(kind, name))

    def close(self) -> None:
        """As the port says."""
        self._place.close()

    def _tried(self, call: Callable[[], T]) -> T:
        began = self._clock()
        doublings = 0
        while True:
            try:
                return call()
            except UnavailableError as error:
                bound = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**doublings)
                wait = max(self._chance() * bound, error.retry_after.total_seconds())
                if self._clock() - began + wait > PATIENCE_S:
                    raise
            self._sleep(wait)
            doublings = min(doublings + 1, _MOST_DOUBLINGS)
