"""Who did this act, and about whom? For deciding whether somebody may have its receipt."""

from dataclasses import dataclass

from kept.db.seam import Tx
from kept.ledger.store import act_rows


@dataclass(frozen=True, slots=True)
class Whose:
    """The actor as text, and the person's row number; None for an act of the house."""

    actor: str
    person_n: int | None


def whose(tx: Tx, act_id: int, /) -> Whose | None:
    """What an act's row tells; None when there is none. Reads only."""
    row = act_rows.act(tx, act_id)
    return None if row is None else Whose(row.actor, row.person)
