"""Table of letters that wait for an address outside the cells: the new one, or one of before."""

from dataclasses import dataclass

from kept.db.seam import Tx


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A sealed address and what is to go there. Times in microseconds; no code before it left."""

    n: int
    person_n: int
    use: str
    env: bytes
    code_sha256: bytes | None
    tries: int
    asked_at: int
    expires_at: int


def insert(tx: Tx, *, person_n: int, use: str, env: bytes, asked_at: int, expires_at: int) -> None:
    """Keep a sealed address."""
    tx.run(
        "insert into letter (person_n, use, env, tries, asked_at, expires_at)"
        " values (:person_n, :use, :env, 0, :asked_at, :expires_at)",
        person_n=person_n,
        use=use,
        env=env,
        asked_at=asked_at,
        expires_at=expires_at,
    )


def newest(tx: Tx, person_n: int, *, use: str) -> LetterRow | None:
    """A person's newest letter of one use."""
    row = tx.row(
        "select n, person_n, use, env, code_sha256, tries, asked_at, expires_at from letter"
        " where person_n = :n and use = :use order by n desc limit 1",
        n=person_n,
        use=use,
    )
    return LetterRow(*row) if row else None


def at(tx: Tx, person_n: int, *, use: str, asked_at: int) -> LetterRow | None:
    """The letter that was asked for at a time."""
    row = tx.row(
        "select n, person_n, use, env, code_sha256, tries, asked_at, expires_at from letter"
        " where person_n = :n and use = :use and asked_at = :at order by n desc limit 1",
        n=person_n,
        use=use,
        at=asked_at,
    )
    return LetterRow(*row) if row else None


def by_code(tx: Tx, code_sha256: bytes, *, use: str) -> LetterRow | None:
    """The letter that took this code or link along."""
    row = tx.row(
        "select n, person_n, use, env, code_sha256, tries, asked_at, expires_at from letter"
        " where code_sha256 = :code and use = :use",
        code=code_sha256,
        use=use,
    )
    return LetterRow(*row) if row else None


def of_person(tx: Tx, person_n: int, *, use: str) -> list[LetterRow]:
    """A person's letters of one use, oldest first."""
    found = tx.rows(
        "select n, person_n, use, env, code_sha256, tries, asked_at, expires_at from letter"
        " where person_n = :n and use = :use order by n",
        n=person_n,
        use=use,
    )
    return [LetterRow(*row) for row in found]


def put_code(tx: Tx, n: int, code_sha256: bytes, *, expires_at: int) -> None:
    """Keep the hash of the code that is about to leave."""
    tx.run(
        "update letter set code_sha256 = :code, expires_at = :expires where n = :n",
        n=n,
        code=code_sha256,
        expires=expires_at,
    )


def count_try(tx: Tx, n: int) -> None:
    """Count a wrong code."""
    tx.run("update letter set tries = tries + 1 where n = :n", n=n)


def drop(tx: Tx, person_n: int, *, use: str) -> None:
    """Forget a person's letters of one use."""
    tx.run("delete from letter where person_n = :n and use = :use", n=person_n, use=use)


def drop_one(tx: Tx, n: int) -> None:
    """Forget one letter."""
    tx.run("delete from letter where n = :n", n=n)


def drop_old(tx: Tx, *, before: int) -> None:
    """Forget letters whose time is over."""
    tx.run("delete from letter where expires_at < :before", before=before)
