"""PostgreSQL through psycopg 3: one grouping writer a process, a pool of readers.

Rules: `synchronous_commit=on` is checked at start; a group runs in one transaction and, if any
unit of it fails or the engine reports a deadlock, each unit runs again in a transaction of its own.
Source: postgresql.org/docs/current/wal-async-commit.html.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from kept.base.errors import ConflictError, UnavailableError
from kept.crypto.secret import Secret
from kept.db.dump import dump_pieces
from kept.db.groups import Unit, Writer
from kept.db.seam import READ_CAP_S, Many, Pending, Row, Tx, Value

T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]

READERS = 8
_MODE = 0o600
ATTEMPTS = 5  # of one unit after deadlocks or serialisation failures
_LOST_RACES = (  # each stands alone below OperationalError: none is another's base
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.TransactionRollback,
)
_NAME = re.compile(r":([a-z_][a-z0-9_]*)")
_TWICE = "Somebody wrote the same at that moment. Nothing was recorded. Look again, then repeat."
_FULL = "The disk is full. Nothing was recorded. Free some space and try again."
_NO_COPY = "The database could not be copied: the disk refuses. Nothing was changed."
_AWAY = "The database cannot be reached. Nothing was recorded. Try again in a moment."


@lru_cache(maxsize=1024)
def translate(sql: str) -> bytes:
    """Turn `:name` into psycopg's form and double each percent sign."""
    return _NAME.sub(r"%(\1)s", sql.replace("%", "%%")).encode()


def _named(sql: str, row: Mapping[str, Value] | tuple[Value, ...]) -> Mapping[str, Value]:
    if not isinstance(row, tuple):
        return row
    return dict(zip(_names(sql), row, strict=True))


@lru_cache(maxsize=1024)
def _names(sql: str) -> tuple[str, ...]:
    """The names of a statement in the order in which they first come."""
    return tuple(dict.fromkeys(_NAME.findall(sql)))


class PostgresTx:
    """`Tx` on a psycopg connection."""

    dialect: Literal["postgres"] = "postgres"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        """Every row of a query."""
        return self._connection.execute(translate(sql), values).fetchall()

    def row(self, sql: str, /, **values: Value) -> Row | None:
        """The first row of a query, or None."""
        return self._connection.execute(translate(sql), values).fetchone()

    def run(self, sql: str, /, **values: Value) -> int:
        """Execute a statement; how many rows it changed."""
        return self._connection.execute(translate(sql), values).rowcount

    def run_many(self, sql: str, rows: Many, /) -> None:
        """Execute a statement once per row, in pipelined batches."""
        if rows:
            with self._connection.cursor() as cursor:
                cursor.executemany(translate(sql), [_named(sql, row) for row in rows])


