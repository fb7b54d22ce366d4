"""How does a change in the team come into the ledger?

As an act of the house: its opening is public, so it names random ids and roles, never a person's
name or address.
"""

from collections.abc import Mapping
from datetime import datetime

from kept.base.encoding import Json, b64url, part_list, row_bytes, row_digest
from kept.base.ids import KeyId, StaffId
from kept.crypto import labels
from kept.crypto.keys import expand
from kept.crypto.mac import mac
from kept.crypto.secret import Secret
from kept.db.seam import Row, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind
from kept.staff.acts.parts import StaffParts
from kept.staff.model.account import Account
from kept.staff.model.session import Session
from kept.staff.store import seals


def trace(
    tx: Tx,
    parts: StaffParts,
    kind: Kind,
    *,
    actor: Actor,
    detail: Mapping[str, Json],
    now: datetime,
) -> int:
    """Record one act of the house, after what it is about was written; its number.

    The act also says what stands on the account or the key now, sealed from everybody else.
    """
    act = Act(kind, actor, HOUSE, detail={**detail, **_row_of(tx, parts, detail)})
    return record(tx, parts.origin, act=act, now=now).act_id


def seat_seal(tx: Tx, parts: StaffParts, row: Row, /) -> str:
    """What an act says of an account: an HMAC, for e-mail addresses can be guessed.

    `row` is of `store.seals.account`; passkeys and links are part of it.
    """
    n, *columns = row
    rows = [row_bytes(*columns), *(row_bytes(*one) for one in seals.of_account(tx, n))]
    key = Secret(expand(parts.secrets.tags, labels.STAFF_ROWS))
    return b64url(mac(key, part_list(*rows)))


def _row_of(tx: Tx, parts: StaffParts, detail: Mapping[str, Json]) -> dict[str, Json]:
    staff, key = detail.get("staff"), detail.get("key")
    if isinstance(staff, str) and (row := seals.account(tx, StaffId.parse(staff).raw)):
        return {"row": seat_seal(tx, parts, row)}
    if isinstance(key, str) and (row := seals.key(tx, KeyId.parse(key).raw)):
        return {"row": row_digest(*row)}
    return {}


def actor_of(account: Account) -> Actor:
    """The actor a signed-in account is."""
    return Actor("staff", str(account.id), account.role.value)


def actor_of_session(session: Session) -> Actor:
    """The actor of a living session, with the role the account has now."""
    return actor_of(session.account)
