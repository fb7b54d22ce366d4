"""Is every act told in plain words, in both languages, with the right endings?"""

import re
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from kept.ledger.acts.bare import BareAct
from kept.ledger.acts.serving import is_of_a_person
from kept.ledger.model import Kind
from kept.promises.model.book import parse_book
from kept.promises.model.default import default_book
from kept.vault.model.rules import Basis, Lang, Role
from kept.web.lines import ROLES, Told, line
from kept.web.routes.desk.told import folded, times
from kept.web.routes.desk.words import ROLES as DESK_ROLES
from kept.web.staff_lines import PHRASES, staff_line

RULES = parse_book(default_book(name="Tea", contact="a@example.org")).rules
ONLY_OWN = {Kind.PERSON_SIGNED_IN.value, Kind.OWN_VIEW.value}
PERSONAL = [kind.value for kind in Kind if is_of_a_person(kind.value)]


@pytest.mark.parametrize(
    ("told", "en", "ru"),
    [
        (
            Told("person.read", "operator", "deliver", ("delivery",), "118"),
            "Support opened your address to deliver your order 118",
            "Поддержка открыла ваш адрес, чтобы доставить ваш заказ 118",
        ),
        (
            Told("person.read", "owner", "legal_claim", ("contact", "orders")),
            "The owner opened your contact details and your orders to settle a dispute by law",
            "Владелец открыл ваши контакты и ваши заказы, чтобы разобрать спор по закону",
        ),
        (
            Told("person.refused", "senior", "unknown", ("profile",)),
            "A senior colleague tried to open what you told us, and was refused",
            "Старший в команде хотел открыть то, что вы о себе сказали: мы не дали",
        ),
        (
            Told("consent.given", "self", "marketing"),
            "You said yes: Send news and offers",
            "Вы сказали «да»: Слать новости и предложения",
        ),
        (
            Told("consent.withdrawn", "self", "marketing", is_signal=True),
            "Your browser said no for you: Send news and offers",
            "Ваш браузер отказался за вас: Слать новости и предложения",
        ),
        (
            Told("retention.expired", "worker", "house", ("orders",)),
            "Our program deleted your orders: its time was over",
            "Наша программа удалила ваши заказы: срок вышел",
        ),
        (
            Told("person.read", "service", "answer", ("gifts",)),
            "One of the shop's programs opened “gifts” to answer you",
            "Одна из программ открыла «gifts», чтобы ответить вам",
        ),
    ],
)
def test_the_sentence(told: Told, en: str, ru: str) -> None:
    """What the customer reads."""
    assert line(told, RULES, "en") == en
    assert line(told, RULES, "ru") == ru


@pytest.mark.parametrize("kind", sorted({*PERSONAL} - ONLY_OWN))
@pytest.mark.parametrize("role", [role.value for role in Role if role is not Role.SELF])
def test_every_kind_has_its_words(kind: str, role: str) -> None:
    """No act about a person is told by its bare kind, whoever did it."""
    for lang in ("en", "ru"):
        words = line(Told(kind, role, "deliver", ("delivery",)), RULES, lang)
        assert kind not in words
        assert "{" not in words


@pytest.mark.parametrize(
    "kind",
    sorted(
        {*PERSONAL}
        & {
            "alias.added",
            "consent.given",
            "consent.withdrawn",
            "erasure_begun",
            "export.asked",
            "export.ready",
            "export.taken",
            "person.corrected",
            "person.own_view",
            "person.signed_in",
        }
    ),
)
def test_ones_own_acts_say_you(kind: str) -> None:
    """What a person did themselves is told to them as theirs."""
    words = line(Told(kind, "self", "own"), RULES, "en")
    assert words.startswith(("You ", "A copy was made for you"))


