"""Who is here, and how much is kept? Counts and ids; nobody's data.

The person who is planted to be looked for in the raw files is no customer and is not counted.
"""

from collections.abc import Iterable

from kept.base.ids import PersonId
from kept.db.seam import Tx
from kept.vault.acts.evidence import DRILL_SOURCE
from kept.vault.model.gate import PersonState
from kept.vault.store import people as store


def which_exist(tx: Tx, ids: Iterable[bytes], /) -> dict[bytes, bool]:
    """Which of these raw person ids somebody has."""
    return {raw: store.person(tx, PersonId(raw)) is not None for raw in ids}


def ids_after(tx: Tx, after: bytes, most: int, /) -> list[bytes]:
    """Raw ids of everybody who ever was here, above `after`, in ascending order."""
    return store.ids_after(tx, after=after, limit=most)


def living(tx: Tx, people: Iterable[PersonId], /) -> list[PersonId]:
    """Those of them whom the house holds data on and is not erasing."""
    found = [store.person(tx, person) for person in people]
    states = {PersonState.LIVE, PersonState.RESTRICTED}
    return [row.id for row in found if row is not None and PersonState(row.state) in states]


def count_people(tx: Tx, /) -> int:
    """How many customers the house holds data on."""
    return store.count_people(tx, but_of=DRILL_SOURCE)


def count_ever(tx: Tx, /) -> int:
    """How many people there ever were, the erased and the planted among them."""
    return store.count_ever(tx)


def count_cells(tx: Tx, /) -> int:
    """How many sealed records of customers there are."""
    return store.count_cells(tx) - store.count_cells_of(tx, source=DRILL_SOURCE)


def count_sealed(tx: Tx, /) -> int:
    """How many sealed records lie in the files, planted ones too."""
    return store.count_cells(tx)
