"""Was every case done in time? Clock: one case past its deadline breaks the promise.

Rules: an open case past its deadline is broken for as long as it is open, a late one for 90 days
after it was finished; an open case past 70 % of its time is `at_risk`; no finished case within
90 days is `unmeasured`, a drill's too counts as one. The number looks 30 days back, or 90 when
those are empty, and shows drills apart.
"""

from datetime import datetime, timedelta

from kept.promises.model.evidence import BREAK_WINDOW, NUMBER_WINDOW, Case, Timed
from kept.promises.model.status import Late, Number, State, Verdict, is_visible, within, worst
from kept.promises.model.words import TESTS, grouped, span
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
        late=tuple(Late(c.due_at, c.finished_at, c.ref) for c in seen if is_late(c, now)),
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
    lengths = sorted((c.finished_at or now) - c.started_at for c in own)
    drills = len(counted) - len(own)
    return Number(
        ok=sum(not is_late(c, now) for c in own),
        n=len(own),
        window=window,
        main=_say(own, now),
        within=within(window),
        extra=_more(lengths, drills),
        slowest=lengths[-1] if lengths else None,
        drills=drills,
    )


def _counts(case: Case, window: timedelta, now: datetime) -> bool:
    """Finished within the window, or open and late: an open case in time is no result yet."""
    if case.finished_at is None:
        return is_late(case, now)
    return now - case.finished_at <= window


def _say(own: list[Case], now: datetime) -> Text:
    if not own:
        return Text("no cases", "случаев не было")
    ok = sum(not is_late(c, now) for c in own)
    good, of = grouped(ok), grouped(len(own))
    return Text(f"{good.en} of {of.en}", f"{good.ru} из {of.ru}")


def _more(lengths: list[timedelta], drills: int) -> Text:
    slowest, tests = span(lengths[-1]) if lengths else None, TESTS.count(drills)
    en = [f"slowest {slowest.en}"] if slowest else []
    ru = [f"дольше всего — {slowest.ru}"] if slowest else []
    if drills:
        en.append(f"and {tests.en}")
        ru.append(f"и ещё {tests.ru}")
    return Text(", ".join(en), ", ".join(ru))
