"""How does evidence come in? Heartbeats, and breaks that are noted once and for ever.

A heartbeat is evidence, not an act: it says that the collector ran, also when it found nothing. A
break is an act. Both are written in one transaction, so a collector that dies leaves no heartbeat
that covers what it did not note.
"""

from datetime import datetime, timedelta

from kept.base.clock import to_micros
from kept.base.encoding import row_digest
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind
from kept.promises import store
from kept.promises.kinds.judge import judge
from kept.promises.model.evidence import BREAK_WINDOW, Evidence, Standing
from kept.promises.model.measures import PERIODS
from kept.promises.model.promise import Promise

DEFAULT_PERIOD = timedelta(days=1)


def collect(
    tx: Tx, origin: str, /, *, actor: Actor, promise: Promise, evidence: Evidence, now: datetime
) -> Pending[tuple[str, ...]]:
    """Note every break of a measurement that is not noted yet, then the heartbeat; the new refs."""
    late = judge(promise, evidence, now).late
    found = [(b.ref, b.happened_at) for b in evidence.breaks]
    found += [(one.ref, one.since) for one in late if one.ref]
    new = [(ref, at) for ref, at in found if not store.has_break(tx, promise.key, ref)]
    for ref, at in new:
        note_break(tx, origin, actor=actor, key=promise.key, ref=ref, happened_at=at, now=now)
    record_heartbeat(tx, key=promise.key, now=now)
    return Pending(tuple(ref for ref, _ in new))


def record_heartbeat(
    tx: Tx, /, *, key: str, now: datetime, period: timedelta | None = None
) -> Pending[None]:
    """Say that the promise's collector ran to its end. Evidence, records no act.

    Args:
        tx: the collector's transaction.
        key: of the promise.
        now: when it ran.
        period: how long it may be silent from now on; by default what the measure states.
    """
    silent = period or PERIODS.get(key, DEFAULT_PERIOD)
    store.upsert_heartbeat(tx, key, at=to_micros(now), period=silent)
    return Pending(None)


def note_break(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    key: str,
    ref: str,
    happened_at: datetime,
    now: datetime,
) -> Pending[None]:
    """Append a break, once. Records `promise.broken`; a second report changes nothing.

    Args:
        tx: the collector's transaction.
        origin: the log's name.
        actor: who found it.
        key: of the promise.
        ref: stable within the promise, public, says nothing about a person.
        happened_at: may be in the past; `now` stands beside it for ever.
        now: when it is noted.
    """
    if store.has_break(tx, key, ref):
        return Pending(None)
    happened = to_micros(happened_at)
    detail = {
        "promise": key,
        "ref": ref,
        "happened": happened // 1_000_000,
        "row": row_digest(key, ref, happened),
    }
    act = Act(Kind.PROMISE_BROKEN, actor, HOUSE, detail=detail)
    done = record(tx, origin, act=act, now=now)
    store.insert_break(tx, key, ref, happened=happened, recorded=to_micros(now), act=done.act_id)
    return Pending(None)


def standing(tx: Tx, /, *, key: str, now: datetime) -> Standing:
    """Breaks, heartbeats and pauses of one promise, as far back as anything shows. Reads only."""
    return store.standing(tx, key, since=to_micros(now - BREAK_WINDOW))
