"""Which services may use the API, for what, and for how long?

A key is shown once when issued; afterwards only its hash is known. A presented key answers either
with the key's scope or with nothing: unknown, wrong, expired and revoked are one answer.
"""

from dataclasses import dataclass
from datetime import datetime

from kept.base.encoding import Json
from kept.base.errors import MalformedError, NotFoundError
from kept.base.ids import ID_BYTES, KeyId
from kept.crypto.chance import draw
from kept.db.seam import Pending, Tx
from kept.ledger.model import Actor, Kind
from kept.staff.acts.parts import StaffParts
from kept.staff.acts.trace import trace
from kept.staff.model.account import parse_name
from kept.staff.model.keys import (
    SECRET_BYTES,
    ApiKey,
    KeyScope,
    PresentedKey,
    check_life,
    hash_secret,
    key_text,
    secret_text,
)
from kept.staff.model.permissions import Permission, demand
from kept.staff.store import keys
from kept.vault.model.rules import Role, Rules


@dataclass(frozen=True, slots=True)
class KeyOrder:
    """The key somebody asks for. `name` says which service will hold it."""

    name: str
    scope: KeyScope
    expires_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class IssuedKey:
    """A new key. `text` is the secret, shown once."""

    key: ApiKey
    text: str


def issue_key(
    tx: Tx,
    parts: StaffParts,
    /,
    *,
    actor: Actor,
    order: KeyOrder,
    rules: Rules,
    now: datetime,
) -> Pending[IssuedKey]:
    """Make a key for one service.

    Raises:
        RefusedError: not for this actor.
        MalformedError: no name, a scope the book does not know, or no proper end.
    """
    demand(actor.role, Permission.MANAGE_KEYS)
    order.scope.check_against(rules)
    check_life(now=now, expires_at=order.expires_at)
    secret = draw(SECRET_BYTES)
    key = ApiKey(
        id=KeyId.from_random(draw(ID_BYTES)),
        name=parse_name(order.name),
        scope=order.scope,
        created_at=now,
        expires_at=order.expires_at,
        issued_by=str(actor),
    )
    keys.insert(tx, key, hash_secret(secret_text(secret)))
    detail: dict[str, Json] = {
        "key": str(key.id),
        "capabilities": sorted(key.scope.capabilities),
        "purposes": sorted(key.scope.purposes),
    }
    if key.scope.reveal_limits is None:
        detail["limits"] = "none"
    trace(tx, parts, Kind.KEY_ISSUED, actor=actor, detail=detail, now=now)
    return Pending(IssuedKey(key, key_text(key.id, secret)))


def revoke_key(
    tx: Tx, parts: StaffParts, /, *, actor: Actor, key: KeyId, now: datetime
) -> Pending[None]:
    """End a key at once.

    Raises:
        RefusedError: not for this actor.
        NotFoundError: no such key, or revoked already.
        UnavailableError: keys.db, where it is noted too, cannot be written.
    """
    demand(actor.role, Permission.MANAGE_KEYS)
    done = revoke_again(tx, parts, actor=actor, key=key, now=now)
    parts.closings.note_key(key, at=now)
    return done


def revoke_again(
    tx: Tx, parts: StaffParts, /, *, actor: Actor, key: KeyId, now: datetime
) -> Pending[None]:
    """End a key that was revoked and that old data brought back.

    Raises:
        NotFoundError: no such key, or revoked already.
    """
    if not keys.revoke(tx, key, now):
        raise NotFoundError("There is no such key, or it was revoked already.")
    trace(tx, parts, Kind.KEY_REVOKED, actor=actor, detail={"key": str(key)}, now=now)
    return Pending(None)


def find_key(tx: Tx, text: str, /, *, now: datetime) -> ApiKey | None:
    """The live key behind a presented text, or None. Hostile input. Reads only."""
    try:
        presented = PresentedKey.parse(text)
    except MalformedError:
        return None
    stored = keys.by_id(tx, presented.id)
    if stored is None or not presented.fits(stored.secret_hash):
        return None
    return stored.key if stored.key.is_live(now) else None


def still_live(tx: Tx, key: KeyId, /, *, now: datetime) -> bool:
    """Whether a key found before has been neither revoked nor ended since. Reads only."""
    return keys.is_live(tx, key, now)


def note_key_use(tx: Tx, key: KeyId, /, *, now: datetime) -> Pending[None]:
    """Note that the key is in use; call it when `key.is_use_due(now)`."""
    keys.set_used(tx, key, now)
    return Pending(None)


def list_keys(tx: Tx, /) -> list[ApiKey]:
    """Every key ever issued, newest first, without secrets. Reads only."""
    return keys.all_keys(tx)


def actor_of_key(key: ApiKey) -> Actor:
    """The actor a presented key is."""
    return Actor("service", str(key.id), Role.SERVICE.value)
