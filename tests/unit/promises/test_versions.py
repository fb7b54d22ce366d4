"""Versions: identity, and every weakening recognised by comparing two of them."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kept.base.errors import MalformedError
from kept.promises.model.promise import Grade, Kind, Promise
from kept.promises.model.versions import applies_at, is_weaker, version_of
from kept.vault.model.rules import Text

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CHAT, MAIL = "chat", "mail"
OLD = Promise(
    "answer.chat",
    Kind.SHARE,
    1,
    (Grade.MEASURED, Grade.OUTSIDE),
    Text("A person answers within {minutes}.", "Человек ответит за {minutes}."),
    bound=timedelta(minutes=15),
    target=90,
    calendar="work",
    scope=frozenset({CHAT}),
    exceptions=frozenset({"holidays"}),
    months=12,
    people=3,
)

WEAKER = {
    "longer limit": {"bound": timedelta(minutes=16)},
    "lower target": {"target": 89},
    "other scope": {"scope": frozenset({MAIL})},
    "more exceptions": {"exceptions": frozenset({"holidays", "nights"})},
    "other exception": {"exceptions": frozenset({"nights"})},
    "one voice less": {"grade": (Grade.MEASURED,)},
    "only declared": {"grade": (Grade.DECLARED,)},
    "other calendar": {"calendar": "plain"},
    "other kind": {"kind": Kind.CLOCK},
    "other words": {"text": Text("A person answers.", "Человек ответит.")},
    "other words in Russian alone": {"text": Text(OLD.text.en, "Ответим за {minutes}.")},
    "kept longer": {"months": 13},
    "more people": {"people": 4},
    "stronger here, weaker there": {"bound": timedelta(minutes=5), "target": 80},
}
STRONGER = {
    "nothing but the number": {},
    "shorter limit": {"bound": timedelta(minutes=14)},
    "higher target": {"target": 95},
    "wider scope": {"scope": frozenset({CHAT, MAIL})},
    "everything": {"scope": frozenset[str]()},
    "no exceptions": {"exceptions": frozenset[str]()},
    "one voice more": {"grade": (*OLD.grade, Grade.CONFIRMED)},
    "kept shorter": {"months": 6},
    "fewer people": {"people": 2},
}


def changed(change):
    """The next version of the promise with this change."""
    return version_of(replace(OLD, version=2, **change))


@pytest.mark.parametrize("name", WEAKER)
def test_weakening_is_recognised_and_waits(name):
    """Each weakening is seen and holds 30 days later; what cannot be ordered counts too."""
    new = changed(WEAKER[name])
    assert is_weaker(version_of(OLD), new)
    assert applies_at(version_of(OLD), new, NOW) == NOW + 30 * DAY


@pytest.mark.parametrize("name", STRONGER)
def test_strengthening_holds_at_once(name):
    """What promises no less holds from now on."""
    new = changed(STRONGER[name])
    assert not is_weaker(version_of(OLD), new)
    assert applies_at(version_of(OLD), new, NOW) == NOW


def test_limiting_an_unlimited_scope_is_weaker():
    """From everything to one channel is less."""
    all_of_it = version_of(replace(OLD, scope=frozenset()))
    assert is_weaker(all_of_it, changed({}))


def test_a_declaration_may_be_replaced_by_a_measurement():
    """Losing D for M is no loss, losing M for D is."""
    declared = replace(OLD, grade=(Grade.DECLARED,))
    assert not is_weaker(version_of(declared), changed({"grade": (Grade.MEASURED,)}))


def test_removal_is_weaker_and_the_first_version_is_not():
    """Removing a promise is a weakening; before the first publication nothing is."""
    assert is_weaker(version_of(OLD), None)
    assert applies_at(None, version_of(OLD), NOW) == NOW


@pytest.mark.parametrize("number", [1, 3])
def test_a_change_raises_the_number_by_one(number):
    """A changed promise with the old number, or a skipped one, is refused."""
    new = version_of(replace(OLD, version=number, target=91))
    with pytest.raises(MalformedError, match="must be 2"):
        applies_at(version_of(OLD), new, NOW)


@pytest.mark.parametrize("change", [*WEAKER.values(), *list(STRONGER.values())[1:]])
def test_identity_changes_with_every_part(change):
    """Two versions that differ anywhere have two identities."""
    assert version_of(replace(OLD, **change)).identity() != version_of(OLD).identity()


def test_identity_can_be_computed_by_hand():
    """The identity is SHA-256 over its lines, the texts' hashes among them."""
    english = hashlib.sha256(b"A person answers within {minutes}.").hexdigest()
    russian = hashlib.sha256("Человек ответит за {minutes}.".encode()).hexdigest()
    lines = (
        f"kept-promise/v1\nanswer.chat\n1\n{english}\n{russian}\nshare\n900000000\n90\nwork\nMX\n"
        "chat\nholidays\n12\n3"
    )
    assert version_of(OLD).identity() == hashlib.sha256(lines.encode()).digest()
    assert version_of(OLD).text_sha256() == {"en": english, "ru": russian}
