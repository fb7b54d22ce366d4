"""What may be said of a person without opening anything? Alias, age, categories, who looked."""

from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import from_micros
from kept.base.errors import NotFoundError
from kept.base.ids import PersonId
from kept.db.seam import Tx
from kept.ledger.acts.bare import BareAct, bare_acts_about
from kept.vault.acts.parts import VaultParts, require_person
from kept.vault.model.gate import PersonState
from kept.vault.model.rules import Category
from kept.vault.store import people as store


@dataclass(frozen=True, slots=True)
class Card:
    """A person's rows alone. `held` are the categories something is kept in."""

    person: PersonId
    alias: str
    since: datetime
    is_restricted: bool
    held: tuple[Category, ...]
    acts: tuple[BareAct, ...]


def card(tx: Tx, vault: VaultParts, person: PersonId, /) -> Card:
    """The card of somebody who is kept here. Opens nothing; reads only.

    Raises:
        NotFoundError: nobody has this id, or they are being forgotten.
    """
    row = require_person(tx, person)
    state = PersonState(row.state)
    if state not in {PersonState.LIVE, PersonState.RESTRICTED}:
        raise NotFoundError("Nobody is kept under this id.")
    cells = store.cells(tx, row.n)
    return Card(
        person,
        row.alias,
        from_micros(row.created_at),
        state is PersonState.RESTRICTED,
        tuple(c for c in vault.rules.categories.values() if c.id in cells),
        tuple(bare_acts_about(tx, row.n)),
    )
