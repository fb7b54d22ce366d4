"""What exactly is promised? One declared promise as a value.

A promise is a sentence in every language, a kind, a bound and a grade. Its sentence carries
placeholders such as `{days}`, filled from the bound by `statements`, number and noun together.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from kept.vault.model.rules import Text


class Kind(StrEnum):
    """How a promise is judged; one module of `promises.kinds` each."""

    ZERO = "zero"
    CLOCK = "clock"
    SHARE = "share"
    FRESH = "fresh"
    DECLARED = "declared"


class Grade(StrEnum):
    """Who stands behind the evidence; the order of `GRADES` is from strong to weak."""

    MEASURED = "M"
    OUTSIDE = "X"
    CONFIRMED = "C"
    DECLARED = "D"


NEEDS_BOUND = frozenset({Kind.CLOCK, Kind.SHARE, Kind.FRESH})


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise of the book, in one version.

    Args:
        key: stable name, such as `export.fast`.
        version: from 1, raised by one with every change.
        bound: clock: the deadline; share: the limit of one case; fresh: the period.
        target: share only, percent within the bound, 60 to 100.
        calendar: `plain` (all hours count) or the name of a calendar of working hours.
        scope: channels, categories or groups it is limited to; empty means all.
        exceptions: what it does not cover.
        months: for `{months}`; 0 when the sentence has none.
        people: for `{people}`; 0 when the sentence has none.
    """

    key: str
    kind: Kind
    version: int
    grade: tuple[Grade, ...]
    text: Text
    bound: timedelta | None = None
    target: int = 0
    calendar: str = "plain"
    scope: frozenset[str] = frozenset()
    exceptions: frozenset[str] = frozenset()
    months: int = 0
    people: int = 0
