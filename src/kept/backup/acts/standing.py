"""How do the copies stand? Every place with its newest run, and the report, from rows alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.backup.acts import places, proofs, runs
from kept.backup.model.inventory import decode
from kept.backup.model.places import Holds, KnownPlace, Plan
from kept.backup.model.report import (
    FRESH_WITHIN,
    Copied,
    Drilled,
    Failed,
    Month,
    Report,
    Tried,
)
from kept.backup.model.report_reasons import FailedWhy
from kept.backup.model.runs import Drill, Run, RunState
from kept.db.seam import Tx

MONTH = timedelta(days=30)


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
    return Standing(_report(tx, told, month, drill=drill, now=now), told, drill, places.plan(tx))


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


def _report(
    tx: Tx,
    told: tuple[PlaceStanding, ...],
    month: list[Run],
    *,
    drill: Drill | None,
    now: datetime,
) -> Report:
    data = [one for one in told if one.place.order.holds is Holds.DATA and one.place.is_enabled]
    copies = [one.copy for one in data if one.copy is not None and one.copy.ended_at is not None]
    newest = max(copies, key=lambda run: run.n, default=None)
    if newest is None or newest.ended_at is None:
        return Report(now, failed=tuple(_failures(data, month)))
    fresh = [c for c in copies if c.ended_at and newest.ended_at - c.ended_at <= FRESH_WITHIN]
    trial, drills = proofs.last_trial(tx), proofs.drills(tx, since=now - MONTH)
    return Report(
        now,
        copied=Copied(newest.ended_at, len(fresh), newest.files, newest.files_new, newest.act),
        tried=None if trial is None else Tried(trial.is_open, trial.act),
        drilled=None if drill is None else Drilled(drill.good, drill.of, drill.bad, drill.act),
        month=_month(drills, drill),
        restore=_length(drill, newest),
        unread=newest.unread,
        failed=tuple(_failures(data, month)),
    )


def _month(drills: list[Drill], newest: Drill | None) -> Month | None:
    """All drills together; nothing more can be said of one alone, or where one took every file."""
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
