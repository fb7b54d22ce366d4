"""The vault's tables in data.db and find.db. Those of keys.db: `key_rows`.

Source: `db/migrations/data/0015_vault.sql`, `db/migrations/find/0001_find.sql`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kept.base.ids import PersonId
from kept.db.closed import word_of
from kept.db.seam import Many, Row, Tx, Value
from kept.vault.model.gate import ConsentState, PersonState

ASKED_AT_ONCE = 200  # values in one question
_PERSON = "select n, id, alias, alias_only, state, keyver, source, created_at from person"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row of `person`; `created_at` in microseconds. Read for work, `state` is a known word."""

    n: int
    id: PersonId
    alias: str
    is_alias_only: bool
    state: str
    keyver: int
    source: str
    created_at: int


@dataclass(frozen=True, slots=True)
class CellRow:
    """One sealed category of one person."""

    category_id: int
    rev: int
    env: bytes
    written_at: int
    due_at: int | None
    fresh_until: int | None


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One consent record."""

    n: int
    purpose: str
    state: str
    notice: str
    lang: str
    method: str
    source: str
    actor: str
    at: int
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class OriginRow:
    """Where a person's data came from."""

    purpose: str
    basis: str
    source: str
    batch: str
    at: int


def _person(row: Sequence[object]) -> PersonRow:
    n, raw, alias, alias_only, state, keyver, source, created_at = row
    person_id = PersonId(bytes(raw))  # type: ignore[call-overload]
    return PersonRow(
        int(n),  # type: ignore[call-overload]
        person_id,
        str(alias),
        bool(alias_only),
        word_of(PersonState, str(state), table="person", column="state", row=person_id),
        int(keyver),  # type: ignore[call-overload]
        str(source),
        int(created_at),  # type: ignore[call-overload]
    )


def person(tx: Tx, person_id: PersonId) -> PersonRow | None:
    """A person by public id."""
    row = tx.row(f"{_PERSON} where id = :id", id=person_id.raw)
    return _person(row) if row else None


def person_by_n(tx: Tx, n: int) -> PersonRow | None:
    """A person by row number."""
    row = tx.row(f"{_PERSON} where n = :n", n=n)
    return _person(row) if row else None


def people_after(tx: Tx, *, after_n: int, limit: int) -> list[PersonRow]:
    """Live people with a row number above `after_n`, in order: one page of a listing."""
    found = tx.rows(
        f"{_PERSON} where n > :after and state in ('live', 'restricted') order by n limit :limit",
        after=after_n,
        limit=limit,
    )
    return [_person(row) for row in found]


def ids_after(tx: Tx, *, after: bytes, limit: int) -> list[bytes]:
    """Raw ids of everybody who ever was, above `after`, in ascending order."""
    found = tx.rows(
        "select id from person where id > :after order by id limit :limit",
        after=after,
        limit=limit,
    )
    return [row[0] for row in found]


def owners(tx: Tx, ids: Iterable[bytes]) -> set[bytes]:
    """Those of these raw ids who are here and not yet erased."""
    return _present(tx, "select id from person where state <> 'erased' and id in", list(ids))


def count_people(tx: Tx, *, but_of: str) -> int:
    """How many people the house holds data on, but those of one source."""
    row = tx.row(
        "select count(*) from person where state in ('live', 'restricted') and source <> :source",
        source=but_of,
    )
    return row[0] if row else 0


def count_ever(tx: Tx) -> int:
    """How many rows of people there are."""
    row = tx.row("select count(*) from person")
    return row[0] if row else 0


def count_cells(tx: Tx) -> int:
    """How many sealed records there are."""
    row = tx.row("select count(*) from cell")
    return row[0] if row else 0


def count_cells_of(tx: Tx, *, source: str) -> int:
    """How many sealed records there are of people of one source."""
    row = tx.row(
        "select count(*) from cell where person_n in (select n from person where source = :source)",
        source=source,
    )
    return row[0] if row else 0


def aliases_taken(tx: Tx, aliases: Iterable[str]) -> set[str]:
    """Which of these aliases somebody has."""
    return _present(tx, "select alias from person where alias in", sorted(aliases))


