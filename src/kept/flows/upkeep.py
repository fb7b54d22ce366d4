"""What is done with copies that lie somewhere already? Orders to an engine, and an act for each.

What was only looked at, a rehearsal or stale locks, leaves no act.
"""

from kept.backup.acts import places, proofs
from kept.backup.model.places import Holds, KnownPlace
from kept.base.errors import NotFoundError, RefusedError
from kept.flows.back_up import CopyParts, access_of
from kept.flows.copy_orders import Access, Failed, Look, Stop
from kept.flows.copy_sights import noted
from kept.flows.upkeep_orders import (
    CheckDone,
    CheckOrder,
    RehearseDone,
    RehearseOrder,
    RestoreDone,
    RestoreOrder,
    RoomDone,
    RoomOrder,
    UnlockDone,
    UnlockOrder,
    UpkeepEngine,
)
from kept.ledger.model import Actor

HEX_CHARS, HEX = 64, frozenset("0123456789abcdef")
SUBSET = "5%"  # of the parts, read through at a check that somebody asked for


def restore(
    parts: CopyParts,
    engine: UpkeepEngine,
    name: str,
    /,
    *,
    wanted: tuple[str, bytes, str],
    actor: Actor,
    look: Look,
    stop: Stop,
) -> RestoreDone | Failed:
    """Bring files back. Records `backup.restored`: how many, never which.

    Args:
        parts: of the house.
        engine: carries it out.
        name: of the place.
        wanted: (snapshot, path in it, new or empty folder).
        actor: who wants it.
        look: told how far it is.
        stop: asked often.

    Raises:
        NotFoundError: no such place, or no such copy.
        RefusedError: it holds keys.
        TamperedError: its stored credentials were changed.
        UnavailableError: data.db cannot be read or written.
    """
    place, access = _at(parts, name)
    snapshot, path, target = wanted
    if len(snapshot) != HEX_CHARS or not set(snapshot) <= HEX:
        raise NotFoundError("There is no such copy.")
    done = engine.restore(RestoreOrder(access, snapshot, path, target), look=look, stop=stop)
    if isinstance(done, Failed):
        return done
    parts.db.write(
        lambda tx: proofs.note_restored(
            tx,
            parts.vault.origin,
            actor=actor,
            place=place,
            snapshot=bytes.fromhex(snapshot),
            files=done.files,
            bad=done.lost_count,
            now=parts.clock.now(),
        )
    )
    return done


def check(
    parts: CopyParts, engine: UpkeepEngine, name: str, /, *, actor: Actor, look: Look, stop: Stop
) -> CheckDone | Failed:
    """See whether every copy at a place is whole. Records `backup.checked`, unless ended early.

    Raises:
        NotFoundError: no such place.
        RefusedError: it holds keys.
        TamperedError: its stored credentials were changed.
        UnavailableError: data.db cannot be read or written.
    """
    place, access = _at(parts, name)
    done = engine.check(CheckOrder(access, SUBSET), look=look, stop=stop)
    if isinstance(done, Failed) or not done.is_whole:
        return done
    found = {"parts": done.parts, "read": done.read, "bad": done.bad}
    parts.db.write(
        lambda tx: proofs.note_checked(
            tx,
            parts.vault.origin,
            actor=actor,
            place=place,
            found=found,
            now=parts.clock.now(),
        )
    )
    return done


def rehearse(
    parts: CopyParts, engine: UpkeepEngine, name: str, /, *, grace: str, look: Look, stop: Stop
) -> RehearseDone | Failed:
    """Say what would go by the rules of the plan. Changes and records nothing.

    Args:
        parts: of the house.
        engine: carries it out.
        name: of the place.
        grace: the folder in which forgotten snapshots of this machine wait.
        look: told how far it is.
        stop: asked often.

    Raises:
        NotFoundError: no such place.
        RefusedError: it holds keys.
        TamperedError: its stored credentials were changed.
        UnavailableError: data.db cannot be read.
    """
    place, access = _at(parts, name)
    plan = parts.db.read(places.plan)
    known = parts.db.read(lambda tx: noted(tx, place))
    order = RehearseOrder(access, plan.keep if plan else "", grace, known)
    return engine.rehearse(order, look=look, stop=stop)


def make_room(
    parts: CopyParts,
    engine: UpkeepEngine,
    name: str,
    /,
    *,
    going: tuple[str, ...],
    grace: str,
    actor: Actor,
    look: Look,
    stop: Stop,
) -> RoomDone | Failed:
    """Let snapshots go, and remove what none needs. Records `backup.forgotten`, `backup.pruned`.

    Args:
        parts: of the house.
        engine: carries it out.
        name: of the place.
        going: snapshots, 64 hex digits each, as a rehearsal named them.
        grace: the folder in which forgotten snapshots of this machine wait.
        actor: who wants it.
        look: told how far it is.
        stop: asked often.

    Raises:
        NotFoundError: no such place.
        RefusedError: it holds keys.
        TamperedError: its stored credentials were changed.
        UnavailableError: data.db cannot be read or written.
    """
    place, access = _at(parts, name)
    plan = parts.db.read(places.plan)
    done = engine.make_room(RoomOrder(access, going, grace), look=look, stop=stop)
    if isinstance(done, Failed):
        return done
    now, origin = parts.clock.now(), parts.vault.origin
    if done.forgotten:
        parts.db.write(
            lambda tx: proofs.note_forgotten(
                tx,
                origin,
                actor=actor,
                place=place,
                snapshots=tuple(bytes.fromhex(one) for one in done.forgotten),
                policy=plan.keep if plan else "",
                now=now,
            )
        )
    found = {"removed": done.removed, "repacked": done.repacked, "freed": done.freed_bytes}
    parts.db.write(
        lambda tx: proofs.note_pruned(tx, origin, actor=actor, place=place, found=found, now=now)
    )
    return done


def unlock(
    parts: CopyParts, engine: UpkeepEngine, name: str, /, *, look: Look, stop: Stop
) -> UnlockDone | Failed:
    """Remove the locks of those who are surely gone. Records nothing.

    Raises:
        NotFoundError: no such place.
        RefusedError: it holds keys.
        TamperedError: its stored credentials were changed.
        UnavailableError: data.db cannot be read.
    """
    _, access = _at(parts, name)
    return engine.unlock(UnlockOrder(access), look=look, stop=stop)


def _at(parts: CopyParts, name: str) -> tuple[KnownPlace, Access]:
    place = parts.db.read(lambda tx: places.place(tx, name))
    if place.order.holds is Holds.KEYS:
        raise RefusedError("backup.holds_keys", "This place holds the copy of keys, and no data.")
    return place, access_of(parts, place)
