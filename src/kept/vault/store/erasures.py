"""Tables of forgetting: erasures under way and done, and what is wiped."""

from dataclasses import dataclass

from kept.base.ids import PersonId
from kept.db.seam import Tx

_COLUMNS = (
    "n, person_n, person_id, step, token_sha256, begun_act, receipt, asked_at, done_at, problem"
)

_OF_A_PERSON = (
    "find.finder",
    "cell",
    "consent",
    "origin",
    "signin_code",
    "person_session",
    "letter",
)


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """One erasure. Times in microseconds; `receipt` once the first act is signed."""

    n: int
    person_n: int
    person: PersonId
    step: int
    token_sha256: bytes
    begun_act: int
    receipt: bytes | None
    asked_at: int
    done_at: int | None
    problem: str | None


def insert(
    tx: Tx, *, person_n: int, person: PersonId, token_sha256: bytes, act: int, at: int
) -> None:
    """Begin an erasure at step 1."""
    tx.run(
        "insert into erasure (person_n, person_id, step, token_sha256, begun_act, asked_at)"
        " values (:person_n, :person, 1, :token, :act, :at)",
        person_n=person_n,
        person=person.raw,
        token=token_sha256,
        act=act,
        at=at,
    )


def pending(tx: Tx) -> list[ErasureRow]:
    """Erasures that are not done, oldest first."""
    found = tx.rows(f"select {_COLUMNS} from erasure where done_at is null order by n")  # noqa: S608
    return [_row(row) for row in found]


def by_token(tx: Tx, token_sha256: bytes) -> ErasureRow | None:
    """The erasure behind a follow-up link."""
    row = tx.row(f"select {_COLUMNS} from erasure where token_sha256 = :t", t=token_sha256)  # noqa: S608
    return _row(row) if row else None


def by_person(tx: Tx, person_n: int) -> ErasureRow | None:
    """A person's erasure."""
    row = tx.row(f"select {_COLUMNS} from erasure where person_n = :n", n=person_n)  # noqa: S608
    return _row(row) if row else None


def _row(row: tuple[object, ...]) -> ErasureRow:
    n, person_n, person, *rest = row
    return ErasureRow(n, person_n, PersonId(person), *rest)  # type: ignore[arg-type]


def advance(tx: Tx, n: int, *, old: int, step: int) -> bool:
    """Move to a step, if it still stands at the old one."""
    changed = tx.run(
        "update erasure set step = :step, problem = null where n = :n and step = :old",
        step=step,
        n=n,
        old=old,
    )
    return changed == 1


def keep_receipt(tx: Tx, n: int, receipt: bytes) -> None:
    """Keep the receipt of the beginning for the follow-up link."""
    tx.run("update erasure set receipt = :receipt where n = :n", receipt=receipt, n=n)


def finish(tx: Tx, n: int, *, at: int) -> None:
    """Note that all is gone here."""
    tx.run("update erasure set done_at = :at, problem = null where n = :n", at=at, n=n)


def await_copies(tx: Tx, n: int, *, destroyed_at: int) -> None:
    """Note that copies may still hold the keys of an erasure; an earlier note stands."""
    tx.run(
        "insert into erasure_copy (erasure_n, destroyed_at) values (:n, :at)"
        " on conflict (erasure_n) do nothing",
        n=n,
        at=destroyed_at,
    )


def in_copies(tx: Tx, until: int) -> list[tuple[int, bytes, int]]:
    """(erasure, hash of its link, when destroyed) of those that copies from then may still hold."""
    found = tx.rows(
        "select e.n, e.token_sha256, c.destroyed_at from erasure e"
        " join erasure_copy c on c.erasure_n = e.n"
        " where c.at is null and c.destroyed_at <= :until and e.done_at is not null order by e.n",
        until=until,
    )
    return [(row[0], row[1], row[2]) for row in found]


def newest_in_copies(tx: Tx) -> int | None:
    """When the newest key was destroyed that copies may still hold."""
    row = tx.row("select max(destroyed_at) from erasure_copy where at is null")
    return row[0] if row else None


def clear_copies(tx: Tx, n: int, *, at: int, act: int) -> None:
    """Note that no copy holds the keys any more."""
    tx.run(
        "update erasure_copy set at = :at, act = :act where erasure_n = :n and at is null",
        at=at,
        act=act,
        n=n,
    )


def copies_of(tx: Tx, n: int) -> tuple[int | None] | None:
    """(when copies were cleared, or None) of an erasure; None where no copy held its keys."""
    row = tx.row("select at from erasure_copy where erasure_n = :n", n=n)
    return (row[0],) if row else None


def note_problem(tx: Tx, n: int, problem: str, *, at: int) -> None:
    """Keep why the last try did not come further."""
    tx.run(
        "update erasure set problem = :problem, tried_at = :at where n = :n",
        problem=problem[:500],
        at=at,
        n=n,
    )


def wipe(tx: Tx, person_n: int, person: PersonId) -> None:
    """Delete all that is kept on a person; the row keeps only the id and `erased`."""
    for statement in (
        "delete from find.finder where person_n = :n",
        "delete from cell where person_n = :n",
        "delete from consent where person_n = :n",
        "delete from origin where person_n = :n",
        "delete from signin_code where person_n = :n",
        "delete from person_session where person_n = :n",
        "delete from letter where person_n = :n",
        "update export set person_n = null where person_n = :n",
    ):
        tx.run(statement, n=person_n)
    tx.run(
        "update person set state = 'erased', alias = :alias, alias_only = 0, source = '',"
        " created_at = 0, changed_at = 0 where n = :n",
        alias=f"erased {person}",
        n=person_n,
    )


def close_doors(tx: Tx, person_n: int) -> None:
    """End a person's sessions, codes and waiting letters."""
    tx.run("delete from letter where person_n = :n", n=person_n)
    tx.run("delete from signin_code where person_n = :n", n=person_n)
    tx.run("delete from person_session where person_n = :n", n=person_n)


def remains(tx: Tx, person_n: int) -> int:
    """How many rows are left that should be gone."""
    total = 0
    for table in _OF_A_PERSON:
        row = tx.row(f"select count(*) from {table} where person_n = :n", n=person_n)  # noqa: S608
        total += row[0] if row else 0
    return total


def asked_since(tx: Tx, since: int) -> list[tuple[int, int, int | None]]:
    """(row, asked_at, done_at) of erasures asked for since a time, or still open.

    One whose keys were in copies is done when they are gone from there.
    """
    found = tx.rows(
        "select e.n, e.asked_at, case when c.erasure_n is null then e.done_at else c.at end"
        " from erasure e left join erasure_copy c on c.erasure_n = e.n"
        " where e.asked_at >= :since or e.done_at is null or e.done_at >= :since"
        " or (c.erasure_n is not null and (c.at is null or c.at >= :since)) order by e.asked_at",
        since=since,
    )
    return [(row[0], row[1], row[2]) for row in found]
