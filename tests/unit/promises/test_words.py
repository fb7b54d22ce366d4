"""Numbers and nouns in both languages, and every sentence a customer can see."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import textstat

from kept.base.errors import MalformedError
from kept.promises.model.badge import LABEL, OUTDATED
from kept.promises.model.book import parse_book
from kept.promises.model.checkup import LATER
from kept.promises.model.checkup_facts import Facts
from kept.promises.model.checkup_judge import ROWS, check_up
from kept.promises.model.default import default_book
from kept.promises.model.explanations import EXPLAINED, KIND_WORDS, UNKNOWN, bound_words
from kept.promises.model.promise import Grade, Kind, Promise
from kept.promises.model.statements import CHECK_WORDS, GRADE_WORDS, headline, sentence
from kept.promises.model.status import STATE_WORDS, State
from kept.promises.model.words import DAYS, HOURS, MINUTES, MONTHS, PEOPLE, ago, day, span
from kept.vault.model.rules import Text

BOOK = parse_book(default_book(name="Tea Shop", contact="owner@example.org"))
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FORBIDDEN = re.compile(  # the guide's list of words a seal may not use
    r"certified|certificate|privacy seal|guaranteed|100 ?%|approved|fully secure|compliant with"
    r"|сертифи|гарантир|одобрен|полностью безопасн|соответствует требован",
    re.IGNORECASE,
)
NUMBERS = (1, 2, 5, 11, 21, 22, 25)


def facts(**more: Any) -> Facts:
    """Facts in which every judgement says its longest sentence."""
    known: dict[str, Any] = {
        "people": 2000, "sealed_values": 14000, "scanned_at": NOW, "readings": 412, "accounts": 4,
        "second_factor": 4, "breached_refused": 2, "reviewed_at": NOW, "imports": 3,
        "has_mail": True, "visits": 9, "slowest_line": timedelta(seconds=2), "corrections": 4,
        "aliases": 2, "consents": 1200, "witnesses": 1, "breaks": 2, "breaks_answered": 1,
    }  # fmt: skip
    return Facts(now=NOW, **(known | more))


def sentences():
    """Every sentence of this floor that a customer or owner can see, by a name for the report."""
    yield from ((f"promise {p.key}", sentence(p)) for p in BOOK.promises.values())
    for key, words in (*EXPLAINED.items(), ("unknown", UNKNOWN)):
        yield f"{key} how", words.how
        yield f"{key} counted", words.counted
        yield f"{key} cannot", words.cannot
    for field in (f for c in BOOK.rules.categories.values() for f in c.fields):
        yield f"why {field.key}", field.why
    for purpose in BOOK.rules.purposes.values():
        opened = Text(f"We opened it {purpose.line.en}.", f"Мы открыли это, {purpose.line.ru}.")
        yield f"line {purpose.key}", opened
    yield from ((f"row {row.key}", row.text) for row in ROWS)
    yield "later", LATER
    for found in (facts(), facts(scan_hits=1), facts(scanned_at=None, reviewed_at=None, visits=0),
                  facts(has_mail=False, breaks=0, witnesses=0), Facts(now=NOW)):  # fmt: skip
        for one in check_up(found):
            yield f"evidence {one.row.key}", Text(one.evidence("en"), one.evidence("ru"))
    yield "headline", headline([State.KEPT] * 3 + [State.AT_RISK, State.STALE])
    yield "nothing", headline([State.UNMEASURED] * 5)


SENTENCES = list(sentences())
ari = textstat.automated_readability_index  # pyright: ignore[reportAttributeAccessIssue]
# the module is an object without types


@pytest.mark.parametrize(("name", "text"), SENTENCES)
def test_sentences_are_plain(name, text):
    """ARI is at most 10 in English and 12 in Russian, with all numbers filled in."""
    english = ari(text.en)
    russian = ari(text.ru)
    assert english <= 10, f"{name}: {english} {text.en}"
    assert russian <= 12, f"{name}: {russian} {text.ru}"


def every_word():
    """All texts of this floor, labels and buttons too."""
    yield from SENTENCES
    for words in (STATE_WORDS, GRADE_WORDS, KIND_WORDS):
        yield from ((str(key), text) for key, text in words.items())
    yield from ((f"button {row.key}", row.button) for row in ROWS)
    yield from (("label", LABEL), ("outdated", OUTDATED), ("check", CHECK_WORDS))


@pytest.mark.parametrize(("name", "text"), list(every_word()))
def test_no_word_claims_what_a_seal_may_not(name, text):
    """No text says certified, guaranteed, approved, 100 %; none is empty or left in English."""
    assert not FORBIDDEN.search(text.en + text.ru), name
    assert text.en.strip()
    assert re.search("[а-яё]", text.ru)
    assert not re.search("[а-яё]", text.en, re.IGNORECASE)


def test_the_forbidden_list_bites():
    """The list finds what it is made for."""
    for words in ("Certified shop", "100 % safe", "100% safe", "Сертифицировано", "гарантировано"):
        assert FORBIDDEN.search(words)


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        (DAYS, "1 день|2 дня|5 дней|11 дней|21 день|22 дня|25 дней"),
        (HOURS, "1 час|2 часа|5 часов|11 часов|21 час|22 часа|25 часов"),
        (MINUTES, "1 минуту|2 минуты|5 минут|11 минут|21 минуту|22 минуты|25 минут"),
        (MONTHS, "1 месяц|2 месяца|5 месяцев|11 месяцев|21 месяц|22 месяца|25 месяцев"),
        (PEOPLE, "1 человека|2 человек|5 человек|11 человек|21 человека|22 человек|25 человек"),
    ],
)
def test_russian_plurals(noun, expected):
    """Three forms in the right case for 1, 2, 5, 11, 21, 22 and 25."""
    assert [noun.count(n).ru for n in NUMBERS] == expected.split("|")


def test_english_plurals():
    """One is one, everything else is many, nothing too."""
    assert [DAYS.count(n).en for n in (0, 1, 2)] == ["0 days", "1 day", "2 days"]
    assert [PEOPLE.count(n).en for n in (1, 3)] == ["1 person", "3 people"]


@pytest.mark.parametrize(
    ("days", "expected"),
    [(1, "за 1 день."), (2, "за 2 дня."), (5, "за 5 дней."), (21, "за 21 день.")],
)
def test_placeholders_bring_their_noun(days, expected):
    """`{days}` becomes number and noun in the right form."""
    text = Text("Done within {days}.", "Сделаем за {days}.")
    made = Promise("a.b", Kind.CLOCK, 1, (Grade.MEASURED,), text, bound=timedelta(days=days))
    assert sentence(made).ru.endswith(expected)


def test_people_and_months_have_their_own_numbers():
    """Placeholders that no bound gives come from the promise's own numbers."""
    text = Text("Only {people}, {months}.", "Только у {people}, через {months}.")
    made = Promise("a.b", Kind.ZERO, 1, (Grade.MEASURED,), text, people=3, months=12)
    assert sentence(made) == Text(
        "Only 3 people, 12 months.", "Только у 3 человек, через 12 месяцев."
    )


