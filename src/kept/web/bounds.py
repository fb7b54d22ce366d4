"""How much may visitors ask of one process? Tries from a network, and streams kept open."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from litestar.di import NamedDependency
from litestar.exceptions import TooManyRequestsException

from kept.base.ids import PersonId, StaffId
from kept.web.buckets import Buckets

STREAMS_MOST = 500  # in this process
STREAMS_EACH = 6  # of one person, customer or colleague: as many as a browser opens to one host


@dataclass(slots=True)
class Streams:
    """All open streams of this process."""

    open: Counter[PersonId | StaffId] = field(default_factory=Counter[PersonId | StaffId])
    is_closing: bool = False

    def close(self) -> None:
        """Tell every stream to end."""
        self.is_closing = True

    def require_place(self, person: PersonId | StaffId) -> None:
        """Check that one more may begin.

        Raises:
            TooManyRequestsException: all places are taken.
        """
        if self.open.total() >= STREAMS_MOST or self.open[person] >= STREAMS_EACH:
            raise TooManyRequestsException("There are too many open pages. Close one of them.")

    def enter(self, person: PersonId | StaffId) -> None:
        """Take a place; in the stream itself, so that one which never begins takes none."""
        self.open[person] += 1

    def leave(self, person: PersonId | StaffId) -> None:
        """Give it back."""
        self.open[person] -= 1
        if not self.open[person]:
            del self.open[person]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one application counts. `asks` for codes, `tries` of codes."""

    asks: Buckets = field(default_factory=lambda: Buckets(burst=10, refill=timedelta(minutes=1)))
    tries: Buckets = field(default_factory=lambda: Buckets(burst=20, refill=timedelta(seconds=30)))
    streams: Streams = field(default_factory=Streams)


Limits = NamedDependency[Bounds]  # how a handler asks: an argument named `bounds`
