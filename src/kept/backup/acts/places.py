"""Where do copies lie? Adding and changing a place, and the plan by which copies run."""

import json
from dataclasses import replace
from datetime import datetime

from kept.backup.model.places import Holds, KnownPlace, PlaceChange, PlaceOrder, Plan
from kept.backup.model.schedule import Bandwidth, Hours, minute_of
from kept.backup.store import places as store
from kept.backup.store import proofs as proof_store
from kept.backup.store import runs as run_store
from kept.backup.store.places import PlaceRow, PlanRow
from kept.base.clock import from_micros, to_micros
from kept.base.encoding import row_digest
from kept.base.errors import ConflictError, MalformedError, NotFoundError, RefusedError
from kept.crypto.keys import Wrapped
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind

_LAST_MINUTE = 1439
KEYS_LIE_THERE = (
    "A copy of the keys lies there. Whoever is erased later could be read from it, so the place"
    " stays on the list until you have destroyed that copy and say so."
)


def add_place(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    place_id: bytes,
    order: PlaceOrder,
    secrets: tuple[int, Wrapped] | None,
    now: datetime,
) -> Pending[KnownPlace]:
    """Remember a place. Records `backup.place_added`: its name, and what it holds.

    Args:
        tx: the transaction.
        origin: the ledger's name.
        actor: who adds it.
        place_id: 16 random bytes.
        order: what the owner says of it; no credentials.
        secrets: (epoch of the vault key, its wrap of the credentials), or None.
        now: the time.

    Raises:
        ConflictError: a place has this name, or had it.
    """
    if store.named(tx, order.name) is not None:
        raise ConflictError(f"A place called {order.name} is there already. Nothing was changed.")
    if store.was_removed(tx, order.name):
        raise ConflictError("A place of this name was taken off the list. Choose another name.")
    epoch, wrapped = secrets or (None, None)
    row = PlaceRow(
        n=0,
        id=place_id,
        name=order.name,
        holds=order.holds.value,
        address=order.address,
        part_bytes=order.part_bytes,
        folders=json.dumps(order.folders),
        excludes=json.dumps(order.excludes),
        via=order.via,
        is_enabled=1,
        is_near=int(order.is_near),
        epoch=epoch,
        secrets=wrapped.wrap if wrapped else None,
        commitment=wrapped.commitment if wrapped else None,
        made_at=to_micros(now),
    )
    detail = {
        "place": order.name,
        "holds": order.holds.value,
        "part_bytes": order.part_bytes,
        "row": _digest(row),
    }
    done = record(
        tx, origin, act=Act(Kind.BACKUP_PLACE_ADDED, actor, HOUSE, detail=detail), now=now
    )
    store.insert(tx, row, act=done.act_id)
    return Pending(place(tx, order.name))


def change_place(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    name: str,
    change: PlaceChange,
    now: datetime,
) -> Pending[KnownPlace]:
    """Change what may change of a place. Records `backup.place_changed`.

    Raises:
        NotFoundError: no such place.
        MalformedError: a value out of range.
    """
    known = place(tx, name)
    order = replace(
        known.order,
        part_bytes=known.order.part_bytes if change.part_bytes is None else change.part_bytes,
        folders=known.order.folders if change.folders is None else change.folders,
        excludes=known.order.excludes if change.excludes is None else change.excludes,
    )
    is_on = known.is_enabled if change.is_enabled is None else change.is_enabled
    row = replace(
        _row(tx, name),
        part_bytes=order.part_bytes,
        folders=json.dumps(order.folders),
        excludes=json.dumps(order.excludes),
        is_enabled=int(is_on),
    )
    detail = {
        "place": name,
        "enabled": is_on,
        "part_bytes": order.part_bytes,
        "row": _digest(row),
    }
    act = Act(Kind.BACKUP_PLACE_CHANGED, actor, HOUSE, detail=detail)
    done = record(tx, origin, act=act, now=now)
    store.change(tx, row, act=done.act_id)
    return Pending(place(tx, name))