def test_spans_days_and_ages():
    """Lengths of time show two units at most; days are said in words."""
    assert span(timedelta(hours=3, minutes=10)) == Text("3 h 10 min", "3 ч 10 мин")
    assert span(timedelta(days=2, hours=4, minutes=9)).en == "2 d 4 h"
    assert span(timedelta(days=7)).ru == "7 д"
    assert span(timedelta(0)).en == "0 s"
    assert day(NOW) == Text("21 Nov 2026", "21 ноября 2026")
    assert ago(NOW - timedelta(days=6), NOW) == Text("6 days ago", "6 дней назад")
    assert ago(NOW - timedelta(hours=3), NOW).ru == "сегодня"


def test_headline_counts_honestly():
    """The top line counts what is kept and names what is not."""
    states = [State.KEPT] * 4 + [State.AT_RISK]
    assert headline(states) == Text(
        "We keep 4 of 5 promises today. 1 is at risk.",
        "Сегодня мы выполняем 4 из 5 обещаний. Под угрозой: 1.",
    )
    assert headline([State.UNMEASURED] * 5).en == "Nothing has been measured yet."
    assert headline([]).ru == "Пока ничего не измерено."


@pytest.mark.parametrize(
    ("kind", "english", "russian"),
    [
        (Kind.ZERO, "Not a single one in 90 days", "Ни одного за 90 дней"),
        (Kind.CLOCK, "At most 7 d for each", "На каждый — не дольше 7 д"),
        (Kind.SHARE, "At least 90 of 100 within 7 d", "Не меньше 90 из 100 не дольше 7 д"),
        (Kind.FRESH, "A proof no older than 7 d", "Проверка не старше 7 д"),
        (Kind.DECLARED, "Until the day on the paper", "До дня, который стоит в документе"),
    ],
)
def test_every_kind_tells_its_bound(kind, english, russian):
    """The page of a promise says in words what would break it."""
    text = Text("A word.", "Слово.")
    made = Promise("a.b", kind, 1, (Grade.MEASURED,), text, bound=timedelta(days=7), target=90)
    assert bound_words(made) == Text(english, russian)


def test_a_placeholder_without_a_number_is_never_shown():
    """A sentence whose number is unknown is refused, not shown with braces."""
    text = Text("Within {days}.", "За {days}.")
    with pytest.raises(MalformedError):
        sentence(Promise("a.b", Kind.ZERO, 1, (Grade.MEASURED,), text))
