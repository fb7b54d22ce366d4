"""Is the last proof young enough? Fresh: a proof older than its period breaks the promise.

Rules: a proof older than 80 % of the period is `at_risk`; no proof at all is `unmeasured`.
"""

from datetime import datetime, timedelta

from kept.promises.model.evidence import Proof, Proved
from kept.promises.model.status import Late, Number, State, Verdict
from kept.promises.model.words import THINGS, ago, span
from kept.vault.model.rules import Text

RISK_TENTHS = 8  # at risk past 80 % of the period


def judge(rows: Proved, *, period: timedelta, now: datetime) -> Verdict:
    """The newest proof decides."""
    last = max(rows.proofs, key=lambda proof: proof.at, default=None)
    if last is None:
        said = Text("no proof yet", "проверки ещё не было")
        return Verdict(State.UNMEASURED, Number(0, 0, period, said))
    state = _state_of(now - last.at, period)
    overdue = (Late(last.at + period, None),) if state is State.BROKEN else ()
    when = ago(last.at, now)
    number = Number(
        ok=int(not overdue),
        n=1,
        window=period,
        main=Text(f"last proof {when.en}", f"последняя проверка {when.ru}"),
        extra=_more(last),
        slowest=last.took,
    )
    return Verdict(state, number, overdue, min(proof.at for proof in rows.proofs))


def _state_of(age: timedelta, period: timedelta) -> State:
    if age > period:
        return State.BROKEN
    return State.AT_RISK if age * 10 > period * RISK_TENTHS else State.KEPT


def _more(last: Proof) -> Text:
    took, items = span(last.took), THINGS.count(last.items)
    return Text(f"{items.en}, {took.en}", f"{items.ru}, {took.ru}")
