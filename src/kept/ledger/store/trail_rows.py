"""Acts with their openings in bulk, for checks: of many people, or of the house by kind.

Source: `db/migrations/data/0010_ledger.sql`.
"""

from collections.abc import Sequence

from kept.db.seam import Row, Tx
from kept.ledger.store.act_rows import ActRow

_ACT = (
    "select a.id, a.kind, a.actor, a.role, a.purpose, a.person, a.n, a.categories, a.at, o.sealed"
    " from acts a left join act_openings o on o.act = a.id"
)


def of_people(tx: Tx, *, after: int, upto: int) -> list[tuple[ActRow, bytes | None]]:
    """Every act of the people with row numbers in (after, upto], by person and count."""
    found = tx.rows(
        f"{_ACT} where a.person > :after and a.person <= :upto order by a.person, a.n",
        after=after,
        upto=upto,
    )
    return [_pair(row) for row in found]


def newest_of_house(tx: Tx, kind: str) -> list[tuple[int, int, bytes]]:
    """(number, time, sealed opening) of the newest 500 acts of a kind, the newest first."""
    found = tx.rows(
        "select a.id, a.at, o.sealed from acts a join act_openings o on o.act = a.id"
        " where a.kind = :kind and a.person is null order by a.id desc limit 500",
        kind=kind,
    )
    return [(row[0], row[1], bytes(row[2])) for row in found]


def of_kinds(
    tx: Tx, kinds: Sequence[str], *, after: int, limit: int
) -> list[tuple[ActRow, bytes | None]]:
    """Acts of some kinds with a number above `after`, in order."""
    names = {f"k{at}": kind for at, kind in enumerate(kinds)}
    marks = ", ".join(f":{name}" for name in names)
    found = tx.rows(
        f"{_ACT} where a.kind in ({marks}) and a.id > :after order by a.id limit :limit",
        after=after,
        limit=limit,
        **names,
    )
    return [_pair(row) for row in found]


def counts(tx: Tx, *, after: int, limit: int) -> list[tuple[int, int]]:
    """(person, how many acts) of people above `after`, in order."""
    found = tx.rows(
        "select person, next from act_counters where person > :after order by person limit :limit",
        after=after,
        limit=limit,
    )
    return [(row[0], row[1]) for row in found]


def masked(tx: Tx) -> list[int]:
    """Acts of nobody, or of somebody erased, that name categories all the same."""
    rows = tx.rows(
        "select id from acts where person is null and coalesce(categories, 0) <> 0 order by id"
    )
    return [row[0] for row in rows]


def strange_notes(tx: Tx) -> list[tuple[str, int]]:
    """(origin, size) of every checkpoint of a log that is none of the house's."""
    rows = tx.rows(
        "select origin, size from ledger_checkpoints"
        " where origin not in (select origin from ledger_head) order by origin, size"
    )
    return [(row[0], row[1]) for row in rows]


def openings_by_day(tx: Tx, kinds: Sequence[str], *, day: int) -> dict[int, int]:
    """How many acts of some kinds there were, by the day (microseconds) they began in."""
    names = {f"k{at}": kind for at, kind in enumerate(kinds)}
    marks = ", ".join(f":{name}" for name in names)
    found = tx.rows(
        "select at - at % :day, count(*) from acts"  # noqa: S608  # names made above
        f" where kind in ({marks}) group by 1",
        day=day,
        **names,
    )
    return {row[0]: row[1] for row in found}


def _pair(row: Row) -> tuple[ActRow, bytes | None]:
    return ActRow(*row[:9], idx=None), row[9]
