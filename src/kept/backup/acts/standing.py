"""How do the copies stand? Every place with its newest run, and the report, from rows alone."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kept.backup.acts import places, proofs, runs
from kept.backup.model.inventory import decode
from kept.backup.model.places import Holds, KnownPlace, Plan
from kept.backup.model.report import (
    Copied,
    Drilled,
    Failed,
    Month,
    Report,
    State,
    Tried,
    state_of,
)
from kept.backup.model.report_reasons import FailedWhy
from kept.backup.model.runs import Drill, Run, RunState
from kept.db.seam import Tx

MONTH = timedelta(days=30)
NOT_COUNTED = (State.NONE, State.OPEN, State.DAMAGED, State.OLD)  # no copy to rely on


@dataclass(frozen=True, slots=True)
class PlaceStanding:
    """One place. `last` ended last, `copy` left a snapshot; `stored_bytes` lay there after it.

    `begun` has not ended: it goes on, or its process died. `key_copy_at`: up to when destroyed
    keys are gone from it, of a place of keys.
    """

    place: KnownPlace
    last: Run | None
    copy: Run | None
    stored_bytes: int | None
    begun: Run | None
    key_copy_at: datetime | None

    @property
    def is_running(self) -> bool:
        """Whether a run has begun and not ended."""
        return self.begun is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it. `drill` is the newest one; `plan` is None until it was drawn."""

    report: Report
    places: tuple[PlaceStanding, ...]
    drill: Drill | None
    plan: Plan | None

    @property
    def newest(self) -> Run | None:
        """The newest run that left a snapshot, wherever it lies."""
        found = [one.copy for one in self.places if one.copy is not None]
        return max(found, key=lambda run: run.n, default=None)


def standing(tx: Tx, /, *, now: datetime) -> Standing:
    """How the copies stand now. Reads only."""
    month = runs.runs(tx, since=now - MONTH, most=1000)
    told = tuple(_place(tx, place, month) for place in places.places(tx))
    drill = proofs.last_drill(tx)
    return Standing(_report(tx, told, month, now=now), told, drill, places.plan(tx))


def _place(tx: Tx, place: KnownPlace, month: list[Run]) -> PlaceStanding:
    copy = runs.last_copy(tx, place)
    inventory = None if copy is None else runs.inventory_of(tx, copy)
    return PlaceStanding(
        place=place,
        last=runs.last_run(tx, place),
        copy=copy,
        stored_bytes=None if inventory is None else sum(i.size for i in decode(inventory)),
        begun=next(
            (r for r in month if r.place_n == place.n and r.state is RunState.RUNNING), None
        ),
        key_copy_at=proofs.key_copy_began(tx, place) if place.order.holds is Holds.KEYS else None,
    )


def _report(tx: Tx, told: tuple[PlaceStanding, ...], month: list[Run], *, now: datetime) -> Report:
    """Of the worst place; the newest copy where several stand alike."""
    data = [one for one in told if one.place.order.holds is Holds.DATA and one.place.is_enabled]
    failed = tuple(_failures(data, month))
    judged = [
        (one, _of_place(tx, one.place, one.copy, now=now)) for one in data if one.copy is not None
    ]
    if not judged:
        return Report(now, failed=failed)
    order = list(State)
    worst, report = min(
        judged, key=lambda pair: (order.index(state_of(pair[1])), -_number(pair[0].copy))
    )
    good = sum(state_of(one) not in NOT_COUNTED for _, one in judged)
    return replace(
        report,
        copied=None if report.copied is None else replace(report.copied, places=good),
        failed=failed,
        place=worst.place.order.name if len(data) > 1 else "",
        lacking=tuple(one.place.order.name for one in data if one.copy is None),
        others=tuple(
            (one.place.order.name, state_of(its))
            for one, its in judged
            if one is not worst and state_of(its) is not State.GOOD
        ),
    )


def _number(run: Run | None) -> int:
    return 0 if run is None else run.n


def report_of(tx: Tx, place: KnownPlace, /, *, now: datetime) -> Report:
    """What was measured of one place alone. Reads only."""
    copy = runs.last_copy(tx, place)
    return Report(now) if copy is None else _of_place(tx, place, copy, now=now)


def _of_place(tx: Tx, place: KnownPlace, copy: Run, *, now: datetime) -> Report:
    drill, trial = proofs.drill_at(tx, place), proofs.trial_at(tx, place)
    drills = [one for one in proofs.drills(tx, since=now - MONTH) if one.place_n == place.n]
    checked = proofs.check_at(tx, place)
    is_mended = drill is not None and drill.is_passed and checked and drill.act > (checked.act or 0)
    drilled = None if drill is None else _drilled(drill)
    at = copy.ended_at or copy.started_at
    return Report(
        now,
        copied=Copied(at, 1, copy.files, copy.files_new, copy.act),
        tried=None if trial is None else Tried(trial.is_open, trial.act),
        drilled=drilled,
        month=_month(drills, drill),
        restore=_length(drill, copy),
        unread=copy.unread,
        checked=None if is_mended else checked,
    )


def _drilled(drill: Drill) -> Drilled:
    is_failed = not drill.is_passed
    return Drilled(drill.good, drill.of, drill.bad, drill.act, drill.at, is_failed)


def _month(drills: list[Drill], newest: Drill | None) -> Month | None:
    """Drills of one place; nothing more can be said of one alone, or where one took every file."""
    is_one, is_all = len(drills) <= 1, newest is None or newest.good == newest.of
    if is_one or is_all:
        return None
    return Month(sum(one.good for one in drills), sum(len(one.bad) for one in drills))


def _length(drill: Drill | None, newest: Run) -> timedelta | None:
    """How long all of it would take, at the pace of the newest drill; None where it had none."""
    if drill is None or not drill.bytes or not drill.seconds:
        return None
    return timedelta(seconds=newest.bytes * drill.seconds / drill.bytes)


def _failures(data: list[PlaceStanding], month: list[Run]) -> list[Failed]:
    """Each place whose newest run failed, since the first failure after its newest copy."""
    found: list[Failed] = []
    for one in data:
        last = one.last
        if last is None or last.state is not RunState.FAILED:
            continue
        since = min(
            (
                run.started_at
                for run in month
                if run.place_n == one.place.n
                and run.state is RunState.FAILED
                and (one.copy is None or run.n > one.copy.n)
            ),
            default=last.started_at,
        )
        why = last.why or FailedWhy.UNKNOWN
        found.append(Failed(one.place.order.name, why, since, last.act))
    return found
