"""SQLite through apsw's bundled library: one writer with group commit, a reader per thread.

Rules: `synchronous=FULL`, `secure_delete=ON` read back on every connection, WAL, the schema `find`
attached from its own file (derived, `synchronous=NORMAL`). The system's SQLite is never used: its
3.40 has the WAL-reset corruption bug when two connections write.
Source: sqlite.org/pragma.html, sqlite.org/wal.html.
"""

# apsw's stubs name Python 3.12's Buffer, which pyright cannot know at 3.11
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import asyncio
import os
import shutil
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeVar

import apsw

from kept.base.errors import ConflictError, KeptError, UnavailableError
from kept.db.groups import Unit, Writer
from kept.db.seam import READ_CAP_S, Many, Pending, Row, Tx, Value

T = TypeVar("T")

BUSY_MS = 10_000
SCRUB_BUSY_MS = 50  # while it waits for readers, a TRUNCATE holds up every writer
SCRUB_TRIES = 40  # with a pause that grows to 0.5 s: beyond the cap on readers
_MODE = 0o600
ROOM_BYTES = 16 << 20  # stays free beside a copy
_PROGRESS_STEPS = 20_000  # virtual machine steps between looks at the reader's cap
_FULL = "The disk is full. Nothing was recorded. Free some space and try again."
_BROKEN = "The database could not be written. Nothing was recorded."
_TWICE = "Somebody wrote the same at that moment. Nothing was recorded. Look again, then repeat."
_UNREADABLE = "The database could not be read. Nothing was changed."
_NO_COPY = "The database could not be copied whole. Nothing was changed."
_SLOW = "The question took too long. Nothing was changed."


class SqliteTx:
    """`Tx` on an apsw connection. Every cursor is exhausted: apsw executes lazily."""

    dialect: Literal["sqlite"] = "sqlite"

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        """Every row of a query."""
        return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, /, **values: Value) -> Row | None:
        """The first row of a query, or None."""
        found = self._connection.execute(sql, values).fetchall()
        return found[0] if found else None

    def run(self, sql: str, /, **values: Value) -> int:
        """Execute a statement; how many rows it changed."""
        self._connection.execute(sql, values).fetchall()
        return self._connection.changes()

    def run_many(self, sql: str, rows: Many, /) -> None:
        """Execute a statement once per row."""
        self._connection.executemany(sql, rows).fetchall()


class _CappedTx(SqliteTx):
    """A reader's `SqliteTx`: no statement begins after the cap, so no snapshot is held for long."""

    def __init__(self, connection: apsw.Connection, until: float) -> None:
        super().__init__(connection)
        self._until = until

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        """Every row of a query.

        Raises:
            UnavailableError: the cap is over.
        """
        if time.monotonic() > self._until:
            raise UnavailableError(_SLOW)
        return super().rows(sql, **values)

    def row(self, sql: str, /, **values: Value) -> Row | None:
        """The first row of a query, or None."""
        found = self.rows(sql, **values)
        return found[0] if found else None


