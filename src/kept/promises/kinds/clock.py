"""Was every case done in time? Clock: one case past its deadline breaks the promise.

Rules: an open case past its deadline is broken for as long as it is open, a late one for 90 days
after it was finished; an open case past 70 % of its time is `at_risk`; no finished case within
90 days is `unmeasured`, a drill's too counts as one. The number looks 30 days back, or 90 when
those are empty, and shows drills apart.
"""

from datetime import datetime, timedelta

from kept.promises.model.evidence import BREAK_WINDOW, NUMBER_WINDOW, Case, Timed
from kept.promises.model.status import Late, Number, State, Verdict, is_visible, worst
from kept.promises.model.words import DAYS, TESTS, span
from kept.vault.model.rules import Text

RISK_TENTHS = 7  # at risk past 70 % of the time


def judge(rows: Timed, *, now: datetime) -> Verdict:
    """The worst case decides."""
    seen = [c for c in rows.cases if c.finished_at is None or is_visible(c.finished_at, now)]
    done = [c for c in seen if c.finished_at is not None]
    states = [_state_of(case, now) for case in seen]
    states.append(State.KEPT if done else State.UNMEASURED)
    return Verdict(
        state=worst(*states),
        number=_number(seen, now),
        late=tuple(Late(c.due_at, c.finished_at) for c in seen if is_late(c, now)),
        first_at=min((c.finished_at for c in done if c.finished_at), default=None),
    )


def is_late(case: Case, now: datetime) -> bool:
    """Whether the case was finished, or is still open, after its deadline."""
    return (case.finished_at or now) > case.due_at


def _state_of(case: Case, now: datetime) -> State:
    if is_late(case, now):
        return State.BROKEN
    if case.finished_at is not None:
        return State.KEPT
    used, whole = now - case.started_at, case.due_at - case.started_at
    return State.AT_RISK if used * 10 > whole * RISK_TENTHS else State.KEPT


def _number(seen: list[Case], now: datetime) -> Number:
    for window in (NUMBER_WINDOW, BREAK_WINDOW):
        counted = [c for c in seen if _counts(c, window, now)]
        if counted:
            break
    else:
        window = NUMBER_WINDOW
    own = [c for c in counted if not c.drill]
    ok = sum(not is_late(c, now) for c in own)
    slowest = max(((c.finished_at or now) - c.started_at for c in own), default=None)
    number = Number(ok, len(own), window, Text("", ""), slowest, len(counted) - len(own))
    return Number(ok, len(own), window, _say(number), slowest, number.drills)


def _counts(case: Case, window: timedelta, now: datetime) -> bool:
    """Finished within the window, or open and late: an open case in time is no result yet."""
    if case.finished_at is None:
        return is_late(case, now)
    return now - case.finished_at <= window


def _say(number: Number) -> Text:
    days = DAYS.count(number.window.days)
    if number.slowest is None:
        said = Text(f"no cases in {days.en}", f"за {days.ru} случаев не было")
    else:
        length = span(number.slowest)
        said = Text(
            f"{number.ok} of {number.n} in {days.en}, slowest {length.en}",
            f"{number.ok} из {number.n} за {days.ru}, дольше всего — {length.ru}",
        )
    if not number.drills:
        return said
    tests = TESTS.count(number.drills)
    return Text(f"{said.en}; also {tests.en}", f"{said.ru}; и ещё {tests.ru}")
