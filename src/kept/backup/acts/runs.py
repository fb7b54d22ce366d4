"""How did a run go? It begins with a row, and ends with its act in one transaction.

A run whose process died between the two stands as `running` until `settle` says so with an act:
what it had stored stays good, and the next run goes on from there.
"""

import json
from bisect import bisect_left
from dataclasses import replace
from datetime import datetime

from kept.backup.model.forgetting import Sight
from kept.backup.model.inventory import decode
from kept.backup.model.inventory import inventory_root as root_of
from kept.backup.model.places import KnownPlace
from kept.backup.model.report import Unread
from kept.backup.model.report_reasons import FailedWhy, UnreadWhy
from kept.backup.model.runs import COPIED, MOST_UNREAD_KEPT, Run, RunFigures, RunState
from kept.backup.store import places as place_store
from kept.backup.store import runs as store
from kept.backup.store.runs import RunRow
from kept.base.clock import from_micros, to_micros
from kept.base.errors import ConflictError, MalformedError, NotFoundError
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind

SNAPSHOTS = "snapshots"  # of the inventory's kinds


def begin_run(tx: Tx, /, *, place: KnownPlace, now: datetime) -> Pending[int]:
    """Note that a run begins; its number. What it does is recorded when it ends.

    Raises:
        ConflictError: another run is under way at this place.
    """
    if any(row.place_n == place.n for row in store.running(tx)):
        raise ConflictError("A copy to this place is being made already. Nothing was changed.")
    return Pending(store.begin(tx, place_n=place.n, at=to_micros(now)))


def finish_run(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    run: int,
    figures: RunFigures,
    now: datetime,
) -> Pending[int]:
    """The run left a snapshot. Records `backup.done`; the act's number.

    Every snapshot that lies there is noted as seen: each run is a look at the place.

    Raises:
        NotFoundError: no such run.
        ConflictError: it has ended already.
        MalformedError: the inventory is not the one of the root.
    """
    row, place = _open(tx, run)
    listed = decode(figures.inventory)
    if root_of(listed) != figures.inventory_root:
        raise MalformedError("inventory", "has another root")
    detail = {
        "place": place,
        **_began(row),
        "snapshot": figures.snapshot.hex(),
        "tree": figures.tree.hex(),
        "inventory_root": figures.inventory_root.hex(),
        "files": figures.files,
        "bytes": figures.bytes,
        "new": figures.files_new,
        "sent": figures.bytes_sent,
        "unread": len(figures.unread),
        "verified": figures.verified,
        "seconds": figures.seconds,
        **({"gone": figures.gone} if figures.gone else {}),
    }
    done = record(tx, origin, act=Act(Kind.BACKUP_DONE, actor, HOUSE, detail=detail), now=now)
    kept = [[one.path, one.why.value] for one in figures.unread[:MOST_UNREAD_KEPT]]
    ended = replace(
        row,
        state=(RunState.PARTIAL if figures.unread else RunState.DONE).value,
        ended_at=to_micros(now),
        seconds=figures.seconds,
        snapshot=figures.snapshot,
        tree=figures.tree,
        inventory_root=figures.inventory_root,
        files=figures.files,
        files_new=figures.files_new,
        bytes=figures.bytes,
        bytes_sent=figures.bytes_sent,
        verified=figures.verified,
        unread=len(figures.unread),
        unread_list=json.dumps(kept),
        act=done.act_id,
    )
    _end(tx, ended, inventory=figures.inventory)
    store.drop_inventories(tx, row.place_n, but=row.n)
    seen = {figures.snapshot, *(bytes.fromhex(one.name) for one in listed if one.kind == SNAPSHOTS)}
    for one in sorted(seen):
        store.see(tx, row.place_n, one, at=to_micros(now))
    return Pending(done.act_id)


