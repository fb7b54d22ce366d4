"""How is a person forgotten? The steps of `vault.model.forgetting`, one verb each.

Erasure destroys the keys, then the data, then checks. What a receipt proves stays provable by
whoever holds the receipt; the house itself can no longer open the entry.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kept.base.clock import from_micros, to_micros
from kept.base.encoding import row_digest
from kept.base.errors import ConflictError, NotFoundError, TamperedError
from kept.base.ids import PersonId
from kept.db.seam import Pending, Tx
from kept.ledger.acts.forget import forget_subject
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, OWN, Act, Actor, Kind, Subject
from kept.vault.acts.parts import VaultParts, any_person, require_person
from kept.vault.model.forgetting import Step
from kept.vault.model.gate import PersonState
from kept.vault.model.graves import Grave
from kept.vault.store import erasures
from kept.vault.store import people as store
from kept.vault.store.erasures import ErasureRow

TOKEN_BYTES = 16
_STANDING = frozenset({PersonState.LIVE, PersonState.RESTRICTED})


class Copies(StrEnum):
    """Whether copies of the keys still hold the person's."""

    NONE = "none"  # none was ever made that could hold it
    WAITING = "waiting"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Following:
    """What the follow-up link shows; nothing personal."""

    step: Step
    asked_at: datetime
    done_at: datetime | None
    receipt: bytes | None
    copies: Copies


def begin_erasure(
    tx: Tx, vault: VaultParts, /, *, actor: Actor, person: PersonId, token: bytes, now: datetime
) -> Pending[int]:
    """Step 1: from here the gate refuses. The act's number. Records `erasure_begun`.

    Args:
        tx: the transaction.
        vault: the vault's parts.
        actor: the person, or who acts for them.
        person: who is to be forgotten.
        token: 16 random bytes for the follow-up link; only its hash is kept.
        now: the time.

    Raises:
        NotFoundError: nobody has this id, or they are forgotten.
        ConflictError: it has begun already.
    """
    known = any_person(tx, vault, person)
    if PersonState(known.row.state) is PersonState.ERASING:
        raise ConflictError("This was begun already. It goes on by itself.")
    store.set_state(tx, known.row.n, state=PersonState.ERASING.value, at=to_micros(now))
    erasures.close_doors(tx, known.row.n)
    purpose = OWN if actor.kind == "self" else HOUSE
    act = Act(Kind.ERASURE_BEGUN, actor, purpose)
    done = record(tx, vault.origin, act=act, subject=known.keys.subject, now=now)
    erasures.insert(
        tx,
        person_n=known.row.n,
        person=person,
        token_sha256=hashlib.sha256(token).digest(),
        act=done.act_id,
        at=to_micros(now),
    )
    return Pending(done.act_id)


def pending_erasures(tx: Tx, /) -> list[ErasureRow]:
    """Erasures that are not done yet, oldest first."""
    return erasures.pending(tx)


def subject_of(tx: Tx, vault: VaultParts, person: PersonId, /) -> Subject:
    """The keys under which the person's acts are recorded.

    Raises:
        NotFoundError: nobody has this id, or the keys are gone.
    """
    return any_person(tx, vault, person).keys.subject


def bury(tx: Tx, vault: VaultParts, row: ErasureRow, /, *, now: datetime) -> Pending[None]:
    """Step 2: the tombstone stands where no backup of data reaches it."""
    vault.keys.bury(Grave(row.person, now, row.begun_act, row.token_sha256))
    erasures.advance(tx, row.n, old=Step.BEGUN, step=Step.BURIED)
    return Pending(None)


def keep_receipt(tx: Tx, row: ErasureRow, receipt: bytes, /) -> Pending[None]:
    """Keep the signed receipt of the beginning, while it can still be opened."""
    erasures.keep_receipt(tx, row.n, receipt)
    return Pending(None)


def note_keys_gone(tx: Tx, row: ErasureRow, /) -> Pending[None]:
    """Step 3 is done: `KeyRoom.destroy` has returned."""
    erasures.advance(tx, row.n, old=Step.BURIED, step=Step.KEYS_GONE)
    return Pending(None)


def wipe(tx: Tx, row: ErasureRow, /) -> Pending[None]:
    """Step 4: delete the data and cut the acts loose. The bytes leave with `Database.scrub`.

    Done again when this step is resumed: data.db and find.db are not atomic together.
    """
    erasures.wipe(tx, row.person_n, row.person)
    forget_subject(tx, row.person_n)
    erasures.advance(tx, row.n, old=Step.KEYS_GONE, step=Step.DATA_GONE)
    return Pending(None)


def erase_again(tx: Tx, grave: Grave, /, *, now: datetime) -> Pending[None]:
    """Take up the erasure of somebody whom old data brought back; the keys are gone already.

    What was recorded of it stands in the ledger; `confirm` records that it is done here, too.
    """
    person = require_person(tx, grave.person)
    if erasures.by_person(tx, person.n) is None and PersonState(person.state) in _STANDING:
        store.set_state(tx, person.n, state=PersonState.ERASING.value, at=to_micros(now))
        erasures.close_doors(tx, person.n)
        erasures.insert(
            tx,
            person_n=person.n,
            person=grave.person,
            token_sha256=grave.token_sha256,
            act=grave.act,
            at=to_micros(grave.at),
        )
        row = erasures.by_person(tx, person.n)
        if row is not None:
            erasures.advance(tx, row.n, old=Step.BEGUN, step=Step.BURIED)
    return Pending(None)


