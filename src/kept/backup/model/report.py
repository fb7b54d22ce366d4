"""What is told about the copy, in plain words, and nothing that was not measured?

First how it stands, in one sentence; then a sentence for each thing that was measured, with the
number of the act that measured it, so that a page can show the evidence. What was not measured is
not said. Failures are named: what, since when, why, what to do. No bound is rounded in our favour.
Source: guide of the pillar, "Report"; `docs/formats/backup.md`, "Samples".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from babel.numbers import format_decimal
from babel.support import NullTranslations

from kept.backup.model.report_reasons import FailedWhy, UnreadWhy, failed_words, unread_words
from kept.backup.model.sampling import InWords, bad_share_below, in_words, most_bad
from kept.base.errors import MalformedError
from kept.base.texts import day_text, translations

FRESH_WITHIN = timedelta(hours=26)  # from here on the promise is at risk
IN_DAYS_FROM = timedelta(hours=48)
MOST_NAMED = 10  # files named one by one; the rest is counted
HOUR = timedelta(hours=1)


class State(StrEnum):
    """How the copy stands; the worst that is true."""

    NONE = "none"
    OPEN = "open"
    DAMAGED = "damaged"
    OLD = "old"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    UNTRIED = "untried"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Copied:
    """The newest copy: when it was made (aware), in how many places it lies, its files."""

    at: datetime
    places: int
    files: int
    new: int
    act: int | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt to read the copy without the key, and whether it could be read."""

    is_open: bool
    act: int | None = None


@dataclass(frozen=True, slots=True)
class Drilled:
    """A drill: how many files of how many came back the same, and the names of those that not."""

    good: int
    of: int
    bad: tuple[str, ...] = ()
    act: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.good <= self.of - len(self.bad):
            raise MalformedError("drill", "more files came back than there are")

    @property
    def taken(self) -> int:
        """How many were taken back."""
        return self.good + len(self.bad)


