"""Does the gate say no for each reason, in its order, and never yes because less was given?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.ledger.model import Actor
from kept.vault.model.gate import (
    LEGAL_CLAIM,
    Asker,
    Code,
    Consent,
    ConsentState,
    Granted,
    PersonState,
    Refused,
    Request,
    Situation,
    decide,
)
from kept.vault.model.rules import (
    Basis,
    Category,
    ImportDefaults,
    Level,
    Purpose,
    RevealLimits,
    Role,
    Rules,
    Text,
)

NOW = datetime(2026, 11, 21, 17, 4, 9, tzinfo=UTC)
TICK = timedelta(microseconds=1)
WORDS = Text("words", "слова")
KEYS = ("contact", "delivery", "profile")


def purpose(key: str, *, basis: Basis = Basis.CONTRACT, **more: object) -> Purpose:
    """A purpose that everybody of the team may use for contact and delivery."""
    values: dict[str, object] = {
        "roles": frozenset({Role.OPERATOR, Role.SENIOR, Role.OWNER, Role.SERVICE}),
        "categories": frozenset({"contact", "delivery"}),
        **more,
    }
    return Purpose(key, WORDS, WORDS, basis, **values)  # type: ignore[arg-type]


PURPOSES = (
    purpose("deliver"),
    purpose("careful", needs_ref=True, needs_reason=True),
    purpose("marketing", basis=Basis.CONSENT, notice="2"),
    purpose("seniors", roles=frozenset({Role.SENIOR, Role.OWNER})),
    purpose("owners", roles=frozenset({Role.OWNER})),
    purpose("machines", roles=frozenset({Role.SERVICE})),
    purpose("masked", levels={Role.OPERATOR: Level.MASKED}),
    purpose(LEGAL_CLAIM, basis=Basis.LEGITIMATE_INTERESTS),
)
RULES = Rules(
    {key: Category(at, key, WORDS, ()) for at, key in enumerate(KEYS)},
    {one.key: one for one in PURPOSES},
    ImportDefaults("deliver", Basis.CONTRACT, "here"),
)
ANNA = Asker(Actor("staff", "anna", "operator"), Role.OPERATOR)
DELIVER = Request(ANNA, "deliver", frozenset({"delivery"}))
LIVE = Situation(PersonState.LIVE)
YES = Consent(ConsentState.GIVEN, "2", NOW - timedelta(days=1))
MARKETING = replace(DELIVER, purpose="marketing")
CAREFUL = replace(DELIVER, purpose="careful", ref="118", reason="asked by phone")


def asks(request: Request = DELIVER, **asker: object) -> Request:
    """A request by somebody else."""
    return replace(request, asker=replace(request.asker, **asker))  # type: ignore[arg-type]


def said(**consent: object) -> Situation:
    """A person whose last word on marketing is a variation of yes."""
    return replace(LIVE, consents={"marketing": replace(YES, **consent)})  # type: ignore[arg-type]


def aged(**due: datetime | None) -> Situation:
    """A person whose records have a time."""
    return replace(LIVE, due=due)


GRANTED = [
    (DELIVER, LIVE),
    (asks(limits=None), replace(LIVE, others_opened=(9999, 9999))),
    (asks(purposes=frozenset({"deliver"}), categories=frozenset({"delivery"})), LIVE),
    (CAREFUL, LIVE),
    (MARKETING, said()),
    (MARKETING, said(expires_at=NOW + TICK)),
    (DELIVER, aged(delivery=NOW + TICK, contact=None)),
    (DELIVER, aged(contact=NOW)),  # of a category nobody asked for
    (replace(DELIVER, purpose=LEGAL_CLAIM), replace(LIVE, person=PersonState.RESTRICTED)),
    (
        replace(DELIVER, purpose=LEGAL_CLAIM),
        replace(aged(delivery=NOW), held=frozenset({"delivery"})),
    ),
    (replace(DELIVER, purpose="masked", level=Level.MASKED), LIVE),
    (replace(DELIVER, purpose="masked", level=Level.PRESENT), LIVE),
    (asks(replace(DELIVER, purpose="masked"), role=Role.SENIOR), LIVE),
    (DELIVER, replace(LIVE, others_opened=(29, 199))),
]

REFUSED = [
    (DELIVER, Situation(PersonState.ERASING), Refused(Code.PERSON_GONE)),
    (DELIVER, Situation(PersonState.ERASED), Refused(Code.PERSON_GONE)),
    (asks(is_live=False), LIVE, Refused(Code.ASKER_ENDED, Role.OWNER)),
    (asks(is_review_overdue=True), LIVE, Refused(Code.REVIEW_OVERDUE, Role.OWNER)),
    (replace(DELIVER, purpose="nothing"), LIVE, Refused(Code.NO_SUCH_PURPOSE)),
    (asks(role=Role.AUDITOR), LIVE, Refused(Code.ROLE_MAY_NOT, Role.SENIOR)),
    (replace(DELIVER, purpose="seniors"), LIVE, Refused(Code.ROLE_MAY_NOT, Role.SENIOR)),
    (replace(DELIVER, purpose="owners"), LIVE, Refused(Code.ROLE_MAY_NOT, Role.OWNER)),
    (replace(DELIVER, purpose="machines"), LIVE, Refused(Code.ROLE_MAY_NOT)),
    (
        replace(DELIVER, categories=frozenset({"delivery", "profile"})),
        LIVE,
        Refused(Code.NOT_FOR_PURPOSE),
    ),
    (asks(purposes=frozenset({"other"})), LIVE, Refused(Code.OUT_OF_SCOPE, Role.OWNER)),
    (asks(purposes=frozenset()), LIVE, Refused(Code.OUT_OF_SCOPE, Role.OWNER)),
    (asks(categories=frozenset({"contact"})), LIVE, Refused(Code.OUT_OF_SCOPE, Role.OWNER)),
    (replace(CAREFUL, ref=" \t"), LIVE, Refused(Code.NEEDS_REF)),
    (replace(CAREFUL, reason=" \n"), LIVE, Refused(Code.NEEDS_REASON)),
    (DELIVER, Situation(PersonState.RESTRICTED), Refused(Code.RESTRICTED, Role.OWNER)),
    (MARKETING, LIVE, Refused(Code.NO_CONSENT)),
    (MARKETING, said(state=ConsentState.REFUSED), Refused(Code.NO_CONSENT)),
    (MARKETING, said(state=ConsentState.WITHDRAWN), Refused(Code.NO_CONSENT)),
    (MARKETING, said(state=ConsentState.EXPIRED), Refused(Code.NO_CONSENT)),
    (MARKETING, said(notice="1"), Refused(Code.NO_CONSENT)),
    (MARKETING, said(expires_at=NOW), Refused(Code.NO_CONSENT)),
    (DELIVER, aged(delivery=NOW), Refused(Code.TOO_OLD)),
    (
        DELIVER,
        replace(aged(delivery=NOW), held=frozenset({"delivery"})),
        Refused(Code.TOO_OLD),
    ),
    (
        replace(DELIVER, purpose=LEGAL_CLAIM),
        replace(aged(delivery=NOW), held=frozenset({"contact"})),
        Refused(Code.TOO_OLD),
    ),
    (replace(DELIVER, purpose="masked"), LIVE, Refused(Code.LEVEL_TOO_HIGH, Role.SENIOR)),
    (
        DELIVER,
        replace(LIVE, others_opened=(30, 30)),
        Refused(Code.TOO_MANY_PEOPLE, Role.OWNER),
    ),
    (DELIVER, replace(LIVE, others_opened=(0, 200)), Refused(Code.TOO_MANY_TODAY, Role.OWNER)),
]


@pytest.mark.parametrize(("request_", "situation"), GRANTED)
def test_what_is_granted(request_: Request, situation: Situation):
    """At the level asked for, for the purpose named."""
    found = decide(request_, RULES, situation, now=NOW)
    assert found == Granted(RULES.purposes[request_.purpose], request_.level)


@pytest.mark.parametrize(("request_", "situation", "refused"), REFUSED)
def test_what_is_refused(request_: Request, situation: Situation, refused: Refused):
    """For one reason, with whom to ask where somebody may."""
    assert decide(request_, RULES, situation, now=NOW) == refused


def test_every_code_has_a_row():
    """A reason that no test gives is a reason nobody knows."""
    assert {row[2].code for row in REFUSED} == set(Code)


def test_the_first_reason_wins():
    """Everything wrong at once; mended one by one, each check speaks in its turn."""
    limits = RevealLimits(people=1, people_a_day=1)
    asker = replace(
        ANNA, is_live=False, is_review_overdue=True, role=Role.AUDITOR, limits=limits,
        purposes=frozenset[str](), categories=frozenset[str](),
    )  # fmt: skip
    rules = replace(
        RULES,
        purposes={
            "all": purpose(
                "all",
                basis=Basis.CONSENT,
                needs_ref=True,
                needs_reason=True,
                levels={Role.OPERATOR: Level.PRESENT},
            )
        },
    )
    request = Request(asker, "nothing", frozenset({"delivery", "profile"}))
    situation = Situation(
        PersonState.ERASING, due={"delivery": NOW, "contact": NOW}, others_opened=(1, 1)
    )
    order = list[Code]()

    def ask() -> None:
        found = decide(request, rules, situation, now=NOW)
        assert isinstance(found, Refused)
        order.append(found.code)

    ask()
    situation = replace(situation, person=PersonState.RESTRICTED)
    for asker_mend, request_mend in (
        ({}, {}),
        ({"is_live": True}, {}),
        ({"is_review_overdue": False}, {}),
        ({}, {"purpose": "all"}),
        ({"role": Role.OPERATOR}, {}),
        ({"purposes": None}, {}),
        ({}, {"categories": frozenset({"delivery"})}),
        ({"categories": None}, {}),
        ({}, {"ref": "118"}),
        ({}, {"reason": "asked"}),
    ):
        asker = replace(asker, **asker_mend)  # type: ignore[arg-type]
        request = replace(request, asker=asker, **request_mend)  # type: ignore[arg-type]
        ask()
    for mend in (
        {"person": PersonState.LIVE},
        {"consents": {"all": Consent(ConsentState.GIVEN, "1", NOW)}},
        {"due": {}},
    ):
        situation = replace(situation, **mend)  # type: ignore[arg-type]
        ask()
    request = replace(request, level=Level.PRESENT)
    ask()
    situation = replace(situation, others_opened=(0, 1))
    ask()
    situation = replace(situation, others_opened=(0, 0))
    assert isinstance(decide(request, rules, situation, now=NOW), Granted)
    assert order == [
        Code.PERSON_GONE,
        Code.ASKER_ENDED,
        Code.REVIEW_OVERDUE,
        Code.NO_SUCH_PURPOSE,
        Code.ROLE_MAY_NOT,
        Code.OUT_OF_SCOPE,
        Code.NOT_FOR_PURPOSE,
        Code.OUT_OF_SCOPE,
        Code.NEEDS_REF,
        Code.NEEDS_REASON,
        Code.RESTRICTED,
        Code.NO_CONSENT,
        Code.TOO_OLD,
        Code.LEVEL_TOO_HIGH,
        Code.TOO_MANY_PEOPLE,
        Code.TOO_MANY_TODAY,
    ]


times = st.sampled_from([NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)])
some_keys = st.frozensets(st.sampled_from(KEYS))
scopes = st.none() | st.frozensets(st.sampled_from([one.key for one in PURPOSES]))
consents = st.builds(
    Consent, st.sampled_from(ConsentState), st.sampled_from(["1", "2"]), times, st.none() | times
)
requests = st.builds(
    Request,
    st.builds(
        Asker,
        st.just(ANNA.actor),
        st.sampled_from(Role),
        is_live=st.sampled_from([True, True, False]),
        is_review_overdue=st.sampled_from([False, False, True]),
        purposes=scopes,
        categories=st.none() | some_keys,
    ),
    st.sampled_from([*RULES.purposes, "nothing"]),
    some_keys,
    st.sampled_from(Level),
    st.sampled_from(["", "118"]),
    st.sampled_from(["", "asked"]),
)
situations = st.builds(
    Situation,
    st.sampled_from([PersonState.LIVE, *PersonState]),
    st.dictionaries(st.sampled_from([one.key for one in PURPOSES]), consents),
    st.dictionaries(st.sampled_from(KEYS), st.none() | times),
    some_keys,
    st.tuples(st.sampled_from([0, 30]), st.sampled_from([0, 200])),
)


@given(request_=requests, situation=situations, data=st.data())
def test_less_never_opens_more(request_: Request, situation: Situation, data: st.DataObject):
    """Take a grant, role, consent or category away: what was refused stays refused."""
    if isinstance(decide(request_, RULES, situation, now=NOW), Granted):
        return
    asker = request_.asker
    lesser_rules, lesser_request, lesser_situation = RULES, request_, situation
    what = data.draw(st.sampled_from(["purpose", "role", "category", "consent", "scope", "kinds"]))
    known = RULES.purposes.get(request_.purpose)
    if what == "consent":
        gone = data.draw(st.sampled_from([one.key for one in PURPOSES]))
        left = {key: value for key, value in situation.consents.items() if key != gone}
        lesser_situation = replace(situation, consents=left)
    elif what == "scope":
        purposes = (asker.purposes or frozenset(RULES.purposes)) - {request_.purpose}
        lesser_request = replace(request_, asker=replace(asker, purposes=purposes))
    elif what == "kinds":
        left_keys = (asker.categories or frozenset(KEYS)) - data.draw(some_keys)
        lesser_request = replace(request_, asker=replace(asker, categories=left_keys))
    elif known is not None:
        if what == "purpose":
            remaining = {k: v for k, v in RULES.purposes.items() if k != known.key}
        else:
            less = (
                replace(known, roles=known.roles - {asker.role})
                if what == "role"
                else replace(known, categories=known.categories - data.draw(some_keys))
            )
            remaining = {**RULES.purposes, known.key: less}
        lesser_rules = replace(RULES, purposes=remaining)
    found = decide(lesser_request, lesser_rules, lesser_situation, now=NOW)
    assert isinstance(found, Refused)


@given(request_=requests, situation=situations)
def test_time_alone_never_opens_what_was_shut(request_: Request, situation: Situation):
    """What expired stays expired, what was due stays due, however late it is asked."""
    if isinstance(decide(request_, RULES, situation, now=NOW), Refused):
        later = decide(request_, RULES, situation, now=NOW + timedelta(days=400))
        assert isinstance(later, Refused)
