"""Is what stands of copies the same that the acts tell? Of places, runs, drills, keys, the plan.

Every row names its act, and no act of these kinds is without its row. What a public act may not
tell (where a place lies, its folders) stands in it as a digest that the place's random id hides.
Paths of files that were unread or bad, and a run that is under way, have no act.
"""

from collections.abc import Iterator, Mapping, Sequence

from kept.backup.model.inventory import decode
from kept.backup.model.inventory import inventory_root as root_of
from kept.backup.store.recorded import Recorded, recorded
from kept.base.encoding import Json, row_digest
from kept.base.errors import MalformedError
from kept.db.seam import Database, Row
from kept.ledger.acts.dossier import Dossier, HouseAct
from kept.ledger.model import Kind

_PLACES = (Kind.BACKUP_PLACE_ADDED, Kind.BACKUP_PLACE_CHANGED, Kind.BACKUP_PLACE_REMOVED)
_ROWS = {
    Kind.BACKUP_DONE: "backup_run",
    Kind.BACKUP_FAILED: "backup_run",
    Kind.DRILL_DONE: "backup_drill",
    Kind.DRILL_KEYLESS: "backup_trial",
    Kind.KEY_COPY_REPLACED: "backup_key_copy",
    Kind.BACKUP_REPORT_READ: "backup_report_read",
}
_KINDS = (*_PLACES, *_ROWS, Kind.BACKUP_PLAN_CHANGED, Kind.BACKUP_FORGOTTEN)
_Said = Mapping[str, Json]


def check_backup(db: Database, dossier: Dossier, /) -> list[str]:
    """Rows that no act made so, and acts whose row is gone.

    Raises:
        UnavailableError: the database cannot be read.
    """
    acts, rows = dossier.of_house(db, _KINDS, recorded)
    names = {row[0]: row[1] for row in rows.places}
    return [
        *_places(rows.places, [act for act in acts if act.kind in _PLACES]),
        *_plan(rows.plans, [act for act in acts if act.kind == Kind.BACKUP_PLAN_CHANGED]),
        *_noted(rows, acts, names),
        *_inventories(rows.inventories),
        *_snapshots(rows, acts, names),
    ]


def _places(rows: Sequence[Row], acts: Sequence[HouseAct]) -> Iterator[str]:
    first, last = dict[Json, HouseAct](), dict[Json, HouseAct]()
    for act in acts:
        name = act.detail.get("place")
        if act.kind == Kind.BACKUP_PLACE_ADDED:
            first[name] = act
        last[name] = act
    for n, name, act_id, made_at, removed_at, holds, part_bytes, is_enabled, *own in rows:
        added, newest = first.pop(name, None), last.get(name)
        fits = (
            added is not None
            and newest is not None
            and (newest.id, added.at, added.detail.get("holds")) == (act_id, made_at, holds)
            and removed_at == (newest.at if newest.kind == Kind.BACKUP_PLACE_REMOVED else None)
            and newest.detail.get("part_bytes") == part_bytes
            and int(newest.detail.get("enabled", True) is True) == is_enabled
            and newest.detail.get("row") in {None, row_digest(*own)}
        )
        if not fits:
            yield f"the row of backup_place {n}"
    yield from (f"the row of backup_place {name} is gone" for name in first)


def _plan(rows: Sequence[Row], acts: Sequence[HouseAct]) -> Iterator[str]:
    if not rows and not acts:
        return
    newest = acts[-1] if acts else None
    told = () if newest is None else _of(newest.detail, "minute", "quiet", "keep", "bandwidth")
    if newest is None or [tuple(row) for row in rows] != [(newest.id, 1, *told)]:
        yield "the row of backup_plan"


def _noted(rows: Recorded, acts: Sequence[HouseAct], names: Mapping[int, str]) -> Iterator[str]:
    """Rows that one act each wrote, whole."""
    left = {act.id: act for act in acts if act.kind in _ROWS}
    for row in rows.runs:
        act = left.pop(row[2], None) if row[2] is not None else None
        if not (_is_waiting(row, names) if row[2] is None else _is_run(row, act, names)):
            yield f"the row of backup_run {row[0]}"
    for kind, table, found in (
        (Kind.DRILL_DONE, _drill, rows.drills),
        (Kind.DRILL_KEYLESS, _trial, rows.trials),
        (Kind.KEY_COPY_REPLACED, _key_copy, rows.key_copies),
        (Kind.BACKUP_REPORT_READ, _reading, rows.readings),
    ):
        for act_id, at, *row in found:
            act = left.pop(act_id, None)
            if (
                act is None
                or (act.kind, act.at) != (kind, at)
                or not table(tuple(row), act.detail, names)
            ):
                yield f"the row of {_ROWS[kind]} with act {act_id}"
    for act in left.values():
        yield f"the row of {_ROWS[Kind(act.kind)]} that act {act.id} wrote is gone"


