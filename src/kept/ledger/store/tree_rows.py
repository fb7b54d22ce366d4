"""The tree: heads, places, leaves and edges not yet in full tiles.

Source: `db/migrations/data/0010_ledger.sql`.
"""

from collections.abc import Sequence

from kept.db.seam import Tx
from kept.ledger.model import Head


def place(tx: Tx, act_id: int) -> tuple[int, int] | None:
    """In which log and where an act stands, or None while it waits."""
    row = tx.row("select log, idx from act_places where act = :act", act=act_id)
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


def append_leaves(tx: Tx, log: int, first: int, waiting: Sequence[tuple[int, bytes]]) -> None:
    """Put acts and their entries at the places from `first`, and take them out of the outbox.

    What leaves the outbox is what came into the leaves: on PostgreSQL an act between these may
    have been committed since they were read.
    """
    tx.run_many(
        "insert into ledger_leaves (log, idx, act, entry) values (:log, :idx, :act, :entry)",
        [(log, first + at, act_id, entry) for at, (act_id, entry) in enumerate(waiting)],
    )
    fresh = "from ledger_leaves where log = :log and idx >= :first"
    tx.run(
        f"insert into act_places (act, log, idx) select act, log, idx {fresh}",
        log=log,
        first=first,
    )
    tx.run(
        f"delete from ledger_outbox where act in (select act {fresh})",  # noqa: S608  # fixed
        log=log,
        first=first,
    )


def leaves(tx: Tx, log: int, *, start: int, end: int) -> list[bytes]:
    """Entries of places [start, end) that still lie in the database."""
    found = tx.rows(
        "select entry from ledger_leaves where log = :log and idx >= :a and idx < :b order by idx",
        log=log,
        a=start,
        b=end,
    )
    return [row[0] for row in found]


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
    """Note that full tiles up to `stored` are durable, and drop their leaves."""
    changed = tx.run(
        "update ledger_head set stored = :stored where origin = :origin and stored = :old",
        stored=stored,
        origin=head_.origin,
        old=head_.stored,
    )
    if changed:
        tx.run(
            "delete from ledger_leaves where log = :log and idx < :stored",
            log=head_.log,
            stored=stored,
        )
    return changed == 1
