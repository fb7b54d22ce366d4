"""Where is a restored dump looked at? In a database that is made for it and gone at the end.

Its name tells of which house it is, and whoever uses it holds a lock of that name in the house's
own database as long as it lives. A process that is killed loses the lock: the next one finds the
database free and drops it. Where the role may not make databases the owner names an empty one; it
is marked as ours before anything is put in, and only a marked one is ever emptied.
Source: postgresql.org/docs/current/sql-createdatabase.html, explicit-locking.html §13.3.5.
"""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from kept.base.errors import RefusedError, UnavailableError
from kept.crypto.chance import draw
from kept.crypto.secret import Secret

Connection = psycopg.Connection[tuple[Any, ...]]

PREFIX = "kept_drill_"
MARK = "kept_drill_mark"  # a schema that says: what is in here is a drill's
_TAG_DIGITS = 8
_DRAWN_BYTES = 8
_AWAY = "The database server cannot be reached, so no database could be made for the drill."
_MAY_NOT = (
    "The database of the copy was read, but not restored: this role may not make a database for it."
    " Allow it (alter role … createdb), or name an empty database in drill_dsn."
)
_NOT_EMPTY = (
    "The database that drill_dsn names is not empty, so nothing was restored into it. Name an empty"
    " one that is used for nothing else."
)
_OLDER = "The server that drill_dsn names is older than the house's. Name one as new."


@contextmanager
def scratch(dsn: Secret, named: Secret | None = None, /) -> Generator[Secret]:
    """The DSN of an empty database; at the end, and after a kill by the next call, it is gone.

    Args:
        dsn: of the house's own database: the new one is made on its server.
        named: an empty database of the owner's, to be used in place of a new one.

    Raises:
        RefusedError: the role may not make one; the named one holds something, or is too old.
        UnavailableError: the server cannot be reached.
    """
    try:
        with psycopg.connect(dsn.reveal().decode(), autocommit=True) as house:
            chosen = _made(house, dsn) if named is None else _borrowed(house, named)
            with chosen as found:
                yield found
    except psycopg.OperationalError as error:
        raise UnavailableError(_AWAY) from error


@contextmanager
def _made(house: Connection, dsn: Secret) -> Generator[Secret]:
    own = _own_prefix(house)
    _drop_left(house, own)
    name = own + draw(_DRAWN_BYTES).hex()
    house.execute("select pg_advisory_lock(%s)", [_lock(name)])
    try:
        _create(house, name)
        yield Secret(make_conninfo(dsn.reveal().decode(), dbname=name).encode())
    finally:
        _drop(house, name)


def _own_prefix(house: Connection) -> str:
    """What the names of this house's databases begin with: another's are never dropped."""
    row = house.execute("select current_database()").fetchone()
    assert row is not None  # noqa: S101  # it always answers
    return f"{PREFIX}{sha256(row[0].encode()).hexdigest()[:_TAG_DIGITS]}_"


def _drop_left(house: Connection, own: str) -> None:
    """Drop what a killed process left; one in use has its lock held."""
    found = house.execute(
        "select datname from pg_database where starts_with(datname, %s)", [own]
    ).fetchall()
    for (name,) in found:
        row = house.execute("select pg_try_advisory_lock(%s)", [_lock(name)]).fetchone()
        if row is None or not row[0]:
            continue
        with suppress(psycopg.errors.InsufficientPrivilege):  # made by a role of before
            _drop(house, name)
        house.execute("select pg_advisory_unlock(%s)", [_lock(name)])


def _create(house: Connection, name: str) -> None:
    """Make it with the letters and order of the house's own.

    Raises:
        RefusedError: the role may not.
    """
    row = house.execute(
        "select pg_encoding_to_char(encoding), datcollate, datctype from pg_database"
        " where datname = current_database()"
    ).fetchone()
    assert row is not None  # noqa: S101  # it is connected to it
    made = sql.SQL(
        "create database {} template template0 encoding {} lc_collate {} lc_ctype {}"
    ).format(sql.Identifier(name), *(sql.Literal(one) for one in row))
    try:
        house.execute(made)
    except psycopg.errors.InsufficientPrivilege:
        raise RefusedError("backup.no_scratch", _MAY_NOT) from None


def _drop(house: Connection, name: str) -> None:
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    house.execute(drop)


def _lock(name: str) -> int:
    """The number of a name's advisory lock."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)


@contextmanager
def _borrowed(house: Connection, named: Secret) -> Generator[Secret]:
    """The owner's own database: free of anything that is not ours, and emptied at the end.

    Raises:
        RefusedError: it holds something, or its server is older than the house's.
    """
    with psycopg.connect(named.reveal().decode(), autocommit=True) as own:
        if own.info.server_version // 10_000 < house.info.server_version // 10_000:
            raise RefusedError("backup.no_scratch", _OLDER)
        own.execute("select pg_advisory_lock(%s)", [_lock(MARK)])
        is_marked = MARK in _schemas(own)
        if not is_marked and _holds_something(own):
            raise RefusedError("backup.no_scratch", _NOT_EMPTY)
        if not is_marked:
            own.execute(sql.SQL("create schema {}").format(sql.Identifier(MARK)))
        try:
            _empty(own)
            yield named
        finally:
            _empty(own)
            own.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(MARK)))


def is_empty(dsn: Secret, /) -> bool:
    """Whether a database holds no table of anybody.

    Raises:
        UnavailableError: it cannot be reached.
    """
    try:
        with psycopg.connect(dsn.reveal().decode(), autocommit=True) as found:
            return not _holds_something(found)
    except psycopg.OperationalError as error:
        raise UnavailableError("The database cannot be reached. Nothing was changed.") from error


def clear(dsn: Secret, /) -> None:
    """Empty a database that was empty before something of ours was put into it.

    Raises:
        UnavailableError: it cannot be reached.
    """
    try:
        with psycopg.connect(dsn.reveal().decode(), autocommit=True) as found:
            _empty(found)
    except psycopg.OperationalError as error:
        raise UnavailableError("The database cannot be reached. Nothing was changed.") from error


def _schemas(found: Connection) -> list[str]:
    rows = found.execute(
        "select nspname from pg_namespace where nspname !~ '^(pg_|information_schema$)'"
    ).fetchall()
    return [row[0] for row in rows]


def _holds_something(found: Connection) -> bool:
    row = found.execute(
        "select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname !~ '^(pg_|information_schema$)' limit 1"
    ).fetchone()
    return row is not None or set(_schemas(found)) - {"public"} != set()


def _empty(found: Connection) -> None:
    """Drop all but the mark. What a killed drill began is there too, and nothing else can be.

    `public` stays, for it may be another's; the tables in it are ours.
    """
    for schema in _schemas(found):
        if schema not in {MARK, "public"}:
            found.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
    tables = found.execute(
        "select tablename from pg_tables where schemaname = 'public' order by tablename"
    ).fetchall()
    for (table,) in tables:
        found.execute(sql.SQL("drop table public.{} cascade").format(sql.Identifier(table)))
