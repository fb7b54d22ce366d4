"""Which API keys and passkeys are stored?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.clock import from_micros, to_micros
from kept.base.ids import KeyId, StaffId
from kept.db.closed import word_of
from kept.db.seam import Row, Tx
from kept.staff.model.keys import ApiKey, Capability, KeyScope
from kept.staff.model.passkeys import Passkey
from kept.vault.model.rules import RevealLimits

_KEYS = (
    "select id, name, capabilities, purposes, categories, people, window_us, people_a_day,"
    " created_at, expires_at, last_used_at, revoked_at, issued_by, secret_hash from api_key"
)
_PASSKEY = (
    "select p.credential_id, a.id, p.public_key, p.sign_count, p.label, p.added_at, p.used_at"
    " from staff_passkey p join staff_account a on a.n = p.account_n"
)


@dataclass(frozen=True, slots=True, repr=False)
class StoredKey:
    """A key and the hash of its secret."""

    key: ApiKey
    secret_hash: bytes


def insert(tx: Tx, key: ApiKey, secret_hash: bytes) -> None:
    """A new key."""
    limits = key.scope.limits
    tx.run(
        "insert into api_key (id, secret_hash, name, capabilities, purposes, categories, people,"
        " window_us, people_a_day, issued_by, created_at, expires_at) values (:id, :hash, :name,"
        " :capabilities, :purposes, :categories, :people, :window, :day, :by, :created, :expires)",
        id=key.id.raw,
        hash=secret_hash,
        name=key.name,
        capabilities=_join(key.scope.capabilities),
        purposes=_join(key.scope.purposes),
        categories=_join(key.scope.categories),
        people=limits.people,
        window=limits.window // timedelta(microseconds=1),
        day=limits.people_a_day,
        by=key.issued_by,
        created=to_micros(key.created_at),
        expires=to_micros(key.expires_at),
    )


def by_id(tx: Tx, key: KeyId) -> StoredKey | None:
    """A key, live or not."""
    row = tx.row(f"{_KEYS} where id = :id", id=key.raw)
    return None if row is None else StoredKey(_key(row), bytes(row[13]))


def is_live(tx: Tx, key: KeyId, now: datetime) -> bool:
    """Whether the key is neither revoked nor over: one look at the table's own index."""
    row = tx.row(
        "select 1 from api_key where id = :id and revoked_at is null and expires_at > :now",
        id=key.raw,
        now=to_micros(now),
    )
    return row is not None


def all_keys(tx: Tx) -> list[ApiKey]:
    """Every key ever issued, newest first."""
    return [_key(row) for row in tx.rows(f"{_KEYS} order by created_at desc")]


def set_used(tx: Tx, key: KeyId, now: datetime) -> None:
    """The key was used."""
    tx.run("update api_key set last_used_at = :at where id = :id", at=to_micros(now), id=key.raw)


def revoke(tx: Tx, key: KeyId, now: datetime) -> bool:
    """End a key; False when there is none or it is over already."""
    changed = tx.run(
        "update api_key set revoked_at = :at where id = :id and revoked_at is null",
        at=to_micros(now),
        id=key.raw,
    )
    return changed == 1


def insert_passkey(tx: Tx, account_n: int, passkey: Passkey) -> None:
    """A new credential."""
    tx.run(
        "insert into staff_passkey (credential_id, account_n, public_key, sign_count, label,"
        " added_at) values (:id, :account, :key, :count, :label, :added)",
        id=passkey.credential_id,
        account=account_n,
        key=passkey.public_key,
        count=passkey.sign_count,
        label=passkey.label,
        added=to_micros(passkey.added_at),
    )


def passkey_by_id(tx: Tx, credential_id: bytes) -> Passkey | None:
    """The credential of this id."""
    row = tx.row(f"{_PASSKEY} where p.credential_id = :id", id=credential_id)
    return None if row is None else _passkey(row)


def passkeys_of(tx: Tx, account_n: int) -> list[Passkey]:
    """All credentials of an account, oldest first."""
    rows = tx.rows(f"{_PASSKEY} where p.account_n = :n order by p.added_at", n=account_n)
    return [_passkey(row) for row in rows]


def set_passkey_used(tx: Tx, credential_id: bytes, *, sign_count: int, now: datetime) -> None:
    """The credential signed."""
    tx.run(
        "update staff_passkey set sign_count = :count, used_at = :at where credential_id = :id",
        count=sign_count,
        at=to_micros(now),
        id=credential_id,
    )


def drop_passkey(tx: Tx, account_n: int, credential_id: bytes) -> bool:
    """Take one credential from its account; False if it has none such."""
    changed = tx.run(
        "delete from staff_passkey where credential_id = :id and account_n = :n",
        id=credential_id,
        n=account_n,
    )
    return changed == 1


def drop_passkeys(tx: Tx, account_n: int) -> None:
    """Take every credential from an account."""
    tx.run("delete from staff_passkey where account_n = :n", n=account_n)


def use_challenge(tx: Tx, challenge_hash: bytes, *, expires_at: datetime, now: datetime) -> bool:
    """Use a challenge up; False when it was answered before."""
    tx.run("delete from staff_challenge_used where expires_at < :now", now=to_micros(now))
    changed = tx.run(
        "insert into staff_challenge_used (challenge_hash, expires_at) values (:hash, :expires)"
        " on conflict (challenge_hash) do nothing",
        hash=challenge_hash,
        expires=to_micros(expires_at),
    )
    return changed == 1


def _join(words: frozenset[str]) -> str:
    return " ".join(sorted(words))


def _key(row: Row) -> ApiKey:
    key_id = KeyId(bytes(row[0]))
    scope = KeyScope(
        frozenset(
            word_of(Capability, word, table="api_key", column="capabilities", row=key_id)
            for word in row[2].split()
        ),
        frozenset(row[3].split()),
        frozenset(row[4].split()),
        RevealLimits(row[5], timedelta(microseconds=row[6]), row[7]),
    )
    return ApiKey(
        key_id,
        row[1],
        scope,
        from_micros(row[8]),
        from_micros(row[9]),
        _time(row[10]),
        _time(row[11]),
        row[12],
    )


def _passkey(row: Row) -> Passkey:
    credential_id, staff, public_key, count, label, added, used = row
    return Passkey(
        bytes(credential_id),
        StaffId(bytes(staff)),
        bytes(public_key),
        count,
        label,
        from_micros(added),
        _time(used),
    )


def _time(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
