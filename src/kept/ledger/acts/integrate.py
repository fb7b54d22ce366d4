"""How do waiting acts come into the tree, and when may their rows leave the database?

Rules: waiting is "present in the outbox", never "newer than the last seen", because PostgreSQL
commits out of order; the head moves only from the size it was read with; leaves are dropped only
after their full tiles were read back. Each function is one transaction of the sequencer.
Source: `docs/formats/ledger.md`, sequencing, steps 1, 2 and 5.
"""

from collections.abc import Sequence

from kept.base.errors import ConflictError, NotFoundError, TamperedError
from kept.db.seam import Tx
from kept.ledger.acts.tail import Tail, write_edges
from kept.ledger.entry import ENTRY_BYTES, ENTRY_PATTERN, is_entry
from kept.ledger.store import outbox, tree_rows


def integrate(tx: Tx, origin: str, /, *, known: Tail | None, most: int) -> tuple[Tail, int]:
    """Append what waits, lowest act first; the tail afterwards, and how many came in.

    Args:
        tx: the transaction that makes all of it durable, or nothing.
        origin: of the log that grows.
        known: the tail as this leader left it; read anew unless the head still agrees.
        most: entries taken at once.

    Raises:
        NotFoundError: the log was never opened.
        ConflictError: another leader moved the head.
        TamperedError: what waits is not an entry.
    """
    head = tree_rows.head(tx, origin)
    if head is None:
        raise NotFoundError("This log was never opened.")
    tail = known if known is not None and known.head == head else Tail.load(tx, head)
    waiting = outbox.waiting(tx, most)
    return (append(tx, tail, waiting) if waiting else tail), len(waiting)


def append(tx: Tx, tail: Tail, waiting: Sequence[tuple[int, bytes]]) -> Tail:
    """Give these acts the next places and take them out of the outbox.

    Raises:
        ConflictError: another leader moved the head.
        TamperedError: what waits is not an entry.
    """
    for act, entry in waiting:
        if len(entry) != ENTRY_BYTES or not (ENTRY_PATTERN.fullmatch(entry) or is_entry(entry)):
            raise TamperedError(f"the waiting entry of act {act}")
    new, old = tail.grown([entry for _, entry in waiting]), tail.head
    if not tree_rows.grow(tx, old.size, new.head):
        raise ConflictError("Another process appends to this ledger. Nothing was signed here.")
    tree_rows.append_leaves(tx, old.log, old.size, waiting)
    write_edges(tx, tail, new)
    return new


def drop_stored(tx: Tx, tail: Tail) -> Tail:
    """Drop what `tail` holds of full tiles, all of them read back; the shorter tail."""
    if not tail.waiting_tiles:
        return tail
    short = tail.trimmed()
    if not tree_rows.mark_stored(tx, tail.head, stored=short.head.stored):
        return tail  # done before by another leader: the next pass reads the tables anew
    write_edges(tx, tail, short)
    return short
