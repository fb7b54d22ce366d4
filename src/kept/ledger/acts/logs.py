"""How does a log begin, and how does the next one follow a log that cannot go on?

Rules: an origin is used once; entry 0 of a log that follows is `ledger.succeeds` with the old head
and the reason, for anybody to open; the old log stays readable and is never appended to again.
Source: `docs/formats/ledger.md`, start.
"""

from datetime import datetime

from kept.base.clock import to_micros
from kept.base.encoding import Json, b64
from kept.base.errors import ConflictError, MalformedError, NotFoundError
from kept.db.seam import Pending, Tx
from kept.ledger.acts.integrate import batch_of, put_in
from kept.ledger.acts.record import record
from kept.ledger.acts.tail import Tail
from kept.ledger.merkle import EMPTY_ROOT
from kept.ledger.model import HOUSE, Act, Actor, Head, Kind
from kept.ledger.notes import Checkpoint, Note
from kept.ledger.store import outbox, tree_rows


def open_log(tx: Tx, origin: str, /, *, actor: Actor, now: datetime) -> Pending[Head]:
    """Open the house's first log, at size 0.

    Raises:
        ConflictError: there is a log already.
        MalformedError: `origin` cannot be the name of a log.
    """
    if tree_rows.heads(tx):
        raise ConflictError("This house has a ledger already. Nothing was changed.")
    head = _opened(tx, origin, log=1, now=now)
    act = Act(Kind.LEDGER_OPENED, actor, HOUSE, detail={"origin": origin})
    record(tx, origin, act=act, now=now)
    return Pending(head)


def current_log(tx: Tx) -> Head | None:
    """The newest log, the one that grows; None before `open_log`."""
    found = tree_rows.heads(tx)
    return found[0] if found else None


def every_log(tx: Tx, /) -> list[Head]:
    """Every log this house ever had, the newest first. Reads only."""
    return tree_rows.heads(tx)


def succeed(
    tx: Tx,
    base: str,
    /,
    *,
    actor: Actor,
    reason: str,
    mark: bytes | None,
    now: datetime,
) -> Pending[Head]:
    """Close the newest log and open the next, whose entry 0 says so.

    Args:
        tx: the transaction that does it all.
        base: `<host>/ledger`; the next origin is it, or it with `/<number>` if it was used.
        actor: the owner.
        reason: public text for whoever asks why.
        mark: the high-water mark, so that no number it names is used again.
        now: aware UTC.

    Raises:
        NotFoundError: there is no log to follow.
        ConflictError: another process appends to it right now.
        MalformedError: `base` cannot be the name of a log.
    """
    old = current_log(tx)
    if old is None:
        raise NotFoundError("There is no ledger to follow. Nothing was changed.")
    marked = _read(mark)
    used = {one.origin for one in tree_rows.heads(tx)}
    used.update([marked.origin] if marked else [])
    log = old.log + 1
    origin = base
    while origin in used:
        origin, log = f"{base}/{log}", log + 1
    head = _opened(tx, origin, log=old.log + 1, now=now)
    detail = {"closed": _said(old.origin, old.size, old.root), "reason": reason}
    if marked is not None:
        detail["signed"] = _said(marked.origin, marked.size, marked.root)
    act = Act(Kind.LEDGER_SUCCEEDS, actor, HOUSE, detail=detail)
    done = record(tx, origin, act=act, now=now)
    entry = outbox.waiting_entry(tx, done.act_id)
    if entry is None:
        raise ConflictError("The act that opens the next log is gone. Nothing was changed.")
    batch = batch_of(Tail.load(tx, head), [(done.act_id, entry)])
    put_in(tx, batch)
    return Pending(batch.after.head)


def _opened(tx: Tx, origin: str, *, log: int, now: datetime) -> Head:
    Checkpoint(origin, 0, EMPTY_ROOT)  # a name that no checkpoint can carry is refused here
    head = Head(origin, log, 0, EMPTY_ROOT, b"", 0)
    tree_rows.open_head(tx, head, at=to_micros(now))
    return head


def _said(origin: str, size: int, root: bytes) -> Json:
    return {"origin": origin, "root": b64(root), "size": size}


def _read(mark: bytes | None) -> Checkpoint | None:
    """What a mark says, whoever signed it: a name it uses is used."""
    try:
        return None if mark is None else Checkpoint.parse(Note.parse(mark).text)
    except MalformedError:
        return None
