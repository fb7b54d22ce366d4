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
    """(row, asked_at, done_at) of erasures asked for since a time, or still open."""
    found = tx.rows(
        "select n, asked_at, done_at from erasure where asked_at >= :since or done_at is null"
        " or done_at >= :since order by asked_at",
        since=since,
    )
    return [(row[0], row[1], row[2]) for row in found]
