"""Counts over acts, for limits and for promises.

Source: `db/migrations/data/0010_ledger.sql`.
"""

from kept.db.seam import Tx


def count_kind(tx: Tx, kind: str, since: int) -> int:
    """How many acts of a kind there were since a time."""
    row = tx.row(
        "select count(*) from acts where kind = :kind and at >= :since", kind=kind, since=since
    )
    return row[0] if row else 0


def newest_at(tx: Tx) -> int:
    """When the newest act was recorded; 0 before any."""
    row = tx.row("select at from acts order by id desc limit 1")
    return row[0] if row else 0


def readings_by_ground(tx: Tx, kind: str, since: int) -> list[tuple[str, str, int, int, int, int]]:
    """(purpose, role, categories, count, first at, last at) of acts of a kind since a time."""
    found = tx.rows(
        "select purpose, role, coalesce(categories, 0), count(*), min(at), max(at) from acts"
        " where kind = :kind and at >= :since group by purpose, role, coalesce(categories, 0)",
        kind=kind,
        since=since,
    )
    return [(r[0], r[1], r[2], r[3], r[4], r[5]) for r in found]


def first_at(tx: Tx, kind: str, since: int) -> int | None:
    """When the first act of a kind since a time was recorded."""
    row = tx.row(
        "select min(at) from acts where kind = :kind and at >= :since", kind=kind, since=since
    )
    return row[0] if row else None


def busiest(tx: Tx, limit: int) -> list[int]:
    """People with the most acts, the most first."""
    found = tx.rows(
        "select person from act_counters order by next desc, person limit :limit", limit=limit
    )
    return [row[0] for row in found]
