"""What must the tables hold of a person, told again from the person's own acts?

Every row that an act writes can be told from the acts alone, so a row that a hand changed, took
out or put back from an older copy contradicts them. Acts of an older Kept say less: what they do
not say is `UNSAID` and fits anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kept.base.encoding import Json
from kept.ledger.model import Kind
from kept.vault.model.gate import PersonState

UNSAID = "\0unsaid"  # no column ever holds it


@dataclass(frozen=True, slots=True)
class ToldAct:
    """One act of a person, opened; `at` in microseconds."""

    kind: str
    actor: str
    purpose: str
    at: int
    detail: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Written:
    """A category as it was last written; `due_at` and `fresh_until` may be `UNSAID`."""

    sha256: str
    at: int
    due_at: int | str | None = UNSAID
    fresh_until: int | str | None = UNSAID


@dataclass(slots=True)
class Retold:
    """A person's rows, each as a tuple of its columns in the order of its reader below."""

    state: str = PersonState.LIVE.value
    alias: str = UNSAID  # its digest
    is_alias_only: bool = False
    source: str = UNSAID
    created_at: int = 0
    changed_at: int = 0
    cells: dict[str, Written | None] = field(default_factory=dict[str, Written | None])
    consents: list[tuple[Json, ...]] = field(default_factory=list[tuple[Json, ...]])
    origins: list[tuple[Json, ...]] = field(default_factory=list[tuple[Json, ...]])
    exports: list[list[Json]] = field(default_factory=list[list[Json]])
    sessions: set[tuple[Json, ...]] = field(default_factory=set[tuple[Json, ...]])
    withdrawn: dict[str, int] = field(default_factory=dict[str, int])


def retell(acts: Iterable[ToldAct]) -> Retold:
    """The rows that these acts, oldest first, have left behind."""
    told = Retold()
    for act in acts:
        one = _STEPS.get(act.kind)
        if one is not None:
            one(told, act)
    return told


def fits(held: Iterable[object], said: Iterable[object]) -> bool:
    """Whether a row is what was said of it, where something was said."""
    return all(one in {other, UNSAID} for other, one in zip(held, said, strict=True))


def _added(told: Retold, act: ToldAct) -> None:
    told.created_at = act.at
    told.alias = _text(act, "alias")
    told.source = _text(act, "source")
    _come_in(told, act)


def _come_in(told: Retold, act: ToldAct) -> None:
    batch = act.detail.get("batch", "")
    said = _text(act, "basis"), _text(act, "source")
    told.origins.append((act.purpose, *said, batch, act.at))
    _wrote(told, act)


def _wrote(told: Retold, act: ToldAct) -> None:
    categories = _words(act.detail.get("categories"))
    digests = act.detail.get("sha256")
    known = [digests] if isinstance(digests, str) else _words(digests)
    until = act.detail.get("until")
    times = until if isinstance(until, list) else [None] * len(known)
    for category, digest, pair in zip(categories, known, times, strict=False):
        if isinstance(pair, list) and len(pair) == len(("due", "fresh")):
            told.cells[category] = Written(digest, act.at, _time(pair[0]), _time(pair[1]))
        else:
            told.cells[category] = Written(digest, act.at)
    told.changed_at = act.at


def _expired(told: Retold, act: ToldAct) -> None:
    for category in _words(act.detail.get("categories")):
        told.cells[category] = None
    told.changed_at = act.at


def _renamed(told: Retold, act: ToldAct) -> None:
    told.alias = _text(act, "alias")
    told.is_alias_only = act.detail.get("only") is True
    told.changed_at = act.at


def _said(told: Retold, act: ToldAct) -> None:
    is_new = "lang" in act.detail  # an older act says nothing of lang, source and end
    told.consents.append((
        act.purpose,
        act.detail.get("state"),
        act.detail.get("notice"),
        act.detail.get("lang", UNSAID),
        act.detail.get("text"),
        act.detail.get("method"),
        act.detail.get("source", UNSAID),
        act.actor,
        act.at,
        act.detail.get("expires") if is_new else UNSAID,
    ))  # fmt: skip
    if act.kind == Kind.CONSENT_WITHDRAWN:
        told.withdrawn[act.purpose] = act.at


def _asked(told: Retold, act: ToldAct) -> None:
    told.exports.append([act.detail.get("request", UNSAID), act.at, None, None])


def _ready(told: Retold, act: ToldAct) -> None:
    _export(told, act, 2)


def _taken(told: Retold, act: ToldAct) -> None:
    _export(told, act, 3)


def _export(told: Retold, act: ToldAct, column: int) -> None:
    """The first time counts; an older act does not say which request it is of."""
    number = act.detail.get("request")
    for one in told.exports:
        if number is None and one[0] == UNSAID:
            one[column] = UNSAID
        elif number == one[0] and one[column] is None:
            one[column] = act.at


def _signed_in(told: Retold, act: ToldAct) -> None:
    told.sessions.add((act.detail.get("session", UNSAID), act.at))


def _leaving(told: Retold, act: ToldAct) -> None:
    told.state = PersonState.ERASING.value
    told.sessions.clear()
    told.changed_at = act.at


_STEPS = {
    Kind.PERSON_ADDED.value: _added,
    Kind.PERSON_MERGED.value: _come_in,
    Kind.PERSON_CORRECTED.value: _wrote,
    Kind.RETENTION_EXPIRED.value: _expired,
    Kind.ALIAS_ADDED.value: _renamed,
    Kind.CONSENT_GIVEN.value: _said,
    Kind.CONSENT_WITHDRAWN.value: _said,
    Kind.EXPORT_ASKED.value: _asked,
    Kind.EXPORT_READY.value: _ready,
    Kind.EXPORT_TAKEN.value: _taken,
    Kind.PERSON_SIGNED_IN.value: _signed_in,
    Kind.ERASURE_BEGUN.value: _leaving,
}


def _words(value: Json) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _text(act: ToldAct, name: str) -> str:
    value = act.detail.get(name)
    return value if isinstance(value, str) else UNSAID


def _time(value: Json) -> int | str | None:
    return value if value is None or isinstance(value, int) else UNSAID
