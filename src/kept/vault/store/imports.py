"""Imports under way and done: how far each came, and which rows were refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from kept.db.seam import Tx, Value

_COLUMNS = (
    "n, id, file_sha256, name, purpose, basis, source, actor, state, next_row, read_count, added,"
    " merged, refused, total, started_at, changed_at"
)


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One import. `next_row` is the number of the last row that is done; times in microseconds."""

    n: int
    id: bytes
    file_sha256: bytes
    name: str
    purpose: str
    basis: str
    source: str
    actor: str
    state: str
    next_row: int
    read_count: int
    added: int
    merged: int
    refused: int
    total: int
    started_at: int
    changed_at: int


def insert(tx: Tx, values: dict[str, Value]) -> None:
    """A new import, nothing done yet."""
    tx.run(
        "insert into import_run (id, file_sha256, name, purpose, basis, source, actor, state,"
        " next_row, read_count, added, merged, refused, total, started_at, changed_at)"
        " values (:id, :sha, :name, :purpose, :basis, :source, :actor, 'running', 0, 0, 0, 0, 0,"
        " :total, :at, :at)",
        **values,
    )


def by_id(tx: Tx, run_id: bytes) -> ImportRow | None:
    """An import by its public id."""
    row = tx.row(f"select {_COLUMNS} from import_run where id = :id", id=run_id)  # noqa: S608
    return ImportRow(*row) if row else None


def of_file(tx: Tx, file_sha256: bytes) -> list[ImportRow]:
    """Imports of this very file, newest first."""
    found = tx.rows(
        f"select {_COLUMNS} from import_run where file_sha256 = :sha order by n desc",  # noqa: S608
        sha=file_sha256,
    )
    return [ImportRow(*row) for row in found]


def newest(tx: Tx, limit: int) -> list[ImportRow]:
    """The newest imports first."""
    found = tx.rows(
        f"select {_COLUMNS} from import_run order by n desc limit :limit",  # noqa: S608
        limit=limit,
    )
    return [ImportRow(*row) for row in found]


def advance(tx: Tx, n: int, values: dict[str, Value], *, old_row: int) -> bool:
    """Add a group's counts if it still stands there: next_row, read, added, merged, refused, at."""
    changed = tx.run(
        "update import_run set next_row = :next_row, read_count = read_count + :read,"
        " added = added + :added, merged = merged + :merged, refused = refused + :refused,"
        " changed_at = :at where n = :n and next_row = :old_row and state = 'running'",
        n=n,
        old_row=old_row,
        **values,
    )
    return changed == 1


def finish(tx: Tx, n: int, *, state: str, at: int) -> bool:
    """End an import, done or stopped; False when it was ended already."""
    changed = tx.run(
        "update import_run set state = :state, changed_at = :at where n = :n and state = 'running'",
        state=state,
        at=at,
        n=n,
    )
    return changed == 1


def insert_refused(tx: Tx, rows: Sequence[dict[str, Value]]) -> None:
    """Keep which rows were refused and why: run_n, row_no, col, code."""
    tx.run_many(
        "insert into import_refused (run_n, row_no, col, code)"
        " values (:run_n, :row_no, :col, :code) on conflict (run_n, row_no) do nothing",
        rows,
    )


def refused(tx: Tx, n: int, limit: int) -> list[tuple[int, str | None, str]]:
    """(row, column, code) of refused rows, in order."""
    found = tx.rows(
        "select row_no, col, code from import_refused where run_n = :n"
        " order by row_no limit :limit",
        n=n,
        limit=limit,
    )
    return [(row[0], row[1], row[2]) for row in found]


def count(tx: Tx) -> tuple[int, int]:
    """How many imports were finished, and how many of them name no source."""
    row = tx.row(
        "select count(*), coalesce(sum(case when source = '' then 1 else 0 end), 0)"
        " from import_run where state = 'done'"
    )
    return (row[0], row[1]) if row else (0, 0)
