"""Which sessions are open, and which sign-ins were tried?"""

from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import from_micros, to_micros
from kept.db.closed import word_of
from kept.db.seam import Row, Tx
from kept.staff.model.account import Account
from kept.staff.model.session import SessionRow
from kept.staff.model.waiting import WINDOW, Failures
from kept.staff.store.accounts import ACCOUNT_COLUMNS, account_of
from kept.vault.model.rules import Role

_SESSION = "s.n, s.id, s.role, s.method, s.created_at, s.seen_at"
_WITH_ACCOUNT = (
    f"select {_SESSION}, {ACCOUNT_COLUMNS} from staff_session s"  # noqa: S608  # constants
    " join staff_account a on a.n = s.account_n"
)
_ALONE = f"select {_SESSION} from staff_session s"  # noqa: S608  # constants


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that was tried. Tags are HMACs: neither login nor address stands here."""

    login_tag: bytes
    address_tag: bytes
    at: datetime
    succeeded: bool = False


def insert(tx: Tx, row: SessionRow, *, token_hash: bytes, account_n: int) -> None:
    """A new session; `row.n` is ignored."""
    tx.run(
        "insert into staff_session (id, token_hash, account_n, role, method, created_at, seen_at)"
        " values (:id, :hash, :account, :role, :method, :created, :seen)",
        id=row.id,
        hash=token_hash,
        account=account_n,
        role=row.role.value,
        method=row.method,
        created=to_micros(row.created_at),
        seen=to_micros(row.seen_at),
    )


def by_hash(tx: Tx, token_hash: bytes) -> tuple[SessionRow, Account] | None:
    """A session and its account, alive or not."""
    row = tx.row(f"{_WITH_ACCOUNT} where s.token_hash = :hash", hash=token_hash)
    return None if row is None else (_session(row[:6]), account_of(row[6:]))


def of_account(tx: Tx, account_n: int) -> list[SessionRow]:
    """All sessions of an account, newest first."""
    rows = tx.rows(f"{_ALONE} where s.account_n = :n order by s.created_at desc", n=account_n)
    return [_session(row) for row in rows]


def touch(tx: Tx, session_id: str, now: datetime) -> None:
    """The session was used; never moves back."""
    tx.run(
        "update staff_session set seen_at = :at where id = :id and seen_at < :at",
        at=to_micros(now),
        id=session_id,
    )


def end(tx: Tx, session_id: str, account_n: int) -> bool:
    """End one session of this account; False if it has no such session."""
    changed = tx.run(
        "delete from staff_session where id = :id and account_n = :n", id=session_id, n=account_n
    )
    return changed == 1


def end_all(tx: Tx, account_n: int, *, but: str = "") -> int:
    """End every session of an account, but the one named; how many there were."""
    return tx.run(
        "delete from staff_session where account_n = :n and id <> :but", n=account_n, but=but
    )


def drop_stale(tx: Tx, *, sessions_before: datetime, attempts_before: datetime) -> None:
    """Forget what no rule looks at any more."""
    tx.run(
        "delete from staff_session where created_at < :before", before=to_micros(sessions_before)
    )
    tx.run("delete from staff_attempt where at < :before", before=to_micros(attempts_before))


def insert_attempt(tx: Tx, attempt: Attempt) -> None:
    """Note a sign-in."""
    tx.run(
        "insert into staff_attempt (login_tag, address_tag, succeeded, at)"
        " values (:login, :address, :succeeded, :at)",
        login=attempt.login_tag,
        address=attempt.address_tag,
        succeeded=int(attempt.succeeded),
        at=to_micros(attempt.at),
    )


def failures_of_login(tx: Tx, login_tag: bytes, now: datetime) -> Failures:
    """What failed for this login within the window and since its last success."""
    row = tx.row(
        "select count(*), max(at) from staff_attempt where login_tag = :tag and succeeded = 0"
        " and at > :since and n > coalesce((select max(n) from staff_attempt"
        " where login_tag = :tag and succeeded = 1), 0)",
        tag=login_tag,
        since=to_micros(now - WINDOW),
    )
    return _failures(row)


def failures_of_address(tx: Tx, address_tag: bytes, now: datetime) -> Failures:
    """What failed from this address within the window."""
    row = tx.row(
        "select count(*), max(at) from staff_attempt where address_tag = :tag"
        " and succeeded = 0 and at > :since",
        tag=address_tag,
        since=to_micros(now - WINDOW),
    )
    return _failures(row)


def _failures(row: Row | None) -> Failures:
    count, last = row or (0, None)
    return Failures(count, None if last is None else from_micros(last))


def _session(columns: Row) -> SessionRow:
    n, session_id, role, method, created, seen = columns
    role = word_of(Role, role, table="staff_session", column="role", row=n)
    return SessionRow(n, session_id, role, method, from_micros(created), from_micros(seen))
