"""The tree: heads, places, and the edges not yet in full tiles.

Source: `db/migrations/data/0010_ledger.sql`.
"""

from collections.abc import Sequence
from itertools import accumulate

from kept.db.seam import Tx
from kept.ledger.model import Head


def place(tx: Tx, act_id: int) -> tuple[int, int] | None:
    """In which log and where an act stands, or None while it waits."""
    row = tx.row(
        "select log, idx + :act - act from act_places where act + n > :act"
        " and act = (select max(act) from act_places where act <= :act)",
        act=act_id,
    )
    return (row[0], row[1]) if row else None


_HEAD = "select origin, log, size, root, frontier, stored from ledger_head"


def head(tx: Tx, origin: str) -> Head | None:
    """How far the tree has grown, or None before it was opened."""
    row = tx.row(f"{_HEAD} where origin = :origin", origin=origin)
    return Head(*row) if row else None


def heads(tx: Tx) -> list[Head]:
    """Every log of this house, the newest first; only that one may still grow."""
    return [Head(*row) for row in tx.rows(f"{_HEAD} order by log desc")]


def open_head(tx: Tx, head_: Head, *, at: int) -> None:
    """Open a log of size 0."""
    tx.run(
        "insert into ledger_head (origin, log, size, root, frontier, stored, opened_at)"
        " values (:origin, :log, :size, :root, :frontier, :stored, :at)",
        origin=head_.origin,
        log=head_.log,
        size=head_.size,
        root=head_.root,
        frontier=head_.frontier,
        stored=head_.stored,
        at=at,
    )


def grow(tx: Tx, old_size: int, new: Head) -> bool:
    """Move the head if it still has the size it was read with: the fence against two leaders."""
    changed = tx.run(
        "update ledger_head set size = :size, root = :root, frontier = :frontier"
        " where origin = :origin and size = :old",
        size=new.size,
        root=new.root,
        frontier=new.frontier,
        origin=new.origin,
        old=old_size,
    )
    return changed == 1


def append_places(tx: Tx, log: int, first: int, runs: Sequence[range]) -> None:
    """Give runs of acts the places from `first`, one run after the other.

    A run that goes on where the newest one ends makes that row longer.
    """
    rest = list(runs)
    longer = tx.run(
        "update act_places set n = n + :more where log = :log and idx + n = :first"
        " and act + n = :act and idx = (select max(idx) from act_places where log = :log)",
        log=log,
        first=first,
        act=rest[0].start,
        more=len(rest[0]),
    )
    if longer:
        first += len(rest.pop(0))
    starts = accumulate(map(len, rest), initial=first)
    tx.run_many(
        "insert into act_places (act, log, idx, n) values (:act, :log, :idx, :n)",
        [(run.start, log, idx, len(run)) for run, idx in zip(rest, starts, strict=False)],
    )


def places(tx: Tx, log: int, *, start: int, end: int) -> list[range]:
    """The numbers of the acts that stand at [start, end), in order of place, as runs."""
    rows = tx.rows(
        "select act, idx, n from act_places where log = :log and idx < :b and idx >= coalesce("
        "(select max(idx) from act_places where log = :log and idx <= :a), 0) order by idx",
        log=log,
        a=start,
        b=end,
    )
    runs = [range(act + max(start - idx, 0), act + min(end - idx, n)) for act, idx, n in rows]
    return [run for run in runs if run]


def leaves(tx: Tx, log: int, *, start: int, end: int) -> list[bytes]:
    """Entries of places [start, end) that still lie in the database."""
    found = list[bytes]()
    for run in places(tx, log, start=start, end=end):
        rows = tx.rows(
            "select entry from ledger_outbox where act >= :a and act < :b order by act",
            a=run.start,
            b=run.stop,
        )
        found += [row[0] for row in rows]
    return found


def edges(tx: Tx, log: int) -> dict[int, tuple[int, bytes]]:
    """Per level from 1: the index of the first hash, and the hashes not yet in a stored tile."""
    found = tx.rows("select level, first, hashes from ledger_edge where log = :log", log=log)
    return {row[0]: (row[1], row[2]) for row in found}


def put_edge(tx: Tx, log: int, *, level: int, first: int, hashes: bytes) -> None:
    """Replace a level's edge."""
    tx.run(
        "insert into ledger_edge (log, level, first, hashes) values (:log, :level, :first, :hashes)"
        " on conflict (log, level)"
        " do update set first = excluded.first, hashes = excluded.hashes",
        log=log,
        level=level,
        first=first,
        hashes=hashes,
    )


def mark_stored(tx: Tx, head_: Head, *, stored: int) -> bool:
    """Note that full tiles up to `stored` are durable, unless another leader did."""
    changed = tx.run(
        "update ledger_head set stored = :stored where origin = :origin and stored = :old",
        stored=stored,
        origin=head_.origin,
        old=head_.stored,
    )
    return changed == 1
