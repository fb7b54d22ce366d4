"""Tables of people's visits: asks for a code, codes, sessions."""

from dataclasses import dataclass

from kept.db.seam import Tx


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code that was sent. Times in microseconds."""

    code_sha256: bytes
    tries: int
    sent_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A person's session. Times in microseconds."""

    person_n: int
    started_at: int
    seen_at: int


def note_ask(tx: Tx, address_sha256: bytes, *, at: int) -> None:
    """Count an ask for a code, known address or not."""
    tx.run(
        "insert into signin_ask (address_sha256, asked_at) values (:address, :at)",
        address=address_sha256,
        at=at,
    )


def asks_since(tx: Tx, address_sha256: bytes, since: int) -> int:
    """How often a code was asked for to this address since a time."""
    row = tx.row(
        "select count(*) from signin_ask where address_sha256 = :address and asked_at >= :since",
        address=address_sha256,
        since=since,
    )
    return row[0] if row else 0


def forget_asks(tx: Tx, before: int) -> None:
    """Drop counted asks past their use."""
    tx.run("delete from signin_ask where asked_at < :before", before=before)


def put_code(tx: Tx, person_n: int, code: CodeRow) -> None:
    """Replace a person's code."""
    tx.run(
        "insert into signin_code (person_n, code_sha256, tries, sent_at, expires_at)"
        " values (:n, :code, :tries, :sent, :expires) on conflict (person_n) do update set"
        " code_sha256 = excluded.code_sha256, tries = excluded.tries,"
        " sent_at = excluded.sent_at, expires_at = excluded.expires_at",
        n=person_n,
        code=code.code_sha256,
        tries=code.tries,
        sent=code.sent_at,
        expires=code.expires_at,
    )


def code(tx: Tx, person_n: int) -> CodeRow | None:
    """A person's code."""
    row = tx.row(
        "select code_sha256, tries, sent_at, expires_at from signin_code where person_n = :n",
        n=person_n,
    )
    return CodeRow(*row) if row else None


def count_try(tx: Tx, person_n: int) -> None:
    """Count a wrong code."""
    tx.run("update signin_code set tries = tries + 1 where person_n = :n", n=person_n)


def drop_code(tx: Tx, person_n: int) -> None:
    """A code works once."""
    tx.run("delete from signin_code where person_n = :n", n=person_n)


def open_session(tx: Tx, token_sha256: bytes, person_n: int, *, at: int) -> None:
    """Begin a session."""
    tx.run(
        "insert into person_session (token_sha256, person_n, started_at, seen_at)"
        " values (:token, :n, :at, :at)",
        token=token_sha256,
        n=person_n,
        at=at,
    )


def session(tx: Tx, token_sha256: bytes) -> SessionRow | None:
    """A session by the hash of its token."""
    row = tx.row(
        "select person_n, started_at, seen_at from person_session where token_sha256 = :token",
        token=token_sha256,
    )
    return SessionRow(*row) if row else None


def touch_session(tx: Tx, token_sha256: bytes, *, at: int) -> None:
    """Note that a session is in use."""
    tx.run(
        "update person_session set seen_at = :at where token_sha256 = :token",
        at=at,
        token=token_sha256,
    )


def end_session(tx: Tx, token_sha256: bytes) -> None:
    """End a session."""
    tx.run("delete from person_session where token_sha256 = :token", token=token_sha256)


def end_sessions(tx: Tx, person_n: int, *, but: bytes) -> int:
    """End a person's sessions but one, by the hash of its token; how many ended."""
    return tx.run(
        "delete from person_session where person_n = :n and token_sha256 <> :but",
        n=person_n,
        but=but,
    )


def drop_sessions(tx: Tx, *, started_before: int, seen_before: int) -> None:
    """Drop sessions past their time."""
    tx.run(
        "delete from person_session where started_at < :started or seen_at < :seen",
        started=started_before,
        seen=seen_before,
    )
