"""Table of closed doors, in keys.db: where no backup of the data reaches."""

from kept.db.seam import Tx

LEAVER, KEY = "leaver", "key"


def note(tx: Tx, kind: str, raw_id: bytes, *, at: int) -> None:
    """A door was closed; of several times the last one stands. Microseconds."""
    tx.run(
        "insert into closing (kind, id, at) values (:kind, :id, :at)"
        " on conflict (kind, id) do update set at = excluded.at where closing.at < excluded.at",
        kind=kind,
        id=raw_id,
        at=at,
    )


def every(tx: Tx) -> list[tuple[str, bytes, int]]:
    """(kind, raw id, time in microseconds) of each."""
    return [
        (row[0], bytes(row[1]), row[2])
        for row in tx.rows("select kind, id, at from closing order by at, kind, id")
    ]
