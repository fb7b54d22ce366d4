"""Which copies are due, and in what order are they made? Keys first, then data, then drills.

A copy is made daily at the minute of the plan; a missed one on waking; a failed one again after an
hour. Each new snapshot is drilled once, as soon as a checkpoint is newer than it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from types import MappingProxyType

from kept.backup.acts import places, proofs, runs
from kept.backup.model.places import Holds, KnownPlace
from kept.backup.model.runs import RunState
from kept.backup.model.schedule import MINUTES, Hours, due
from kept.base.errors import KeptError
from kept.crypto.chance import draw
from kept.db.seam import Tx
from kept.flows.back_up import COPIER, CopyParts, back_up, settle_runs
from kept.flows.copy_keys import are_keys_due, copy_keys
from kept.flows.copy_orders import Stop, never
from kept.flows.drill import drill
from kept.ledger.acts import counts

AGAIN = timedelta(hours=1)  # after a run that failed
DRILL_EVERY = timedelta(hours=20)  # of one place, so that each night has its own
MONTH = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done now; names of places."""

    keys: bool
    copies: tuple[str, ...]
    drills: tuple[str, ...]

    @property
    def is_any(self) -> bool:
        """Whether there is something."""
        return self.keys or bool(self.copies) or bool(self.drills)


def due_copies(tx: Tx, origin: str, /, *, now: datetime, zone: tzinfo) -> Due:
    """What is due. Reads only.

    Args:
        tx: a snapshot.
        origin: the ledger's name.
        now: the time.
        zone: the shop's local time.
    """
    known = [one for one in places.places(tx, holds=Holds.DATA) if one.is_enabled]
    plan = places.plan(tx)
    quiet = Hours.parse(plan.quiet) if plan and plan.quiet else None
    minute = plan.minute if plan else 0
    copies = tuple(
        one.order.name
        for one in known
        if _is_copy_due(tx, one, now=now, zone=zone, minute=minute, quiet=quiet)
    )
    published = counts.published_at(tx, origin)
    drills = tuple(
        one.order.name for one in known if published and _is_drill_due(tx, one, published, now)
    )
    return Due(are_keys_due(tx, now=now), copies, drills)


def _is_copy_due(
    tx: Tx,
    place: KnownPlace,
    *,
    now: datetime,
    zone: tzinfo,
    minute: int,
    quiet: Hours | None,
) -> bool:
    last = runs.last_run(tx, place)
    started = runs.last_start(tx, place)
    if last is not None and last.state is RunState.FAILED and last.ended_at is not None:
        is_resting = now - last.ended_at < AGAIN
        is_quiet = quiet is not None and now.astimezone(zone).hour in quiet
        return not is_resting and not is_quiet
    return due(now=now, zone=zone, minute=minute, last_start=started, quiet=quiet) <= now


def _is_drill_due(tx: Tx, place: KnownPlace, published: datetime, now: datetime) -> bool:
    copy = runs.last_copy(tx, place)
    if copy is None or copy.ended_at is None or published <= copy.ended_at:
        return False
    tried = [one.at for one in proofs.drills(tx, since=now - MONTH) if one.place_n == place.n]
    last = max(tried, default=None)
    return last is None or (last < copy.ended_at and now - last >= DRILL_EVERY)


def tend_copies(
    parts: CopyParts,
    wanted: Due,
    /,
    *,
    stop: Stop = never,
    resting: dict[str, datetime] | None = None,
) -> tuple[str, ...]:
    """Do what is due, one after the other; what went wrong in words. Takes long.

    A run that failed is noted by its act and told on the page; here stands what could not even
    begin or be noted, and each drill that found a copy not good.

    Args:
        parts: of the house.
        wanted: from `look_for_work`.
        stop: asked often.
        resting: gets the places whose drill left no act, and when: for the next `look_for_work`.
    """
    problems = list[str]()
    work = [(copy_keys_once, "")] if wanted.keys else []
    work += [(_copy_once, name) for name in wanted.copies]
    renewed = set(wanted.copies)  # the log has no page yet that is newer than these
    for step, name in work:
        if stop():
            break
        try:
            step(parts, name, stop)
        except KeptError as error:
            problems.append(f"{name or 'keys'}: {error}")
    for name in (one for one in wanted.drills if one not in renewed):
        if stop():
            break
        is_noted, problem = _drill_once(parts, name, stop)
        if problem:
            problems.append(f"{name}: {problem}")
        if not is_noted and resting is not None:
            resting[name] = parts.clock.now()
    return tuple(problems)


def look_for_work(
    parts: CopyParts, /, *, resting: Mapping[str, datetime] = MappingProxyType({})
) -> Due:
    """What is due now; a plan is drawn with the first place, and dead runs are told failed.

    Args:
        parts: of the house.
        resting: places whose drill left no act, and when: tried again after an hour.

    Raises:
        UnavailableError: the database is away.
    """
    now = parts.clock.now()
    if not parts.db.read(places.places):
        return Due(keys=False, copies=(), drills=())
    settle_runs(parts)
    if parts.db.read(places.plan) is None:
        drawn = int.from_bytes(draw(8), "big") % MINUTES
        parts.db.write(
            lambda tx: places.draw_plan(
                tx, parts.vault.origin, actor=COPIER, drawn=drawn, now=parts.clock.now()
            )
        )
    zone = now.astimezone().tzinfo or now.tzinfo
    assert zone is not None  # noqa: S101  # `now` is aware
    due_now = parts.db.read(lambda tx: due_copies(tx, parts.vault.origin, now=now, zone=zone))
    rested = [one for one in due_now.drills if one not in resting or now - resting[one] >= AGAIN]
    return replace(due_now, drills=tuple(rested))


def copy_keys_once(parts: CopyParts, _name: str, _stop: Stop) -> None:
    """Replace the copies of keys.

    Raises:
        KeptError: as `copy_keys`.
    """
    copy_keys(parts)


def _copy_once(parts: CopyParts, name: str, stop: Stop) -> None:
    back_up(parts, name, actor=COPIER, stop=stop)


def _drill_once(parts: CopyParts, name: str, stop: Stop) -> tuple[bool, str]:
    """Whether its act was written, and what went wrong."""
    try:
        found = drill(parts, name, actor=COPIER, stop=stop)
    except KeptError as error:
        return False, str(error)
    is_noted = found.act is not None
    if found.failed is not None:
        return is_noted, found.failed.said
    if found.figures is not None and not found.figures.is_passed:
        return is_noted, "the drill failed: the copy did not come back as it was"
    return is_noted, "the copy can be read without its key" if found.is_open else ""