def _present(tx: Tx, question: str, values: Sequence[Value], **fixed: Value) -> set[Any]:
    """Which of many values stand in a column: a few hundred in each question."""
    found: set[Any] = set()
    for at in range(0, len(values), ASKED_AT_ONCE):
        some = {f"v{i}": value for i, value in enumerate(values[at : at + ASKED_AT_ONCE])}
        names = ", ".join(f":{name}" for name in some)
        found.update(row[0] for row in tx.rows(f"{question} ({names})", **some, **fixed))
    return found


def reserve_people(tx: Tx, count: int) -> list[int]:
    """Row numbers for `count` people about to be inserted by this transaction.

    On SQLite the writer is alone, so the next free numbers are its own; erased people keep their
    rows, so a number is never given twice.
    """
    if tx.dialect == "sqlite":
        row = tx.row("select coalesce(max(n), 0) from person")
        first = (row[0] if row else 0) + 1
        return list(range(first, first + count))
    found = tx.rows(
        "select nextval(pg_get_serial_sequence('person', 'n')) from generate_series(1, :count)",
        count=count,
    )
    return [row[0] for row in found]


def insert_people(tx: Tx, rows: Many) -> None:
    """Insert people: n, id, alias, keyver, source, at."""
    tx.run_many(
        "insert into person (n, id, alias, state, keyver, source, created_at, changed_at)"
        " values (:n, :id, :alias, 'live', :keyver, :source, :at, :at)",
        rows,
    )


def insert_origins(tx: Tx, rows: Many) -> None:
    """Note where people's data came from: person_n, purpose, basis, source, batch, at."""
    tx.run_many(
        "insert into origin (person_n, purpose, basis, source, batch, at)"
        " values (:person_n, :purpose, :basis, :source, :batch, :at)",
        rows,
    )


def origins(tx: Tx, person_n: int) -> list[OriginRow]:
    """Where a person's data came from, oldest first."""
    return [
        OriginRow(*row)
        for row in tx.rows(
            "select purpose, basis, source, batch, at from origin where person_n = :n order by n",
            n=person_n,
        )
    ]


def touch(tx: Tx, person_n: int, *, at: int) -> None:
    """Mark a person as changed, for derived tables."""
    tx.run("update person set changed_at = :at where n = :n", at=at, n=person_n)


def set_alias(tx: Tx, person_n: int, *, alias: str, is_alias_only: bool, at: int) -> None:
    """Give a person another alias."""
    tx.run(
        "update person set alias = :alias, alias_only = :only, changed_at = :at where n = :n",
        alias=alias,
        only=int(is_alias_only),
        at=at,
        n=person_n,
    )


def set_state(tx: Tx, person_n: int, *, state: str, at: int) -> None:
    """Move a person to another state."""
    tx.run(
        "update person set state = :state, changed_at = :at where n = :n",
        state=state,
        at=at,
        n=person_n,
    )


def cells(tx: Tx, person_n: int) -> dict[int, CellRow]:
    """A person's sealed categories by category id."""
    return {
        row[0]: CellRow(*row)
        for row in tx.rows(
            "select category_id, rev, env, written_at, due_at, fresh_until from cell"
            " where person_n = :n",
            n=person_n,
        )
    }


def cells_of(tx: Tx, person_n: int, category_ids: Iterable[int]) -> dict[int, CellRow]:
    """Some of a person's sealed categories: the others, which may be long, are not read."""
    found: dict[int, CellRow] = {}
    for category_id in category_ids:
        row = tx.row(
            "select category_id, rev, env, written_at, due_at, fresh_until from cell"
            " where person_n = :n and category_id = :category",
            n=person_n,
            category=category_id,
        )
        if row is not None:
            found[category_id] = CellRow(*row)
    return found


def insert_cells(tx: Tx, rows: Many) -> None:
    """Insert first revisions: person_n, category_id, rev, env, at, due_at, fresh_until."""
    tx.run_many(
        "insert into cell (person_n, category_id, rev, env, written_at, due_at, fresh_until)"
        " values (:person_n, :category_id, :rev, :env, :at, :due_at, :fresh_until)",
        rows,
    )


