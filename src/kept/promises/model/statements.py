"""What is shown of a promise? Sentence, number, grade and window as one value that cannot be split.

Rules: no sentence without its number and without "check it yourself"; placeholders become number
and noun together, in the right form; the date shown is the date of the measurement.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.errors import MalformedError
from kept.promises.model.book_promises import PLACEHOLDER, WHOLE, can_fill
from kept.promises.model.promise import Grade, Promise
from kept.promises.model.status import STATE_WORDS, Judged, State
from kept.promises.model.words import DAYS, HOURS, MINUTES, MONTHS, PEOPLE, day
from kept.vault.model.rules import Lang, Text

GRADE_WORDS = {
    Grade.MEASURED: Text("measured by the shop itself", "измеряем сами"),
    Grade.OUTSIDE: Text("seen from outside", "видно снаружи"),
    Grade.CONFIRMED: Text("confirmed by customers", "подтверждают клиенты"),
    Grade.DECLARED: Text("declared, with a paper", "заявлено, есть документ"),
}
CHECK_WORDS = Text("Check it yourself", "Проверьте сами")
NEVER = Text("not measured yet", "ещё не измерено")
_NOUNS = {"days": DAYS, "hours": HOURS, "minutes": MINUTES, "months": MONTHS, "people": PEOPLE}


@dataclass(frozen=True, slots=True)
class Shown:
    """One promise as a page shows it, in one language.

    Args:
        version: of the wording shown.
        number: counts first, with their window in words.
        measured: the day of the measurement, or that there is none.
        check: the words of the link; `check_at` is where it leads.
        reason: why paused or at risk; empty otherwise.
    """

    key: str
    version: int
    state: State
    state_word: str
    sentence: str
    number: str
    grade: str
    measured: str
    check: str
    check_at: str
    reason: str


def show(promise: Promise, judged: Judged, lang: Lang) -> Shown:
    """Render one judged promise."""
    grades = ", ".join(GRADE_WORDS[grade].get(lang) for grade in promise.grade)
    return Shown(
        key=promise.key,
        version=promise.version,
        state=judged.state,
        state_word=STATE_WORDS[judged.state].get(lang),
        sentence=sentence(promise).get(lang),
        number=judged.number.text.get(lang),
        grade=grades,
        measured=_measured(judged.measured_at).get(lang),
        check=CHECK_WORDS.get(lang),
        check_at=f"/promises/{promise.key}",
        reason=judged.reason.get(lang) if judged.reason else "",
    )


def _measured(at: datetime | None) -> Text:
    return day(at) if at else NEVER


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
