"""What may the owner say about a promise? That it rests for a while, and why it was broken.

The owner can add, never delete or backdate: a pause begins now and ends within 30 days, and an
explanation stands beside the break without changing its state.
"""

from datetime import datetime

from kept.base.clock import from_micros, to_micros
from kept.base.encoding import row_digest
from kept.base.errors import MalformedError, NotFoundError
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind
from kept.promises import store
from kept.promises.model.evidence import Pause
from kept.vault.model.rules import Text


def pause(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    key: str,
    until: datetime,
    reason: Text,
    now: datetime,
) -> Pending[Pause]:
    """Let a promise rest from now on, in public. Records `promise.paused`.

    Raises:
        MalformedError: longer than 30 days, or already over.
    """
    rest = Pause(now, until, reason)
    detail = {
        "promise": key,
        "until": to_micros(until) // 1_000_000,
        "en": reason.en,
        "ru": reason.ru,
        "row": row_digest(key, to_micros(until), reason.en, reason.ru),
    }
    done = record(tx, origin, act=Act(Kind.PROMISE_PAUSED, actor, HOUSE, detail=detail), now=now)
    store.insert_pause(tx, key, rest, act=done.act_id)
    return Pending(rest)


def explain_break(
    tx: Tx,
    origin: str,
    /,
    *,
    actor: Actor,
    key: str,
    ref: str,
    words: Text,
    repaired_at: datetime | None = None,
    now: datetime,
) -> Pending[None]:
    """Put the owner's words beside a break. Records `promise.explained`; earlier words stay kept.

    Raises:
        NotFoundError: no such break was noted.
        MalformedError: repaired before it happened, or in the future.
    """
    happened = store.break_at(tx, key, ref)
    if happened is None:
        raise NotFoundError("No such break was noted.")
    if repaired_at is not None and not from_micros(happened) <= repaired_at <= now:
        raise MalformedError("repaired", "lies between the break and now")
    repaired = None if repaired_at is None else to_micros(repaired_at)
    detail = {
        "promise": key,
        "ref": ref,
        "en": words.en,
        "ru": words.ru,
        "row": row_digest(key, ref, words.en, words.ru, repaired),
    }
    act = Act(Kind.PROMISE_EXPLAINED, actor, HOUSE, detail=detail)
    done = record(tx, origin, act=act, now=now)
    store.insert_answer(
        tx,
        {
            "key": key,
            "ref": ref,
            "en": words.en,
            "ru": words.ru,
            "repaired": repaired,
            "recorded": to_micros(now),
            "act": done.act_id,
        },
    )
    return Pending(None)
