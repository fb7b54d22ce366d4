"""The ledger's tables: acts and their openings, the outbox, the right edge, checkpoints.

Source: `db/migrations/data/0010_ledger.sql`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kept.db.seam import Tx, Value
from kept.ledger.model import Head


@dataclass(frozen=True, slots=True)
class ActRow:
    """One row of `acts`: times in microseconds, `idx` is None until sequenced."""

    id: int
    kind: str
    actor: str
    role: str
    purpose: str
    person: int | None
    n: int | None
    categories: int
    at: int
    idx: int | None


_ACT = (
    "select a.id, a.kind, a.actor, a.role, a.purpose, a.person, a.n, a.categories, a.at, p.idx"
    " from acts a left join act_places p on p.act = a.id"
)


def next_count(tx: Tx, person: int) -> int:
    """The person's next count; locks the counter until the transaction ends."""
    row = tx.row(
        "insert into act_counters (person, next) values (:person, 1)"
        " on conflict (person) do update set next = act_counters.next + 1 returning next",
        person=person,
    )
    assert row is not None  # noqa: S101  # an upsert with RETURNING gives one row
    return row[0] - 1


def insert_act(tx: Tx, values: dict[str, Value]) -> int:
    """Insert an act; its number."""
    row = tx.row(
        "insert into acts (kind, actor, role, purpose, person, n, categories, at)"
        " values (:kind, :actor, :role, :purpose, :person, :n, :categories, :at) returning id",
        **values,
    )
    assert row is not None  # noqa: S101  # an insert with RETURNING gives one row
    return row[0]


def reserve_acts(tx: Tx, count: int) -> list[int]:
    """Numbers for `count` acts about to be inserted in bulk by this transaction."""
    if tx.dialect == "sqlite":
        row = tx.row("select coalesce(max(id), 0) from acts")
        first = (row[0] if row else 0) + 1
        return list(range(first, first + count))
    found = tx.rows(
        "select nextval(pg_get_serial_sequence('acts', 'id')) from generate_series(1, :count)",
        count=count,
    )
    return [row[0] for row in found]


def insert_acts(tx: Tx, rows: Sequence[dict[str, Value]]) -> None:
    """Insert acts in bulk with numbers from `reserve_acts`."""
    tx.run_many(
        "insert into acts (id, kind, actor, role, purpose, person, n, categories, at)"
        " values (:id, :kind, :actor, :role, :purpose, :person, :n, :categories, :at)",
        rows,
    )


def insert_counters(tx: Tx, rows: Sequence[dict[str, Value]]) -> None:
    """Start counters of people who are new in this transaction."""
    tx.run_many("insert into act_counters (person, next) values (:person, :next)", rows)


def insert_openings(tx: Tx, rows: Sequence[dict[str, Value]]) -> None:
    """Store openings and queue the finished entries."""
    if len(rows) == 1:
        values = rows[0]
        tx.run(
            "insert into act_openings (act, sealed) values (:act, :sealed)",
            act=values["act"],
            sealed=values["sealed"],
        )
        tx.run(
            "insert into ledger_outbox (act, entry) values (:act, :entry)",
            act=values["act"],
            entry=values["entry"],
        )
        return
    tx.run_many(
        "insert into act_openings (act, sealed) values (:act, :sealed)",
        [{"act": r["act"], "sealed": r["sealed"]} for r in rows],
    )
    tx.run_many(
        "insert into ledger_outbox (act, entry) values (:act, :entry)",
        [{"act": r["act"], "entry": r["entry"]} for r in rows],
    )


def act(tx: Tx, act_id: int) -> ActRow | None:
    """One act."""
    row = tx.row(f"{_ACT} where a.id = :id", id=act_id)
    return ActRow(*row) if row else None


def acts_of(tx: Tx, person: int, *, after_n: int, limit: int) -> list[ActRow]:
    """A person's acts with a count above `after_n`, oldest first."""
    found = tx.rows(
        f"{_ACT} where a.person = :person and a.n > :after order by a.n limit :limit",
        person=person,
        after=after_n,
        limit=limit,
    )
    return [ActRow(*row) for row in found]