def remove_place(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    name: str,
    is_copy_destroyed: bool = False,
    now: datetime,
) -> Pending[None]:
    """Take a place off the list. Records `backup.place_removed`.

    What lies there stays as it is. What opened the place is forgotten with it, and its name is
    not given again: the public log tells of it.

    Args:
        tx: the transaction.
        origin: the ledger's name.
        actor: who wants it.
        name: of the place.
        is_copy_destroyed: of a place of keys: its owner says that the copy there is no more.
        now: the time.

    Raises:
        NotFoundError: no such place.
        ConflictError: a copy to it is under way.
        RefusedError: a copy of the keys lies there.
    """
    row = _row(tx, name)
    held = proof_store.newest_key_copy(tx, row.n)
    if held is not None and not is_copy_destroyed:
        raise RefusedError("backup.keys_lie_there", KEYS_LIE_THERE)
    if any(run.place_n == row.n for run in run_store.running(tx)):
        raise ConflictError("A copy to this place is being made. Stop it first.")
    bare = replace(row, is_enabled=0, epoch=None, secrets=None, commitment=None)
    detail = {
        "place": name,
        "enabled": False,
        "part_bytes": row.part_bytes,
        "row": _digest(bare),
        **({} if held is None else {"destroyed": True}),
    }
    act = Act(Kind.BACKUP_PLACE_REMOVED, actor, HOUSE, detail=detail)
    done = record(tx, origin, act=act, now=now)
    store.remove(tx, row.n, at=to_micros(now), act=done.act_id)
    return Pending(None)


def places(tx: Tx, /, *, holds: Holds | None = None) -> list[KnownPlace]:
    """Every place, or those that hold this, in the order added. Reads only."""
    found = [_known(row) for row in store.every(tx)]
    return [one for one in found if holds is None or one.order.holds is holds]


def place(tx: Tx, name: str, /) -> KnownPlace:
    """The place of this name. Reads only.

    Raises:
        NotFoundError: no such place.
    """
    return _known(_row(tx, name))


def sealed_secrets(tx: Tx, name: str, /) -> tuple[int, Wrapped] | None:
    """(epoch, wrap) of a place's credentials; None where there are none. Reads only.

    Raises:
        NotFoundError: no such place.
    """
    row = _row(tx, name)
    if row.epoch is None or row.secrets is None or row.commitment is None:
        return None
    return row.epoch, Wrapped(row.secrets, row.commitment)


def draw_plan(tx: Tx, origin: str, /, *, actor: Actor, drawn: int, now: datetime) -> Pending[Plan]:
    """The plan; the first time it is made, with a minute of its own.

    Args:
        tx: the transaction.
        origin: the ledger's name.
        actor: who asks.
        drawn: uniform below `schedule.MINUTES`.
        now: the time.
    """
    known = plan(tx)
    if known is not None:
        return Pending(known)
    return set_plan(tx, origin, actor=actor, plan=Plan(minute_of(drawn)), now=now)


def set_plan(tx: Tx, origin: str, /, *, actor: Actor, plan: Plan, now: datetime) -> Pending[Plan]:
    """Put a plan in place of the old one. Records `backup.plan_changed`.

    Raises:
        MalformedError: hours, a speed or a minute of another form.
    """
    if not 0 <= plan.minute <= _LAST_MINUTE:
        raise MalformedError("minute", "0 to 1439")
    if plan.quiet:
        Hours.parse(plan.quiet)
    Bandwidth.parse(plan.bandwidth)
    detail = {
        "minute": plan.minute,
        "quiet": plan.quiet,
        "bandwidth": plan.bandwidth,
        "keep": plan.keep,
    }
    act = Act(Kind.BACKUP_PLAN_CHANGED, actor, HOUSE, detail=detail)
    done = record(tx, origin, act=act, now=now)
    row = PlanRow(plan.minute, plan.quiet, plan.bandwidth, plan.keep)
    store.save_plan(tx, row, act=done.act_id)
    return Pending(plan)


def plan(tx: Tx, /) -> Plan | None:
    """The plan; None before it was drawn. Reads only."""
    row = store.plan(tx)
    return None if row is None else Plan(row.minute, row.quiet, row.bandwidth, row.keep)


def _digest(row: PlaceRow) -> str:
    """What its act says of where it lies. Nobody guesses it: the id is random and in no act."""
    return row_digest(
        row.id,
        row.address,
        row.folders,
        row.excludes,
        row.via,
        row.is_near,
        row.epoch,
        row.secrets,
        row.commitment,
    )


def _row(tx: Tx, name: str) -> PlaceRow:
    row = store.named(tx, name)
    if row is None:
        raise NotFoundError(f"No place for copies is called {name}.")
    return row


def _known(row: PlaceRow) -> KnownPlace:
    order = PlaceOrder(
        name=row.name,
        address=row.address,
        holds=Holds(row.holds),
        part_bytes=row.part_bytes,
        folders=tuple(json.loads(row.folders)),
        excludes=tuple(json.loads(row.excludes)),
        via=row.via,
        is_near=bool(row.is_near),
    )
    return KnownPlace(row.n, row.id, order, bool(row.is_enabled), from_micros(row.made_at))
