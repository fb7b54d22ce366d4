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
    return Verdict(
        state=state,
        number=Number(int(not overdue), 1, period, _say(last, now), last.took),
        late=overdue,
        first_at=min(proof.at for proof in rows.proofs),
    )


def _state_of(age: timedelta, period: timedelta) -> State:
    if age > period:
        return State.BROKEN
    return State.AT_RISK if age * 10 > period * RISK_TENTHS else State.KEPT


def _say(last: Proof, now: datetime) -> Text:
    when, took, items = ago(last.at, now), span(last.took), THINGS.count(last.items)
    return Text(
        f"last proof {when.en}: {items.en}, {took.en}",
        f"последняя проверка {when.ru}: {items.ru}, {took.ru}",
    )