def acts_before(tx: Tx, person: int, *, before_n: int, limit: int) -> list[ActRow]:
    """A person's acts with a count below `before_n`, newest first."""
    found = tx.rows(
        f"{_ACT} where a.person = :person and a.n < :before order by a.n desc limit :limit",
        person=person,
        before=before_n,
        limit=limit,
    )
    return [ActRow(*row) for row in found]


def openings(tx: Tx, act_ids: Sequence[int]) -> dict[int, bytes]:
    """Stored openings by act; missing where erased."""
    found: dict[int, bytes] = {}
    for act_id in act_ids:
        row = tx.row("select sealed from act_openings where act = :act", act=act_id)
        if row:
            found[act_id] = row[0]
    return found


def act_at(tx: Tx, index: int) -> ActRow | None:
    """The act that stands at a place of the log."""
    row = tx.row("select act from act_places where idx = :idx", idx=index)
    return act(tx, row[0]) if row else None


def people_opened(tx: Tx, actor: str, kinds: Sequence[str], since: int) -> set[int]:
    """Distinct people whose data the actor opened since a time, for reveal limits."""
    names = [f"k{i}" for i in range(len(kinds))]
    found = tx.rows(
        "select distinct person from acts where actor = :actor and at >= :since and kind in ("
        + ", ".join(f":{name}" for name in names)
        + ") and person is not null",
        actor=actor,
        since=since,
        **dict(zip(names, kinds, strict=True)),
    )
    return {row[0] for row in found}


def forget_person(tx: Tx, person: int) -> None:
    """Cut every link between acts and a person; keep the public hour (ledger guide §5)."""
    tx.run(
        "delete from act_openings where act in (select id from acts where person = :person)",
        person=person,
    )
    tx.run(
        "update acts set person = null, n = null, categories = null,"
        " at = at - (at % 3600000000) where person = :person",
        person=person,
    )
    tx.run("delete from act_counters where person = :person", person=person)


def waiting(tx: Tx, limit: int) -> list[tuple[int, bytes]]:
    """Acts not yet in the tree, lowest number first, with their finished entries."""
    return [
        (row[0], row[1])
        for row in tx.rows("select act, entry from ledger_outbox order by act limit :n", n=limit)
    ]


def waiting_count(tx: Tx) -> int:
    """How many acts wait."""
    row = tx.row("select count(*) from ledger_outbox")
    return row[0] if row else 0


def head(tx: Tx, origin: str) -> Head | None:
    """How far the tree has grown, or None before it was opened."""
    row = tx.row(
        "select origin, size, root, frontier, stored from ledger_head where origin = :origin",
        origin=origin,
    )
    return Head(*row) if row else None


def open_head(tx: Tx, head_: Head, *, at: int) -> None:
    """Open a log of size 0."""
    tx.run(
        "insert into ledger_head (origin, size, root, frontier, stored, opened_at)"
        " values (:origin, :size, :root, :frontier, :stored, :at)",
        origin=head_.origin,
        size=head_.size,
        root=head_.root,
        frontier=head_.frontier,
        stored=head_.stored,
        at=at,
    )


def grow(tx: Tx, old_size: int, new: Head) -> bool:
    """Move the head if it still has the size it was read with: the fence against two leaders."""
    changed = tx.run(
        "update ledger_head set size = :size, root = :root, frontier = :frontier"
        " where origin = :origin and size = :old",
        size=new.size,
        root=new.root,
        frontier=new.frontier,
        origin=new.origin,
        old=old_size,
    )
    return changed == 1


