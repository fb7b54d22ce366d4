"""Tables of runs and of the snapshots that were seen. Times in microseconds."""

from dataclasses import dataclass

from kept.db.seam import Tx

_COLUMNS = (
    "n, place_n, state, why, started_at, ended_at, seconds, snapshot, tree, inventory_root, files,"
    " files_new, bytes, bytes_sent, verified, unread, unread_list, act"
)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. `unread_list` is JSON: `[path, why]`; `act` is None while it is under way."""

    n: int
    place_n: int
    state: str
    why: str
    started_at: int
    ended_at: int | None
    seconds: int
    snapshot: bytes | None
    tree: bytes | None
    inventory_root: bytes | None
    files: int
    files_new: int
    bytes: int
    bytes_sent: int
    verified: int
    unread: int
    unread_list: str
    act: int | None


def begin(tx: Tx, *, place_n: int, at: int) -> int:
    """Note that a run began; its number."""
    tx.run(
        "insert into backup_run (place_n, state, why, started_at, seconds, files, files_new,"
        " bytes, bytes_sent, verified, unread, unread_list)"
        " values (:place, 'running', '', :at, 0, 0, 0, 0, 0, 0, 0, '[]')",
        place=place_n,
        at=at,
    )
    row = tx.row("select max(n) from backup_run where place_n = :place", place=place_n)
    return row[0] if row else 0


def end(tx: Tx, row: RunRow, *, inventory: bytes | None = None) -> bool:
    """Note how a run ended; False where it had ended already."""
    changed = tx.run(
        "update backup_run set state = :state, why = :why, ended_at = :ended_at,"
        " seconds = :seconds, snapshot = :snapshot, tree = :tree,"
        " inventory_root = :inventory_root, inventory = :inventory, files = :files,"
        " files_new = :files_new, bytes = :bytes, bytes_sent = :bytes_sent,"
        " verified = :verified, unread = :unread, unread_list = :unread_list, act = :act"
        " where n = :n and state = 'running'",
        state=row.state,
        why=row.why,
        ended_at=row.ended_at,
        seconds=row.seconds,
        snapshot=row.snapshot,
        tree=row.tree,
        inventory_root=row.inventory_root,
        inventory=inventory,
        files=row.files,
        files_new=row.files_new,
        bytes=row.bytes,
        bytes_sent=row.bytes_sent,
        verified=row.verified,
        unread=row.unread,
        unread_list=row.unread_list,
        act=row.act,
        n=row.n,
    )
    return changed == 1


def by_number(tx: Tx, n: int) -> RunRow | None:
    """A run."""
    row = tx.row(f"select {_COLUMNS} from backup_run where n = :n", n=n)  # noqa: S608
    return RunRow(*row) if row else None


def running(tx: Tx) -> list[RunRow]:
    """Runs that have no end yet."""
    found = tx.rows(f"select {_COLUMNS} from backup_run where state = 'running' order by n")  # noqa: S608
    return [RunRow(*row) for row in found]


def newest(tx: Tx, place_n: int, *states: str) -> RunRow | None:
    """The newest run of a place in one of these states."""
    names = {f"state{i}": state for i, state in enumerate(states)}
    marks = ", ".join(f":{name}" for name in names)
    row = tx.row(
        f"select {_COLUMNS} from backup_run where place_n = :place and state in ({marks})"  # noqa: S608
        " order by n desc limit 1",
        place=place_n,
        **names,
    )
    return RunRow(*row) if row else None


def recent(tx: Tx, *, since: int, most: int) -> list[RunRow]:
    """Runs that began since a time, newest first."""
    found = tx.rows(
        f"select {_COLUMNS} from backup_run where started_at >= :since order by n desc limit :most",  # noqa: S608
        since=since,
        most=most,
    )
    return [RunRow(*row) for row in found]


def inventory(tx: Tx, n: int) -> bytes | None:
    """The list of what lay at the place when a run ended."""
    row = tx.row("select inventory from backup_run where n = :n", n=n)
    return row[0] if row else None


def drop_inventories(tx: Tx, place_n: int, *, but: int) -> None:
    """Forget the lists of older runs; their roots stay."""
    tx.run(
        "update backup_run set inventory = null where place_n = :place and n <> :n"
        " and inventory is not null",
        place=place_n,
        n=but,
    )


def see(tx: Tx, place_n: int, snapshot: bytes, *, at: int) -> None:
    """Note when a snapshot was first seen; an earlier note stands."""
    tx.run(
        "insert into backup_snapshot (place_n, snapshot, first_seen_at)"
        " values (:place, :snapshot, :at) on conflict (place_n, snapshot) do nothing",
        place=place_n,
        snapshot=snapshot,
        at=at,
    )


def first_seen(tx: Tx, place_n: int) -> dict[bytes, int]:
    """When each snapshot of a place that was not forgotten was first seen."""
    found = tx.rows(
        "select snapshot, first_seen_at from backup_snapshot where place_n = :place"
        " and forgotten_at is null",
        place=place_n,
    )
    return {row[0]: row[1] for row in found}


def snapshots_made(tx: Tx, place_n: int) -> list[tuple[bytes, int, int]]:
    """(snapshot, when its run began, when it ended) of every run that left one, oldest first."""
    found = tx.rows(
        "select snapshot, started_at, ended_at from backup_run where place_n = :place"
        " and snapshot is not null and ended_at is not null order by n",
        place=place_n,
    )
    return [(row[0], row[1], row[2]) for row in found]


def forget(tx: Tx, place_n: int, snapshot: bytes, *, at: int) -> None:
    """Note that a snapshot was let go."""
    tx.run(
        "update backup_snapshot set forgotten_at = :at where place_n = :place and snapshot = :s",
        at=at,
        place=place_n,
        s=snapshot,
    )
