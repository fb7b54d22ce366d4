"""Who joins the team, with which role, and how does somebody leave?

Verbs of the owner. Rules: the house always keeps one active owner; a change of role, a reset and
leaving end all sessions in the same transaction; nobody resets their own second factor.
"""

from dataclasses import dataclass
from datetime import datetime

from kept.base.errors import ConflictError, NotFoundError, RefusedError
from kept.base.ids import StaffId
from kept.db.seam import Pending, Tx
from kept.ledger.model import Actor, Kind
from kept.staff.acts.links import Invited, new_link
from kept.staff.acts.parts import StaffParts
from kept.staff.acts.trace import trace
from kept.staff.model.account import Account, AccountState
from kept.staff.model.keys import ApiKey
from kept.staff.model.permissions import Permission, demand
from kept.staff.store import accounts, keys, sessions
from kept.staff.store.accounts import StoredAccount
from kept.vault.model.rules import Role


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody who left. `keys_seen` are live API keys they were shown: issue those anew."""

    account: Account
    sessions_ended: int
    keys_seen: tuple[ApiKey, ...]


def list_team(tx: Tx, /) -> list[Account]:
    """Everybody who works or worked here, by name. Reads only."""
    return accounts.all_accounts(tx)


def change_role(
    tx: Tx, parts: StaffParts, /, *, actor: Actor, staff: StaffId, role: Role, now: datetime
) -> Pending[Account]:
    """Give another role; all sessions of the account end.

    Raises:
        RefusedError: not for this actor, or the last owner would step down.
        NotFoundError: nobody of this id.
        ConflictError: the account left, or has the role.
    """
    stored = _managed(tx, actor, staff)
    if stored.account.state is AccountState.DISABLED or stored.account.role is role:
        raise ConflictError("Nothing was changed: they left, or have this role already.")
    _keep_an_owner(tx, stored)
    accounts.set_role(tx, stored.n, role)
    sessions.end_all(tx, stored.n)
    detail = {"staff": str(staff), "from": stored.account.role.value, "to": role.value}
    trace(tx, parts, Kind.STAFF_ROLE_CHANGED, actor=actor, detail=detail, now=now)
    return Pending(_read(tx, stored.n))


def review_access(
    tx: Tx, parts: StaffParts, /, *, actor: Actor, staff: StaffId, now: datetime
) -> Pending[Account]:
    """State that this person still needs this role.

    Raises:
        RefusedError: not for this actor.
        NotFoundError: nobody of this id.
    """
    stored = _managed(tx, actor, staff)
    accounts.set_reviewed(tx, stored.n, now)
    detail = {"staff": str(staff), "role": stored.account.role.value}
    trace(tx, parts, Kind.STAFF_REVIEWED, actor=actor, detail=detail, now=now)
    return Pending(_read(tx, stored.n))


def disable(
    tx: Tx, parts: StaffParts, /, *, actor: Actor, staff: StaffId, now: datetime
) -> Pending[Left]:
    """Close every door of somebody who leaves: sessions, password, factors, links.

    Raises:
        RefusedError: not for this actor, or the last owner would leave.
        NotFoundError: nobody of this id.
        ConflictError: they left already.
        UnavailableError: keys.db, where it is noted too, cannot be written.
    """
    stored = _managed(tx, actor, staff)
    if stored.account.state is AccountState.DISABLED:
        raise ConflictError("They left already.")
    _keep_an_owner(tx, stored)
    ended = _shut_out(tx, parts, stored, actor=actor, now=now)
    seen = tuple(k for k in keys.all_keys(tx) if k.issued_by == f"staff:{staff}" and k.is_live(now))
    parts.closings.note_leaver(staff, at=now)
    return Pending(Left(_read(tx, stored.n), ended, seen))


def disable_again(
    tx: Tx, parts: StaffParts, /, *, actor: Actor, staff: StaffId, now: datetime
) -> Pending[int]:
    """Shut out somebody who left and whom old data let in, the last owner too; sessions ended.

    A house whose last owner left is reached from its terminal.

    Raises:
        NotFoundError: nobody of this id.
    """
    stored = accounts.by_id(tx, staff)
    if stored is None:
        raise NotFoundError("Nobody of this id works here.")
    return Pending(_shut_out(tx, parts, stored, actor=actor, now=now))


def reset_factor(
    tx: Tx, parts: StaffParts, /, *, actor: Actor, staff: StaffId, now: datetime
) -> Pending[Invited]:
    """Somebody lost phone or password: take both away and give a new link, as if invited.

    Raises:
        RefusedError: not for this actor, or one's own.
        NotFoundError: nobody of this id.
        ConflictError: they left, or have not joined yet; invite them instead.
    """
    stored = _managed(tx, actor, staff)
    if actor.kind == "staff" and actor.id == str(staff):
        raise RefusedError("own_factor", "Ask another owner, or use the terminal of the house.")
    if stored.account.state is not AccountState.ACTIVE:
        raise ConflictError("This account is not in use. Invite them instead.")
    _strip(tx, stored.n, state=AccountState.INVITED)
    invited = new_link(tx, parts, n=stored.n, account=_read(tx, stored.n), now=now)
    trace(tx, parts, Kind.STAFF_FACTOR_RESET, actor=actor, detail={"staff": str(staff)}, now=now)
    return Pending(invited)


def _shut_out(
    tx: Tx, parts: StaffParts, stored: StoredAccount, *, actor: Actor, now: datetime
) -> int:
    """Take away all that lets in; how many sessions ended."""
    ended = _strip(tx, stored.n, state=AccountState.DISABLED, disabled_at=now)
    accounts.drop_invitations(tx, stored.n)
    detail = {"staff": str(stored.account.id)}
    trace(tx, parts, Kind.STAFF_DISABLED, actor=actor, detail=detail, now=now)
    return ended


def _managed(tx: Tx, actor: Actor, staff: StaffId) -> StoredAccount:
    demand(actor.role, Permission.MANAGE_TEAM)
    stored = accounts.by_id(tx, staff)
    if stored is None:
        raise NotFoundError("Nobody of this id works here.")
    return stored


def _keep_an_owner(tx: Tx, stored: StoredAccount) -> None:
    account = stored.account
    is_owner = account.role is Role.OWNER and account.state is AccountState.ACTIVE
    if is_owner and accounts.lock_owners(tx) <= 1:
        raise RefusedError("last_owner", "The house needs an owner. Name another one first.")


def _strip(tx: Tx, n: int, *, state: AccountState, disabled_at: datetime | None = None) -> int:
    accounts.strip_factors(tx, n, state=state, disabled_at=disabled_at)
    keys.drop_passkeys(tx, n)
    return sessions.end_all(tx, n)


def _read(tx: Tx, n: int) -> Account:
    stored = accounts.by_n(tx, n)
    if stored is None:
        raise NotFoundError("Nobody of this id works here.")
    return stored.account
