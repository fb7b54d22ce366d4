"""How does a person get a copy of everything? Asked for, opened, handed over: an act each.

The row keeps the clock of the promise; the copy itself is never stored here. What is opened for it
is everything the book declares and the person has, at full.
Source: GDPR Art. 15, 20.
"""

from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import to_micros
from kept.base.ids import PersonId
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import OWN, Act, Actor, Kind
from kept.vault.acts.open import ShownCategory, show_category
from kept.vault.acts.own import Origin, Said, answers_of, origins_of
from kept.vault.acts.parts import VaultParts, known_person, note_opening
from kept.vault.model.rules import Level
from kept.vault.store import exports
from kept.vault.store import people as store


@dataclass(frozen=True, slots=True)
class Everything:
    """All that is held on one person, opened."""

    person: PersonId
    alias: str
    categories: tuple[ShownCategory, ...]
    consents: tuple[Said, ...]
    origins: tuple[Origin, ...]
    act_id: int


def ask_export(
    tx: Tx, vault: VaultParts, /, *, actor: Actor, person: PersonId, now: datetime
) -> Pending[int]:
    """Ask for a copy: the clock starts. The request's row. Records `export.asked`.

    Raises:
        NotFoundError: nobody has this id, or they were erased.
    """
    known = known_person(tx, vault, person)
    row = exports.insert(tx, person_n=known.row.n, at=to_micros(now))
    act = Act(Kind.EXPORT_ASKED, actor, OWN, detail={"request": row})
    record(tx, vault.origin, act=act, subject=known.keys.subject, now=now)
    return Pending(row)


def open_everything(
    tx: Tx, vault: VaultParts, /, *, actor: Actor, person: PersonId, row: int, now: datetime
) -> Pending[Everything]:
    """Open all of it for the copy. Records `export.ready`.

    Raises:
        NotFoundError: nobody has this id, or they were erased.
        TamperedError: a cell or a key was changed.
    """
    known = known_person(tx, vault, person)
    cells = store.cells(tx, known.row.n)
    note_opening(tx, now=now)
    opened = tuple(
        show_category(vault, known, category=category, cell=cell, level=Level.FULL, is_own=True)
        for category in vault.rules.categories.values()
        if (cell := cells.get(category.id)) is not None
    )
    exports.mark_ready(tx, row, at=to_micros(now))
    act = Act(
        Kind.EXPORT_READY,
        actor,
        OWN,
        categories=tuple(part.category.key for part in opened),
        mask=sum(part.category.bit for part in opened),
        detail={"request": row},
    )
    done = record(tx, vault.origin, act=act, subject=known.keys.subject, now=now)
    return Pending(
        Everything(
            person,
            known.row.alias,
            opened,
            answers_of(tx, known.row.n),
            origins_of(tx, known.row.n),
            done.act_id,
        )
    )


def take_export(
    tx: Tx,
    vault: VaultParts,
    /,
    *,
    actor: Actor,
    person: PersonId,
    row: int,
    sha256: str,
    now: datetime,
) -> Pending[int]:
    """Hand the copy over. The act's number. Records `export.taken`, with the file's SHA-256.

    Raises:
        NotFoundError: nobody has this id, or they were erased.
    """
    known = known_person(tx, vault, person)
    exports.mark_taken(tx, row, at=to_micros(now))
    act = Act(Kind.EXPORT_TAKEN, actor, OWN, detail={"request": row, "sha256": sha256})
    return Pending(record(tx, vault.origin, act=act, subject=known.keys.subject, now=now).act_id)