@dataclass(frozen=True, slots=True)
class Month:
    """All drills of 30 days together."""

    good: int
    bad: int


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that is not in the copy."""

    path: str
    why: UnreadWhy


@dataclass(frozen=True, slots=True)
class Failed:
    """A place that has no new copy, or was not cleared; since when (aware)."""

    place: str
    why: FailedWhy
    since: datetime
    act: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured; None: it was not."""

    now: datetime
    copied: Copied | None = None
    tried: Tried | None = None
    drilled: Drilled | None = None
    month: Month | None = None
    restore: timedelta | None = None
    unread: tuple[Unread, ...] = ()
    failed: tuple[Failed, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence or two, what it is about, and the act that is its evidence."""

    about: str
    text: str
    act: int | None = None


def state_of(report: Report) -> State:
    """How the copy stands."""
    if report.copied is None:
        return State.NONE
    tested = report.drilled is not None and report.drilled.good > 0
    causes = {
        State.OPEN: report.tried is not None and report.tried.is_open,
        State.DAMAGED: report.drilled is not None and bool(report.drilled.bad),
        State.OLD: report.now - report.copied.at > FRESH_WITHIN,
        State.FAILED: bool(report.failed),
        State.INCOMPLETE: bool(report.unread),
        State.UNTRIED: not tested,
    }
    return next((state for state, is_so in causes.items() if is_so), State.GOOD)


def tell(report: Report, lang: str) -> tuple[Line, ...]:
    """The report, how it stands first. Each language says the same sentences in the same order."""
    words = _Words(lang)
    return tuple(_lines(report, words))


class _Words:
    """A language: its texts and how it writes numbers."""

    def __init__(self, lang: str) -> None:
        self.texts: NullTranslations = translations(lang)
        self.lang = lang
        self._locale = "ru" if lang == "ru" else "en"

    def number(self, n: int) -> str:
        return format_decimal(n, locale=self._locale)

    def one(self, text: str, **filled: int | str) -> str:
        """A translated text with its places filled."""
        shown = {
            key: self.number(value) if isinstance(value, int) else value
            for key, value in filled.items()
        }
        return text % shown


def _lines(report: Report, words: _Words) -> Iterator[Line]:
    yield _headline(report, words)
    for failed in report.failed:
        yield _failed(failed, words)
    if report.copied:
        yield from _copied(report, report.copied, words)
    if report.tried:
        yield _tried(report.tried, words)
    if report.drilled and report.drilled.taken:
        yield from _drilled(report.drilled, words)
    if report.month and report.month.good + report.month.bad:
        yield _month(report.month, words)
    if report.restore is not None:
        minutes = max(1, -(-report.restore // timedelta(minutes=1)))
        text = words.texts.ngettext(
            "To bring everything back would take about %(num)s minute.",
            "To bring everything back would take about %(num)s minutes.",
            minutes,
        )
        yield Line("restore", words.one(text, num=minutes))
    yield from _unread(report.unread, words)


def _headline(report: Report, words: _Words) -> Line:
    _ = words.texts.gettext
    match state_of(report):
        case State.GOOD:
            text = _("Your copy of last night is good.")
        case State.NONE:
            text = _("There is no copy yet.")
        case State.OPEN:
            text = _("Your copy is not safe: it can be read without your key.")
        case State.DAMAGED:
            text = _("Your copy is damaged. Do not delete the files that you have.")
        case State.OLD:
            text = _("There is no copy of last night.")
        case State.FAILED:
            text = _("Not every place did what it should last night.")
        case State.INCOMPLETE:
            text = _("There is a copy of last night, but it is not whole.")
        case State.UNTRIED:
            text = _("There is a copy of last night. We have not yet tried to use it.")
    return Line("state", text)


def _failed(failed: Failed, words: _Words) -> Line:
    why, cure = failed_words(failed.why, words.texts)
    text = words.texts.gettext("%(place)s, since %(day)s: %(why)s %(cure)s")
    day = day_text(failed.since, words.lang)
    return Line(
        "failed", words.one(text, place=failed.place, day=day, why=why, cure=cure), failed.act
    )


def _copied(report: Report, copied: Copied, words: _Words) -> Iterator[Line]:
    texts = words.texts
    text = texts.ngettext("It lies in %(num)s place.", "It lies in %(num)s places.", copied.places)
    yield Line("places", words.one(text, num=copied.places), copied.act)
    age = max(timedelta(), report.now - copied.at)
    if age < HOUR:
        n, text = 0, texts.gettext("It is less than an hour old.")
    elif age < IN_DAYS_FROM:
        n = age // HOUR
        text = texts.ngettext("It is %(num)s hour old.", "It is %(num)s hours old.", n)
    else:
        n = age.days
        text = texts.ngettext("It is %(num)s day old.", "It is %(num)s days old.", n)
    yield Line("age", words.one(text, num=n), copied.act)
    text = texts.ngettext(
        "%(num)s file was copied, %(new)s new.", "%(num)s files were copied, %(new)s new.",
        copied.files,
    )  # fmt: skip
    yield Line("files", words.one(text, num=copied.files, new=copied.new), copied.act)


def _tried(tried: Tried, words: _Words) -> Line:
    _ = words.texts.gettext
    if tried.is_open:
        text = _("We could read the copy without your key. Stop, and make a new one.")
    else:
        text = _("The files were locked before they left. We tried to open the copy without your "
                 "key and could not.")  # fmt: skip
    return Line("key", text, tried.act)


def _drilled(drilled: Drilled, words: _Words) -> Iterator[Line]:
    texts, taken = words.texts, drilled.taken
    if drilled.bad:
        text = texts.ngettext(
            "We took %(num)s file back. Not the same as yours: %(bad)s.",
            "We took %(num)s files back. Not the same as yours: %(bad)s.",
            taken,
        )
        yield Line("drill", words.one(text, num=taken, bad=len(drilled.bad)), drilled.act)
        for name in drilled.bad[:MOST_NAMED]:
            text = texts.gettext("This one is damaged: %(name)s")
            yield Line("damaged", words.one(text, name=name), drilled.act)
        return
    text = texts.ngettext(
        "We took %(num)s file of %(all)s back and compared it letter by letter: it is the same.",
        "We took %(num)s files of %(all)s back and compared them letter by letter: all the same.",
        taken,
    )
    yield Line("drill", words.one(text, num=taken, all=drilled.of), drilled.act)
    possible = most_bad(drilled.of, drilled.good)
    if possible == 0:
        yield Line("bound", texts.gettext("That was every single file."), drilled.act)
    else:
        share = in_words(possible / drilled.of)
        yield Line("bound", _bound(share, words), drilled.act)


def _bound(share: InWords, words: _Words) -> str:
    text = words.texts.gettext(
        "With this sample, at most %(most)s in %(of)s files could be unreadable without our "
        "noticing. Of that we are 95 in 100 sure."
    )
    return words.one(text, most=share.most, of=share.of)


def _month(month: Month, words: _Words) -> Line:
    texts, taken = words.texts, month.good + month.bad
    if month.bad:
        text = texts.ngettext(
            "This month we took %(num)s file back: %(bad)s not the same.",
            "This month we took %(num)s files back: %(bad)s not the same.",
            taken,
        )
        return Line("month", words.one(text, num=taken, bad=month.bad))
    share = in_words(bad_share_below(month.good))
    text = texts.ngettext(
        "This month we took %(num)s file back: the same. That leaves at most %(most)s in %(of)s.",
        "This month we took %(num)s files back: all the same. That leaves at most %(most)s in "
        "%(of)s.",
        taken,
    )
    return Line("month", words.one(text, num=taken, most=share.most, of=share.of))


def _unread(unread: tuple[Unread, ...], words: _Words) -> Iterator[Line]:
    if not unread:
        return
    text = words.texts.ngettext(
        "%(num)s file could not be read and is not in the copy.",
        "%(num)s files could not be read and are not in the copy.",
        len(unread),
    )
    yield Line("unread", words.one(text, num=len(unread)))
    for one in unread[:MOST_NAMED]:
        why, cure = unread_words(one.why, words.texts)
        text = words.texts.gettext("%(path)s: %(why)s %(cure)s")
        yield Line("unread file", words.one(text, path=one.path, why=why, cure=cure))
    rest = len(unread) - MOST_NAMED
    if rest > 0:
        text = words.texts.ngettext("And %(num)s more.", "And %(num)s more.", rest)
        yield Line("unread rest", words.one(text, num=rest))
