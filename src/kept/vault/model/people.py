"""Why may somebody be taken in, and what came of it?"""

from dataclasses import dataclass

from kept.base.ids import PersonId
from kept.vault.model.rows import RefusedRow
from kept.vault.model.rules import Basis


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a list comes from and why it may be kept; `batch` names the run that brought it."""

    purpose: str
    basis: Basis
    source: str
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """A new person."""

    person: PersonId
    alias: str
    act_id: int


@dataclass(frozen=True, slots=True)
class Merged:
    """Somebody already known, `act_id` None when nothing was new."""

    person: PersonId
    alias: str
    act_id: int | None


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The keys point at several people: nothing was written."""

    row: RefusedRow


Outcome = Added | Merged | Ambiguous
