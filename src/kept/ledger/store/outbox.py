"""The outbox: openings, and finished entries of acts not yet in the tree.

Source: `db/migrations/data/0010_ledger.sql`.
"""

from collections.abc import Sequence

from kept.db.seam import Tx

_OPENING = "insert into act_openings (act, sealed) values (:act, :sealed)"

_WAITING = "insert into ledger_outbox (act, entry) values (:act, :entry)"


def insert_opening(tx: Tx, act_id: int, *, sealed: bytes, entry: bytes) -> None:
    """Store the opening of one act and queue its finished entry."""
    tx.run(_OPENING, act=act_id, sealed=sealed)
    tx.run(_WAITING, act=act_id, entry=entry)


def insert_openings(tx: Tx, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
    """Store openings and queue finished entries, in bulk: (act, sealed, entry) each."""
    tx.run_many(_OPENING, [(act_id, sealed) for act_id, sealed, _ in rows])
    tx.run_many(_WAITING, [(act_id, entry) for act_id, _, entry in rows])


def waiting(tx: Tx, limit: int) -> list[tuple[int, bytes]]:
    """Acts not yet in the tree, lowest number first, with their finished entries."""
    return [
        (row[0], row[1])
        for row in tx.rows("select act, entry from ledger_outbox order by act limit :n", n=limit)
    ]


def waiting_any(tx: Tx) -> bool:
    """Whether any act waits."""
    return tx.row("select 1 from ledger_outbox limit 1") is not None


def waiting_entry(tx: Tx, act_id: int) -> bytes | None:
    """The finished entry of one act that waits."""
    row = tx.row("select entry from ledger_outbox where act = :act", act=act_id)
    return row[0] if row else None


def waiting_count(tx: Tx) -> int:
    """How many acts wait."""
    row = tx.row("select count(*) from ledger_outbox")
    return row[0] if row else 0


def oldest_waiting_at(tx: Tx) -> int | None:
    """When the act that waits longest for its place was recorded."""
    row = tx.row(
        "select a.at from ledger_outbox o join acts a on a.id = o.act order by o.act limit 1"
    )
    return row[0] if row else None
