"""What was tried on the copies? Each try leaves one act, whatever it found."""

import json
from collections.abc import Mapping
from datetime import datetime

from kept.backup.model.places import KnownPlace
from kept.backup.model.report import Checked
from kept.backup.model.runs import Drill, DrillFigures, HouseFound, Trial
from kept.backup.store import proofs as store
from kept.backup.store import runs as run_store
from kept.backup.store.proofs import DrillRow, KeyCopyRow, TrialRow
from kept.base.clock import from_micros, to_micros
from kept.base.encoding import Json, row_digest
from kept.db.seam import Pending, Tx
from kept.ledger.acts.details import newest_detail
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind

_MOST_BAD_KEPT = 1000


def note_drill(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    place: KnownPlace,
    figures: DrillFigures,
    now: datetime,
) -> Pending[int]:
    """Keep what a drill found. Records `drill.done`; the act's number."""
    detail: dict[str, Json] = {
        "place": place.order.name,
        "snapshot": figures.snapshot.hex(),
        "seed": figures.seed.hex(),
        "asked": figures.asked,
        "of": figures.of,
        "good": figures.good,
        "bad": len(figures.bad),
        "house": figures.house.value,
        "seconds": figures.seconds,
        "where": figures.where,
        "row": row_digest(figures.checkpoint, figures.bytes),
    }
    done = record(tx, origin, act=Act(Kind.DRILL_DONE, actor, HOUSE, detail=detail), now=now)
    row = DrillRow(
        n=0,
        place_n=place.n,
        snapshot=figures.snapshot,
        seed=figures.seed,
        at=to_micros(now),
        asked=figures.asked,
        of_files=figures.of,
        good=figures.good,
        bad=len(figures.bad),
        bad_list=json.dumps(figures.bad[:_MOST_BAD_KEPT]),
        bytes=figures.bytes,
        seconds=figures.seconds,
        house=figures.house.value,
        location=figures.where,
        act=done.act_id,
    )
    store.insert_drill(tx, row, checkpoint=figures.checkpoint)
    return Pending(done.act_id)


def note_trial(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    place: KnownPlace,
    snapshot: bytes | None,
    is_open: bool,
    parts: int,
    now: datetime,
) -> Pending[int]:
    """Keep whether the copy could be read without its key. Records `drill.keyless`."""
    detail: dict[str, Json] = {
        "place": place.order.name,
        "open": is_open,
        "parts": parts,
        "row": row_digest(snapshot),
    }
    done = record(tx, origin, act=Act(Kind.DRILL_KEYLESS, actor, HOUSE, detail=detail), now=now)
    row = TrialRow(place.n, to_micros(now), int(is_open), parts, done.act_id)
    store.insert_trial(tx, row, snapshot=snapshot)
    return Pending(done.act_id)


def note_key_copy(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    place: KnownPlace,
    began: datetime,
    sha256: bytes,
    size: int,
    now: datetime,
) -> Pending[int]:
    """The copy of the keys was replaced, older ones are gone. Records `key_copy.replaced`.

    Args:
        tx: the transaction.
        origin: the ledger's name.
        actor: who did it.
        place: where.
        began: before keys.db was read: what was destroyed until then is not in the copy.
        sha256: of the sealed file.
        size: of the sealed file, bytes.
        now: the time.
    """
    detail: dict[str, Json] = {
        "place": place.order.name,
        "began": to_micros(began),
        "sha256": sha256.hex(),
        "bytes": size,
    }
    done = record(tx, origin, act=Act(Kind.KEY_COPY_REPLACED, actor, HOUSE, detail=detail), now=now)
    row = KeyCopyRow(place.n, to_micros(began), to_micros(now), sha256, size, done.act_id)
    store.insert_key_copy(tx, row)
    return Pending(done.act_id)


def note_checked(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    place: KnownPlace,
    found: Mapping[str, Json],
    now: datetime,
) -> Pending[int]:
    """A place was checked; `found` holds counts and digests alone. Records `backup.checked`."""
    act = Act(Kind.BACKUP_CHECKED, actor, HOUSE, detail={"place": place.order.name, **found})
    return _only(tx, origin, act, now)


def note_forgotten(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    place: KnownPlace,
    snapshots: tuple[bytes, ...],
    policy: str,
    now: datetime,
) -> Pending[int]:
    """Snapshots were let go. Records `backup.forgotten`."""
    for one in snapshots:
        run_store.see(tx, place.n, one, at=to_micros(now))
        run_store.forget(tx, place.n, one, at=to_micros(now))
    detail: dict[str, Json] = {
        "place": place.order.name,
        "ids": [one.hex() for one in snapshots],
        "policy": policy,
    }
    act = Act(Kind.BACKUP_FORGOTTEN, actor, HOUSE, detail=detail)
    return _only(tx, origin, act, now)


