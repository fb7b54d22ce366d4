"""Everything that stands on a page of people, each table in one question: for checks.

Source: `db/migrations/data/0015_vault.sql`, `0017_letter.sql`, `db/migrations/find/0001_find.sql`.
"""

from dataclasses import dataclass

from kept.base.ids import PersonId
from kept.db.seam import Row, Tx
from kept.vault.store.erasures import ErasureRow
from kept.vault.store.letters import LetterRow
from kept.vault.store.people import CellRow, PersonRow

_OF_PEOPLE = (
    "cell",
    "consent",
    "origin",
    "signin_code",
    "person_session",
    "letter",
    "export",
    "erasure",
)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of the people with row numbers in (after, upto], by row number."""

    upto: int
    people: list[tuple[PersonRow, int]]  # with `changed_at`
    cells: dict[int, list[CellRow]]
    consents: dict[int, list[Row]]
    origins: dict[int, list[Row]]
    exports: dict[int, list[Row]]
    sessions: dict[int, list[Row]]
    letters: dict[int, list[LetterRow]]
    erasures: dict[int, ErasureRow]
    tags: dict[int, set[tuple[int, int, bytes, int]]]


def numbers_after(tx: Tx, *, after: int, limit: int) -> list[int]:
    """Row numbers of everybody who ever was, above `after`, in order."""
    found = tx.rows(
        "select n from person where n > :after order by n limit :limit", after=after, limit=limit
    )
    return [row[0] for row in found]


def page(tx: Tx, *, after: int, upto: int) -> Page:
    """One page."""

    def of(columns: str, table: str, order: str = "n") -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = {}
        for row in tx.rows(
            f"select person_n, {columns} from {table}"  # noqa: S608  # fixed texts
            f" where person_n > :after and person_n <= :upto order by person_n, {order}",
            after=after,
            upto=upto,
        ):
            found.setdefault(row[0], []).append(row[1:])
        return found

    people = tx.rows(
        "select n, id, alias, alias_only, state, keyver, source, created_at, changed_at"
        " from person where n > :after and n <= :upto order by n",
        after=after,
        upto=upto,
    )
    cells = of("category_id, rev, env, written_at, due_at, fresh_until", "cell")
    letters = of("n, person_n, use, env, code_sha256, tries, asked_at, expires_at", "letter")
    erasing = of(
        "n, person_n, person_id, step, token_sha256, begun_act, receipt, asked_at, done_at,"
        " problem",
        "erasure",
    )
    tags = of("kind, ver, tag, field_id", "find.finder", "kind")
    return Page(
        upto,
        [(_person(row), row[8]) for row in people],
        {n: [CellRow(*row) for row in rows] for n, rows in cells.items()},
        of(
            "purpose, state, notice, lang, text_sha256, method, source, actor, at, expires_at",
            "consent",
        ),
        of("purpose, basis, source, batch, at", "origin"),
        of("n, asked_at, ready_at, taken_at", "export"),
        of("token_sha256, started_at", "person_session", "started_at"),
        {n: [LetterRow(*row) for row in rows] for n, rows in letters.items()},
        {n: _erasure(rows[0]) for n, rows in erasing.items()},
        {n: {(row[0], row[1], row[2], row[3]) for row in rows} for n, rows in tags.items()},
    )


def strays(tx: Tx) -> list[tuple[str, int]]:
    """(table, person row) of every row about somebody who never was."""
    found: list[tuple[str, int]] = []
    for table in _OF_PEOPLE:
        rows = tx.rows(
            f"select distinct person_n from {table} where person_n is not null"  # noqa: S608
            " and person_n not in (select n from person) order by person_n"
        )
        found += [(table, row[0]) for row in rows]
    return found


def _person(row: Row) -> PersonRow:
    n, raw, alias, only, state, keyver, source, created_at, _ = row
    return PersonRow(n, PersonId(raw), alias, bool(only), state, keyver, source, created_at)


def _erasure(row: Row) -> ErasureRow:
    n, person_n, person, *rest = row
    return ErasureRow(n, person_n, PersonId(person), *rest)


def imports(tx: Tx) -> list[Row]:
    """n, id, purpose, basis, source, actor, state, read, added, merged, refused, changed_at."""
    return tx.rows(
        "select n, id, purpose, basis, source, actor, state, read_count, added, merged, refused,"
        " changed_at from import_run order by n"
    )


def grounds(tx: Tx) -> list[Row]:
    """The different (batch, purpose, basis, source) of all people."""
    return tx.rows("select distinct batch, purpose, basis, source from origin order by batch")


def tallies(tx: Tx) -> dict[int, int]:
    """Counted openings by day."""
    return {row[0]: row[1] for row in tx.rows("select day, opened from opening_tally")}


def erasures_in_copies(tx: Tx) -> list[Row]:
    """(erasure, hash of its link, asked_at, done_at, destroyed_at, at, act) of all that waited."""
    return tx.rows(
        "select c.erasure_n, e.token_sha256, e.asked_at, e.done_at, c.destroyed_at, c.at, c.act"
        " from erasure_copy c left join erasure e on e.n = c.erasure_n order by c.erasure_n"
    )


def erasures_done(tx: Tx) -> list[ErasureRow]:
    """Every erasure that is done."""
    found = tx.rows(
        "select n, person_n, person_id, step, token_sha256, begun_act, receipt, asked_at, done_at,"
        " problem from erasure where done_at is not null order by n"
    )
    return [_erasure(row) for row in found]