class SqliteDatabase:
    """`Database` in one file, with `find` attached from a second one when given."""

    dialect: Literal["sqlite"] = "sqlite"

    def __init__(self, path: Path, *, find: Path | None = None) -> None:
        self._path = path
        self._find = find
        self._local = threading.local()
        self._readers: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()
        self._readers_lock = threading.Lock()
        for one in (path, find) if find else (path,):
            _make_private(one)
        self._writer = Writer(path.stem, self._connect_writer)

    def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on a read-only snapshot in the caller's thread.

        Raises:
            UnavailableError: the file cannot be read, or the question took too long.
        """
        connection = self._reader()
        if connection.in_transaction:  # a read inside a read shares the outer snapshot
            return work(SqliteTx(connection))
        until = time.monotonic() + READ_CAP_S
        connection.set_progress_handler(lambda: time.monotonic() > until, _PROGRESS_STEPS)
        connection.execute("BEGIN").fetchall()
        try:
            return work(_CappedTx(connection, until))
        except apsw.InterruptError as error:
            raise UnavailableError(_SLOW) from error
        except apsw.Error as error:
            raise UnavailableError(_UNREADABLE) from error
        finally:
            connection.set_progress_handler(None)
            if connection.in_transaction:
                connection.execute("ROLLBACK").fetchall()

    def look_up(self, sql: str, /, **values: Value) -> list[Row]:
        """Every row of one question by key: a statement alone is its own snapshot, and short.

        Raises:
            UnavailableError: the file cannot be read.
        """
        try:
            return self._reader().execute(sql, values).fetchall()
        except apsw.Error as error:
            raise UnavailableError(_UNREADABLE) from error

    def write(self, work: Callable[[Tx], Pending[T]]) -> T:
        """Run `work` in the writer thread and wait for its group's COMMIT."""
        return self.submit(work).result()

    def submit(self, work: Callable[[Tx], Pending[T]]) -> Future[T]:
        """Queue `work` for the writer thread."""
        return self._writer.submit(work)

    async def read_async(self, work: Callable[[Tx], T], *, scan: bool = False) -> T:
        """Run a point read right here (30 µs), a scan in a thread."""
        return await asyncio.to_thread(self.read, work) if scan else self.read(work)

    async def write_async(self, work: Callable[[Tx], Pending[T]]) -> T:
        """Run `work` in the writer thread, awaiting its group's COMMIT."""
        return await self._writer.submit_async(work)

    def scrub(self) -> None:
        """Truncate the WAL of every attached file, waiting out readers.

        Raises:
            UnavailableError: a reader held the old snapshot for too long.
        """
        pause = 0.01
        for _ in range(SCRUB_TRIES):
            if self._writer_checkpoint():
                return
            time.sleep(pause)
            pause = min(pause * 2, 0.5)
        raise UnavailableError("A reader kept the old data open. Nothing is proven gone yet.")

    def _writer_checkpoint(self) -> bool:
        """Checkpoint on a connection of its own, as a transaction may not be open."""
        connection = _connect(self._path, self._find, read_only=False)
        connection.set_busy_timeout(SCRUB_BUSY_MS)
        try:
            schemas = ("main", "find") if self._find else ("main",)
            return all(
                connection.execute(f"PRAGMA {name}.wal_checkpoint(TRUNCATE)").fetchall()[0][0] == 0
                for name in schemas
            )
        except apsw.BusyError:
            return False
        finally:
            connection.close()

    def copy_to(self, path: Path, /) -> None:
        """Copy the file page by page in one step, then look through the copy.

        Raises:
            UnavailableError: too little room, or it could not be copied whole.
        """
        source = _connect(self._path, None, read_only=True)
        try:
            _copy(source, path)
        except apsw.Error as error:
            raise UnavailableError(
                _FULL if isinstance(error, apsw.FullError) else _NO_COPY
            ) from error
        finally:
            source.close()

    def close(self) -> None:
        """Finish what is queued, then close every connection."""
        self._writer.close()
        with self._readers_lock:
            for connection in list(self._readers):
                connection.close()
            self._readers.clear()

    def _reader(self) -> apsw.Connection:
        connection: apsw.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = _connect(self._path, self._find, read_only=True)
            self._local.connection = connection
            with self._readers_lock:
                self._readers.add(connection)
        return connection

    def _connect_writer(self) -> "_SqliteEngine":
        return _SqliteEngine(_connect(self._path, self._find, read_only=False))