class PostgresDatabase:
    """`Database` behind a DSN."""

    dialect: Literal["postgres"] = "postgres"

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            dsn,
            min_size=1,
            max_size=READERS,
            open=False,
            timeout=READ_CAP_S,
            kwargs={"options": f"-c statement_timeout={int(READ_CAP_S * 1000)}"},
            configure=_configure_reader,
        )
        self._writer = Writer("postgres", self._connect_writer)
        self._pool.open()

    def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on a read-only repeatable-read snapshot.

        Raises:
            UnavailableError: the server cannot be reached or the question took too long.
        """
        try:
            with self._pool.connection() as connection:
                return work(PostgresTx(connection))
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise UnavailableError(_AWAY) from error

    def look_up(self, sql: str, /, **values: Value) -> list[Row]:
        """Every row of one question by key.

        Raises:
            UnavailableError: the server cannot be reached or the question took too long.
        """
        return self.read(lambda tx: tx.rows(sql, **values))

    def write(self, work: Callable[[Tx], Pending[T]]) -> T:
        """Run `work` in the writer thread and wait for its group's COMMIT."""
        return self.submit(work).result()

    def submit(self, work: Callable[[Tx], Pending[T]]) -> Future[T]:
        """Queue `work` for the writer thread."""
        return self._writer.submit(work)

    async def read_async(self, work: Callable[[Tx], T], *, scan: bool = False) -> T:
        """Run `work` in a thread: the engine is remote, so even a point read waits."""
        del scan
        return await asyncio.to_thread(self.read, work)

    async def write_async(self, work: Callable[[Tx], Pending[T]]) -> T:
        """Run `work` in the writer thread, awaiting its group's COMMIT."""
        return await self._writer.submit_async(work)

    def scrub(self) -> None:
        """Nothing to do: dead rows leave by autovacuum and the key epoch (vault guide §3)."""

    def copy_to(self, path: Path, /) -> None:
        """Write a dump; its end is only believed with its program's.

        Raises:
            UnavailableError: the server is away, the disk is full, or the dump broke off.
        """
        whole = path.with_name(path.name + ".part")
        try:
            with whole.open("xb") as file:
                whole.chmod(_MODE)
                for piece in dump_pieces(Secret(self._dsn.encode())):
                    file.write(piece)
            whole.replace(path)
        except OSError as error:
            raise UnavailableError(_NO_COPY) from error
        finally:
            whole.unlink(missing_ok=True)

    def close(self) -> None:
        """Finish what is queued, then close every connection."""
        self._writer.close()
        self._pool.close()

    def _connect_writer(self) -> "_PostgresEngine":
        return _PostgresEngine(self._dsn)


class _PostgresEngine:
    """Runs a group in one transaction; unit by unit when the group fails."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection = _connect(dsn)

    def run_group(self, units: list[Unit]) -> None:
        """Fill in each unit; all results are durable on return.

        Raises:
            UnavailableError: the server cannot be reached.
        """
        if self._connection.closed or self._connection.broken:
            self._connection = _connect(self._dsn)
        if len(units) > 1 and self._run_together(units):
            return
        for unit in units:
            self._run_alone(unit)

    def _run_together(self, units: list[Unit]) -> bool:
        try:
            with self._connection.transaction():
                tx = PostgresTx(self._connection)
                for unit in units:
                    unit.attempt(tx)
        except psycopg.OperationalError as error:
            if not isinstance(error, _LOST_RACES):
                raise _unavailable(error) from error
            return False
        except BaseException:  # noqa: BLE001  # found again, and answered, when the unit runs alone
            return False
        return True

    def _run_alone(self, unit: Unit) -> None:
        for attempt in range(ATTEMPTS):
            try:
                with self._connection.transaction():
                    unit.attempt(PostgresTx(self._connection))
            except _LOST_RACES as error:
                if attempt == ATTEMPTS - 1:
                    unit.error = _unavailable(error)
            except psycopg.OperationalError as error:
                unit.error = _unavailable(error)
                return
            except psycopg.IntegrityError as error:
                unit.error = ConflictError(_TWICE)
                unit.error.__cause__ = error
                return
            except BaseException as error:  # noqa: BLE001  # belongs to the unit's caller
                unit.error = error
                return
            else:
                return

    def close(self) -> None:
        """Close the writing connection."""
        self._connection.close()


def _unavailable(error: psycopg.OperationalError) -> UnavailableError:
    is_full = isinstance(error, psycopg.errors.DiskFull)
    translated = UnavailableError(_FULL if is_full else _AWAY)
    translated.__cause__ = error
    return translated


def _connect(dsn: str) -> Connection:
    try:
        connection = psycopg.connect(dsn, autocommit=True)
    except psycopg.OperationalError as error:
        raise UnavailableError(_AWAY) from error
    found = connection.execute("SHOW synchronous_commit").fetchone()
    if found is None or found[0] not in {"on", "remote_apply"}:
        connection.close()
        raise UnavailableError("PostgreSQL must run with synchronous_commit=on for Kept.")
    return connection


def _configure_reader(connection: Connection) -> None:
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
