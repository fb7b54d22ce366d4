"""Requests for a copy, with their clocks."""

from kept.db.seam import Tx


def insert(tx: Tx, *, person_n: int, at: int) -> int:
    """A new request; its row."""
    row = tx.row(
        "insert into export (person_n, asked_at) values (:person, :at) returning n",
        person=person_n,
        at=at,
    )
    return row[0] if row else 0


def mark_ready(tx: Tx, n: int, *, at: int) -> None:
    """The copy is made."""
    tx.run("update export set ready_at = :at where n = :n and ready_at is null", at=at, n=n)


def mark_taken(tx: Tx, n: int, *, at: int) -> None:
    """The copy was handed over."""
    tx.run("update export set taken_at = :at where n = :n and taken_at is null", at=at, n=n)


def asked_since(tx: Tx, since: int) -> list[tuple[int, int, int | None]]:
    """(row, asked_at, ready_at) of requests since a time, or still open, oldest first."""
    found = tx.rows(
        "select n, asked_at, ready_at from export where asked_at >= :since or ready_at is null"
        " or ready_at >= :since order by n",
        since=since,
    )
    return [(row[0], row[1], row[2]) for row in found]
