"""What stands on one account or one key, whole: for digests that acts keep and checks compare."""

from kept.db.seam import Row, Tx

_ACCOUNT = (
    "select n, id, email, name, role, state, password, totp_env, created_at, reviewed_at,"
    " disabled_at from staff_account"
)
_KEY = (
    "select id, secret_hash, name, capabilities, purposes, categories, people, window_us,"
    " people_a_day, issued_by, created_at, expires_at, revoked_at from api_key"
)


def account(tx: Tx, raw_id: bytes) -> Row | None:
    """Row number and columns of an account, but for the last used code."""
    return tx.row(f"{_ACCOUNT} where id = :id", id=raw_id)


def accounts(tx: Tx) -> list[Row]:
    """Every account, as `account`."""
    return tx.rows(f"{_ACCOUNT} order by n")


def of_account(tx: Tx, n: int) -> list[Row]:
    """Passkeys and links of an account, whatever may change without an act left out."""
    passkeys = tx.rows(
        "select credential_id, public_key, label, added_at from staff_passkey"
        " where account_n = :n order by credential_id",
        n=n,
    )
    links = tx.rows(
        "select token_hash, totp_env, expires_at, used_at from staff_invitation"
        " where account_n = :n order by n",
        n=n,
    )
    return [*passkeys, *links]


def key(tx: Tx, raw_id: bytes) -> Row | None:
    """A key's columns, but for its last use."""
    return tx.row(f"{_KEY} where id = :id", id=raw_id)


def keys(tx: Tx) -> list[Row]:
    """Every key, as `key`."""
    return tx.rows(f"{_KEY} order by created_at, id")


def sessions(tx: Tx) -> list[Row]:
    """n, id, token_hash, role, method, created_at and the account's id of every session."""
    return tx.rows(
        "select s.n, s.id, s.token_hash, s.role, s.method, s.created_at, a.id from staff_session s"
        " left join staff_account a on a.n = s.account_n order by s.n"
    )


def strays(tx: Tx) -> list[tuple[str, int]]:
    """(table, account row) of passkeys and links of nobody."""
    found: list[tuple[str, int]] = []
    for table in ("staff_passkey", "staff_invitation"):
        rows = tx.rows(
            f"select distinct account_n from {table} where account_n not in"  # noqa: S608  # fixed
            " (select n from staff_account)"
        )
        found += [(table, row[0]) for row in rows]
    return found
