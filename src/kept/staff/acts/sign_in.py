"""Is this the person they say they are?

Three steps, because Argon2 may not run inside a transaction:
`attempt = database.read(lambda tx: prepare(tx, parts, login=…, address=…, now=…))`, then
`checked = check_password(parts, attempt, password)` in a thread, then
`database.write(lambda tx: finish(tx, parts, checked, code=…, now=…))`.

Rules: an unknown, invited or disabled account takes the same way and gets the same answer as a
wrong password or code, down to the dummy hash and the wait; a second factor is asked of
everybody; a wait refuses also what is right; a refused attempt during a wait is not counted.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime

from kept.base.errors import MalformedError, NotFoundError
from kept.base.ids import StaffId
from kept.db.seam import Pending, Tx
from kept.ledger.model import Kind
from kept.staff.acts.parts import StaffParts, open_totp
from kept.staff.acts.sessions import SignedIn, begin
from kept.staff.acts.trace import actor_of, trace
from kept.staff.model import codes
from kept.staff.model.account import EMAIL_MAX, Account, parse_login
from kept.staff.model.passwords import normal_form
from kept.staff.model.session import ABSOLUTE
from kept.staff.model.waiting import WINDOW, longest_wait
from kept.staff.store import accounts, sessions
from kept.staff.store.accounts import StoredAccount
from kept.staff.store.sessions import Attempt

UNRECOGNISED = "unrecognised"
WAIT = "wait"


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """No. `code` is `unrecognised` (never what was wrong) or `wait`, then `until` says how long."""

    code: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Trying:
    """A sign-in begun. `password` is the stored hash, None for whoever may not come in."""

    login_tag: bytes
    address_tag: bytes
    account_n: int | None
    password: str | None
    wait: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class Checked:
    """A sign-in whose password was compared. `rehash` is set when the parameters grew."""

    trying: Trying
    is_right: bool
    rehash: str | None = None


def prepare(tx: Tx, parts: StaffParts, /, *, login: str, address: str, now: datetime) -> Trying:
    """Look up what the next step needs. Hostile input. Reads only.

    Args:
        tx: a reading unit.
        parts: of the house.
        login: as typed.
        address: the network address the request came from.
        now: aware UTC.
    """
    known = _find(tx, login)
    login_tag = tag(parts, "login", _tidy(login))
    address_tag = tag(parts, "address", address)
    wait = wait_of(tx, login_tag, address_tag, now=now)
    if known is None:
        return Trying(login_tag, address_tag, None, None, wait)
    return Trying(login_tag, address_tag, known.n, known.password, wait)


def check_password(parts: StaffParts, trying: Trying, password: str, /) -> Checked:
    """Compare the password. Half a second, also for unknown accounts; outside a transaction.

    Raises:
        UnavailableError: too many hashes at once.
    """
    if trying.wait is not None:
        return Checked(trying, is_right=False)
    typed = normal_form(password)
    is_right = parts.passwords.is_right(trying.password, typed)
    if not is_right or trying.password is None or not parts.passwords.needs_rehash(trying.password):
        return Checked(trying, is_right=is_right)
    return Checked(trying, is_right=True, rehash=parts.passwords.hash(typed))


def finish(
    tx: Tx, parts: StaffParts, checked: Checked, /, *, code: str, now: datetime
) -> Pending[SignedIn | SignInRefused]:
    """Check the second factor, note the attempt and open a session. Hostile input."""
    trying = checked.trying
    wait = wait_of(tx, trying.login_tag, trying.address_tag, now=now)
    if wait is not None:
        return Pending(SignInRefused(WAIT, wait))
    stored = _proved(tx, checked)
    if stored is None or not takes_code(tx, parts, stored, code=code, now=now):
        return Pending(note_failure(tx, trying.login_tag, trying.address_tag, now=now))
    if checked.rehash is not None:
        accounts.set_password(tx, stored.n, checked.rehash)
    sessions.insert_attempt(tx, Attempt(trying.login_tag, trying.address_tag, now, succeeded=True))
    return Pending(let_in(tx, parts, n=stored.n, account=stored.account, method="code", now=now))


def let_in(
    tx: Tx, parts: StaffParts, /, *, n: int, account: Account, method: str, now: datetime
) -> SignedIn:
    """Open a session for somebody proved, and record it. For verbs."""
    sessions.drop_stale(tx, sessions_before=now - ABSOLUTE, attempts_before=now - WINDOW)
    signed_in = begin(tx, account_n=n, account=account, method=method, now=now)
    detail = {"staff": str(account.id), "method": method, "session": signed_in.digest}
    trace(tx, parts, Kind.STAFF_SIGNED_IN, actor=actor_of(account), detail=detail, now=now)
    return signed_in


def enter_demo(tx: Tx, parts: StaffParts, /, *, staff: StaffId, now: datetime) -> Pending[SignedIn]:
    """Let a visitor of the demo in as this colleague.

    Raises:
        NotFoundError: the house is no demo, or nobody of this id may sign in: one answer.
    """
    stored = accounts.by_id(tx, staff) if parts.is_demo else None
    if stored is None or not stored.account.may_sign_in():
        raise NotFoundError("Nobody of this id works here.")
    return Pending(let_in(tx, parts, n=stored.n, account=stored.account, method="demo", now=now))


def takes_code(
    tx: Tx, parts: StaffParts, stored: StoredAccount, /, *, code: str, now: datetime
) -> bool:
    """True for a right code that was not used before; it is used up now. For verbs."""
    if stored.totp_env is None:
        return False
    secret = open_totp(parts, stored.account.id, stored.totp_env)
    try:
        typed = codes.parse_code(code)
    except MalformedError:
        return False
    step = codes.matching_step(secret, typed, now=now, last_step=stored.totp_step)
    return step is not None and accounts.take_step(tx, stored.n, step)


def note_failure(
    tx: Tx, login_tag: bytes, address_tag: bytes, /, *, now: datetime
) -> SignInRefused:
    """Count a failure. For verbs."""
    sessions.insert_attempt(tx, Attempt(login_tag, address_tag, now))
    return SignInRefused(UNRECOGNISED)


def wait_of(tx: Tx, login_tag: bytes, address_tag: bytes, /, *, now: datetime) -> datetime | None:
    """Until when attempts of this login or from this address are not looked at. For verbs."""
    by_login = sessions.failures_of_login(tx, login_tag, now)
    by_address = sessions.failures_of_address(tx, address_tag, now)
    return longest_wait(by_login, by_address, now)


def tag(parts: StaffParts, kind: str, text: str) -> bytes:
    """What stands for a login or an address in the rows of attempts."""
    return hmac.digest(
        parts.secrets.tags.reveal(), f"{kind}\0{text}".encode(errors="surrogatepass"), "sha256"
    )[:16]


def _find(tx: Tx, login: str) -> StoredAccount | None:
    try:
        stored = accounts.by_login(tx, parse_login(login))
    except MalformedError:
        return None
    return stored if stored is not None and stored.account.may_sign_in() else None


def _tidy(login: str) -> str:
    try:
        return parse_login(login)
    except MalformedError:
        return login[:EMAIL_MAX]


def _proved(tx: Tx, checked: Checked) -> StoredAccount | None:
    """The account as it is now, if the password compared is still its password."""
    n = checked.trying.account_n
    stored = accounts.by_n(tx, n) if checked.is_right and n is not None else None
    if stored is None or not stored.account.may_sign_in():
        return None
    return stored if stored.password == checked.trying.password else None
