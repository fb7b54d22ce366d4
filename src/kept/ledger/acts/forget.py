"""How does the ledger forget a person? Openings, counter and links go; the public entries stay."""

from kept.db.seam import Tx
from kept.ledger.store import act_rows


def forget_subject(tx: Tx, person_n: int, /) -> None:
    """Cut every link between acts and a person, and destroy the openings. Idempotent."""
    act_rows.forget_person(tx, person_n)
