"""How often was sealed data opened for somebody? Counted where it is opened, by day."""

from kept.db.seam import Tx

DAY = 86_400_000_000  # microseconds


def count(tx: Tx, *, at: int) -> None:
    """Count one opening."""
    tx.run(
        "insert into opening_tally (day, opened) values (:day, 1)"
        " on conflict (day) do update set opened = opening_tally.opened + 1",
        day=at - at % DAY,
    )


def opened_since(tx: Tx, since: int) -> tuple[int, int]:
    """(first whole day that is covered, openings from it on)."""
    first = since - since % DAY + (DAY if since % DAY else 0)
    row = tx.row("select coalesce(sum(opened), 0) from opening_tally where day >= :d", d=first)
    return first, int(row[0]) if row else 0