def note_pruned(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    place: KnownPlace,
    found: Mapping[str, int],
    now: datetime,
) -> Pending[int]:
    """Room was freed; `found` holds counts alone. Records `backup.pruned`."""
    act = Act(Kind.BACKUP_PRUNED, actor, HOUSE, detail={"place": place.order.name, **found})
    return _only(tx, origin, act, now)


def note_restored(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    place: KnownPlace,
    snapshot: bytes,
    files: int,
    bad: int,
    now: datetime,
) -> Pending[int]:
    """Files were taken back from a copy. Records `backup.restored`: how many, never which."""
    detail: dict[str, Json] = {
        "place": place.order.name,
        "snapshot": snapshot.hex(),
        "files": files,
        "bad": bad,
    }
    act = Act(Kind.BACKUP_RESTORED, actor, HOUSE, detail=detail)
    return _only(tx, origin, act, now)


def note_fetched(
    tx: Tx, origin: str, /, *, actor: Actor, place: str, now: datetime
) -> Pending[int]:
    """What came back from a copy was taken away by browser. Records `backup.fetched`."""
    return _only(tx, origin, Act(Kind.BACKUP_FETCHED, actor, HOUSE, detail={"place": place}), now)


def note_key_change(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    place: KnownPlace,
    change: str,
    key: str,
    now: datetime,
) -> Pending[int]:
    """A key file was added or removed, or a recovery sheet was proved. Records it.

    Args:
        tx: the transaction.
        origin: the ledger's name.
        actor: who did it.
        place: where.
        change: `added`, `removed` or `proved`.
        key: the name of the key file, 64 hex digits.
        now: the time.
    """
    detail: dict[str, Json] = {"place": place.order.name, "change": change, "key": key}
    act = Act(Kind.BACKUP_KEY_CHANGED, actor, HOUSE, detail=detail)
    return _only(tx, origin, act, now)


def note_read(tx: Tx, origin: str, /, *, actor: Actor, run: int, now: datetime) -> Pending[int]:
    """Somebody read the plain report of a run. Records `backup.report_read`."""
    act = Act(Kind.BACKUP_REPORT_READ, actor, HOUSE, detail={"run": run})
    done = record(tx, origin, act=act, now=now)
    store.insert_reading(tx, at=to_micros(now), run_n=run, act=done.act_id)
    return Pending(done.act_id)


def drills(tx: Tx, /, *, since: datetime) -> list[Drill]:
    """Drills since a time, oldest first. Reads only."""
    return [_drill(row) for row in store.drills(tx, since=to_micros(since))]


def last_drill(tx: Tx, /) -> Drill | None:
    """The newest drill. Reads only."""
    row = store.newest_drill(tx)
    return _drill(row) if row else None


def drill_at(tx: Tx, place: KnownPlace, /) -> Drill | None:
    """The newest drill of a place. Reads only."""
    row = store.newest_drill_at(tx, place.n)
    return _drill(row) if row else None


def trial_at(tx: Tx, place: KnownPlace, /) -> Trial | None:
    """The newest try without the key at a place. Reads only."""
    row = store.newest_trial_at(tx, place.n)
    return Trial(from_micros(row.at), bool(row.is_open), row.act) if row else None


def check_at(tx: Tx, place: KnownPlace, /) -> Checked | None:
    """The newest check of a place. Reads only."""
    told = newest_detail(tx, Kind.BACKUP_CHECKED, name="place", value=place.order.name)
    if told is None:
        return None
    bad = told.detail.get("bad")
    return Checked(bad if isinstance(bad, int) else 0, told.at, told.act_id)


def last_trial(tx: Tx, /) -> Trial | None:
    """The newest try without the key. Reads only."""
    row = store.newest_trial(tx)
    return Trial(from_micros(row.at), bool(row.is_open), row.act) if row else None


def last_reading(tx: Tx, /) -> tuple[datetime, int] | None:
    """(when, of which run) the report was read last. Reads only."""
    found = store.newest_reading(tx)
    return (from_micros(found[0]), found[1]) if found else None


def key_copy_began(tx: Tx, place: KnownPlace, /) -> datetime | None:
    """Up to when destroyed keys are gone from a place's copy; None before the first. Reads only."""
    row = store.newest_key_copy(tx, place.n)
    return from_micros(row.began_at) if row else None


def _only(tx: Tx, origin: str, act: Act, now: datetime) -> Pending[int]:
    return Pending(record(tx, origin, act=act, now=now).act_id)


def _drill(row: DrillRow) -> Drill:
    return Drill(
        place_n=row.place_n,
        at=from_micros(row.at),
        of=row.of_files,
        good=row.good,
        bad=tuple(json.loads(row.bad_list)),
        bytes=row.bytes,
        seconds=row.seconds,
        is_passed=0 < row.good == row.asked and not row.bad and row.house in {"whole", "untried"},
        act=row.act,
        has_house=row.house == HouseFound.WHOLE,
    )
