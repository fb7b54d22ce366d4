"""What does the vault need to know to take somebody in?"""

from collections.abc import Mapping
from dataclasses import dataclass

from kept.base.ids import PersonId
from kept.vault.model.body import Body
from kept.vault.model.rules import Basis, Field, FieldKind


@dataclass(frozen=True, slots=True)
class Newcomer:
    """One person's data, normalised and ready to be sealed.

    `bodies` by category key; `found_by` indexed fields with their normal form; `merge_by` the keys
    by which this may be somebody already known, strongest first.
    """

    bodies: Mapping[str, Body]
    found_by: tuple[tuple[Field, str], ...] = ()
    merge_by: tuple[tuple[FieldKind, str], ...] = ()


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

    count: int


Outcome = Added | Merged | Ambiguous
