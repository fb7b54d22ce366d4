"""What is shown of a promise? Sentence, number, grade and window as one value that cannot be split.

Rules: no sentence without its number and without "check it yourself"; placeholders become number
and noun together, in the right form; the date shown is the date of the measurement. The names of
the attributes are those the pages `trust.html` and `promise.html` read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from kept.base.errors import MalformedError
from kept.promises.model.book_promises import PLACEHOLDER, WHOLE, can_fill
from kept.promises.model.explanations import KIND_WORDS, bound_words, explain
from kept.promises.model.promise import Grade, Promise
from kept.promises.model.status import STATE_WORDS, Judged, State
from kept.promises.model.versions import version_of
from kept.promises.model.words import DAYS, HOURS, MINUTES, MONTHS, PEOPLE, PROMISES, day, when
from kept.vault.model.rules import Lang, Text

GRADE_WORDS = {
    Grade.MEASURED: Text("measured by the shop itself", "измеряет сам магазин"),
    Grade.OUTSIDE: Text("seen from outside", "видно снаружи"),
    Grade.CONFIRMED: Text("can be confirmed by customers", "могут подтвердить клиенты"),
    Grade.DECLARED: Text("declared, with a paper", "заявлено, есть документ"),
}
CHECK_WORDS = Text("Check it yourself", "Проверьте сами")
STRIP_TITLE = Text("The last 90 days, day by day", "Последние 90 дней, день за днём")
_NOUNS = {"days": DAYS, "hours": HOURS, "minutes": MINUTES, "months": MONTHS, "people": PEOPLE}


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """The number with its window and its grade in words."""

    main: str
    window: str
    n: int
    extra: str
    grade: str


@dataclass(frozen=True, slots=True)
class ShownDay:
    """One cell of the strip."""

    state: str
    label: str


@dataclass(frozen=True, slots=True)
class ShownBreak:
    """A break with the owner's answer; empty text where there is none yet."""

    iso: str
    at_text: str
    what: str
    answer: str
    repaired_text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One promise as a page shows it, in one language.

    Args:
        measured_text: the day of the measurement; empty when there was none.
        note: why it is paused or at risk; empty otherwise.
        sha256: hex, of this language's sentence with its placeholders.
    """

    key: str
    state: str
    state_word: str
    sentence: str
    number: ShownNumber
    measured_iso: str
    measured_text: str
    note: str
    days: tuple[ShownDay, ...]
    days_title: str
    breaks: tuple[ShownBreak, ...]
    version: int
    sha256: str
    kind_text: str
    bound_text: str
    how: str
    measure: str
    cannot: str
    check: str
    check_at: str


def show(promise: Promise, judged: Judged, lang: Lang) -> Shown:
    """Render one judged promise."""
    words, at = explain(promise), judged.measured_at
    return Shown(
        key=promise.key,
        state=judged.state.value,
        state_word=STATE_WORDS[judged.state].get(lang),
        sentence=sentence(promise).get(lang),
        number=_number(promise, judged, lang),
        measured_iso=when(at) if at else "",
        measured_text=day(at).get(lang) if at else "",
        note=judged.reason.get(lang) if judged.reason else "",
        days=tuple(ShownDay(c.state.value, day(c.day).get(lang)) for c in judged.strip),
        days_title=STRIP_TITLE.get(lang),
        breaks=_breaks(judged, lang),
        version=promise.version,
        sha256=version_of(promise).text_sha256()["ru" if lang == "ru" else "en"],
        kind_text=KIND_WORDS[promise.kind].get(lang),
        bound_text=bound_words(promise).get(lang),
        how=words.how.get(lang),
        measure=words.counted.get(lang),
        cannot=words.cannot.get(lang),
        check=CHECK_WORDS.get(lang),
        check_at=f"/promises/{promise.key}",
    )


def _number(promise: Promise, judged: Judged, lang: Lang) -> ShownNumber:
    number = judged.number
    return ShownNumber(
        main=number.main.get(lang),
        window=number.within.get(lang),
        n=number.n,
        extra=number.extra.get(lang),
        grade=", ".join(GRADE_WORDS[grade].get(lang) for grade in promise.grade),
    )


def _breaks(judged: Judged, lang: Lang) -> tuple[ShownBreak, ...]:
    noted = [
        ShownBreak(
            iso=when(b.happened_at),
            at_text=day(b.happened_at).get(lang),
            what=Text("It was broken.", "Обещание нарушено.").get(lang),
            answer=b.explanation.get(lang) if b.explanation else "",
            repaired_text=day(b.repaired_at).get(lang) if b.repaired_at else "",
        )
        for b in judged.breaks
    ]
    known = {b.ref for b in judged.breaks}
    late = [
        ShownBreak(
            iso=when(one.since),
            at_text=day(one.since).get(lang),
            what=Text("The time ran out.", "Срок прошёл.").get(lang),
            answer="",
            repaired_text=day(one.until).get(lang) if one.until else "",
        )
        for one in judged.late
        if one.ref not in known
    ]
    return tuple(sorted(noted + late, key=lambda one: one.iso, reverse=True))


def sentence(promise: Promise) -> Text:
    """The promise in words, numbers filled in. Pages use `show`, never this alone."""
    return Text(_fill(promise, "en"), _fill(promise, "ru"))


def _fill(promise: Promise, lang: Lang) -> str:
    def said(name: str) -> str:
        if not can_fill(promise, name):
            raise MalformedError(f"promise.{promise.key}", "names a number that nothing gives")
        return _NOUNS[name].count(_amount(promise, name)).get(lang)

    return PLACEHOLDER.sub(lambda found: said(found.group(1)), promise.text.get(lang))


def _amount(promise: Promise, name: str) -> int:
    if name in WHOLE:
        return (promise.bound or timedelta(0)) // WHOLE[name]
    return promise.months if name == "months" else promise.people


def headline(states: Sequence[State]) -> Text:
    """What stands on top of the trust page: "We keep 4 of 5 promises today. 1 is at risk."."""
    n, kept = len(states), states.count(State.KEPT)
    if not n or states.count(State.UNMEASURED) == n:
        return Text("Nothing has been measured yet.", "Пока ничего не измерено.")
    promises = PROMISES.count(n)
    en = [f"We keep {kept} of {promises.en} today."]
    ru = [f"Сегодня мы выполняем {kept} из {promises.ru}."]
    for state in (State.BROKEN, State.AT_RISK, State.STALE, State.PAUSED, State.UNMEASURED):
        count = states.count(state)
        if count:
            word = STATE_WORDS[state]
            en.append(f"{count} {_BE[state][count != 1]} {word.en}.")
            ru.append(f"{word.ru.capitalize()}: {count}.")
    return Text(" ".join(en), " ".join(ru))


_BE = {
    State.BROKEN: ("is", "are"),
    State.AT_RISK: ("is", "are"),
    State.STALE: ("has", "have"),
    State.PAUSED: ("is", "are"),
    State.UNMEASURED: ("is", "are"),
}
