"""What should a small business do to be trusted, and how far is this one? Rows and states.

Rules: a state is done, partly, missing, not yours (with the owner's reason) or later; only facts
measured in the house light a row, the owner's word never counts as measured; a row whose pillar
is not built says "comes later" and never "done".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from kept.vault.model.rules import Lang, Text


class Level(StrEnum):
    """Whose matter a row is."""

    BUSINESS = "business"
    TEAM = "team"
    CUSTOMER = "customer"


LEVEL_WORDS: Mapping[Level, Text] = {
    Level.BUSINESS: Text("Business", "Дело"),
    Level.TEAM: Text("Team", "Команда"),
    Level.CUSTOMER: Text("Customers", "Клиенты"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One recommendation with the button of its next step.

    Args:
        link: where the button leads; empty while the pillar is not built.
    """

    key: str
    level: Level
    text: Text
    button: Text
    link: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """Lit by what was measured."""

    evidence: Text


@dataclass(frozen=True, slots=True)
class Partly:
    """Some of it was measured; the evidence says what is left."""

    evidence: Text


@dataclass(frozen=True, slots=True)
class Missing:
    """Measured, and not there."""

    evidence: Text


@dataclass(frozen=True, slots=True)
class NotYours:
    """The owner says it does not concern this business. Told, never measured."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Its pillar is not built yet."""


State = Done | Partly | Missing | NotYours | Later

LATER = Text("Comes later: Kept cannot measure this yet.", "Появится позже: пока это не измерить.")
TOLD = Text("You told us: {reason}", "С ваших слов: {reason}")


@dataclass(frozen=True, slots=True)
class Checked:
    """One row with its state."""

    row: Row
    state: State

    @property
    def name(self) -> str:
        """The state's stable name, as `kept checkup --json` tells it."""
        match self.state:
            case Done():
                return "done"
            case Partly():
                return "partly"
            case Missing():
                return "missing"
            case NotYours():
                return "not_yours"
            case Later():
                return "later"
        assert_never(self.state)

    @property
    def is_measured(self) -> bool:
        """Whether the state rests on facts of the house."""
        return isinstance(self.state, Done | Partly | Missing)

    def evidence(self, lang: Lang) -> str:
        """What the state rests on, in words."""
        match self.state:
            case Done(evidence) | Partly(evidence) | Missing(evidence):
                return evidence.get(lang)
            case NotYours(reason):
                return TOLD.get(lang).format(reason=reason)
            case Later():
                return LATER.get(lang)
        assert_never(self.state)

    def as_json(self, lang: Lang = "en") -> dict[str, str]:
        """The members of `kept checkup --json`."""
        return {
            "key": self.row.key,
            "level": self.row.level.value,
            "state": self.name,
            "evidence": self.evidence(lang),
        }
