"""What lets each account in, and when was it last used?"""

from kept.db.seam import Tx


def factors(tx: Tx) -> list[tuple[bytes, bool, int, int | None]]:
    """(id, has codes, passkeys, last seen in an open session) of every account."""
    found = tx.rows(
        "select a.id, case when a.totp_env is null then 0 else 1 end,"
        " (select count(*) from staff_passkey p where p.account_n = a.n),"
        " (select max(s.seen_at) from staff_session s where s.account_n = a.n)"
        " from staff_account a"
    )
    return [(bytes(row[0]), bool(row[1]), row[2], row[3]) for row in found]
