"""The outbox: openings, and finished entries that wait for a place or stand in no full tile yet.

Waiting is "here without a place", never "newer than the last seen": PostgreSQL commits out of
order.
Source: `db/migrations/data/0010_ledger.sql`.
"""

from bisect import bisect_right
from collections.abc import Sequence

from kept.db.seam import Tx

_OPENING = "insert into act_openings (act, sealed) values (:act, :sealed)"

_WAITING = "insert into ledger_outbox (act, entry) values (:act, :entry)"

_HAS_NO_PLACE = (
    "not exists (select 1 from act_places p where p.act + p.n > o.act"
    " and p.act = (select max(q.act) from act_places q where q.act <= o.act))"
)


def insert_opening(tx: Tx, act_id: int, *, sealed: bytes, entry: bytes) -> None:
    """Store the opening of one act and queue its finished entry."""
    tx.run(_OPENING, act=act_id, sealed=sealed)
    tx.run(_WAITING, act=act_id, entry=entry)


def insert_openings(tx: Tx, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
    """Store openings and queue finished entries, in bulk: (act, sealed, entry) each."""
    tx.run_many(_OPENING, [(act_id, sealed) for act_id, sealed, _ in rows])
    tx.run_many(_WAITING, [(act_id, entry) for act_id, _, entry in rows])


def waiting(tx: Tx, limit: int, *, placed: Sequence[range]) -> list[tuple[int, bytes]]:
    """Acts without a place, lowest number first, with their finished entries.

    Args:
        tx: any transaction.
        limit: how many at most.
        placed: the numbers of all acts here that have a place, or will have by then; rising.
    """
    start, stop = (placed[0].start, placed[-1].stop) if placed else (0, 0)
    found: list[tuple[int, bytes]] = tx.rows(
        "select * from (select act, entry from ledger_outbox where act < :start"
        " order by act limit :n) as low union all"
        " select * from (select act, entry from ledger_outbox where act >= :stop"
        " order by act limit :n) as high limit :n",
        start=start,
        stop=stop,
        n=limit,
    )
    if len(placed) > 1:  # other acts may wait between
        between = tx.rows(
            "select act from ledger_outbox where act >= :start and act < :stop",
            start=start,
            stop=stop,
        )
        starts = [run.start for run in placed]
        late = (act for (act,) in between if act not in placed[bisect_right(starts, act) - 1])
        found = sorted(found + [(act, _entry(tx, act)) for act in late])[:limit]
    return found


def _entry(tx: Tx, act_id: int) -> bytes:
    (row,) = tx.rows("select entry from ledger_outbox where act = :act", act=act_id)
    return row[0]


def take_out(tx: Tx, acts: range) -> None:
    """Drop the entries of acts: their full tiles were read back."""
    tx.run(
        "delete from ledger_outbox where act >= :start and act < :stop",
        start=acts.start,
        stop=acts.stop,
    )


def waiting_any(tx: Tx) -> bool:
    """Whether any act waits."""
    sql = f"select 1 from ledger_outbox o where {_HAS_NO_PLACE} limit 1"  # noqa: S608  # fixed
    return tx.row(sql) is not None


def waiting_entry(tx: Tx, act_id: int) -> bytes | None:
    """The finished entry of one act that waits."""
    row = tx.row(
        f"select entry from ledger_outbox o where act = :act and {_HAS_NO_PLACE}",  # noqa: S608
        act=act_id,
    )
    return row[0] if row else None


def waiting_count(tx: Tx) -> int:
    """How many acts wait."""
    row = tx.row(f"select count(*) from ledger_outbox o where {_HAS_NO_PLACE}")  # noqa: S608
    return row[0] if row else 0


def oldest_waiting_at(tx: Tx) -> int | None:
    """When the act that waits longest for its place was recorded."""
    row = tx.row(
        "select a.at from ledger_outbox o join acts a on a.id = o.act"  # noqa: S608  # fixed
        f" where {_HAS_NO_PLACE} order by o.act limit 1"
    )
    return row[0] if row else None
