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


def insert_acts(tx: Tx, rows: Sequence[tuple[Value, ...]]) -> None:
    """Insert acts in bulk: number of `reserve_acts`, then the columns as below."""
    tx.run_many(
        "insert into acts (id, kind, actor, role, purpose, person, n, categories, at)"
        " values (:id, :kind, :actor, :role, :purpose, :person, :n, :categories, :at)",
        rows,
    )


def insert_counters(tx: Tx, people: Sequence[int]) -> None:
    """Start counters of people who are new in this transaction and whose act 0 is recorded."""
    tx.run_many(
        "insert into act_counters (person, next) values (:person, 1)", [(one,) for one in people]
    )


_OPENING = "insert into act_openings (act, sealed) values (:act, :sealed)"
_WAITING = "insert into ledger_outbox (act, entry) values (:act, :entry)"


def insert_opening(tx: Tx, act_id: int, *, sealed: bytes, entry: bytes) -> None:
    """Store the opening of one act and queue its finished entry."""
    tx.run(_OPENING, act=act_id, sealed=sealed)
    tx.run(_WAITING, act=act_id, entry=entry)


def insert_openings(tx: Tx, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
    """Store openings and queue finished entries, in bulk: (act, sealed, entry) each."""
    tx.run_many(_OPENING, [(act_id, sealed) for act_id, sealed, _ in rows])
    tx.run_many(_WAITING, [(act_id, entry) for act_id, _, entry in rows])


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


def newest_acts(tx: Tx, *, before: int, limit: int) -> list[ActRow]:
    """Acts with a number below `before`, newest first."""
    found = tx.rows(
        f"{_ACT} where a.id < :before order by a.id desc limit :limit", before=before, limit=limit
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


def act_at(tx: Tx, log: int, index: int) -> ActRow | None:
    """The act that stands at a place of a log."""
    row = tx.row("select act from act_places where log = :log and idx = :idx", log=log, idx=index)
    return act(tx, row[0]) if row else None


def place(tx: Tx, act_id: int) -> tuple[int, int] | None:
    """In which log and where an act stands, or None while it waits."""
    row = tx.row("select log, idx from act_places where act = :act", act=act_id)
    return (row[0], row[1]) if row else None


def placed(tx: Tx, log: int, *, start: int, end: int) -> list[tuple[ActRow, bytes | None]]:
    """Acts and stored openings at the places [start, end) of a log, in order of place."""
    found = tx.rows(
        "select a.id, a.kind, a.actor, a.role, a.purpose, a.person, a.n, a.categories, a.at,"
        " p.idx, o.sealed from act_places p join acts a on a.id = p.act"
        " left join act_openings o on o.act = p.act"
        " where p.log = :log and p.idx >= :a and p.idx < :b order by p.idx",
        log=log,
        a=start,
        b=end,
    )
    return [(ActRow(*row[:10]), row[10]) for row in found]


def unplaced(tx: Tx, *, after: int, limit: int) -> list[tuple[ActRow, bytes | None, bytes | None]]:
    """Acts without a place, with their opening and waiting entry where they have one."""
    found = tx.rows(
        "select a.id, a.kind, a.actor, a.role, a.purpose, a.person, a.n, a.categories, a.at,"
        " p.idx, o.sealed, w.entry from acts a left join act_places p on p.act = a.id"
        " left join act_openings o on o.act = a.id left join ledger_outbox w on w.act = a.id"
        " where p.act is null and a.id > :after order by a.id limit :limit",
        after=after,
        limit=limit,
    )
    return [(ActRow(*row[:10]), row[10], row[11]) for row in found]


def strays(tx: Tx) -> list[tuple[str, int]]:
    """(table, act) of every opening, place and waiting entry that no act stands behind."""
    found: list[tuple[str, int]] = []
    for table in ("act_openings", "act_places", "ledger_outbox"):
        rows = tx.rows(
            f"select t.act from {table} t left join acts a on a.id = t.act"  # noqa: S608  # fixed
            " where a.id is null order by t.act"
        )
        found += [(table, row[0]) for row in rows]
    return found


def misfits(tx: Tx) -> list[tuple[str, int]]:
    """(table, key) of helping rows that contradict the acts: counters and newest leaves."""
    counters = tx.rows(
        "select person from act_counters c where next <> coalesce("
        "(select max(n) + 1 from acts a where a.person = c.person), 0)"
        " union select person from acts where person is not null"
        " and person not in (select person from act_counters)"
    )
    leaves_ = tx.rows(
        "select l.idx from ledger_leaves l left join ledger_head h on h.log = l.log"
        " left join act_places p on p.log = l.log and p.idx = l.idx"
        " where l.act <> p.act or h.size is null or l.idx >= h.size"
    )
    return [("act_counters", row[0]) for row in counters] + [
        ("ledger_leaves", row[0]) for row in leaves_
    ]


def people_opened(tx: Tx, actor: str, kinds: Sequence[str], since: int) -> set[int]:
    """Distinct people whose data the actor opened since a time, for reveal limits."""
    names = [f"k{i}" for i in range(len(kinds))]
    found = tx.rows(
        "select distinct person from acts where"  # noqa: S608  # names made two lines above
        " actor = :actor and at >= :since and kind in ("
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
        " actor = case when role = 'self' then 'self' else actor end,"  # their id stands in it
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


def waiting_any(tx: Tx) -> bool:
    """Whether any act waits."""
    return tx.row("select 1 from ledger_outbox limit 1") is not None


def waiting_entry(tx: Tx, act_id: int) -> bytes | None:
    """The finished entry of one act that waits."""
    row = tx.row("select entry from ledger_outbox where act = :act", act=act_id)
    return row[0] if row else None


def waiting_count(tx: Tx) -> int:
    """How many acts wait."""
    row = tx.row("select count(*) from ledger_outbox")
    return row[0] if row else 0


_HEAD = "select origin, log, size, root, frontier, stored from ledger_head"


def head(tx: Tx, origin: str) -> Head | None:
    """How far the tree has grown, or None before it was opened."""
    row = tx.row(f"{_HEAD} where origin = :origin", origin=origin)
    return Head(*row) if row else None


def heads(tx: Tx) -> list[Head]:
    """Every log of this house, the newest first; only that one may still grow."""
    return [Head(*row) for row in tx.rows(f"{_HEAD} order by log desc")]


def open_head(tx: Tx, head_: Head, *, at: int) -> None:
    """Open a log of size 0."""
    tx.run(
        "insert into ledger_head (origin, log, size, root, frontier, stored, opened_at)"
        " values (:origin, :log, :size, :root, :frontier, :stored, :at)",
        origin=head_.origin,
        log=head_.log,
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


def append_leaves(tx: Tx, log: int, first: int, waiting: Sequence[tuple[int, bytes]]) -> None:
    """Put acts and their entries at the places from `first`, and take them out of the outbox.

    What leaves the outbox is what came into the leaves: on PostgreSQL an act between these may
    have been committed since they were read.
    """
    tx.run_many(
        "insert into ledger_leaves (log, idx, act, entry) values (:log, :idx, :act, :entry)",
        [(log, first + at, act_id, entry) for at, (act_id, entry) in enumerate(waiting)],
    )
    fresh = "from ledger_leaves where log = :log and idx >= :first"
    tx.run(
        f"insert into act_places (act, log, idx) select act, log, idx {fresh}",
        log=log,
        first=first,
    )
    tx.run(
        f"delete from ledger_outbox where act in (select act {fresh})",  # noqa: S608  # fixed
        log=log,
        first=first,
    )


def leaves(tx: Tx, log: int, *, start: int, end: int) -> list[bytes]:
    """Entries of places [start, end) that still lie in the database."""
    found = tx.rows(
        "select entry from ledger_leaves where log = :log and idx >= :a and idx < :b order by idx",
        log=log,
        a=start,
        b=end,
    )
    return [row[0] for row in found]


def edges(tx: Tx, log: int) -> dict[int, tuple[int, bytes]]:
    """Per level from 1: the index of the first hash, and the hashes not yet in a stored tile."""
    found = tx.rows("select level, first, hashes from ledger_edge where log = :log", log=log)
    return {row[0]: (row[1], row[2]) for row in found}


def put_edge(tx: Tx, log: int, *, level: int, first: int, hashes: bytes) -> None:
    """Replace a level's edge."""
    tx.run(
        "insert into ledger_edge (log, level, first, hashes) values (:log, :level, :first, :hashes)"
        " on conflict (log, level)"
        " do update set first = excluded.first, hashes = excluded.hashes",
        log=log,
        level=level,
        first=first,
        hashes=hashes,
    )


def mark_stored(tx: Tx, head_: Head, *, stored: int) -> bool:
    """Note that full tiles up to `stored` are durable, and drop their leaves."""
    changed = tx.run(
        "update ledger_head set stored = :stored where origin = :origin and stored = :old",
        stored=stored,
        origin=head_.origin,
        old=head_.stored,
    )
    if changed:
        tx.run(
            "delete from ledger_leaves where log = :log and idx < :stored",
            log=head_.log,
            stored=stored,
        )
    return changed == 1


def put_checkpoint(tx: Tx, origin: str, *, size: int, note: bytes, at: int) -> None:
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
    """Note that a checkpoint is public since a time, for the first time or again."""
    tx.run(
        "update ledger_checkpoints set published_at = :at where origin = :origin and size = :size",
        at=at,
        origin=origin,
        size=size,
    )


def published(tx: Tx, origin: str) -> tuple[int, int] | None:
    """Size and last time of publication of the newest public checkpoint."""
    row = tx.row(
        "select size, published_at from ledger_checkpoints where origin = :origin"
        " and published_at is not null order by size desc limit 1",
        origin=origin,
    )
    return (row[0], row[1]) if row else None


def cosignatures(tx: Tx, origin: str, size: int) -> list[str]:
    """The signature lines that witnesses gave for a checkpoint, oldest first."""
    found = tx.rows(
        "select line from ledger_cosignatures where origin = :origin and size = :size"
        " order by cosigned_at, witness",
        origin=origin,
        size=size,
    )
    return [row[0] for row in found]


def checkpoints(tx: Tx, origin: str) -> list[tuple[int, bytes]]:
    """Size and note of every checkpoint that is kept, smallest first."""
    found = tx.rows(
        "select size, note from ledger_checkpoints where origin = :origin order by size",
        origin=origin,
    )
    return [(row[0], row[1]) for row in found]


def newest_checkpoints(tx: Tx, origin: str, *, limit: int) -> list[tuple[int, bytes, int]]:
    """Size, note and signing time of the newest checkpoints, largest first."""
    found = tx.rows(
        "select size, note, signed_at from ledger_checkpoints where origin = :origin"
        " order by size desc limit :limit",
        origin=origin,
        limit=limit,
    )
    return [(row[0], row[1], row[2]) for row in found]


def newest_checkpoint(tx: Tx, origin: str, *, published: bool) -> tuple[int, bytes, int] | None:
    """Size, note and signing time of the newest checkpoint."""
    row = tx.row(
        "select size, note, signed_at from ledger_checkpoints"  # noqa: S608  # fixed texts
        " where origin = :origin"
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


def count_kind(tx: Tx, kind: str, since: int) -> int:
    """How many acts of a kind there were since a time."""
    row = tx.row(
        "select count(*) from acts where kind = :kind and at >= :since", kind=kind, since=since
    )
    return row[0] if row else 0


def newest_at(tx: Tx) -> int:
    """When the newest act was recorded; 0 before any."""
    row = tx.row("select at from acts order by id desc limit 1")
    return row[0] if row else 0


def newest_published_at(tx: Tx, origin: str) -> int | None:
    """When a checkpoint was last published."""
    row = tx.row(
        "select max(published_at) from ledger_checkpoints where origin = :origin", origin=origin
    )
    return row[0] if row else None


def readings_by_ground(tx: Tx, kind: str, since: int) -> list[tuple[str, str, int, int, int, int]]:
    """(purpose, role, categories, count, first at, last at) of acts of a kind since a time."""
    found = tx.rows(
        "select purpose, role, coalesce(categories, 0), count(*), min(at), max(at) from acts"
        " where kind = :kind and at >= :since group by purpose, role, coalesce(categories, 0)",
        kind=kind,
        since=since,
    )
    return [(r[0], r[1], r[2], r[3], r[4], r[5]) for r in found]


def first_at(tx: Tx, kind: str, since: int) -> int | None:
    """When the first act of a kind since a time was recorded."""
    row = tx.row(
        "select min(at) from acts where kind = :kind and at >= :since", kind=kind, since=since
    )
    return row[0] if row else None


def oldest_waiting_at(tx: Tx) -> int | None:
    """When the act that waits longest for its place was recorded."""
    row = tx.row(
        "select a.at from ledger_outbox o join acts a on a.id = o.act order by o.act limit 1"
    )
    return row[0] if row else None


def busiest(tx: Tx, limit: int) -> list[int]:
    """People with the most acts, the most first."""
    found = tx.rows(
        "select person from act_counters order by next desc, person limit :limit", limit=limit
    )
    return [row[0] for row in found]