def append_leaves(tx: Tx, rows: Sequence[dict[str, Value]]) -> None:
    """Put entries at their places and take them out of the outbox."""
    tx.run_many(
        "insert into ledger_leaves (idx, entry, leaf) values (:idx, :entry, :leaf)",
        [{"idx": r["idx"], "entry": r["entry"], "leaf": r["leaf"]} for r in rows],
    )
    pairs: list[dict[str, Value]] = [{"act": r["act"], "idx": r["idx"]} for r in rows]
    tx.run_many("insert into act_places (act, idx) values (:act, :idx)", pairs)
    tx.run_many(
        "delete from ledger_outbox where act = :act",
        [{"act": r["act"]} for r in rows],
    )


def leaves(tx: Tx, start: int, end: int) -> list[tuple[bytes, bytes]]:
    """Entries and leaf hashes of places [start, end) that still lie in the database."""
    return [
        (row[0], row[1])
        for row in tx.rows(
            "select entry, leaf from ledger_leaves where idx >= :a and idx < :b order by idx",
            a=start,
            b=end,
        )
    ]


def edges(tx: Tx) -> dict[int, tuple[int, bytes]]:
    """Per level from 1: the index of the first hash, and the hashes not yet in a full tile."""
    return {
        row[0]: (row[1], row[2]) for row in tx.rows("select level, first, hashes from ledger_edge")
    }


def put_edge(tx: Tx, level: int, first: int, hashes: bytes) -> None:
    """Replace a level's edge."""
    tx.run(
        "insert into ledger_edge (level, first, hashes) values (:level, :first, :hashes)"
        " on conflict (level) do update set first = excluded.first, hashes = excluded.hashes",
        level=level,
        first=first,
        hashes=hashes,
    )


def mark_stored(tx: Tx, origin: str, *, old: int, stored: int) -> bool:
    """Note that full tiles up to `stored` are durable, and drop their leaves."""
    changed = tx.run(
        "update ledger_head set stored = :stored where origin = :origin and stored = :old",
        stored=stored,
        origin=origin,
        old=old,
    )
    if changed:
        tx.run("delete from ledger_leaves where idx < :stored", stored=stored)
    return changed == 1


def put_checkpoint(tx: Tx, origin: str, size: int, note: bytes, *, at: int) -> None:
    """Keep a signed checkpoint, dropping older ones that were never published."""
    tx.run(
        "insert into ledger_checkpoints (origin, size, note, signed_at)"
        " values (:origin, :size, :note, :at) on conflict (origin, size) do nothing",
        origin=origin,
        size=size,
        note=note,
        at=at,
    )
    tx.run(
        "delete from ledger_checkpoints where origin = :origin and size < :size"
        " and published_at is null",
        origin=origin,
        size=size,
    )


def publish(tx: Tx, origin: str, size: int, *, at: int) -> None:
    """Note that a checkpoint is public from now on."""
    tx.run(
        "update ledger_checkpoints set published_at = :at"
        " where origin = :origin and size = :size and published_at is null",
        at=at,
        origin=origin,
        size=size,
    )


def newest_checkpoint(tx: Tx, origin: str, *, published: bool) -> tuple[int, bytes, int] | None:
    """Size, note and signing time of the newest checkpoint."""
    row = tx.row(
        "select size, note, signed_at from ledger_checkpoints where origin = :origin"
        + (" and published_at is not null" if published else "")
        + " order by size desc limit 1",
        origin=origin,
    )
    return (row[0], row[1], row[2]) if row else None


def checkpoint_for(tx: Tx, origin: str, index: int) -> tuple[int, bytes] | None:
    """The first published checkpoint that covers a place, else the newest signed one that does."""
    row = tx.row(
        "select size, note from ledger_checkpoints where origin = :origin and size > :idx"
        " order by published_at is null, size limit 1",
        origin=origin,
        idx=index,
    )
    return (row[0], row[1]) if row else None


def checkpoint_of_size(tx: Tx, origin: str, size: int) -> bytes | None:
    """The checkpoint of exactly this size."""
    row = tx.row(
        "select note from ledger_checkpoints where origin = :origin and size = :size",
        origin=origin,
        size=size,
    )
    return row[0] if row else None
