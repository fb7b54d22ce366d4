"""Which passkeys open an account, and is this ceremony's challenge ours and fresh?

A challenge carries its own proof, so asking for one stores nothing: 16 random bytes, the expiry,
and 16 bytes of HMAC over both and over what the challenge is for. An answered challenge is
remembered until it expires, so it works once.

Source: W3C Web Authentication Level 3 §13.4.3 (challenges: 16 random bytes at least).
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.errors import MalformedError
from kept.base.ids import StaffId

NONCE_BYTES = 16
LIFE = timedelta(minutes=5)
LABEL_MAX = 40  # characters
PASSKEYS_MOST = 10  # an account
_MAC_BYTES = 16
_CHALLENGE_BYTES = NONCE_BYTES + 8 + _MAC_BYTES
ANYBODY = b""  # the subject of a sign-in ceremony: who it is shows in the answer


@dataclass(frozen=True, slots=True)
class Passkey:
    """A stored credential. `sign_count` is 0 for authenticators that do not count."""

    credential_id: bytes
    staff: StaffId
    public_key: bytes
    sign_count: int
    label: str
    added_at: datetime
    used_at: datetime | None = None


def make_challenge(key: bytes, nonce: bytes, *, subject: bytes, now: datetime) -> bytes:
    """40 bytes for the browser. `subject` is the account's id, or `ANYBODY`."""
    head = nonce + int((now + LIFE).timestamp()).to_bytes(8, "big")
    return head + _mac(key, head, subject)


def is_ours(key: bytes, challenge: bytes, *, subject: bytes, now: datetime) -> bool:
    """True for a challenge made here, for this subject, not expired. Hostile input."""
    if len(challenge) != _CHALLENGE_BYTES:
        return False
    head, mac = challenge[:-_MAC_BYTES], challenge[-_MAC_BYTES:]
    fresh = int.from_bytes(head[NONCE_BYTES:], "big") > now.timestamp()
    return hmac.compare_digest(mac, _mac(key, head, subject)) and fresh


def parse_label(text: str) -> str:
    """How its owner calls a passkey ("blue key"). Hostile input.

    Raises:
        MalformedError: empty, unprintable or too long.
    """
    label = " ".join(text.split())
    if not label or len(label) > LABEL_MAX or not label.isprintable():
        raise MalformedError("label", f"a label has 1 to {LABEL_MAX} printable characters")
    return label


def _mac(key: bytes, head: bytes, subject: bytes) -> bytes:
    return hmac.digest(key, head + subject, "sha256")[:_MAC_BYTES]
