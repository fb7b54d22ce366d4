"""What is there of a person, for a program that opens nothing? Revisions, times, last consents."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import from_micros
from kept.base.errors import NotFoundError
from kept.base.ids import PersonId
from kept.db.seam import Tx
from kept.ledger.model import Subject
from kept.vault.acts.parts import VaultParts, last_consents, require_person, with_keys
from kept.vault.model.gate import Consent, PersonState
from kept.vault.store import people as store
from kept.vault.store.people import PersonRow

HERE = frozenset({PersonState.LIVE, PersonState.RESTRICTED})


@dataclass(frozen=True, slots=True)
class HeldCategory:
    """That something is kept in a category: `rev` goes back with a correction."""

    rev: int
    written_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outline:
    """Somebody's rows; `held` by category key."""

    person: PersonId
    alias: str
    state: PersonState
    since: datetime
    held: Mapping[str, HeldCategory]


def outline(tx: Tx, vault: VaultParts, person: PersonId, /) -> Outline:
    """What is kept of somebody who is here. Opens nothing; reads only.

    Raises:
        NotFoundError: nobody has this id, or they are being forgotten.
    """
    row = _present(tx, person)
    cells = store.cells(tx, row.n)
    held = {
        category.key: HeldCategory(
            cell.rev,
            from_micros(cell.written_at),
            None if cell.due_at is None else from_micros(cell.due_at),
        )
        for category in vault.rules.categories.values()
        if (cell := cells.get(category.id)) is not None
    }
    return Outline(person, row.alias, PersonState(row.state), from_micros(row.created_at), held)


def said(tx: Tx, person: PersonId, /) -> Mapping[str, Consent]:
    """What somebody who is here last said about each purpose. Reads only.

    Raises:
        NotFoundError: nobody has this id, or they are being forgotten.
    """
    return last_consents(tx, _present(tx, person).n)


def subject_at(tx: Tx, vault: VaultParts, person_n: int, /) -> Subject:
    """The keys under which acts about the person of this row are recorded. Reads only.

    Raises:
        NotFoundError: nobody has this row, or the keys are gone.
    """
    row = store.person_by_n(tx, person_n)
    if row is None:
        raise NotFoundError("Nobody is kept under this id.")
    return with_keys(vault, row).keys.subject


def _present(tx: Tx, person: PersonId) -> PersonRow:
    row = require_person(tx, person)
    if PersonState(row.state) not in HERE:
        raise NotFoundError("Nobody is kept under this id.")
    return row
