"""Whose session is this, which are open, and how do they end?

Signing out and using a session are not acts: they change nothing about who may do what. Role
changes, disabling and resets end all sessions in their own transaction.
"""

import base64
from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import to_micros
from kept.base.encoding import row_digest
from kept.base.errors import MalformedError, NotFoundError
from kept.base.ids import StaffId
from kept.crypto.chance import draw
from kept.db.seam import Pending, Tx
from kept.staff.model.account import Account
from kept.staff.model.session import (
    TOKEN_BYTES,
    Session,
    SessionRow,
    live_session,
    token_hash,
    token_text,
)
from kept.staff.store import accounts, sessions

_ID_BYTES = 10  # a name in one's own list, no secret


@dataclass(frozen=True, slots=True, repr=False)
class SignedIn:
    """A new session. `token` goes into the cookie and is known nowhere else afterwards."""

    token: str
    session_id: str
    account: Account
    digest: str  # what the act of signing in says of the session's row


def begin(tx: Tx, /, *, account_n: int, account: Account, method: str, now: datetime) -> SignedIn:
    """Open a session for somebody who has just proved who they are; for the verbs that check it."""
    token = token_text(draw(TOKEN_BYTES))
    session_id = base64.b32encode(draw(_ID_BYTES)).decode("ascii").lower()
    row = SessionRow(0, session_id, account.role, method, now, now)
    sessions.insert(tx, row, token_hash=token_hash(token), account_n=account_n)
    digest = row_digest(session_id, token_hash(token), account.role.value, method, to_micros(now))
    return SignedIn(token, session_id, account, digest)


def find_session(tx: Tx, token: str, /, *, now: datetime) -> Session | None:
    """The living session behind a cookie, or None. Hostile input. Reads only."""
    try:
        found = sessions.by_hash(tx, token_hash(token))
    except MalformedError:
        return None
    return None if found is None else live_session(found[0], found[1], now)


def touch_session(tx: Tx, session: Session, /, *, now: datetime) -> Pending[None]:
    """Note that the session is in use; call it when `session.touch_due`."""
    sessions.touch(tx, session.id, now)
    return Pending(None)


def own_sessions(tx: Tx, staff: StaffId, /, *, now: datetime) -> list[Session]:
    """The account's living sessions, newest first. Reads only.

    Raises:
        NotFoundError: nobody of this id.
    """
    stored = accounts.by_id(tx, staff)
    if stored is None:
        raise NotFoundError("Nobody of this id works here.")
    found = (live_session(row, stored.account, now) for row in sessions.of_account(tx, stored.n))
    return [session for session in found if session is not None]


def end_session(tx: Tx, /, *, staff: StaffId, session_id: str) -> Pending[None]:
    """End one of one's own sessions.

    Raises:
        NotFoundError: this account has no such session.
    """
    stored = accounts.by_id(tx, staff)
    if stored is None or not sessions.end(tx, session_id, stored.n):
        raise NotFoundError("You have no such session; it may have ended already.")
    return Pending(None)


def end_other_sessions(tx: Tx, /, *, session: Session) -> Pending[int]:
    """End all of one's own sessions but this one; how many there were."""
    stored = accounts.by_id(tx, session.account.id)
    return Pending(0 if stored is None else sessions.end_all(tx, stored.n, but=session.id))