@pytest.mark.parametrize(
    ("purpose", "ref", "en", "ru"),
    [
        ("deliver", "order 118", "to deliver your order 118", "чтобы доставить ваш заказ 118"),
        ("deliver", "Заказ 118", "to deliver your order 118", "чтобы доставить ваш заказ 118"),
        ("deliver", "KB-77", "to deliver your order KB-77", "чтобы доставить ваш заказ KB-77"),
        ("deliver", "orders.xls", "deliver your order orders.xls", "ваш заказ orders.xls"),
        ("deliver", "order", "to deliver your order order", "чтобы доставить ваш заказ order"),
        ("answer", "118", "to answer you, order 118", "чтобы ответить вам, заказ 118"),
        ("answer", "заказ 118", "to answer you, order 118", "чтобы ответить вам, заказ 118"),
        ("answer", "talk 9", "to answer you, talk 9", "чтобы ответить вам, talk 9"),
        ("answer", " ", "to answer you", "чтобы ответить вам"),
    ],
)
def test_the_order_is_named_once(purpose: str, ref: str, en: str, ru: str) -> None:
    """However the order was typed, the sentence says the word once."""
    told = Told("person.read", "operator", purpose, ("delivery",), ref)
    assert line(told, RULES, "en").endswith(en)
    assert line(told, RULES, "ru").endswith(ru)


@pytest.mark.parametrize(
    ("told", "en", "ru"),
    [
        (
            Told("person.read", "operator", "deliver", ("delivery",), "118"),
            "Support opened the address to deliver order 118",
            "Поддержка открыла адрес, чтобы доставить заказ 118",
        ),
        (
            Told("person.own_view", "self", "own"),
            "The customer looked at their own page",
            "Клиент смотрел свою страницу",
        ),
        (
            Told("consent.given", "self", "marketing"),
            "The customer said yes: Send news and offers",
            "Клиент сказал «да»: Слать новости и предложения",
        ),
        (
            Told("person.refused", "owner", "answer", ("gifts",)),
            "The owner tried to open “gifts” to answer the customer, and was refused",
            "Владелец хотел открыть «gifts», чтобы ответить клиенту: мы не дали",
        ),
    ],
)
def test_colleagues_read_of_the_customer(told: Told, en: str, ru: str) -> None:
    """The history on the desk speaks of the customer in the third person."""
    assert staff_line(told, RULES, "en") == en
    assert staff_line(told, RULES, "ru") == ru


def rests_on_consent(purpose: str) -> bool:
    """Whether people are asked for a yes to it."""
    found = RULES.purposes.get(purpose)
    return found is None or found.basis is Basis.CONSENT


YOU = re.compile(r"\b(?:you|your|yours|вы|вас|вам|вами|ваш\w*)\b", re.IGNORECASE)


@pytest.mark.parametrize("kind", sorted(PERSONAL))
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_colleagues_are_never_called_you(kind: str, lang: Lang) -> None:
    """No sentence of the desk's history says "you" or "your"."""
    every = tuple(RULES.categories)
    for role, purpose in product(Role, (*RULES.purposes, "own", "unknown")):
        if kind.startswith("consent.") and not rests_on_consent(purpose):
            continue  # a consent names its purpose, and only such as rest on one
        for things in ((), every):
            assert not YOU.search(staff_line(Told(kind, role.value, purpose, things), RULES, lang))


def test_every_line_of_the_shipped_book_is_known_to_colleagues() -> None:
    """None of the shipped purposes falls back to its bare name."""
    for purpose in RULES.purposes.values():
        assert purpose.line.en in PHRASES
        assert purpose.line.ru in PHRASES


def test_only_own_visits_of_one_day_are_folded():
    """What the team did keeps each line; a customer who reloads does not flood the page."""
    day = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def act(n: int, kind: Kind, at: datetime) -> BareAct:
        return BareAct(n, kind.value, "self", "own", 0, at, n, is_of_a_person=True)

    acts = [
        act(6, Kind.OWN_VIEW, day),
        act(5, Kind.OWN_VIEW, day - timedelta(minutes=3)),
        act(4, Kind.PERSON_READ, day - timedelta(minutes=4)),
        act(3, Kind.PERSON_READ, day - timedelta(minutes=4)),
        act(2, Kind.OWN_VIEW, day - timedelta(minutes=5)),
        act(1, Kind.OWN_VIEW, day - timedelta(days=1)),
    ]
    assert [(one.act_id, n) for one, n in folded(acts)] == [(6, 2), (4, 1), (3, 1), (2, 1), (1, 1)]
    assert [times("Seen", n) for n in (1, 2)] == ["Seen", "Seen ×2"]


def test_a_role_has_one_word() -> None:
    """The desk's name of each role is the noun that stands in the customer's lines."""
    for role, name in DESK_ROLES.items():
        said = ROLES[role.value]
        assert name.en.lower() in said.en.lower()
        assert name.ru.lower() in said.ru.lower()
