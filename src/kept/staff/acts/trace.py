"""How does a change in the team come into the ledger?

As an act of the house: its opening is public, so it names random ids and roles, never a person's
name or address.
"""

from collections.abc import Mapping
from datetime import datetime

from kept.base.encoding import Json
from kept.db.seam import Tx
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind
from kept.staff.acts.parts import StaffParts
from kept.staff.model.account import Account
from kept.staff.model.session import Session


def trace(
    tx: Tx,
    parts: StaffParts,
    kind: Kind,
    *,
    actor: Actor,
    detail: Mapping[str, Json],
    now: datetime,
) -> int:
    """Record one act of the house; its number."""
    act = Act(kind, actor, HOUSE, detail=dict(detail))
    return record(tx, parts.origin, act=act, now=now).act_id


def actor_of(account: Account) -> Actor:
    """The actor a signed-in account is."""
    return Actor("staff", str(account.id), account.role.value)


def actor_of_session(session: Session) -> Actor:
    """The actor of a living session, with the role the account has now."""
    return actor_of(session.account)
