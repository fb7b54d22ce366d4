"""Signed checkpoints, and the cosignatures of witnesses.

Source: `db/migrations/data/0010_ledger.sql`.
"""

from kept.db.seam import Tx


def put_checkpoint(tx: Tx, origin: str, *, size: int, note: bytes, at: int) -> None:
    """Keep a signed checkpoint, dropping older ones that were never published."""
    tx.run(
        "insert into ledger_checkpoints (origin, size, note, signed_at)"
        " values (:origin, :size, :note, :at) on conflict (origin, size) do nothing",
        origin=origin,
        size=size,
        note=note,
        at=at,
    )
    tx.run(
        "delete from ledger_checkpoints where origin = :origin and size < :size"
        " and published_at is null",
        origin=origin,
        size=size,
    )


def publish(tx: Tx, origin: str, size: int, *, at: int) -> None:
    """Note that a checkpoint is public since a time, for the first time or again."""
    tx.run(
        "update ledger_checkpoints set published_at = :at where origin = :origin and size = :size",
        at=at,
        origin=origin,
        size=size,
    )


def published(tx: Tx, origin: str) -> tuple[int, int] | None:
    """Size and last time of publication of the newest public checkpoint."""
    row = tx.row(
        "select size, published_at from ledger_checkpoints where origin = :origin"
        " and published_at is not null order by size desc limit 1",
        origin=origin,
    )
    return (row[0], row[1]) if row else None


def cosignatures(tx: Tx, origin: str, size: int) -> list[str]:
    """The signature lines that witnesses gave for a checkpoint, oldest first."""
    found = tx.rows(
        "select line from ledger_cosignatures where origin = :origin and size = :size"
        " order by cosigned_at, witness",
        origin=origin,
        size=size,
    )
    return [row[0] for row in found]


def checkpoints(tx: Tx, origin: str) -> list[tuple[int, bytes]]:
    """Size and note of every checkpoint that is kept, smallest first."""
    found = tx.rows(
        "select size, note from ledger_checkpoints where origin = :origin order by size",
        origin=origin,
    )
    return [(row[0], row[1]) for row in found]


def newest_checkpoints(tx: Tx, origin: str, *, limit: int) -> list[tuple[int, bytes, int]]:
    """Size, note and signing time of the newest checkpoints, largest first."""
    found = tx.rows(
        "select size, note, signed_at from ledger_checkpoints where origin = :origin"
        " order by size desc limit :limit",
        origin=origin,
        limit=limit,
    )
    return [(row[0], row[1], row[2]) for row in found]


def newest_checkpoint(tx: Tx, origin: str, *, published: bool) -> tuple[int, bytes, int] | None:
    """Size, note and signing time of the newest checkpoint."""
    row = tx.row(
        "select size, note, signed_at from ledger_checkpoints"  # noqa: S608  # fixed texts
        " where origin = :origin"
        + (" and published_at is not null" if published else "")
        + " order by size desc limit 1",
        origin=origin,
    )
    return (row[0], row[1], row[2]) if row else None


def checkpoint_for(tx: Tx, origin: str, index: int) -> tuple[int, bytes] | None:
    """The first published checkpoint that covers a place, else the newest signed one that does."""
    row = tx.row(
        "select size, note from ledger_checkpoints where origin = :origin and size > :idx"
        " order by published_at is null, size limit 1",
        origin=origin,
        idx=index,
    )
    return (row[0], row[1]) if row else None


def newest_published_at(tx: Tx, origin: str) -> int | None:
    """When a checkpoint was last published."""
    row = tx.row(
        "select max(published_at) from ledger_checkpoints where origin = :origin", origin=origin
    )
    return row[0] if row else None
