"""How does a new colleague come in? By a link that works once, for three days.

The owner hands the link over; only its hash is stored. Behind it wait a TOTP secret and a form
for a password: whoever joins has a second factor from the first minute, there is no other way in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.errors import ConflictError, MalformedError, NotFoundError, RefusedError
from kept.base.ids import ID_BYTES, StaffId
from kept.crypto.chance import draw
from kept.db.seam import Pending, Tx
from kept.ledger.model import Actor, Kind
from kept.staff.acts.parts import StaffParts, open_totp, seal_totp
from kept.staff.acts.passwords import ChosenPassword
from kept.staff.acts.sessions import SignedIn, begin
from kept.staff.acts.trace import actor_of, trace
from kept.staff.model import codes
from kept.staff.model.account import Account, AccountState, parse_login, parse_name
from kept.staff.model.permissions import Permission, demand
from kept.staff.model.session import TOKEN_BYTES, token_hash, token_text
from kept.staff.store import accounts
from kept.staff.store.accounts import StoredAccount, StoredInvitation
from kept.vault.model.rules import Role

LINK_LIFE = timedelta(hours=72)
_GONE = "This link was used, has expired, or was replaced. Ask the owner for a new one."


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody to invite, as typed."""

    email: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True, repr=False)
class Invited:
    """An invited account. `token` belongs at the end of the link and is shown once."""

    account: Account
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Joining:
    """What the page behind a link shows. `totp_uri` goes into the QR code; both are secrets."""

    account: Account
    totp_uri: str
    totp_text: str
    expires_at: datetime


def invite(
    tx: Tx, parts: StaffParts, /, *, actor: Actor, who: Colleague, now: datetime
) -> Pending[Invited]:
    """Invite somebody, invite again, or take back somebody who left.

    Raises:
        RefusedError: not for this actor.
        MalformedError: no e-mail address or no name.
        ConflictError: they work here already.
    """
    demand(actor.role, Permission.MANAGE_TEAM)
    n = _place_of(tx, who, now)
    stored = accounts.by_n(tx, n)
    if stored is None:
        raise ConflictError("Somebody changed this account just now. Try again.")
    invited = new_link(tx, parts, n=n, account=stored.account, now=now)
    detail = {"staff": str(stored.account.id), "role": who.role.value}
    trace(tx, parts, Kind.STAFF_INVITED, actor=actor, detail=detail, now=now)
    return Pending(invited)


def new_link(tx: Tx, parts: StaffParts, /, *, n: int, account: Account, now: datetime) -> Invited:
    """A fresh link for an account, with a fresh second factor; older links die. For verbs."""
    token = token_text(draw(TOKEN_BYTES))
    sealed = seal_totp(parts, account.id, draw(codes.SECRET_BYTES))
    expires_at = now + LINK_LIFE
    accounts.insert_invitation(
        tx, n, token_hash=token_hash(token), totp_env=sealed, expires_at=expires_at
    )
    return Invited(account, token, expires_at)


def look_at_link(tx: Tx, parts: StaffParts, token: str, /, *, now: datetime) -> Joining:
    """Whom the link is for and the second factor to set up. Hostile input. Reads only.

    Raises:
        NotFoundError: used, expired, replaced or never made.
    """
    invitation, stored = _behind(tx, token, now)
    secret = open_totp(parts, stored.account.id, invitation.totp_env)
    uri = codes.enrolment_uri(secret, login=stored.account.email, issuer=parts.business)
    return Joining(stored.account, uri, codes.shown_secret(secret), invitation.expires_at)


def join(
    tx: Tx,
    parts: StaffParts,
    /,
    *,
    token: str,
    password: ChosenPassword,
    code: str,
    now: datetime,
) -> Pending[SignedIn]:
    """Join with a password and the first code of the new second factor; signed in afterwards.

    Raises:
        NotFoundError: the link was used, expired, replaced or never made.
        RefusedError: the code is wrong; the link still works.
    """
    invitation, stored = _behind(tx, token, now)
    secret = open_totp(parts, stored.account.id, invitation.totp_env)
    step = _step_of(secret, code, now)
    if not accounts.use_invitation(tx, invitation.n, now):
        raise NotFoundError(_GONE)
    sealed = seal_totp(parts, stored.account.id, secret)
    accounts.activate(tx, stored.n, password=password.hash, totp_env=sealed, totp_step=step)
    account = _joined(tx, stored.n)
    signed_in = begin(tx, account_n=stored.n, account=account, method="code", now=now)
    detail = {
        "staff": str(account.id),
        "role": account.role.value,
        "session": signed_in.digest,
    }
    trace(tx, parts, Kind.STAFF_JOINED, actor=actor_of(account), detail=detail, now=now)
    return Pending(signed_in)


def _place_of(tx: Tx, who: Colleague, now: datetime) -> int:
    login, name = parse_login(who.email), parse_name(who.name)
    stored = accounts.by_login(tx, login)
    if stored is None:
        fresh = StaffId.from_random(draw(ID_BYTES))
        account = Account(fresh, login, name, who.role, AccountState.INVITED, now, now)
        return accounts.insert(tx, account)
    if stored.account.state is AccountState.ACTIVE:
        raise ConflictError("Somebody with this e-mail works here already.")
    accounts.invite_again(tx, stored.n, name=name, role=who.role, now=now)
    return stored.n


def _behind(tx: Tx, token: str, now: datetime) -> tuple[StoredInvitation, StoredAccount]:
    try:
        invitation = accounts.open_invitation(tx, token_hash(token), now)
    except MalformedError:
        invitation = None
    stored = None if invitation is None else accounts.by_n(tx, invitation.account_n)
    if invitation is None or stored is None or stored.account.state is not AccountState.INVITED:
        raise NotFoundError(_GONE)
    return invitation, stored


def _step_of(secret: bytes, code: str, now: datetime) -> int:
    wrong = RefusedError("code", "This code does not fit. Type the newest one from the app.")
    try:
        step = codes.matching_step(
            secret, codes.parse_code(code), now=now, last_step=codes.NEVER_USED
        )
    except MalformedError:
        raise wrong from None
    if step is None:
        raise wrong
    return step


def _joined(tx: Tx, n: int) -> Account:
    stored = accounts.by_n(tx, n)
    if stored is None:
        raise NotFoundError(_GONE)
    return stored.account
