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
    Proof,
    Proved,
    Subject,
    Timed,
)
from kept.promises.model.promise import Promise
from kept.vault.model.rules import Text

PAGE_DELAY_LIMIT = timedelta(minutes=5)  # guide: `access.seen` is at risk past it
SCAN_OLD = timedelta(days=2)  # guide: `locked.rest` is at risk past it
COPY_OLD = timedelta(hours=26)  # guide: `backup.daily` is at risk past it
DRILL_OLD = timedelta(days=25)  # guide: `restore.drill` is at risk past it
DRILL_FAILED_LONG = timedelta(days=7)  # and broken past it
DELAY_WINDOW = timedelta(days=1)

READINGS_OUTSIDE = Subject(
    one=Text("reading", "просмотра"),
    many=Text("readings", "просмотров"),
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


@dataclass(frozen=True, slots=True)
class CopyMade:
    """A copy in a second place: the moment it shows, its files, how long it took.

    `is_whole`: nothing that should be in it is missing.
    """

    at: datetime
    files: int
    took: timedelta
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class DrillMade:
    """A try to bring data back: how many items came back, and whether all was as it had been."""

    at: datetime
    items: int
    took: timedelta
    is_passed: bool


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

    def copies(self, since: datetime) -> tuple[CopyMade, ...]:
        """Copies that were made in a second place."""
        ...

    def drills(self, since: datetime) -> tuple[DrillMade, ...]:
        """Tries to bring the house back from a copy."""
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


def measure_backup_daily(promise: Promise, source: EvidenceSource, now: datetime) -> Evidence:
    """The youngest copy in a second place; at risk past 26 hours, or when files are missing."""
    del promise
    copies = sorted(source.copies(now - BREAK_WINDOW), key=lambda copy: copy.at)
    proofs = tuple(Proof(copy.at, copy.files, copy.took) for copy in copies)
    if not copies:
        return Evidence(rows=Proved())
    old = Text("the last copy is too old", "последняя копия устарела")
    torn = Text("some files are not in the copy", "части файлов в копии нет")
    concerns = [Concern(old, copies[-1].at + COPY_OLD + _INSTANT)]
    if not copies[-1].is_whole:
        concerns.append(Concern(torn, copies[-1].at))
    return Evidence(rows=Proved(proofs), concerns=tuple(concerns))


def measure_restore_drill(promise: Promise, source: EvidenceSource, now: datetime) -> Evidence:
    """The last drill that passed; at risk past 25 days or while it fails, broken after 7 of it."""
    del promise
    drills = sorted(source.drills(now - BREAK_WINDOW), key=lambda drill: drill.at)
    passed = [drill for drill in drills if drill.is_passed]
    proofs = tuple(Proof(drill.at, drill.items, drill.took) for drill in passed)
    concerns, breaks = list[Concern](), list[Break]()
    if passed:
        old = Text("the last try is too old", "последняя проба устарела")
        concerns.append(Concern(old, passed[-1].at + DRILL_OLD + _INSTANT))
    for first, ended in _failing(drills):
        if ended is None:
            concerns.append(
                Concern(Text("the last try failed", "последняя проба не удалась"), first)
            )
        if (ended or now) - first > DRILL_FAILED_LONG:
            breaks.append(Break(f"failed-{first:%Y%m%dT%H%M%SZ}", first + DRILL_FAILED_LONG))
    return Evidence(rows=Proved(proofs), concerns=tuple(concerns), breaks=tuple(breaks))


def _failing(drills: list[DrillMade]) -> list[tuple[datetime, datetime | None]]:
    """Stretches from a first failed drill to the next that passed, None while there is none."""
    found = list[tuple[datetime, datetime | None]]()
    first: datetime | None = None
    for drill in drills:
        if not drill.is_passed and first is None:
            first = drill.at
        elif drill.is_passed and first is not None:
            found.append((first, drill.at))
            first = None
    return [*found, (first, None)] if first is not None else found


_INSTANT = timedelta(microseconds=1)  # older than two days, not two days old

MEASURES: Mapping[str, Measure] = {
    "access.seen": measure_access_seen,
    "use.purpose": measure_use_purpose,
    "erase.proof": measure_erase_proof,
    "export.fast": measure_export_fast,
    "locked.rest": measure_locked_rest,
    "backup.daily": measure_backup_daily,
    "restore.drill": measure_restore_drill,
}
PERIODS: Mapping[str, timedelta] = {  # how long a collector may be silent before `stale`
    "access.seen": timedelta(hours=6),
    "use.purpose": timedelta(hours=6),
    "erase.proof": timedelta(hours=6),
    "export.fast": timedelta(hours=6),
    "locked.rest": timedelta(days=3),
    "backup.daily": timedelta(hours=6),
    "restore.drill": timedelta(hours=6),
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