def standing_again(tx: Tx, graves: Iterable[Grave], /) -> list[Grave]:
    """Those of the buried whom this data holds, and of whom it knows no erasing. Reads only."""
    found: list[Grave] = []
    for grave in graves:
        row = store.person(tx, grave.person)
        if row is not None and PersonState(row.state) in _STANDING:
            found.append(grave)
    return found


def confirm(tx: Tx, vault: VaultParts, row: ErasureRow, /, *, now: datetime) -> Pending[int | None]:
    """Step 5: check that nothing is left and nothing opens. Records `erased_here`.

    None when another process did this meanwhile: it is recorded once.

    Raises:
        TamperedError: something of the person is still there.
    """
    person = require_person(tx, row.person)
    if erasures.remains(tx, row.person_n) or vault.keys.holds_keys(row.person):
        raise TamperedError("an erasure")
    try:
        vault.keys.person(row.person, row.person_n, person.keyver)
    except NotFoundError:
        pass
    else:
        raise TamperedError("an erasure")
    if not erasures.advance(tx, row.n, old=Step.DATA_GONE, step=Step.DONE):
        return Pending(None)
    grave, at = vault.keys.grave(row.person), to_micros(now)
    act = Act(
        Kind.ERASED_HERE,
        Actor("worker", "erasure", "worker"),
        HOUSE,
        detail={
            "follow": follow_of(row.token_sha256),
            "rows": rows_digest(erasures.by_person(tx, row.person_n) or row, grave, done_at=at),
            "copies": erasures.copies_of(tx, row.n) is not None,
        },
    )
    done = record(tx, vault.origin, act=act, now=now)
    erasures.finish(tx, row.n, at=at)
    return Pending(done.act_id)


def await_copies(tx: Tx, row: ErasureRow, /, *, now: datetime) -> Pending[None]:
    """The keys are destroyed here, and copies may hold them until they are replaced."""
    erasures.await_copies(tx, row.n, destroyed_at=to_micros(now))
    return Pending(None)


def newest_in_copies(tx: Tx, /) -> datetime | None:
    """When the newest key was destroyed that a copy may still hold. Reads only."""
    at = erasures.newest_in_copies(tx)
    return None if at is None else from_micros(at)


def confirm_everywhere(
    tx: Tx, vault: VaultParts, /, *, until: datetime, now: datetime
) -> Pending[int]:
    """All copies of keys were made after these were destroyed. Records `erased_everywhere` each.

    Args:
        tx: the transaction.
        vault: the vault's parts.
        until: before the oldest of the newest copies was begun.
        now: the time.
    """
    found = erasures.in_copies(tx, to_micros(until))
    for n, token_sha256, destroyed_at in found:
        act = Act(
            Kind.ERASED_EVERYWHERE,
            Actor("worker", "erasure", "worker"),
            HOUSE,
            detail={
                "follow": follow_of(token_sha256),
                "rows": copies_digest(n, token_sha256, destroyed_at),
            },
        )
        done = record(tx, vault.origin, act=act, now=now)
        erasures.clear_copies(tx, n, at=to_micros(now), act=done.act_id)
    return Pending(len(found))


def follow_of(token_sha256: bytes) -> str:
    """How the public act of an erasure names it, to whoever holds the link."""
    return hashlib.sha256(token_sha256).hexdigest()


def copies_digest(n: int, token_sha256: bytes, destroyed_at: int, /) -> str:
    """What the public act says of the row that waited for the copies; the link's hash hides it."""
    return row_digest(n, token_sha256, destroyed_at)


def rows_digest(row: ErasureRow, grave: Grave | None, /, *, done_at: int) -> str:
    """What the public act says of an erasure's two rows.

    Nobody guesses what it is of: the person's id is random, and the link's hash stands in it.
    """
    buried = (grave.person.raw, to_micros(grave.at), grave.act, grave.token_sha256) if grave else ()
    return row_digest(
        row.person_n,
        row.person.raw,
        row.token_sha256,
        row.begun_act,
        row.receipt,
        row.asked_at,
        done_at,
        *buried,
    )


def note_problem(tx: Tx, row: ErasureRow, problem: str, /, *, now: datetime) -> Pending[None]:
    """Keep why a step did not succeed; it is tried again."""
    erasures.note_problem(tx, row.n, problem, at=to_micros(now))
    return Pending(None)


def follow(tx: Tx, token: bytes, /) -> Following:
    """How far an erasure has come, for whoever holds the link.

    Raises:
        NotFoundError: no such link.
    """
    row = erasures.by_token(tx, hashlib.sha256(token).digest())
    if row is None:
        raise NotFoundError("There is nothing behind this link.")
    done_at = None if row.done_at is None else from_micros(row.done_at)
    held = erasures.copies_of(tx, row.n)
    copies = Copies.NONE if held is None else Copies.WAITING if held[0] is None else Copies.CLEARED
    return Following(Step(row.step), from_micros(row.asked_at), done_at, row.receipt, copies)
