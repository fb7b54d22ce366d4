"""Tables of what was tried on copies: drills, trials without the key, copies of keys, readings."""

from dataclasses import dataclass

from kept.db.seam import Tx

_DRILL = (
    "n, place_n, snapshot, seed, at, asked, of_files, good, bad, bad_list, bytes, seconds, house,"
    " location, act"
)


@dataclass(frozen=True, slots=True)
class DrillRow:
    """One drill. `house` is how the database copy was found; `bad_list` a JSON list of paths."""

    n: int
    place_n: int
    snapshot: bytes
    seed: bytes
    at: int
    asked: int
    of_files: int
    good: int
    bad: int
    bad_list: str
    bytes: int
    seconds: int
    house: str
    location: str
    act: int


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One try to read a copy without its key."""

    place_n: int
    at: int
    is_open: int
    parts: int
    act: int


@dataclass(frozen=True, slots=True)
class KeyCopyRow:
    """One replacing of a copy of the keys: what was in keys.db at `began_at` is in it."""

    place_n: int
    began_at: int
    at: int
    sha256: bytes
    size: int
    act: int


def insert_drill(tx: Tx, row: DrillRow, *, checkpoint: bytes) -> None:
    """Keep a drill; `row.n` is not looked at."""
    tx.run(
        "insert into backup_drill (place_n, snapshot, seed, checkpoint, at, asked, of_files, good,"
        " bad, bad_list, bytes, seconds, house, location, act) values (:place, :snapshot, :seed,"
        " :checkpoint, :at, :asked, :of_files, :good, :bad, :bad_list, :bytes, :seconds, :house,"
        " :location, :act)",
        place=row.place_n,
        snapshot=row.snapshot,
        seed=row.seed,
        checkpoint=checkpoint,
        at=row.at,
        asked=row.asked,
        of_files=row.of_files,
        good=row.good,
        bad=row.bad,
        bad_list=row.bad_list,
        bytes=row.bytes,
        seconds=row.seconds,
        house=row.house,
        location=row.location,
        act=row.act,
    )


def drills(tx: Tx, *, since: int) -> list[DrillRow]:
    """Drills since a time, oldest first."""
    found = tx.rows(f"select {_DRILL} from backup_drill where at >= :since order by n", since=since)  # noqa: S608
    return [DrillRow(*row) for row in found]


def newest_drill(tx: Tx) -> DrillRow | None:
    """The newest drill."""
    row = tx.row(f"select {_DRILL} from backup_drill order by n desc limit 1")  # noqa: S608
    return DrillRow(*row) if row else None


def newest_drill_at(tx: Tx, place_n: int) -> DrillRow | None:
    """The newest drill of a place."""
    row = tx.row(
        f"select {_DRILL} from backup_drill where place_n = :place order by n desc limit 1",  # noqa: S608
        place=place_n,
    )
    return DrillRow(*row) if row else None


def newest_trial_at(tx: Tx, place_n: int) -> TrialRow | None:
    """The newest trial of a place."""
    row = tx.row(
        "select place_n, at, is_open, parts, act from backup_trial where place_n = :place"
        " order by n desc limit 1",
        place=place_n,
    )
    return TrialRow(*row) if row else None


def insert_trial(tx: Tx, row: TrialRow, *, snapshot: bytes | None) -> None:
    """Keep a trial."""
    tx.run(
        "insert into backup_trial (place_n, snapshot, at, is_open, parts, act)"
        " values (:place, :snapshot, :at, :open, :parts, :act)",
        place=row.place_n,
        snapshot=snapshot,
        at=row.at,
        open=row.is_open,
        parts=row.parts,
        act=row.act,
    )


def newest_trial(tx: Tx) -> TrialRow | None:
    """The newest trial."""
    row = tx.row(
        "select place_n, at, is_open, parts, act from backup_trial order by n desc limit 1"
    )
    return TrialRow(*row) if row else None


def insert_key_copy(tx: Tx, row: KeyCopyRow) -> None:
    """Keep that a copy of the keys was replaced."""
    tx.run(
        "insert into backup_key_copy (place_n, began_at, at, sha256, size, act)"
        " values (:place, :began, :at, :sha256, :size, :act)",
        place=row.place_n,
        began=row.began_at,
        at=row.at,
        sha256=row.sha256,
        size=row.size,
        act=row.act,
    )


def newest_key_copy(tx: Tx, place_n: int) -> KeyCopyRow | None:
    """The newest replacing at a place."""
    row = tx.row(
        "select place_n, began_at, at, sha256, size, act from backup_key_copy"
        " where place_n = :place order by n desc limit 1",
        place=place_n,
    )
    return KeyCopyRow(*row) if row else None


def insert_reading(tx: Tx, *, at: int, run_n: int, act: int) -> None:
    """Keep that the report was read; `run_n` is the newest run it told of."""
    tx.run(
        "insert into backup_report_read (at, run_n, act) values (:at, :run, :act)",
        at=at,
        run=run_n,
        act=act,
    )


def newest_reading(tx: Tx) -> tuple[int, int] | None:
    """(when, of which run) the report was read last."""
    row = tx.row("select at, run_n from backup_report_read order by n desc limit 1")
    return (row[0], row[1]) if row else None
