"""May this password be chosen, and what is stored of it?

Choosing takes half a second of Argon2, so it happens before the transaction; the verbs take a
`ChosenPassword`, which only `choose_password` makes. The candidate is written nowhere.
"""

from dataclasses import dataclass
from datetime import datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path

from kept.base.errors import UnavailableError
from kept.db.seam import Pending, Tx
from kept.staff.acts.parts import StaffParts
from kept.staff.model.breached import BreachedTable
from kept.staff.model.passwords import PasswordFault, find_fault, normal_form
from kept.staff.store import counts

SHIPPED = Path(__file__).parent.parent / "breached.bin"


@dataclass(frozen=True, slots=True, repr=False)
class ChosenPassword:
    """The hash of a password that keeps the rules."""

    hash: str


def open_table(path: Path = SHIPPED) -> BreachedTable:
    """Map a table of known passwords; the shipped one unless told otherwise.

    Raises:
        TamperedError: not a whole table.
        UnavailableError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return BreachedTable(mmap(file.fileno(), 0, access=ACCESS_READ))
    except (OSError, ValueError):  # ValueError: an empty file cannot be mapped
        raise UnavailableError(f"the table of known passwords ({path.name})") from None


def choose_password(
    parts: StaffParts, /, *, password: str, email: str
) -> ChosenPassword | PasswordFault:
    """Check the rules and hash. Slow: call it outside a transaction.

    Raises:
        UnavailableError: too many hashes at once.
    """
    fault = find_fault(password, business=parts.business, email=email, table=parts.breached)
    if fault is not None:
        return fault
    return ChosenPassword(parts.passwords.hash(normal_form(password)))


def note_refused_password(tx: Tx, /, *, fault: PasswordFault, now: datetime) -> Pending[None]:
    """Count a refused choice: evidence for the check-up row `pass.strong`."""
    counts.insert_refused(tx, fault.value, now)
    return Pending(None)
