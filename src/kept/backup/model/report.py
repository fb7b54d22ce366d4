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
from kept.base.texts import day_text, moment_text, translations

FRESH_WITHIN = timedelta(hours=26)  # from here on the promise is at risk
TRIED_WITHIN = timedelta(days=35)  # as the promise `restore.drill` demands
IN_DAYS_FROM = timedelta(hours=48)
MOST_NAMED = 10  # files named one by one; the rest is counted
HOUR = timedelta(hours=1)


class State(StrEnum):
    """How the copy stands; the worst that is true."""

    NONE = "none"
    OPEN = "open"
    DAMAGED = "damaged"
    LACKING = "lacking"
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
    """A drill: how many files of how many came back the same, and the names of those that not.

    `is_failed`: it did not pass, also where no file is to blame, as when the house's own data came
    back damaged, or nothing did. `at` is when; None: not known.
    """

    good: int
    of: int
    bad: tuple[str, ...] = ()
    act: int | None = None
    at: datetime | None = None
    is_failed: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.good <= self.of - len(self.bad):
            raise MalformedError("drill", "more files came back than there are")

    @property
    def taken(self) -> int:
        """How many were taken back."""
        return self.good + len(self.bad)

    @property
    def is_damaged(self) -> bool:
        """Whether something did not come back as it was."""
        return self.is_failed or bool(self.bad)


@dataclass(frozen=True, slots=True)
class Checked:
    """A check that nothing better came after: how many things it found bad, and when."""

    bad: int
    at: datetime
    act: int | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """All drills of 30 days of one place."""

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
    """What was measured of one place, the worst; None: it was not.

    Args:
        now: the time.
        copied: its newest copy.
        tried: its newest try without the key.
        drilled: its newest drill.
        month: its drills of 30 days.
        restore: how long all of it would take.
        unread: what is not in its copy.
        failed: every place that failed.
        place: its name, where there are several; "" else.
        checked: its newest check.
        lacking: names of the places that have no copy at all.
        others: every other place that is not good, and how it stands.
    """

    now: datetime
    copied: Copied | None = None
    tried: Tried | None = None
    drilled: Drilled | None = None
    month: Month | None = None
    restore: timedelta | None = None
    unread: tuple[Unread, ...] = ()
    failed: tuple[Failed, ...] = ()
    place: str = ""
    checked: Checked | None = None
    lacking: tuple[str, ...] = ()
    others: tuple[tuple[str, State], ...] = ()


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
    drilled = report.drilled
    is_drilled = drilled is not None and drilled.good > 0 and not _is_stale(report, drilled)
    causes = {
        State.OPEN: report.tried is not None and report.tried.is_open,
        State.DAMAGED: _is_damaged(report),
        State.LACKING: bool(report.lacking),
        State.OLD: report.now - report.copied.at > FRESH_WITHIN,
        State.FAILED: bool(report.failed),
        State.INCOMPLETE: bool(report.unread),
        State.UNTRIED: not is_drilled or report.tried is None,
    }
    return next((state for state, is_so in causes.items() if is_so), State.GOOD)


def _is_damaged(report: Report) -> bool:
    is_spoiled = report.checked is not None and report.checked.bad > 0
    return is_spoiled or (report.drilled is not None and report.drilled.is_damaged)


