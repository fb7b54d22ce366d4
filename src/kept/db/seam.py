"""What does a verb see of the database, and when may its result be seen outside?

A verb gets a `Tx` and returns a `Pending`. `Database.write` opens the `Pending` only after the
COMMIT of the group the verb ran in, so nobody acts on what is not durable. One SQL text serves
both engines: `:name` parameters, no `::`, no colon or percent sign inside literals, no `now()`.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

Value = None | int | float | str | bytes
Row = tuple[Any, ...]
Many = Sequence[Mapping[str, Value]] | Sequence[tuple[Value, ...]]
Dialect = Literal["sqlite", "postgres"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

READ_CAP_S = 5.0  # a longer reader would keep erased bytes in the WAL (vault guide §7)


class Tx(Protocol):
    """One unit of work on one connection. All of it becomes durable, or none."""

    @property
    def dialect(self) -> Dialect:
        """Which engine runs this; for the few statements no common text exists for."""
        ...

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        """Every row of a query."""
        ...

    def row(self, sql: str, /, **values: Value) -> Row | None:
        """The first row of a query, or None."""
        ...

    def run(self, sql: str, /, **values: Value) -> int:
        """Execute a statement; how many rows it changed."""
        ...

    def run_many(self, sql: str, rows: Many, /) -> None:
        """Execute a statement once per row.

        A tuple holds the values in the order in which their names first come in the statement:
        cheaper than a mapping by a third.
        """
        ...


class Pending(Generic[T_co]):
    """A verb's result, withheld until it is durable. Only `release` in this floor opens it."""

    __slots__ = ("_value",)

    def __init__(self, value: T_co) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Pending(…)"

    def then(self, next_verb: "Callable[[T_co], Pending[U]]") -> "Pending[U]":
        """Run another verb of the same transaction on the withheld value."""
        return next_verb(self._value)

    def map(self, change: Callable[[T_co], U]) -> "Pending[U]":
        """Withhold another shape of the same value."""
        return Pending(change(self._value))


def release(pending: Pending[T]) -> T:
    """Open a `Pending` whose COMMIT has returned. For this floor alone."""
    return pending._value  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


class Database(Protocol):
    """One database behind either engine. Thread-safe.

    Durability: when `write` returns, the unit's COMMIT was flushed to stable storage (SQLite
    `synchronous=FULL`, PostgreSQL `synchronous_commit=on`). When it raises, nothing of the unit
    is stored, but for `UnavailableError` at COMMIT, where the engine may have stored it.
    """

    @property
    def dialect(self) -> Dialect:
        """Which engine this is."""
        ...

    def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on a read-only snapshot in the caller's thread; capped at `READ_CAP_S`."""
        ...

    def look_up(self, sql: str, /, **values: Value) -> list[Row]:
        """Every row of one question by key, in the caller's thread: cheaper than `read`."""
        ...

    def write(self, work: Callable[[Tx], Pending[T]]) -> T:
        """Run `work` in the writer and wait until it is durable. `work` may run again on retry.

        Raises:
            UnavailableError: the engine is away or the disk is full.
        """
        ...

    def submit(self, work: Callable[[Tx], Pending[T]]) -> Future[T]:
        """Like `write`, without waiting: the answer comes when the unit is durable."""
        ...

    async def read_async(self, work: Callable[[Tx], T], *, scan: bool = False) -> T:
        """Like `read`, without holding up the loop when `scan` or when the engine is remote."""
        ...

    async def write_async(self, work: Callable[[Tx], Pending[T]]) -> T:
        """Like `write`, awaiting."""
        ...

    def scrub(self) -> None:
        """Make deleted bytes leave the files (SQLite: `wal_checkpoint(TRUNCATE)`).

        Raises:
            UnavailableError: a reader held the old snapshot for too long; nothing is proven gone.
        """
        ...

    def copy_to(self, path: Path, /) -> None:
        """Write all of it, as it is at one moment, into a new file; others go on writing.

        Without the schema `find`, which is derived. SQLite: an ordinary database that was looked
        through, with no file beside it. PostgreSQL: a dump in `pg_dump`'s custom form.

        Raises:
            UnavailableError: too little room, or it could not be read or written whole; no file
                is left.
        """
        ...

    def close(self) -> None:
        """Finish what is queued and let go of files and connections."""
        ...
