"""Who changed a way into the house, and which one? For everybody to see; no key is told."""

from datetime import datetime

from kept.crypto.keyring import WrapRole
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind
from kept.vault.acts.parts import VaultParts


def record_rewrap(
    tx: Tx, vault: VaultParts, /, *, actor: Actor, role: WrapRole, why: str, now: datetime
) -> Pending[int]:
    """Record `keys.rewrapped`, before the ring is replaced; the act's number.

    Args:
        tx: the transaction.
        vault: the vault's parts.
        actor: the owner.
        role: which way in was made anew.
        why: `changed` or `recovered`; public.
        now: aware UTC.
    """
    act = Act(Kind.KEYS_REWRAPPED, actor, HOUSE, detail={"role": role, "why": why})
    return Pending(record(tx, vault.origin, act=act, now=now).act_id)
