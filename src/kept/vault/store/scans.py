"""Searches of the raw files for planted text."""

from kept.db.seam import Tx


def insert(tx: Tx, *, at: int, sealed_values: int, hits: int, places: str) -> None:
    """Note one search."""
    tx.run(
        "insert into raw_scan (at, sealed_values, hits, places)"
        " values (:at, :sealed, :hits, :places)",
        at=at,
        sealed=sealed_values,
        hits=hits,
        places=places,
    )


def since(tx: Tx, at: int) -> list[tuple[int, int, int]]:
    """(at, sealed values, hits) of searches since a time, oldest first."""
    found = tx.rows(
        "select at, sealed_values, hits from raw_scan where at >= :at order by n", at=at
    )
    return [(row[0], row[1], row[2]) for row in found]


def newest_at(tx: Tx) -> int | None:
    """When the last search was."""
    row = tx.row("select max(at) from raw_scan")
    return row[0] if row else None