def _is_stale(report: Report, drilled: Drilled) -> bool:
    return drilled.at is None or report.now - drilled.at > TRIED_WITHIN


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
    yield from _by_place(report, words)
    if report.copied:
        yield from _copied(report, report.copied, words)
    if report.tried:
        yield _tried(report.tried, words)
    yield from _proved(report, words)
    if report.restore is not None:
        minutes = max(1, -(-report.restore // timedelta(minutes=1)))
        text = words.texts.ngettext(
            "To bring everything back would take about %(num)s minute.",
            "To bring everything back would take about %(num)s minutes.",
            minutes,
        )
        yield Line("restore", words.one(text, num=minutes))
    yield from _unread(report.unread, words)


def _by_place(report: Report, words: _Words) -> Iterator[Line]:
    """What is to be told of each place that is not good."""
    for failed in report.failed:
        yield _failed(failed, words)
    for name in report.lacking:
        yield Line("lacking", f"{name}: {words.texts.gettext('There is no copy yet.')}")
    for name, state in report.others:
        yield Line("other", f"{name}: {_short(state, words)}")
    if report.place:
        text = words.texts.gettext("What follows is about %(place)s.")
        yield Line("place", words.one(text, place=report.place))


def _proved(report: Report, words: _Words) -> Iterator[Line]:
    """What the check and the drills found."""
    if report.checked and report.checked.bad:
        yield _checked(report.checked, words)
    if report.drilled and (report.drilled.taken or report.drilled.is_damaged):
        yield from _drilled(report.drilled, words)
    if report.month and report.month.good + report.month.bad:
        yield _month(report.month, words)


def _headline(report: Report, words: _Words) -> Line:
    state = state_of(report)
    text = words.one(_stands(state, report, words), when=_when(report, words))
    of_all = {State.NONE, State.LACKING, State.FAILED, State.GOOD}
    is_named = report.place and state not in of_all
    return Line("state", f"{report.place}: {text}" if is_named else text)


def _when(report: Report, words: _Words) -> str:
    return "" if report.copied is None else moment_text(report.copied.at, words.lang)


def _stands(state: State, report: Report, words: _Words) -> str:
    _ = words.texts.gettext
    match state:
        case State.GOOD:
            text = _("The copy of %(when)s is good.")
        case State.NONE:
            text = _("There is no copy yet.")
        case State.OPEN:
            text = _("Your copy is not safe: it can be read without your key.")
        case State.DAMAGED:
            text = _("Your copy is damaged. Do not delete the files that you have.")
        case State.OLD:
            text = _("The newest copy is of %(when)s. That is too old.")
        case State.LACKING:
            text = _("Not every place has a copy.")
        case State.FAILED:
            text = _("Not every place did what it should.")
        case State.INCOMPLETE:
            text = _("The copy of %(when)s is not whole.")
        case State.UNTRIED:
            is_tried = report.drilled is not None and report.tried is not None
            text = (
                _("The copy of %(when)s was made. It was not tried of late.")
                if is_tried
                else _("The copy of %(when)s was made. We have not yet tried to use it.")
            )
    return text


def _short(state: State, words: _Words) -> str:
    """How another place stands, in few words."""
    _ = words.texts.gettext
    known = {
        State.OPEN: _("it can be read without your key."),
        State.DAMAGED: _("the copy there is damaged."),
        State.OLD: _("the copy there is too old."),
        State.INCOMPLETE: _("the copy there is not whole."),
    }
    return known.get(state, _("the copy there was not tried of late."))


def _failed(failed: Failed, words: _Words) -> Line:
    why, cure = failed_words(failed.why, words.texts)
    text = words.texts.gettext("%(place)s, since %(day)s: %(why)s %(cure)s")
    day = day_text(failed.since, words.lang)
    return Line(
        "failed", words.one(text, place=failed.place, day=day, why=why, cure=cure), failed.act
    )


def _copied(report: Report, copied: Copied, words: _Words) -> Iterator[Line]:
    texts = words.texts
    if copied.places:
        text = texts.ngettext(
            "It lies in %(num)s place.", "It lies in %(num)s places.", copied.places
        )
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


def _checked(checked: Checked, words: _Words) -> Line:
    text = words.texts.ngettext(
        "A check on %(day)s found %(num)s thing that is damaged or gone.",
        "A check on %(day)s found %(num)s things that are damaged or gone.",
        checked.bad,
    )
    day = day_text(checked.at, words.lang)
    return Line("checked", words.one(text, num=checked.bad, day=day), checked.act)


def _drilled(drilled: Drilled, words: _Words) -> Iterator[Line]:
    texts, taken = words.texts, drilled.taken
    if drilled.at is not None:
        text = texts.gettext("We last tried it on %(day)s.")
        yield Line("tried on", words.one(text, day=day_text(drilled.at, words.lang)), drilled.act)
    if drilled.is_failed and not drilled.bad:
        yield Line("lost", texts.gettext("Not all of it came back."), drilled.act)
        return
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
