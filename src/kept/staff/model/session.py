"""Is this session alive, and what may it stand for?

A session is a random 256-bit token in a cookie; only its SHA-256 is stored. It ends after
`ABSOLUTE`, after `IDLE` without use, when ended, and whenever its account is not active or has
another role than at sign-in. The role is the account's at the time of use, never a copy.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.errors import MalformedError
from kept.staff.model.account import Account
from kept.vault.model.rules import Role

ABSOLUTE = timedelta(hours=12)
IDLE = timedelta(minutes=60)
TOUCH_EVERY = timedelta(minutes=1)  # `seen_at` is no finer: a page costs no write
TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A stored session. `n` is its row number, which stays inside."""

    n: int
    id: str
    role: Role
    method: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A living session of an active account. `id` names it in the list of own sessions."""

    id: str
    account: Account
    created_at: datetime
    seen_at: datetime
    method: str
    touch_due: bool


def is_alive(row: SessionRow, account: Account, now: datetime) -> bool:
    """True while neither time has run out and the account is as it was at sign-in."""
    return (
        account.may_sign_in()
        and account.role is row.role
        and now - row.created_at < ABSOLUTE
        and now - row.seen_at < IDLE
    )


def live_session(row: SessionRow, account: Account, now: datetime) -> Session | None:
    """The session as the entrances use it, or None if it is over."""
    if not is_alive(row, account, now):
        return None
    due = now - row.seen_at >= TOUCH_EVERY
    return Session(row.id, account, row.created_at, row.seen_at, row.method, due)


def token_text(raw: bytes) -> str:
    """43 characters of base64url for 32 random bytes (sessions and invitation links)."""
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def token_hash(text: str) -> bytes:
    """SHA-256 of the token's text, the only form that is stored. Hostile input.

    Raises:
        MalformedError: not the shape of a token.
    """
    if not _TOKEN.fullmatch(text):
        raise MalformedError("token", "not a token of this house")
    return hashlib.sha256(text.encode("ascii")).digest()
