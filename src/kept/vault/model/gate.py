"""May this asker use these categories of this person for this purpose?

`decide` is pure: rules, consents, state and time come in, `Granted` or `Refused` goes out. Checks
in this order, the first refusal wins and its code is recorded:
1 the person's state · 2 the asker is live, the access review not overdue · 3 the purpose exists,
the role (and the key's scope) may use it, the categories belong to it · 4 `ref` and reason where
the purpose wants them · 5 restriction · 6 lawful basis · 7 `due_at` · 8 level · 9 reveal limits.
Source: GDPR Art. 5(1)(b), 6, 18; `docs/threat-model.md`, the curious operator.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kept.ledger.model import Actor
from kept.vault.model.rules import LEVELS, Basis, Level, Purpose, RevealLimits, Role, Rules

LEGAL_CLAIM = "legal_claim"  # the one purpose that may open what is past its time but held


class PersonState(StrEnum):
    """How far a person's data may be worked with."""

    LIVE = "live"
    RESTRICTED = "restricted"
    ERASING = "erasing"
    ERASED = "erased"


class Code(StrEnum):
    """Why the gate says no. Stable, public, recorded. Append only."""

    PERSON_GONE = "person_gone"
    ASKER_ENDED = "asker_ended"
    REVIEW_OVERDUE = "review_overdue"
    NO_SUCH_PURPOSE = "no_such_purpose"
    ROLE_MAY_NOT = "role_may_not"
    NOT_FOR_PURPOSE = "not_for_purpose"
    OUT_OF_SCOPE = "out_of_scope"
    NEEDS_REF = "needs_ref"
    NEEDS_REASON = "needs_reason"
    RESTRICTED = "restricted"
    NO_CONSENT = "no_consent"
    TOO_OLD = "too_old"
    LEVEL_TOO_HIGH = "level_too_high"
    TOO_MANY_PEOPLE = "too_many_people"
    TOO_MANY_TODAY = "too_many_today"


class ConsentState(StrEnum):
    """What a person said about a purpose; the last record counts."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Consent:
    """The last consent record of a person for one purpose."""

    state: ConsentState
    notice: str
    at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and how they stand now.

    `purposes` and `categories` bound an API key; None leaves it to the role. `limits` None means
    no reveal limit beyond the key's own rate.
    """

    actor: Actor
    role: Role
    is_live: bool = True
    is_review_overdue: bool = False
    purposes: frozenset[str] | None = None
    categories: frozenset[str] | None = None
    limits: RevealLimits | None = field(default_factory=RevealLimits)


@dataclass(frozen=True, slots=True)
class Request:
    """One question to the gate."""

    asker: Asker
    purpose: str
    categories: frozenset[str]
    level: Level = Level.FULL
    ref: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is true of the person and the asker at this moment.

    `due` holds `due_at` of the cells asked for; `held` the categories under a legal hold.
    `others_opened` counts *other* people the asker opened in the window and in the last day.
    """

    person: PersonState
    consents: Mapping[str, Consent] = field(default_factory=dict[str, Consent])
    due: Mapping[str, datetime | None] = field(default_factory=dict[str, datetime | None])
    held: frozenset[str] = frozenset()
    others_opened: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Granted:
    """Yes: for this purpose, at this level."""

    purpose: Purpose
    level: Level


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and why; `ask` is the role that may, when one may."""

    code: Code
    ask: Role | None = None


def decide(
    request: Request, rules: Rules, situation: Situation, *, now: datetime
) -> Granted | Refused:
    """Answer one request. See the module's list of checks."""
    purpose = rules.purposes.get(request.purpose)
    if purpose is None:
        gone = _check_person(request, situation) or _check_asker(request)
        return gone or Refused(Code.NO_SUCH_PURPOSE)
    for check in _CHECKS:
        if (refused := check(_Case(request, purpose, situation, now))) is not None:
            return refused
    return Granted(purpose, request.level)


