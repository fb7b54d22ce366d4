"""How is a person forgotten from beginning to end? One verb a line; resumes at any step.

The beginning must stand signed in the ledger before the trail key is destroyed: afterwards nobody
here could open it, and its receipt waits behind the person's follow-up link.
"""

from dataclasses import dataclass

from kept.backup.acts.places import places
from kept.backup.model.places import Holds
from kept.base.clock import Clock
from kept.base.errors import KeptError, NotFoundError
from kept.db.seam import Database, Pending, Tx
from kept.ledger.acts.history import one_of
from kept.ledger.acts.receipts import NotYet, receipt
from kept.ledger.ports import TileStore
from kept.vault.acts import erase
from kept.vault.acts.erase import ErasureRow
from kept.vault.acts.parts import VaultParts
from kept.vault.model.forgetting import Step


@dataclass(frozen=True, slots=True)
class ForgetParts:
    """What forgetting needs."""

    clock: Clock
    db: Database
    vault: VaultParts
    tiles: TileStore


def forget_people(parts: ForgetParts) -> int:
    """Take every erasure as far as it can go now; how many are still open after it."""
    left = 0
    for row in parts.db.read(erase.pending_erasures):
        try:
            left += not advance(parts, row)
        except KeptError as error:
            left += 1
            problem = str(error)
            parts.db.write(
                lambda tx, row=row, problem=problem: erase.note_problem(
                    tx, row, problem, now=parts.clock.now()
                )
            )
    return left


def advance(parts: ForgetParts, row: ErasureRow) -> bool:
    """Take one erasure as far as it can go; True when it is done.

    Raises:
        KeptError: a step did not succeed; the next call goes on from it.
    """
    db, vault, step = parts.db, parts.vault, row.step
    if step == Step.BEGUN:
        db.write(lambda tx: erase.bury(tx, vault, row, now=parts.clock.now()))
        step = Step.BURIED
    if step == Step.BURIED:
        if row.receipt is None and not _keep_receipt(parts, row):
            return False
        vault.keys.destroy(row.person)
        db.write(lambda tx: erase.note_keys_gone(tx, row))
        step = Step.KEYS_GONE
    if step == Step.KEYS_GONE:
        db.write(lambda tx: erase.wipe(tx, row))
        step = Step.DATA_GONE
    elif step == Step.DATA_GONE:  # resumed: find.db may have missed what data.db kept
        db.write(lambda tx: erase.wipe(tx, row))
    if step == Step.DATA_GONE:
        db.scrub()
        db.write(lambda tx: _confirm(tx, parts, row))
    return True


def _confirm(tx: Tx, parts: ForgetParts, row: ErasureRow) -> Pending[int | None]:
    """It is done here; where keys are copied, it is done everywhere once the copies follow."""
    now = parts.clock.now()
    if places(tx, holds=Holds.KEYS):
        erase.await_copies(tx, row, now=now)
    return erase.confirm(tx, parts.vault, row, now=now)


def _keep_receipt(parts: ForgetParts, row: ErasureRow) -> bool:
    """Store the signed receipt of the beginning; False while it is not signed.

    Raises:
        NotFoundError: nobody has this id, though keys do.
    """
    try:
        proof = parts.db.read(lambda tx: _receipt(tx, parts, row))
    except NotFoundError:
        if parts.vault.keys.holds_keys(row.person):
            raise
        return True  # keys go after the receipt stands: a crash, or another worker, came between
    if isinstance(proof, NotYet):
        return False
    parts.db.write(lambda tx: erase.keep_receipt(tx, row, proof))
    return True


def _receipt(tx: Tx, parts: ForgetParts, row: ErasureRow) -> bytes | NotYet:
    subject = erase.subject_of(tx, parts.vault, row.person)
    act = one_of(tx, parts.tiles, subject=subject, act_id=row.begun_act)
    opening = act.opening if act else None
    return receipt(tx, parts.tiles, act_id=row.begun_act, opening=opening)