def update_cell(tx: Tx, values: dict[str, Value], *, old_rev: int) -> bool:
    """Replace a cell if it still has the revision it was read with."""
    changed = tx.run(
        "update cell set rev = :rev, env = :env, written_at = :at, due_at = :due_at,"
        " fresh_until = :fresh_until where person_n = :person_n and category_id = :category_id"
        " and rev = :old_rev",
        **values,
        old_rev=old_rev,
    )
    return changed == 1


def delete_cell(tx: Tx, person_n: int, category_id: int) -> None:
    """Remove one category of one person."""
    tx.run(
        "delete from cell where person_n = :n and category_id = :category",
        n=person_n,
        category=category_id,
    )


def due_cells(tx: Tx, *, before: int, limit: int) -> list[tuple[int, int]]:
    """(person_n, category_id) of living people's cells past their time, longest overdue first."""
    return [
        (row[0], row[1])
        for row in tx.rows(
            "select c.person_n, c.category_id from cell c join person p on p.n = c.person_n"
            " where c.due_at <= :before and p.state in ('live', 'restricted')"
            " order by c.due_at limit :limit",
            before=before,
            limit=limit,
        )
    ]


def insert_tags(tx: Tx, rows: Many) -> None:
    """Add blind tags: kind, ver, tag, person_n, field_id. Known ones stay."""
    tx.run_many(
        "insert into find.finder (kind, ver, tag, person_n, field_id)"
        " values (:kind, :ver, :tag, :person_n, :field_id)"
        " on conflict (kind, ver, tag, person_n, field_id) do nothing",
        rows,
    )


def delete_tags(tx: Tx, person_n: int, field_ids: Iterable[int] | None = None) -> None:
    """Remove a person's tags, all or those of some fields."""
    if field_ids is None:
        tx.run("delete from find.finder where person_n = :n", n=person_n)
        return
    tx.run_many(
        "delete from find.finder where person_n = :n and field_id = :field",
        [{"n": person_n, "field": field} for field in field_ids],
    )


def tagged(tx: Tx, *, kind: int, ver: int, tag: bytes) -> list[tuple[int, int]]:
    """(person_n, field_id) of rows with this tag: hints, to be opened and compared."""
    return [
        (row[0], row[1])
        for row in tx.rows(
            "select person_n, field_id from find.finder"
            " where kind = :kind and ver = :ver and tag = :tag",
            kind=kind,
            ver=ver,
            tag=tag,
        )
    ]


def known_tags(tx: Tx, *, kind: int, ver: int, tags: Sequence[bytes]) -> set[bytes]:
    """Which of these tags any row has."""
    question = "select tag from find.finder where kind = :kind and ver = :ver and tag in"
    return _present(tx, question, tags, kind=kind, ver=ver)


def count_tags(tx: Tx) -> int:
    """How many blind tags there are."""
    row = tx.row("select count(*) from find.finder")
    return row[0] if row else 0


def insert_consent(tx: Tx, values: dict[str, Value]) -> None:
    """Append a consent record."""
    tx.run(
        "insert into consent (person_n, purpose, state, notice, lang, text_sha256, method, source,"
        " actor, at, expires_at) values (:person_n, :purpose, :state, :notice, :lang,"
        " :text_sha256, :method, :source, :actor, :at, :expires_at)",
        **values,
    )


def _consent(row: Row) -> ConsentRow:
    found = ConsentRow(*row)
    word_of(ConsentState, found.state, table="consent", column="state", row=found.n)
    return found


def consents(tx: Tx, person_n: int) -> list[ConsentRow]:
    """Every consent record of a person, oldest first."""
    return [
        _consent(row)
        for row in tx.rows(
            "select n, purpose, state, notice, lang, method, source, actor, at, expires_at"
            " from consent where person_n = :n order by n",
            n=person_n,
        )
    ]


def acts_of_nobody(tx: Tx) -> list[int]:
    """Acts that name a person who never was."""
    found = tx.rows(
        "select id from acts where person is not null"
        " and person not in (select n from person) order by id"
    )
    return [int(row[0]) for row in found]
