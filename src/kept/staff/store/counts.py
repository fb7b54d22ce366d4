"""What can be counted about the team?"""

from datetime import datetime

from kept.base.clock import to_micros
from kept.db.seam import Tx


def insert_refused(tx: Tx, fault: str, now: datetime) -> None:
    """A choice of password was refused."""
    tx.run(
        "insert into staff_password_refused (fault, at) values (:fault, :at)",
        fault=fault,
        at=to_micros(now),
    )


def refused_passwords(tx: Tx, fault: str) -> int:
    """How many choices were refused for this fault, ever."""
    return _count(
        tx.row("select count(*) from staff_password_refused where fault = :fault", fault=fault)
    )


def with_totp(tx: Tx) -> int:
    """Active accounts with an authenticator app."""
    return _count(
        tx.row("select count(*) from staff_account where state = 'active' and totp_env is not null")
    )


def with_passkey(tx: Tx) -> int:
    """Active accounts with a passkey."""
    return _count(
        tx.row(
            "select count(distinct p.account_n) from staff_passkey p"
            " join staff_account a on a.n = p.account_n where a.state = 'active'"
        )
    )


def _count(row: tuple[int, ...] | None) -> int:
    return 0 if row is None else row[0]
