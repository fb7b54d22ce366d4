"""Which accounts and invitation links are stored?

Row numbers (`n`) stay between this room and `acts`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kept.base.clock import from_micros, to_micros
from kept.base.ids import StaffId
from kept.db.closed import word_of
from kept.db.seam import Row, Tx
from kept.staff.model.account import Account, AccountState
from kept.vault.model.rules import Role

TABLE = "staff_account"
ACCOUNT_COLUMNS = (
    "a.id, a.email, a.name, a.role, a.state, a.created_at, a.reviewed_at, a.disabled_at"
)
_FROM = f"{ACCOUNT_COLUMNS} from staff_account a"
_STORED = f"select a.n, a.password, a.totp_env, a.totp_step, {_FROM}"
_ALL = f"select {_FROM} order by a.name, a.n"


@dataclass(frozen=True, slots=True, repr=False)
class StoredAccount:
    """An account with what lets it in. `password` and `totp_env` are None until joined."""

    n: int
    account: Account
    password: str | None
    totp_env: bytes | None
    totp_step: int


@dataclass(frozen=True, slots=True, repr=False)
class StoredInvitation:
    """A link that was not used yet."""

    n: int
    account_n: int
    totp_env: bytes
    expires_at: datetime


def account_of(columns: tuple[Any, ...]) -> Account:
    """The account of `ACCOUNT_COLUMNS`.

    Raises:
        TamperedError: its role or its state is no word that is written there.
    """
    raw_id, email, name, role, state, created, reviewed, disabled = columns
    staff = StaffId(bytes(raw_id))
    return Account(
        staff,
        email,
        name,
        word_of(Role, role, table=TABLE, column="role", row=staff),
        word_of(AccountState, state, table=TABLE, column="state", row=staff),
        from_micros(created),
        from_micros(reviewed),
        None if disabled is None else from_micros(disabled),
    )


def _stored(row: Row | None) -> StoredAccount | None:
    if row is None:
        return None
    n, password, env, step = row[:4]
    return StoredAccount(n, account_of(row[4:]), password, env, step)


def by_login(tx: Tx, login: str) -> StoredAccount | None:
    """The account of a normalised login."""
    return _stored(tx.row(f"{_STORED} where a.email = :login", login=login))


def by_id(tx: Tx, staff: StaffId) -> StoredAccount | None:
    """The account of an id."""
    return _stored(tx.row(f"{_STORED} where a.id = :id", id=staff.raw))


def by_n(tx: Tx, n: int) -> StoredAccount | None:
    """The account of a row number."""
    return _stored(tx.row(f"{_STORED} where a.n = :n", n=n))


def all_accounts(tx: Tx) -> list[Account]:
    """Everybody, also the disabled, by name."""
    rows = tx.rows(_ALL)
    return [account_of(row) for row in rows]


def insert(tx: Tx, account: Account) -> int:
    """A new account without password or factor; its row number."""
    tx.run(
        "insert into staff_account (id, email, name, role, state, totp_step, created_at,"
        " reviewed_at) values (:id, :email, :name, :role, :state, -1, :created, :reviewed)",
        id=account.id.raw,
        email=account.email,
        name=account.name,
        role=account.role.value,
        state=account.state.value,
        created=to_micros(account.created_at),
        reviewed=to_micros(account.reviewed_at),
    )
    row = tx.row("select n from staff_account where id = :id", id=account.id.raw)
    return row[0] if row else 0


def lock_owners(tx: Tx) -> int:
    """Hold every active owner's row until the end of the unit; how many there are.

    Two owners who step down at once would else each see the other one still there.
    """
    return tx.run("update staff_account set role = role where role = 'owner' and state = 'active'")


def set_role(tx: Tx, n: int, role: Role) -> None:
    """Another role."""
    tx.run("update staff_account set role = :role where n = :n", role=role.value, n=n)


def set_reviewed(tx: Tx, n: int, now: datetime) -> None:
    """Somebody looked over this access."""
    tx.run("update staff_account set reviewed_at = :at where n = :n", at=to_micros(now), n=n)


def set_password(tx: Tx, n: int, password: str) -> None:
    """Another password hash."""
    tx.run("update staff_account set password = :p where n = :n", p=password, n=n)


def invite_again(tx: Tx, n: int, *, name: str, role: Role, now: datetime) -> None:
    """Somebody who left, or never came, is invited anew; access counts as looked over."""
    tx.run(
        "update staff_account set name = :name, role = :role, state = 'invited', reviewed_at = :at,"
        " disabled_at = null where n = :n",
        name=name,
        role=role.value,
        at=to_micros(now),
        n=n,
    )


def activate(tx: Tx, n: int, *, password: str, totp_env: bytes, totp_step: int) -> None:
    """Joined: with a password and a second factor whose first code is used up."""
    tx.run(
        "update staff_account set state = 'active', password = :password, totp_env = :env,"
        " totp_step = :step, disabled_at = null where n = :n",
        password=password,
        env=totp_env,
        step=totp_step,
        n=n,
    )


def take_step(tx: Tx, n: int, step: int) -> bool:
    """Use up a TOTP step; False when it, or a later one, was used already."""
    changed = tx.run(
        "update staff_account set totp_step = :step where n = :n and totp_step < :step",
        step=step,
        n=n,
    )
    return changed == 1


def strip_factors(
    tx: Tx, n: int, *, state: AccountState, disabled_at: datetime | None = None
) -> None:
    """Take password and second factor away and set the state."""
    tx.run(
        "update staff_account set state = :state, disabled_at = :at, password = null,"
        " totp_env = null where n = :n",
        state=state.value,
        at=None if disabled_at is None else to_micros(disabled_at),
        n=n,
    )


def insert_invitation(
    tx: Tx, account_n: int, *, token_hash: bytes, totp_env: bytes, expires_at: datetime
) -> None:
    """A link; older ones of the account die."""
    drop_invitations(tx, account_n)
    tx.run(
        "insert into staff_invitation (token_hash, account_n, totp_env, expires_at)"
        " values (:hash, :account, :env, :expires)",
        hash=token_hash,
        account=account_n,
        env=totp_env,
        expires=to_micros(expires_at),
    )


def drop_invitations(tx: Tx, account_n: int) -> None:
    """No open link of this account works any more."""
    tx.run("delete from staff_invitation where account_n = :n and used_at is null", n=account_n)


def open_invitation(tx: Tx, token_hash: bytes, now: datetime) -> StoredInvitation | None:
    """The unused, unexpired invitation behind a link."""
    row = tx.row(
        "select n, account_n, totp_env, expires_at from staff_invitation"
        " where token_hash = :hash and used_at is null and expires_at > :now",
        hash=token_hash,
        now=to_micros(now),
    )
    return None if row is None else StoredInvitation(row[0], row[1], row[2], from_micros(row[3]))


def use_invitation(tx: Tx, n: int, now: datetime) -> bool:
    """Use a link up; False when somebody else just did. Its sealed secret is wiped."""
    changed = tx.run(
        "update staff_invitation set used_at = :now, totp_env = :nothing"
        " where n = :n and used_at is null",
        now=to_micros(now),
        nothing=b"",
        n=n,
    )
    return changed == 1
