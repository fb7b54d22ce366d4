"""How long does a place that is away get?

Full jitter: each wait is drawn evenly between nothing and a bound that doubles from 1 s to 60 s,
and is never shorter than the server asked. A place that was away for 15 minutes, or as long as
whoever asks has patience, whichever calls met it so, is told as away, and each later call tries
once until one succeeds; the next run goes on where this one stopped. Every call may be made twice:
files never change, and removing what is gone is fine.
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
Told = Callable[[UnavailableError, float], None]  # why it waits, and how many seconds


def unheard(error: UnavailableError, seconds: float) -> None:
    """The `told` of a place whose waiting nobody hears of."""
    del error, seconds


class Retrying:
    """`Place` that tries another one's calls again."""

    def __init__(
        self,
        place: Place,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        chance: Callable[[], float],
        told: Told = unheard,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Wrap a place.

        Args:
            place: the one that is tried.
            clock: seconds that never run backwards.
            sleep: waits so many seconds; what it raises ends the trying.
            chance: an even draw from 0 up to, not including, 1.
            told: hears before each wait why and how long.
            patience_s: for how long a place may be away before it is told as away.
        """
        self._place = place
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._told = told
        self._patience_s = patience_s
        self._away_since: float | None = None  # of all threads; None while calls succeed

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
        doublings = 0
        began = self._clock()
        while True:
            try:
                result = call()
            except UnavailableError as error:
                wait = self._wait_of(error, began, doublings)
                self._told(error, wait)
            else:
                self._away_since = None
                return result
            self._sleep(wait)
            doublings = min(doublings + 1, _MOST_DOUBLINGS)

    def _wait_of(self, error: UnavailableError, began: float, doublings: int) -> float:
        """Seconds to wait before a call is tried again.

        Raises:
            UnavailableError: the failure itself, once it has lasted too long.
        """
        now = self._clock()
        since = self._away_since
        if since is None:
            since = self._away_since = now
        bound = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**doublings)
        wait = max(self._chance() * bound, error.retry_after.total_seconds())
        if now - min(began, since) + wait > self._patience_s:
            raise error
        return wait
