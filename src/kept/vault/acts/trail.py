"""Under which keys are a person's acts recorded, found by the row number that an act holds?

For checking the ledger alone: nothing about a person is opened here.
"""

from kept.base.errors import NotFoundError, UnavailableError
from kept.db.seam import Database
from kept.ledger.model import Subject
from kept.vault.acts.parts import VaultParts, with_keys
from kept.vault.store import people as store


def subject_of_row(db: Database, vault: VaultParts, person_n: int, /) -> Subject | None:
    """The keys; None where they are gone.

    Raises:
        TamperedError: a wrap was changed.
    """
    row = db.read(lambda tx: store.person_by_n(tx, person_n))
    if row is None:
        return None
    try:
        return with_keys(vault, row).keys.subject
    except (NotFoundError, UnavailableError):  # an epoch that is not held: the keys are named later
        return None
