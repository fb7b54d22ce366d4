"""What does the owner say of a recommendation that does not concern this business?

The owner's word is told, never measured: it is shown as such, every change of it is an act, and it
never hides what is measured to be done.
"""

from datetime import datetime

from kept.base.clock import to_micros
from kept.base.errors import MalformedError
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind
from kept.promises import store
from kept.promises.model.checkup_judge import ROWS

REASON_MOST = 400  # characters


def say_not_yours(
    tx: Tx, origin: str, /, *, actor: Actor, key: str, reason: str, now: datetime
) -> Pending[None]:
    """Keep why a row is not theirs; "" takes it back. Records `checkup.answered`.

    Raises:
        MalformedError: no such row, or too many words.
    """
    if key not in {row.key for row in ROWS}:
        raise MalformedError("key", "the check-up has no such row")
    words = " ".join(reason.split())
    if len(words) > REASON_MOST:
        raise MalformedError("reason", f"at most {REASON_MOST} characters")
    detail = {"row": key, "not_yours": bool(words)}  # its opening is public: no words
    act = Act(Kind.CHECKUP_ANSWERED, actor, HOUSE, detail=detail)
    done = record(tx, origin, act=act, now=now)
    store.insert_not_yours(tx, key, words, recorded=to_micros(now), act=done.act_id)
    return Pending(None)


def not_yours(tx: Tx, /) -> dict[str, str]:
    """The reasons that hold, by row. Reads only."""
    return {key: reason for key, reason in store.not_yours(tx).items() if reason}
