"""What is past its time? Taken out by itself, a category at a time, with an act each.

The sweep may be late; the gate is not. A person without anything left is forgotten, begun in the
same transaction. Whose keys fail is left out and named, and keeps nobody else waiting.
Source: GDPR Art. 5(1)(e).
"""

from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import to_micros
from kept.base.errors import NotFoundError, TamperedError
from kept.base.ids import PersonId
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind
from kept.vault.acts.parts import VaultParts, with_keys
from kept.vault.store import people as store

SWEEPER = Actor("worker", "retention", "worker")
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did: categories taken out, people of whom nothing is left, and failures."""

    categories: int
    empty: tuple[PersonId, ...]
    failed: tuple[PersonId, ...]


def due(tx: Tx, /, *, before: datetime, most: int = AT_ONCE) -> list[tuple[int, int]]:
    """(person row, category id) whose time is over by then. Reads only."""
    return store.due_cells(tx, before=to_micros(before), limit=most)


def sweep(tx: Tx, vault: VaultParts, /, *, now: datetime) -> Pending[Swept]:
    """Take out what is past its time. Records `retention.expired` for each category."""
    categories, empty, failed = 0, list[PersonId](), list[PersonId]()
    for person_n, category_id in store.due_cells(tx, before=to_micros(now), limit=AT_ONCE):
        row = store.person_by_n(tx, person_n)
        if row is None:
            continue
        try:
            subject = with_keys(vault, row).keys.subject
        except (NotFoundError, TamperedError):
            failed.append(row.id)
            continue
        category = vault.category(category_id)
        store.delete_cell(tx, person_n, category_id)
        if category is not None:
            store.delete_tags(tx, person_n, [field.id for field in category.fields])
        store.touch(tx, person_n, at=to_micros(now))
        act = Act(
            Kind.RETENTION_EXPIRED,
            SWEEPER,
            HOUSE,
            categories=(category.key,) if category else (),
            mask=category.bit if category else 0,
        )
        record(tx, vault.origin, act=act, subject=subject, now=now)
        categories += 1
        if not store.cells(tx, person_n):
            empty.append(row.id)
    return Pending(Swept(categories, tuple(empty), tuple(failed)))
