"""The tables of keys.db: wrapped keys, index keys, tombstones, revocations.

Whoever asks brings `ask`, which answers a question with rows: of a transaction (`Tx.rows`) or by
key alone (`Database.look_up`).
Source: `db/migrations/keys/0001_keys.sql`; `docs/formats/envelope.md`, keys.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kept.base.clock import from_micros, to_micros
from kept.base.ids import PersonId
from kept.crypto.keys import Wrapped
from kept.db.seam import Row, Tx, Value
from kept.vault.model.graves import Grave

SEAL, TRAIL = "seal", "trail"
ASKED_AT_ONCE = 200  # ids in one question

Held = tuple[int, Wrapped]  # a stored wrap and its epoch
Wraps = Mapping[tuple[str, int], Held]  # by kind and version
_GRAVE = "select person_id, at, act, token_sha256 from tombstone"
_INDEX = "select kind, version, epoch, wrap, commitment from index_key"


class Ask(Protocol):
    """A question and its values; every row of the answer."""

    def __call__(self, sql: str, /, **values: Value) -> list[Row]:
        """Ask."""
        ...


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One wrapped index key: `kind` and `version` as numbers of the tables."""

    kind: int
    version: int
    epoch: int
    wrapped: Wrapped


# --- people's keys


def insert_reserve(tx: Tx, rows: Iterable[tuple[bytes, str, int, int, Wrapped]], at: int) -> None:
    """Store (raw id, kind, version, epoch, wrap) of people who do not exist yet."""
    tx.run_many(
        "insert into person_key (person_id, kind, keyver, epoch, wrap, commitment, state, made_at)"
        " values (:id, :kind, :keyver, :epoch, :wrap, :commitment, 'reserved', :at)",
        [
            (raw, kind, version, epoch, wrapped.wrap, wrapped.commitment, at)
            for raw, kind, version, epoch, wrapped in rows
        ],
    )


def wraps(ask: Ask, person: bytes) -> Wraps:
    """One person's wraps."""
    rows = ask(
        "select kind, keyver, epoch, wrap, commitment from person_key where person_id = :id",
        id=person,
    )
    return {(row[0], row[1]): (row[2], Wrapped(row[3], row[4])) for row in rows}


def wraps_of(ask: Ask, people: Sequence[bytes]) -> dict[bytes, Wraps]:
    """Many people's wraps by raw id; who has none is left out."""
    found = defaultdict[bytes, dict[tuple[str, int], Held]](dict)
    question = "select person_id, kind, keyver, epoch, wrap, commitment from person_key"
    for raw, kind, keyver, epoch, wrap, pin in _about(ask, people, question):
        found[raw][kind, keyver] = epoch, Wrapped(wrap, pin)
    return dict(found)


def with_seal(ask: Ask, *, first: bytes, last: bytes) -> set[bytes]:
    """Raw ids from `first` to `last` that have a seal key."""
    rows = ask(
        "select person_id from person_key where person_id >= :first and person_id <= :last"
        " and kind = :kind",
        first=first,
        last=last,
        kind=SEAL,
    )
    return {row[0] for row in rows}


def ids(ask: Ask, state: str, *, after: bytes, limit: int) -> list[bytes]:
    """Raw ids whose seal key is `reserved` or `live`, above `after`, ascending."""
    rows = ask(
        "select person_id from person_key where state = :state and kind = :kind"
        " and person_id > :after order by person_id limit :limit",
        state=state,
        kind=SEAL,
        after=after,
        limit=limit,
    )
    return [row[0] for row in rows]


def count_live(ask: Ask, *, epoch: int) -> tuple[int, int]:
    """How many people have keys, and how many of those were wrapped before `epoch`."""
    (row,) = ask(
        "select count(*), coalesce(sum(case when epoch < :epoch then 1 else 0 end), 0)"
        " from person_key where kind = :kind and state = 'live'",
        epoch=epoch,
        kind=SEAL,
    )
    return row[0], row[1]


