"""Is the paper valid? Declared: an expired paper breaks the promise.

Rules: fewer than 30 days left is `at_risk`; no paper at all is `unmeasured`. Declared is never
shown as measured: the grade of such a promise is D.
"""

from datetime import datetime, timedelta

from kept.promises.model.evidence import Document, Papers
from kept.promises.model.status import Late, Number, State, Verdict
from kept.promises.model.words import day
from kept.vault.model.rules import Text

RISK_LEFT = timedelta(days=30)


def judge(rows: Papers, *, now: datetime) -> Verdict:
    """The paper that is valid longest decides."""
    best = max(rows.documents, key=lambda paper: paper.valid_until, default=None)
    if best is None:
        said = Text("no paper yet", "документа ещё нет")
        return Verdict(State.UNMEASURED, Number(0, 0, timedelta(0), said))
    state = _state_of(best, now)
    expired = (Late(best.valid_until, None),) if state is State.BROKEN else ()
    number = Number(int(not expired), 1, best.valid_until - best.issued_at, _say(best))
    return Verdict(state, number, expired, min(paper.issued_at for paper in rows.documents))


def _state_of(paper: Document, now: datetime) -> State:
    if now > paper.valid_until:
        return State.BROKEN
    return State.AT_RISK if paper.valid_until - now < RISK_LEFT else State.KEPT


def _say(paper: Document) -> Text:
    issued, until = day(paper.issued_at), day(paper.valid_until)
    return Text(
        f"paper of {issued.en}, valid to {until.en}",
        f"документ от {issued.ru}, действует до {until.ru}",
    )
