"""How do waiting acts come into the tree, and when may their rows leave the database?

Rules: the head moves only from the size it was read with, which keeps two leaders from giving an
act two places; an entry leaves the outbox only after its full tile was read back. Gathering reads
and computes, and may go on beside the transaction before; `put_in` is the one transaction that
makes all of it durable.
Source: `docs/formats/ledger.md`, sequencing, steps 1, 2 and 5.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kept.base.errors import ConflictError, NotFoundError, TamperedError
from kept.db.seam import Tx
from kept.ledger.acts.tail import Tail, joined, write_edges
from kept.ledger.entry import are_entries
from kept.ledger.store import outbox, tree_rows

_ANOTHER = "Another process appends to this ledger. Nothing was signed here."


@dataclass(frozen=True, slots=True)
class Batch:
    """Acts that wait, and what the tree becomes with them."""

    before: Tail
    after: Tail
    runs: tuple[range, ...] = ()  # their numbers, rising

    @property
    def count(self) -> int:
        """How many acts."""
        return self.after.head.size - self.before.head.size

    def trimmed(self, stored: int) -> "Batch":
        """The same, and what is in full tiles up to `stored` leaves the tables with it."""
        is_longer = stored > self.before.head.stored
        return replace(self, after=self.after.trimmed(stored)) if is_longer else self


def current_tail(tx: Tx, origin: str, /, *, known: Tail | None) -> Tail:
    """The tail of a log: `known` where the head still agrees with it, else read anew.

    Raises:
        NotFoundError: the log was never opened.
    """
    head = tree_rows.head(tx, origin)
    if head is None:
        raise NotFoundError("This log was never opened.")
    return known if known is not None and known.head == head else Tail.load(tx, head)


def gather(tx: Tx, tail: Tail, /, *, most: int, beside: Batch | None = None) -> Batch:
    """What waits, lowest act first, and the tree with it. Reads only.

    Args:
        tx: a snapshot.
        tail: what the tree is, or will be after the batch before.
        most: acts taken at once.
        beside: the batch before, where the snapshot may not know it yet.

    Raises:
        TamperedError: what waits is not an entry.
    """
    standing = tail.runs if beside is None else joined(beside.before.runs, beside.runs)
    placed = sorted((*tail.closed, *standing), key=lambda run: run.start)
    return batch_of(tail, outbox.waiting(tx, most, placed=placed))


def batch_of(tail: Tail, waiting: Sequence[tuple[int, bytes]], /) -> Batch:
    """These acts, with their entries and rising numbers, and the tree with them.

    Raises:
        TamperedError: what waits is not an entry.
    """
    if not waiting:
        return Batch(tail, tail)
    entries = [entry for _, entry in waiting]
    if not are_entries(entries):
        act = next(act for act, entry in waiting if not are_entries([entry]))
        raise TamperedError(f"the waiting entry of act {act}")
    first, last = waiting[0][0], waiting[-1][0]
    is_one = last - first == len(waiting) - 1
    runs = (range(first, last + 1),) if is_one else tuple(runs_of(act for act, _ in waiting))
    return Batch(tail, tail.grown(runs, entries), runs)


def put_in(tx: Tx, batch: Batch, /) -> None:
    """Give the acts of a batch their places, and drop the entries that it trimmed.

    Raises:
        ConflictError: another leader moved the head, or noted the tiles.
    """
    old, new = batch.before.head, batch.after.head
    if batch.count:
        if not tree_rows.grow(tx, old.size, new):
            raise ConflictError(_ANOTHER)
        tree_rows.append_places(tx, old.log, old.size, batch.runs)
    if new.stored > old.stored:
        if not tree_rows.mark_stored(tx, old, stored=new.stored):
            raise ConflictError(_ANOTHER)
        for run in tree_rows.places(tx, old.log, start=old.stored, end=new.stored):
            outbox.take_out(tx, run)
    write_edges(tx, batch.before, batch.after)


def runs_of(numbers: Iterable[int]) -> list[range]:
    """Rising numbers as runs without a gap."""
    runs = list[range]()
    for number in numbers:
        if runs and runs[-1].stop == number:
            runs[-1] = range(runs[-1].start, number + 1)
        else:
            runs.append(range(number, number + 1))
    return runs
