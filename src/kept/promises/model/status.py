"""Is the promise kept? States, their precedence, and what is common to all kinds.

Precedence: broken, paused, stale, at_risk, unmeasured, kept. A pause or a dead collector never
covers a break that is still visible, and `kept` needs evidence: a kind must say so, nothing
defaults to it. All is computed at reading, so a stopped scheduler leaves no green light on.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from kept.promises.model.evidence import BREAK_WINDOW, Break, Evidence, Pause
from kept.promises.model.words import DAYS
from kept.vault.model.rules import Lang, Text


class State(StrEnum):
    """What is said of a promise; the order is the precedence, worst first."""

    BROKEN = "broken"
    PAUSED = "paused"
    STALE = "stale"
    AT_RISK = "at_risk"
    UNMEASURED = "unmeasured"
    KEPT = "kept"


PRECEDENCE = tuple(State)
STATE_WORDS = {
    State.KEPT: Text("kept", "выполняем"),
    State.AT_RISK: Text("at risk", "под угрозой"),
    State.BROKEN: Text("broken", "нарушено"),
    State.UNMEASURED: Text("not measured yet", "ещё не измерено"),
    State.STALE: Text("no fresh news", "нет свежих данных"),
    State.PAUSED: Text("paused", "на паузе"),
}


NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Number:
    """The number shown beside the sentence; counts first, never a percentage.

    Args:
        ok: how many were as promised.
        n: of how many.
        window: how far back it looks.
        main: the counts in words: "7 of 7".
        within: the window in words, "in 30 days"; empty where `main` tells the time itself.
        extra: what stands behind it, "slowest 3 h 10 min"; may be empty.
        slowest: longest case, None where nothing has a length.
        drills: test cases, counted apart.
    """

    ok: int
    n: int
    window: timedelta
    main: Text
    within: Text = NOTHING
    extra: Text = NOTHING
    slowest: timedelta | None = None
    drills: int = 0

    @property
    def text(self) -> Text:
        """All in one line: "7 of 7 in 30 days, slowest 3 h 10 min"."""
        return Text(*(self._line(lang) for lang in ("en", "ru")))

    def _line(self, lang: Lang) -> str:
        counted = f"{self.main.get(lang)} {self.within.get(lang)}".rstrip()
        return ", ".join(part for part in (counted, self.extra.get(lang)) if part)


def within(window: timedelta) -> Text:
    """A window in words: "in 30 days", «за 30 дней»."""
    days = DAYS.count(window.days)
    return Text(f"in {days.en}", f"за {days.ru}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a kind says from its rows alone; `late` are its cases past their deadline."""

    state: State
    number: Number
    late: tuple["Late", ...] = ()
    first_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Late:
    """A case past its deadline: broken from `since` to `until`, None while it is open."""

    since: datetime
    until: datetime | None
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the strip."""

    day: date
    state: State


@dataclass(frozen=True, slots=True)
class Judged:
    """A promise's state with all that is shown beside it.

    Args:
        measured_at: the collector's last sign of life, never the time of rendering.
        broken_until: when the last visible break leaves its window; None when none is visible or
            a case is still late.
        reason: why it is paused or at risk, in words.
        breaks: visible violations, newest first.
        late: cases past their deadline.
        strip: 90 days, oldest first.
    """

    state: State
    number: Number
    measured_at: datetime | None
    broken_until: datetime | None
    reason: Text | None
    breaks: tuple[Break, ...]
    late: tuple[Late, ...]
    strip: tuple[Cell, ...]


def worst(*states: State) -> State:
    """The state that wins."""
    return min(states, key=PRECEDENCE.index)


def is_visible(happened_at: datetime, now: datetime) -> bool:
    """Whether a break still shows: to the end of its 90th day of 24 hours."""
    return now - happened_at <= BREAK_WINDOW


def settle(verdict: Verdict, evidence: Evidence, now: datetime) -> Judged:
    """Join a kind's verdict with breaks, pause, heartbeat and concerns."""
    breaks = tuple(b for b in evidence.all_breaks() if is_visible(b.happened_at, now))
    pause = next((p for p in evidence.standing.pauses if p.covers(now)), None)
    concerns = [c for c in evidence.concerns if c.since <= now]
    states = [_heard(verdict, evidence, now)]
    states += [State.BROKEN] if breaks else []
    states += [State.PAUSED] if pause else []
    states += [State.AT_RISK] if concerns else []
    state = worst(*states)
    heartbeat = evidence.standing.heartbeat
    return Judged(
        state=state,
        number=verdict.number,
        measured_at=heartbeat.at if heartbeat else None,
        broken_until=_broken_until(breaks, verdict.late),
        reason=_reason(state, pause, concerns[0].what if concerns else None),
        breaks=breaks,
        late=verdict.late,
        strip=strip(verdict, evidence, now),
    )


def _heard(verdict: Verdict, evidence: Evidence, now: datetime) -> State:
    """The verdict, as far as a living collector stands behind it."""
    heartbeat = evidence.standing.heartbeat
    if heartbeat is None:
        return worst(verdict.state, State.UNMEASURED)
    if now - heartbeat.at > heartbeat.period:
        return worst(verdict.state, State.STALE)
    return verdict.state


def _broken_until(breaks: tuple[Break, ...], late: tuple[Late, ...]) -> datetime | None:
    if any(one.until is None for one in late):
        return None
    ends = [b.happened_at for b in breaks] + [one.until for one in late if one.until]
    return max(ends) + BREAK_WINDOW if ends else None


def _reason(state: State, pause: Pause | None, concern: Text | None) -> Text | None:
    if state is State.PAUSED and pause:
        return pause.reason
    return concern if state is State.AT_RISK else None


def strip(verdict: Verdict, evidence: Evidence, now: datetime) -> tuple[Cell, ...]:
    """Each of the last 90 days, oldest first: broken, paused, kept, or not measured."""
    first = verdict.first_at.date() if verdict.first_at else None
    broken = [(b.happened_at.date(), b.happened_at.date()) for b in evidence.all_breaks()]
    broken += [(one.since.date(), (one.until or now).date()) for one in verdict.late]
    paused = [(p.since.date(), p.until.date()) for p in evidence.standing.pauses]
    alive = evidence.standing.heartbeat_days
    today = now.date()

    def state_of(day: date) -> State:
        if any(start <= day <= end for start, end in broken):
            return State.BROKEN
        if any(start <= day <= end for start, end in paused):
            return State.PAUSED
        measured = day in alive and first is not None and first <= day
        return State.KEPT if measured else State.UNMEASURED

    days = (today - timedelta(days=back) for back in range(BREAK_WINDOW.days - 1, -1, -1))
    return tuple(Cell(day, state_of(day)) for day in days)