def _is_waiting(row: Row, names: Mapping[int, str]) -> bool:
    """A run under way has a beginning and nothing else."""
    return row[1] in names and row[3] == "running" and row[6] is None and row[8] is None


def _is_run(row: Row, act: HouseAct | None, names: Mapping[int, str]) -> bool:
    n, place, _, state, why, started, ended, seconds, snapshot, tree, root, *counts = row
    files, new, size, sent, verified, unread = counts
    if act is None or act.at != ended or act.detail.get("place") != names.get(place):
        return False
    if act.kind == Kind.BACKUP_FAILED:
        nothing = (snapshot, tree, root, *counts) == (None, None, None, 0, 0, 0, 0, 0, 0)
        told = _of(act.detail, "why", "seconds") == (why, seconds)
        return nothing and told and state == "failed" and _began(act, n, started, 0)
    told = (_hex(snapshot), _hex(tree), _hex(root), files, size, new, unread, verified, seconds)
    named = ("snapshot", "tree", "inventory_root", "files", "bytes", "new", "unread", "verified")
    return (
        act.kind == Kind.BACKUP_DONE
        and (state, why) == ("partial" if unread else "done", "")
        and _of(act.detail, *named, "seconds") == told
        and _began(act, n, started, sent)
    )


def _began(act: HouseAct, run: int, started: int, sent: int) -> bool:
    """Acts of an older Kept do not say which run, when it began and what it sent."""
    said = _of(act.detail, "run", "began", "sent")
    return said in {(run, started, sent), (None, None, None)}


def _drill(row: Row, said: _Said, names: Mapping[int, str]) -> bool:
    place, snapshot, seed, asked, of, good, bad, house, seconds, where, note, size = row
    told = (names.get(place), _hex(snapshot), _hex(seed), asked, of, good, bad, house, seconds)
    named = ("place", "snapshot", "seed", "asked", "of", "good", "bad", "house", "seconds")
    return _of(said, *named) == told and said.get("where") == where and _has(said, note, size)


def _trial(row: Row, said: _Said, names: Mapping[int, str]) -> bool:
    place, is_open, parts, snapshot = row
    told = (names.get(place), is_open, parts)
    return (said.get("place"), int(said.get("open") is True), said.get("parts")) == told and _has(
        said, snapshot
    )


def _key_copy(row: Row, said: _Said, names: Mapping[int, str]) -> bool:
    place, sha256, size, began = row
    told = (names.get(place), _hex(sha256), size)
    return _of(said, "place", "sha256", "bytes") == told and said.get("began") in {None, began}


def _reading(row: Row, said: _Said, _names: Mapping[int, str]) -> bool:
    return said.get("run") == row[0]


def _inventories(rows: Sequence[Row]) -> Iterator[str]:
    for n, root, listed in rows:
        try:
            is_its = root_of(decode(listed)) == root
        except MalformedError:
            is_its = False
        if not is_its:
            yield f"the inventory of backup_run {n}"


def _snapshots(rows: Recorded, acts: Sequence[HouseAct], names: Mapping[int, str]) -> Iterator[str]:
    """A copied snapshot was seen when its run ended, at the latest; a forgotten one has its act."""
    numbers = {name: n for n, name in names.items()}
    seen, forgotten = dict[tuple[int | None, Json], int](), dict[tuple[int | None, Json], int]()
    for act in acts:
        place = numbers.get(str(act.detail.get("place")))
        ids = act.detail.get("ids")
        if act.kind == Kind.BACKUP_DONE:
            seen.setdefault((place, act.detail.get("snapshot")), act.at)
        elif act.kind == Kind.BACKUP_FORGOTTEN and isinstance(ids, list):
            forgotten |= {(place, one): act.at for one in ids}
    left = seen.keys() | forgotten.keys()
    for place, snapshot, first, gone in rows.snapshots:
        key = (place, _hex(snapshot))
        left -= {key}
        is_known = place in names and first <= seen.get(key, first)
        if not is_known or forgotten.get(key) != gone:
            yield f"the row of backup_snapshot {place} {key[1]}"
    yield from (f"the row of backup_snapshot {place} {name} is gone" for place, name in left)


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def _of(said: _Said, *names: str) -> tuple[Json, ...]:
    return tuple(said.get(name) for name in names)


def _has(said: _Said, *values: bytes | int | None) -> bool:
    """Acts of an older Kept keep no digest of the rest of the row."""
    return said.get("row") in {None, row_digest(*values)}
