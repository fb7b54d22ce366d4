"""How does somebody change their own password or prove themselves again?"""

from datetime import datetime

from kept.base.errors import NotFoundError
from kept.db.seam import Pending, Tx
from kept.ledger.model import Kind
from kept.staff.acts.parts import StaffParts
from kept.staff.acts.passwords import ChosenPassword
from kept.staff.acts.sign_in import (
    WAIT,
    Checked,
    SignInRefused,
    note_failure,
    tag,
    takes_code,
    wait_of,
)
from kept.staff.acts.trace import actor_of_session, trace
from kept.staff.model.session import Session
from kept.staff.store import accounts, sessions
from kept.staff.store.accounts import StoredAccount


def change_password(
    tx: Tx,
    parts: StaffParts,
    /,
    *,
    session: Session,
    old: Checked,
    new: ChosenPassword,
    now: datetime,
) -> Pending[int | SignInRefused]:
    """Set another password; other sessions end, the answer is how many.

    `old` is the old password compared by `sign_in.prepare` and `check_password` for this login.
    """
    stored = own(tx, session)
    fits = old.is_right and old.trying.account_n == stored.n
    if not fits or stored.password != old.trying.password:
        return Pending(note_failure(tx, old.trying.login_tag, old.trying.address_tag, now=now))
    accounts.set_password(tx, stored.n, new.hash)
    ended = sessions.end_all(tx, stored.n, but=session.id)
    actor = actor_of_session(session)
    detail = {"staff": str(session.account.id)}
    trace(tx, parts, Kind.STAFF_PASSWORD_CHANGED, actor=actor, detail=detail, now=now)
    return Pending(ended)


def prove_again(
    tx: Tx, parts: StaffParts, /, *, session: Session, code: str, now: datetime
) -> Pending[SignInRefused | None]:
    """Ask for a fresh code before something weighty; None when it was right. Hostile input.

    Failures count with those of signing in, so a stolen session cannot try all codes.
    """
    stored = own(tx, session)
    login_tag = tag(parts, "login", stored.account.email)
    session_tag = tag(parts, "session", session.id)
    wait = wait_of(tx, login_tag, session_tag, now=now)
    if wait is not None:
        return Pending(SignInRefused(WAIT, wait))
    if takes_code(tx, parts, stored, code=code, now=now):
        return Pending(None)
    return Pending(note_failure(tx, login_tag, session_tag, now=now))


def own(tx: Tx, session: Session) -> StoredAccount:
    """The stored account of a session. For verbs.

    Raises:
        NotFoundError: it left meanwhile.
    """
    stored = accounts.by_id(tx, session.account.id)
    if stored is None or not stored.account.may_sign_in():
        raise NotFoundError("This account is not in use any more.")
    return stored
