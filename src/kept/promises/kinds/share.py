"""Were most cases within the limit? Share: below its target the promise is broken.

Rules: within two points of the target is `at_risk`, unless nothing missed at all; with fewer than
five cases one miss is `at_risk` and two are `broken`, because shares of so few say nothing; no
case is `unmeasured`. An open case past its limit is a miss. The window is 30 days.
"""

from datetime import datetime, timedelta

from kept.promises.kinds.clock import is_late
from kept.promises.model.evidence import NUMBER_WINDOW, Case, Timed
from kept.promises.model.status import Number, State, Verdict, within
from kept.promises.model.words import grouped, span
from kept.vault.model.rules import Text

FEW = 5  # below it, counts only
NEAR = 2  # points above the target that are still at risk


def judge(rows: Timed, *, target: int, now: datetime) -> Verdict:
    """Misses of the last 30 days against the target, in percent."""
    cases = [c for c in rows.cases if _counts(c, now)]
    own = [c for c in cases if not c.drill]
    missed = sum(is_late(c, now) for c in own)
    state = state_of(n=len(own), missed=missed, target=target)
    if not own and cases:  # drills alone: measured, but no customer's case can be counted
        state = State.AT_RISK if any(is_late(c, now) for c in cases) else State.KEPT
    return Verdict(
        state=state,
        number=_number(own, now, drills=len(cases) - len(own)),
        first_at=min((c.finished_at for c in cases if c.finished_at), default=None),
    )


def state_of(*, n: int, missed: int, target: int) -> State:
    """The table of the rules above.

    Args:
        n: cases counted.
        missed: how many of them were not within the limit.
        target: percent, 60 to 100.
    """
    if n == 0:
        return State.UNMEASURED
    if missed == 0:
        return State.KEPT
    if n < FEW:
        return State.AT_RISK if missed == 1 else State.BROKEN
    ok = (n - missed) * 100
    if ok < target * n:
        return State.BROKEN
    return State.AT_RISK if ok < (target + NEAR) * n else State.KEPT


def _counts(case: Case, now: datetime) -> bool:
    if case.finished_at is None:
        return is_late(case, now)
    return now - case.finished_at <= NUMBER_WINDOW


def _number(own: list[Case], now: datetime, *, drills: int) -> Number:
    lengths = sorted((c.finished_at or now) - c.started_at for c in own)
    ok = sum(not is_late(c, now) for c in own)
    return Number(
        ok=ok,
        n=len(own),
        window=NUMBER_WINDOW,
        main=_say(own, ok),
        within=within(NUMBER_WINDOW),
        extra=_more(lengths) if lengths else Text("", ""),
        slowest=lengths[-1] if lengths else None,
        drills=drills,
    )


def _say(own: list[Case], ok: int) -> Text:
    if not own:
        return Text("no cases", "случаев не было")
    limit = span(own[0].due_at - own[0].started_at)
    good, of = grouped(ok), grouped(len(own))
    return Text(
        f"{good.en} of {of.en} within {limit.en}", f"{good.ru} из {of.ru} не дольше {limit.ru}"
    )


def _more(lengths: list[timedelta]) -> Text:
    middle, slowest = span(lengths[(len(lengths) - 1) // 2]), span(lengths[-1])
    return Text(
        f"middle case {middle.en}, slowest {slowest.en}",
        f"обычно {middle.ru}, дольше всего — {slowest.ru}",
    )
