"""Is every act told in plain words, in both languages, with the right endings?"""

import pytest

from kept.ledger.acts.serving import is_of_a_person
from kept.ledger.model import Kind
from kept.promises.model.book import parse_book
from kept.promises.model.default import default_book
from kept.vault.model.rules import Role
from kept.web.lines import Told, line

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
            "Старший сотрудник хотел открыть то, что вы о себе сказали: программа отказала",
        ),
        (
            Told("consent.given", "self", "marketing"),
            "You said yes: Send news and offers",
            "Вы сказали «да»: Послать новости и предложения",
        ),
        (
            Told("consent.withdrawn", "self", "marketing", is_signal=True),
            "Your browser said no for you: Send news and offers",
            "Ваш браузер отказался за вас: Послать новости и предложения",
        ),
        (
            Told("retention.expired", "worker", "house", ("orders",)),
            "Our program deleted your orders: its time was over",
            "Наша программа удалила ваши заказы: срок вышел",
        ),
        (
            Told("person.read", "service", "answer", ("gifts",)),
            "One of the shop's programs opened “gifts” to answer you",
            "Программа магазина открыла «gifts», чтобы ответить вам",
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
