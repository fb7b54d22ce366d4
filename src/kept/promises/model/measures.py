"""What is measured for each promise? One measure each, from what the pillars can tell.

A measure reads an `EvidenceSource` and returns evidence without heartbeat, pause and noted
breaks, which the promises' own tables add (`Evidence.beside`). Wiring gives the source; no pillar
knows that a promise exists, and no measure knows a table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from kept.promises.model.evidence import (
    BREAK_WINDOW,
    Break,
    Case,
    Concern,
    Counted,
    Evidence,
    Subject,
    Timed,
)
from kept.promises.model.promise import Promise
from kept.vault.model.rules import Text

PAGE_DELAY_LIMIT = timedelta(minutes=5)  # guide: `access.seen` is at risk past it
SCAN_OLD = timedelta(days=2)  # guide: `locked.rest` is at risk past it
DELAY_WINDOW = timedelta(days=1)

READINGS_OUTSIDE = Subject(
    one=Text("reading", "открытия"),
    many=Text("readings", "открытий"),
    fault=Text("outside their purpose", "не по назначению"),
)
OPENINGS_UNSEEN = Subject(
    one=Text("opening", "открытия"),
    many=Text("openings", "открытий"),
    fault=Text("missing from your page", "не попало на вашу страницу"),
)
VALUES_BARE = Subject(
    one=Text("value", "значения"),
    many=Text("values", "значений"),
    fault=Text("found unlocked", "нашлось незапертым"),
)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many things were looked at since a time, and which of them were wrong.

    Args:
        checked: how many, the wrong ones included.
        first_at: the oldest of them; None when there are none.
        faults: `(ref, when)` of each wrong one; `ref` says nothing about a person.
    """

    checked: int
    first_at: datetime | None = None
    faults: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A person's request with its clock: asked, done or None. `drill` marks a test person.

    `ref` is stable and names no person; a late one is noted under it.
    """

    asked_at: datetime
    done_at: datetime | None = None
    drill: bool = False
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """One daily search of the raw files for planted text.

    Args:
        values: how many sealed values the files held.
        hits: places where planted text lay in the clear.
    """

    at: datetime
    values: int
    hits: int


@dataclass(frozen=True, slots=True)
class Delays:
    """How late acts came onto the customer's page."""

    n: int
    slowest: timedelta


class EvidenceSource(Protocol):
    """What the pillars tell about themselves. Reading only; every answer covers `since` to now."""

    def readings_outside_purpose(self, since: datetime) -> Tally:
        """All readings, and those whose purpose did not allow what was opened."""
        ...

    def openings_without_act(self, since: datetime) -> Tally:
        """Openings counted where sealed data is opened; faults are those the log does not hold."""
        ...

    def erasures(self, since: datetime) -> tuple[Request, ...]:
        """Requests for erasure that are open, or were done in this time."""
        ...

    def exports(self, since: datetime) -> tuple[Request, ...]:
        """Requests for a copy that are open, or were delivered in this time."""
        ...

    def scan_results(self, since: datetime) -> tuple[Scan, ...]:
        """Searches of the raw files."""
        ...

    def page_delays(self, since: datetime) -> Delays:
        """Time from a reading to its line on the page."""
        ...


Measure = Callable[[Promise, EvidenceSource, datetime], Evidence]


def measure_access_seen(promise: Promise, source: EvidenceSource, now: datetime) -> Evidence:
    """Openings that the customer cannot see; at risk when their lines come late."""
    del promise
    slowest = source.page_delays(now - DELAY_WINDOW).slowest
    late = Concern(
        Text("lines reached the page late", "записи попадали на страницу с опозданием"), now
    )
    return _tallied(
        source.openings_without_act(now - BREAK_WINDOW),
        OPENINGS_UNSEEN,
        concerns=(late,) if slowest > PAGE_DELAY_LIMIT else (),
    )


def measure_use_purpose(promise: Promise, source: EvidenceSource, now: datetime) -> Evidence:
    """Readings outside their purpose."""
    del promise
    return _tallied(source.readings_outside_purpose(now - BREAK_WINDOW), READINGS_OUTSIDE)


def measure_erase_proof(promise: Promise, source: EvidenceSource, now: datetime) -> Evidence:
    """Requests for erasure against the deadline."""
    return _timed(promise, source.erasures(now - BREAK_WINDOW))


def measure_export_fast(promise: Promise, source: EvidenceSource, now: datetime) -> Evidence:
    """Requests for a copy against the deadline."""
    return _timed(promise, source.exports(now - BREAK_WINDOW))


def measure_locked_rest(promise: Promise, source: EvidenceSource, now: datetime) -> Evidence:
    """Planted text found in the raw files; at risk when the last search is too old."""
    del promise
    scans = sorted(source.scan_results(now - BREAK_WINDOW), key=lambda scan: scan.at)
    faults = tuple((f"scan-{s.at:%Y%m%dT%H%M%SZ}", s.at) for s in scans if s.hits)
    tally = Tally(
        checked=scans[-1].values if scans else 0,
        first_at=scans[0].at if scans else None,
        faults=faults,
    )
    old = Text("the last search is too old", "последняя проверка устарела")
    concerns = (Concern(old, scans[-1].at + SCAN_OLD + _INSTANT),) if scans else ()
    return _tallied(tally, VALUES_BARE, concerns=concerns)


_INSTANT = timedelta(microseconds=1)  # older than two days, not two days old

MEASURES: Mapping[str, Measure] = {
    "access.seen": measure_access_seen,
    "use.purpose": measure_use_purpose,
    "erase.proof": measure_erase_proof,
    "export.fast": measure_export_fast,
    "locked.rest": measure_locked_rest,
}
PERIODS: Mapping[str, timedelta] = {  # how long a collector may be silent before `stale`
    "access.seen": timedelta(hours=6),
    "use.purpose": timedelta(hours=6),
    "erase.proof": timedelta(hours=6),
    "export.fast": timedelta(hours=6),
    "locked.rest": timedelta(days=3),
}


def measure(promise: Promise, source: EvidenceSource, now: datetime) -> Evidence:
    """What can be measured of a promise; nothing for a promise without a measure."""
    found = MEASURES.get(promise.key)
    return found(promise, source, now) if found else Evidence()


def _tallied(tally: Tally, subject: Subject, *, concerns: tuple[Concern, ...] = ()) -> Evidence:
    return Evidence(
        rows=Counted(checked=tally.checked, subject=subject, first_at=tally.first_at),
        breaks=tuple(Break(ref, at) for ref, at in tally.faults),
        concerns=concerns,
    )


def _timed(promise: Promise, requests: tuple[Request, ...]) -> Evidence:
    limit = promise.bound or timedelta(0)
    cases = (Case(r.asked_at, r.asked_at + limit, r.done_at, r.drill, r.ref) for r in requests)
    return Evidence(rows=Timed(tuple(cases)))