def fail_run(
    tx: Tx, origin: str, /, *, actor: Actor, run: int, why: FailedWhy, now: datetime
) -> Pending[int]:
    """The run left no snapshot. Records `backup.failed` with the plain reason; the act's number.

    Raises:
        NotFoundError: no such run.
        ConflictError: it has ended already.
    """
    row, place = _open(tx, run)
    seconds = max(0, (to_micros(now) - row.started_at) // 1_000_000)
    detail = {"place": place, **_began(row), "why": why.value, "seconds": seconds, "sent": 0}
    done = record(tx, origin, act=Act(Kind.BACKUP_FAILED, actor, HOUSE, detail=detail), now=now)
    ended = replace(
        row,
        state=RunState.FAILED.value,
        why=why.value,
        ended_at=to_micros(now),
        seconds=seconds,
        act=done.act_id,
    )
    _end(tx, ended)
    return Pending(done.act_id)


def settle(
    tx: Tx, origin: str, /, *, actor: Actor, alive: frozenset[int] = frozenset(), now: datetime
) -> Pending[int]:
    """Runs that nobody works on any more have failed; how many. Records `backup.failed` for each.

    Args:
        tx: the transaction.
        origin: the ledger's name.
        actor: who looks.
        alive: runs that this process works on.
        now: the time.
    """
    dead = [row for row in store.running(tx) if row.n not in alive]
    for row in dead:
        fail_run(tx, origin, actor=actor, run=row.n, why=FailedWhy.UNKNOWN, now=now)
    return Pending(len(dead))


def runs(tx: Tx, /, *, since: datetime, most: int = 200) -> list[Run]:
    """Runs that began since a time, newest first. Reads only."""
    return [_run(row) for row in store.recent(tx, since=to_micros(since), most=most)]


def last_run(tx: Tx, place: KnownPlace, /) -> Run | None:
    """The newest run of a place that has ended, whatever came of it. Reads only."""
    row = store.newest(tx, place.n, *(state.value for state in RunState if state != "running"))
    return _run(row) if row else None


def last_copy(tx: Tx, place: KnownPlace, /) -> Run | None:
    """The newest run of a place that left a snapshot. Reads only."""
    row = store.newest(tx, place.n, *(state.value for state in COPIED))
    return _run(row) if row else None


def last_start(tx: Tx, place: KnownPlace, /) -> datetime | None:
    """When the newest run of a place began. Reads only."""
    row = store.newest(tx, place.n, *(state.value for state in RunState))
    return from_micros(row.started_at) if row else None


def tree_of(tx: Tx, run: Run, /) -> bytes:
    """The tree of a run's snapshot, 32 bytes. Reads only.

    Raises:
        NotFoundError: the run left no snapshot.
    """
    row = store.by_number(tx, run.n)
    if row is None or row.tree is None:
        raise NotFoundError("This run left no snapshot.")
    return row.tree


def inventory_of(tx: Tx, run: Run, /) -> bytes | None:
    """The list of what lay there when the run ended; kept of the newest run alone. Reads only."""
    return store.inventory(tx, run.n)


def first_seen(tx: Tx, place: KnownPlace, /) -> dict[bytes, datetime]:
    """When each snapshot at a place was first seen. Reads only."""
    return {name: from_micros(at) for name, at in store.first_seen(tx, place.n).items()}


def sights(tx: Tx, place: KnownPlace, /) -> tuple[dict[str, Sight], datetime | None]:
    """What the house noted of the snapshots at a place, and when it looked last. Reads only.

    A snapshot of ours was made while its run went on; another's between two looks. What stood
    there before the first look has no sight.
    """
    made = {name: (began, ended) for name, began, ended in store.snapshots_made(tx, place.n)}
    seen = store.first_seen(tx, place.n)
    looks = sorted({*(ended for _, ended in made.values()), *seen.values()})
    found = dict[str, Sight]()
    for name, first in seen.items():
        before = made[name][0] if name in made else _look_before(looks, first)
        if before is not None:
            found[name.hex()] = Sight(from_micros(before), from_micros(first))
    return found, from_micros(looks[-1]) if looks else None


def _look_before(looks: list[int], first: int) -> int | None:
    at = bisect_left(looks, first)
    return looks[at - 1] if at else None


def _open(tx: Tx, run: int) -> tuple[RunRow, str]:
    row = store.by_number(tx, run)
    if row is None:
        raise NotFoundError("There is no such run.")
    if row.state != RunState.RUNNING:
        raise ConflictError("This run has ended already.")
    name = next((one.name for one in place_store.every(tx) if one.n == row.place_n), "")
    return row, name


def _began(row: RunRow) -> dict[str, int]:
    """Which run it was and when it began, microseconds."""
    return {"run": row.n, "began": row.started_at}


def _end(tx: Tx, row: RunRow, *, inventory: bytes | None = None) -> None:
    if not store.end(tx, row, inventory=inventory):
        raise ConflictError("This run has ended already.")


def _run(row: RunRow) -> Run:
    return Run(
        n=row.n,
        place_n=row.place_n,
        state=RunState(row.state),
        why=FailedWhy(row.why) if row.why else None,
        started_at=from_micros(row.started_at),
        ended_at=None if row.ended_at is None else from_micros(row.ended_at),
        seconds=row.seconds,
        snapshot=row.snapshot,
        inventory_root=row.inventory_root,
        files=row.files,
        files_new=row.files_new,
        bytes=row.bytes,
        bytes_sent=row.bytes_sent,
        unread_count=row.unread,
        unread=tuple(Unread(path, UnreadWhy(why)) for path, why in json.loads(row.unread_list)),
        act=row.act,
    )