@dataclass(frozen=True, slots=True)
class _Case:
    request: Request
    purpose: Purpose
    situation: Situation
    now: datetime


def _check_person(request: Request, situation: Situation) -> Refused | None:
    del request
    if situation.person in {PersonState.ERASING, PersonState.ERASED}:
        return Refused(Code.PERSON_GONE)
    return None


def _check_asker(request: Request) -> Refused | None:
    if not request.asker.is_live:
        return Refused(Code.ASKER_ENDED, Role.OWNER)
    if request.asker.is_review_overdue:
        return Refused(Code.REVIEW_OVERDUE, Role.OWNER)
    return None


def _check_purpose(case: _Case) -> Refused | None:
    asker, purpose = case.request.asker, case.purpose
    if asker.role not in purpose.roles:
        return Refused(Code.ROLE_MAY_NOT, _who_may(purpose))
    if asker.purposes is not None and purpose.key not in asker.purposes:
        return Refused(Code.OUT_OF_SCOPE, Role.OWNER)
    if not case.request.categories <= purpose.categories:
        return Refused(Code.NOT_FOR_PURPOSE)
    if asker.categories is not None and not case.request.categories <= asker.categories:
        return Refused(Code.OUT_OF_SCOPE, Role.OWNER)
    return None


def _check_grounds(case: _Case) -> Refused | None:
    if case.purpose.needs_ref and not case.request.ref.strip():
        return Refused(Code.NEEDS_REF)
    if case.purpose.needs_reason and not case.request.reason.strip():
        return Refused(Code.NEEDS_REASON)
    return None


def _check_restriction(case: _Case) -> Refused | None:
    if case.situation.person is PersonState.RESTRICTED and case.purpose.key != LEGAL_CLAIM:
        return Refused(Code.RESTRICTED, Role.OWNER)
    return None


def _check_basis(case: _Case) -> Refused | None:
    if case.purpose.basis is not Basis.CONSENT:
        return None
    consent = case.situation.consents.get(case.purpose.key)
    if consent is None or consent.state is not ConsentState.GIVEN:
        return Refused(Code.NO_CONSENT)
    if consent.expires_at is not None and consent.expires_at <= case.now:
        return Refused(Code.NO_CONSENT)
    if consent.notice != case.purpose.notice:
        return Refused(Code.NO_CONSENT)
    return None


def _check_due(case: _Case) -> Refused | None:
    for key in case.request.categories:
        due = case.situation.due.get(key)
        is_past = due is not None and due <= case.now
        is_claim_on_held = case.purpose.key == LEGAL_CLAIM and key in case.situation.held
        if is_past and not is_claim_on_held:
            return Refused(Code.TOO_OLD)
    return None


def _check_level(case: _Case) -> Refused | None:
    most = case.purpose.levels.get(case.request.asker.role, Level.FULL)
    if LEVELS.index(case.request.level) > LEVELS.index(most):
        return Refused(Code.LEVEL_TOO_HIGH, _who_may(case.purpose))
    return None


def _check_limits(case: _Case) -> Refused | None:
    limits = case.request.asker.limits
    if limits is None:
        return None
    in_window, in_day = case.situation.others_opened
    if in_window >= limits.people:
        return Refused(Code.TOO_MANY_PEOPLE, Role.OWNER)
    if in_day >= limits.people_a_day:
        return Refused(Code.TOO_MANY_TODAY, Role.OWNER)
    return None


def _who_may(purpose: Purpose) -> Role | None:
    for role in (Role.SENIOR, Role.OWNER):
        if role in purpose.roles:
            return role
    return None


_CHECKS: tuple[Callable[[_Case], Refused | None], ...] = (
    lambda case: _check_person(case.request, case.situation),
    lambda case: _check_asker(case.request),
    _check_purpose,
    _check_grounds,
    _check_restriction,
    _check_basis,
    _check_due,
    _check_level,
    _check_limits,
)