class _SqliteEngine:
    """Runs a group in one transaction, a savepoint around each unit."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._tx = SqliteTx(connection)

    def run_group(self, units: list[Unit]) -> None:
        """Fill in each unit; all results are durable on return.

        Raises:
            UnavailableError: BEGIN or COMMIT failed; nothing of the group is stored.
        """
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE").fetchall()
            for unit in units:
                self._run_unit(unit)
            execute("COMMIT").fetchall()
        except apsw.Error as error:
            if self._connection.in_transaction:
                execute("ROLLBACK").fetchall()
            problem = _translated(error)
            raise problem from error

    def _run_unit(self, unit: Unit) -> None:
        execute = self._connection.execute
        execute("SAVEPOINT unit").fetchall()
        try:
            unit.attempt(self._tx)
        except apsw.Error as error:
            if not self._connection.in_transaction:  # the engine gave up the whole group
                raise
            unit.error = _translated(error)
        except BaseException as error:  # noqa: BLE001  # belongs to the unit's caller
            unit.error = error
        if unit.error is not None:
            execute("ROLLBACK TO unit").fetchall()
        execute("RELEASE unit").fetchall()

    def close(self) -> None:
        """Close the writing connection."""
        self._connection.close()


def _translated(error: apsw.Error) -> KeptError:
    translated: KeptError
    if isinstance(error, apsw.ConstraintError):
        translated = ConflictError(_TWICE)
    else:
        translated = UnavailableError(_FULL if isinstance(error, apsw.FullError) else _BROKEN)
    translated.__cause__ = error
    return translated


def _copy(source: apsw.Connection, path: Path) -> None:
    """The online backup into a new file; none is left where it fails.

    One step takes one snapshot while writers go on; page by page it would begin anew with each
    write (sqlite.org/backup.html). `VACUUM INTO` would number the pages anew.

    Raises:
        UnavailableError: too little room, or the copy is not whole.
    """
    size = _number(source, "page_count") * _number(source, "page_size")
    if shutil.disk_usage(path.parent).free < size + ROOM_BYTES:
        raise UnavailableError("There is too little room for a copy of the data. Free some space.")
    _make_private(path)
    target = apsw.Connection(str(path))
    is_whole = False
    try:
        with target.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(-1)
        _pragma(target, "journal_mode", "DELETE", "delete")
        if target.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
            raise UnavailableError("The copy of the data is damaged. Check the disk soon.")
        is_whole = True
    finally:
        target.close()
        if not is_whole:
            path.unlink(missing_ok=True)


def _number(connection: apsw.Connection, name: str) -> int:
    found: int = connection.pragma(name)  # type: ignore[assignment]  # of these names
    return found


def _make_private(path: Path) -> None:
    """Let only this user read the file: SQLite gives its mode to the -wal and -shm beside it.

    A file that stands is not opened here: closing it would let go of the locks that another
    connection of this process holds on it (fcntl(2)). What the disk refuses is told at opening.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE))
    for ending in ("", "-wal", "-shm"):
        with suppress(OSError):
            path.with_name(path.name + ending).chmod(_MODE)


def _connect(path: Path, find: Path | None, *, read_only: bool) -> apsw.Connection:
    """Open with every pragma set and read back.

    Raises:
        UnavailableError: the file cannot be opened, or is no database.
    """
    try:
        return _opened(path, find, read_only=read_only)
    except apsw.Error as error:
        raise UnavailableError(
            f"{path.name} cannot be opened: it is damaged, or the folder cannot be written."
            " Nothing was changed."
        ) from error


def _opened(path: Path, find: Path | None, *, read_only: bool) -> apsw.Connection:
    connection = apsw.Connection(str(path), statementcachesize=256)
    connection.set_busy_timeout(BUSY_MS)
    if find is not None:
        connection.execute("ATTACH :path AS find", {"path": str(find)}).fetchall()
    for schema, synchronous in (("main", 2), ("find", 1)) if find else (("main", 2),):
        _pragma(connection, f"{schema}.journal_mode", "WAL", "wal")
        _pragma(connection, f"{schema}.synchronous", synchronous, synchronous)
        _pragma(connection, f"{schema}.secure_delete", "ON", 1)
        _pragma(connection, f"{schema}.cache_size", -32_768, -32_768)  # KiB
    _pragma(connection, "foreign_keys", "ON", 1)
    connection.execute("PRAGMA temp_store = MEMORY").fetchall()
    if read_only:
        _pragma(connection, "query_only", "ON", 1)
    return connection


def _pragma(connection: apsw.Connection, name: str, value: int | str, expected: int | str) -> None:
    connection.execute(f"PRAGMA {name} = {value}").fetchall()
    answer = connection.execute(f"PRAGMA {name}").fetchall()
    if not answer or answer[0][0] != expected:
        raise UnavailableError(f"SQLite did not accept {name}; Kept will not run without it.")