def mark_live(tx: Tx, people: Iterable[bytes]) -> None:
    """The people of these ids of the reserve exist."""
    sql = "update person_key set state = 'live' where person_id = :id"
    tx.run_many(sql, [(raw,) for raw in people])


def drop_reserve(tx: Tx, people: Iterable[bytes], *, before: int) -> None:
    """Delete keys of the reserve that nobody used and that are older than `before`."""
    tx.run_many(
        "delete from person_key where person_id = :id and state = 'reserved' and made_at < :before",
        [(raw, before) for raw in people],
    )


def delete(tx: Tx, person: bytes) -> None:
    """Delete every key of a person."""
    tx.run("delete from person_key where person_id = :id", id=person)


# --- index keys


def index(ask: Ask, kind: int, version: int) -> IndexRow | None:
    """The index key of a kind and version, where there is one."""
    rows = ask(f"{_INDEX} where kind = :kind and version = :version", kind=kind, version=version)
    return _index(rows[0]) if rows else None


def indexes(ask: Ask) -> list[IndexRow]:
    """Every index key."""
    return [_index(row) for row in ask(_INDEX)]


def insert_index(tx: Tx, row: IndexRow, *, at: int) -> None:
    """Store a new one."""
    tx.run(
        "insert into index_key (kind, version, epoch, wrap, commitment, made_at)"
        " values (:kind, :version, :epoch, :wrap, :commitment, :at)",
        kind=row.kind,
        version=row.version,
        epoch=row.epoch,
        wrap=row.wrapped.wrap,
        commitment=row.wrapped.commitment,
        at=at,
    )


# --- who was erased, and what was taken back


def bury(tx: Tx, grave: Grave) -> None:
    """Write a tombstone; the first one stands."""
    tx.run(
        "insert into tombstone (person_id, at, act, token_sha256)"
        " values (:id, :at, :act, :token) on conflict (person_id) do nothing",
        id=grave.person.raw,
        at=to_micros(grave.at),
        act=grave.act,
        token=grave.token_sha256,
    )


def graves(ask: Ask) -> list[Grave]:
    """Every tombstone."""
    return [_grave(row) for row in ask(_GRAVE)]


def graves_of(ask: Ask, people: Sequence[bytes]) -> dict[bytes, Grave]:
    """Tombstones of some people by raw id."""
    return {row[0]: _grave(row) for row in _about(ask, people, _GRAVE)}


def revoke(tx: Tx, person: bytes, purpose: str, *, at: int) -> None:
    """Note when a consent was taken back; the last time counts."""
    tx.run(
        "insert into revocation (person_id, purpose, at) values (:id, :purpose, :at)"
        " on conflict (person_id, purpose) do update set at = excluded.at",
        id=person,
        purpose=purpose,
        at=at,
    )


def revocations(ask: Ask) -> list[tuple[bytes, str, int]]:
    """(raw id, purpose, microseconds) of every consent taken back."""
    return [
        (row[0], row[1], row[2]) for row in ask("select person_id, purpose, at from revocation")
    ]


def revoked_of(ask: Ask, people: Sequence[bytes]) -> dict[tuple[bytes, str], int]:
    """When (microseconds) some people took consents back, by raw id and purpose."""
    rows = _about(ask, people, "select person_id, purpose, at from revocation")
    return {(row[0], row[1]): row[2] for row in rows}


def _grave(row: Row) -> Grave:
    return Grave(PersonId(row[0]), from_micros(row[1]), row[2], row[3] or row[0])


def _index(row: Row) -> IndexRow:
    return IndexRow(row[0], row[1], row[2], Wrapped(row[3], row[4]))


def _about(ask: Ask, people: Sequence[bytes], question: str) -> list[Row]:
    """Rows of a question about some raw person ids, a few hundred at a time."""
    found = list[Row]()
    for start in range(0, len(people), ASKED_AT_ONCE):
        some = {f"v{i}": raw for i, raw in enumerate(people[start : start + ASKED_AT_ONCE])}
        names = ", ".join(f":{name}" for name in some)
        found += ask(f"{question} where person_id in ({names})", **some)
    return found
