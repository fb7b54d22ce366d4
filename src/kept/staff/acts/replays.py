"""Was this very request answered before? Then the same answer again, and nothing is done twice.

The answer is kept in the transaction of the deed: whoever asks again after a broken line hears
what became of the first try. Another request under the same name is a conflict. Kept for a day.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.clock import to_micros
from kept.base.errors import ConflictError
from kept.base.ids import KeyId
from kept.db.seam import Pending, Tx
from kept.staff.store import replays

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request by the name its caller gave it (`Idempotency-Key`) and SHA-256 of what it says."""

    key: KeyId
    name: str
    request_sha256: bytes

    @property
    def name_sha256(self) -> bytes:
        """The name as it is stored: a caller may have put anything into it."""
        return hashlib.sha256(self.name.encode()).digest()


@dataclass(frozen=True, slots=True)
class Told:
    """An answer without anybody's values: status, JSON text, the act it names."""

    status: int
    body: str
    act: int | None


def told_before(tx: Tx, ask: Ask, /, *, now: datetime) -> Told | None:
    """What was answered within the last day; None for a first time. Reads only.

    Raises:
        ConflictError: the name was used for another request.
    """
    found = replays.find(
        tx, key_id=ask.key.raw, name_sha256=ask.name_sha256, since=to_micros(now - KEPT_FOR)
    )
    if found is None:
        return None
    request_sha256, status, body, act = found
    if request_sha256 != ask.request_sha256:
        raise ConflictError("This Idempotency-Key was used for another request. Nothing was done.")
    return Told(status, body, act)


def is_answered(tx: Tx, key: KeyId, name: str, /, *, now: datetime) -> bool:
    """Whether this name was answered within the last day, whatever was asked. Reads only."""
    ask = Ask(key, name, b"")
    found = replays.find(
        tx, key_id=key.raw, name_sha256=ask.name_sha256, since=to_micros(now - KEPT_FOR)
    )
    return found is not None


def keep_told(tx: Tx, ask: Ask, told: Told, /, *, now: datetime) -> Pending[Told]:
    """Keep an answer for whoever asks again; it is handed on."""
    replays.delete_before(tx, to_micros(now - KEPT_FOR))
    replays.insert(
        tx,
        {
            "key": ask.key.raw,
            "name": ask.name_sha256,
            "request": ask.request_sha256,
            "status": told.status,
            "body": told.body,
            "act": told.act,
            "at": to_micros(now),
        },
    )
    return Pending(told)
