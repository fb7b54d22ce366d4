"""Rows of acts, their openings and people's counters: what dies with the person.

Source: `db/migrations/data/0010_ledger.sql`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kept.db.seam import Tx, Value
from kept.ledger.store import tree_rows


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


_COLUMNS = (
    "a.id, a.kind, a.actor, a.role, a.purpose, a.person, a.n, a.categories, a.at,"
    " p.idx + a.id - p.act"
)
_PLACE = (  # the run that begins last before an act is the only one it can stand in
    "left join act_places p on p.act + p.n > a.id"
    " and p.act = (select max(q.act) from act_places q where q.act <= a.id)"
)
_ACT = f"select {_COLUMNS} from acts a {_PLACE}"  # noqa: S608  # fixed texts


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
    row = tx.row(
        "select act + :idx - idx from act_places where log = :log and idx + n > :idx and idx ="
        " (select max(idx) from act_places where log = :log and idx <= :idx)",
        log=log,
        idx=index,
    )
    return act(tx, row[0]) if row else None


def placed(tx: Tx, log: int, *, start: int, end: int) -> list[tuple[ActRow, bytes | None]]:
    """Acts and stored openings at the places [start, end) of a log, in order of place."""
    found: list[tuple[ActRow, bytes | None]] = []
    for run in tree_rows.places(tx, log, start=start, end=end):
        rows = tx.rows(
            f"select {_COLUMNS}, o.sealed from act_places p"  # noqa: S608  # fixed texts
            " join acts a on a.id >= :first and a.id < :stop"
            " left join act_openings o on o.act = a.id"
            " where p.act = (select max(act) from act_places where act <= :first) order by a.id",
            first=run.start,
            stop=run.stop,
        )
        found += [(ActRow(*row[:10]), row[10]) for row in rows]
    return found


def unplaced(tx: Tx, *, after: int, limit: int) -> list[tuple[ActRow, bytes | None, bytes | None]]:
    """Acts without a place, with their opening and waiting entry where they have one."""
    found = tx.rows(
        f"select {_COLUMNS}, o.sealed, w.entry from acts a {_PLACE}"  # noqa: S608  # fixed
        " left join act_openings o on o.act = a.id left join ledger_outbox w on w.act = a.id"
        " where p.act is null and a.id > :after order by a.id limit :limit",
        after=after,
        limit=limit,
    )
    return [(ActRow(*row[:10]), row[10], row[11]) for row in found]


def strays(tx: Tx) -> list[tuple[str, int]]:
    """(table, act) of every opening, place and entry that no act stands behind."""
    found: list[tuple[str, int]] = []
    for table in ("act_openings", "ledger_outbox"):
        rows = tx.rows(
            f"select t.act from {table} t left join acts a on a.id = t.act"  # noqa: S608  # fixed
            " where a.id is null order by t.act"
        )
        found += [(table, row[0]) for row in rows]
    gaps = tx.rows(  # between two acts that follow one another
        "select last + 1, next from (select lag(id) over (order by id) as last, id as next"
        " from acts) as pair where next > last + 1"
    )
    for first, n in tx.rows("select act, n from act_places order by act") if gaps else ():
        for start, stop in gaps:
            found += [("act_places", act) for act in range(max(first, start), min(first + n, stop))]
    return found


def misfits(tx: Tx) -> list[tuple[str, int]]:
    """(table, key) of helping rows that contradict the acts or each other.

    Counters that do not count, runs of places that leave a gap or overlap, places beyond the head
    or fewer than it says, entries that lie here though their tile is stored.
    """
    counters = tx.rows(
        "select person from act_counters c where next <> coalesce("
        "(select max(n) + 1 from acts a where a.person = c.person), 0)"
        " union select person from acts where person is not null"
        " and person not in (select person from act_counters)"
    )
    runs = tx.rows(
        "select act from (select act, idx, coalesce(lag(idx + n) over w, 0) as should,"
        " lag(act + n) over (order by act) as earliest from act_places"
        " window w as (partition by log order by idx)) as run"
        " where idx <> should or act < earliest"
        " union select coalesce(p.act, 0) from ledger_head h left join act_places p"
        " on p.log = h.log and p.idx = (select max(idx) from act_places where log = h.log)"
        " where h.size <> coalesce(p.idx + p.n, 0)"
        " union select act from act_places where log not in (select log from ledger_head)"
    )
    entries = tx.rows(
        "select o.act from ledger_outbox o join act_places p on p.act + p.n > o.act"
        " and p.act = (select max(q.act) from act_places q where q.act <= o.act)"
        " join ledger_head h on h.log = p.log where p.idx + o.act - p.act < h.stored"
    )
    return (
        [("act_counters", row[0]) for row in counters]
        + [("act_places", row[0]) for row in runs]
        + [("ledger_outbox", row[0]) for row in entries]
    )


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
