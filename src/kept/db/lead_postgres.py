"""Is this the one process that may sign for the database? PostgreSQL's session lock.

Rules: a connection of its own, never one of a pool: a transaction pooler silently drops session
locks. The lock is gone when the connection is; ask `is_held` before each piece of work. It only
saves work: the ledger's fences keep it whole without.
Source: postgresql.org/docs/current/explicit-locking.html, advisory locks.
"""

from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import psycopg

from kept.base.errors import ConflictError, UnavailableError

_AWAY = "The database cannot be reached. Nothing was started."


class AdvisoryLock:
    """`pg_try_advisory_lock` on a dedicated connection, from `take` until `release`."""

    def __init__(self, dsn: str, key: int) -> None:
        self._dsn, self._key = dsn, key
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def take(self) -> Self:
        """Take the lock, or say that another holds it.

        Raises:
            ConflictError: another session holds it.
            UnavailableError: the server cannot be reached.
        """
        try:
            connection = psycopg.connect(self._dsn, autocommit=True)
            found = connection.execute("select pg_try_advisory_lock(%s)", [self._key]).fetchone()
        except psycopg.OperationalError as error:
            raise UnavailableError(_AWAY) from error
        if found is None or not found[0]:
            connection.close()
            raise ConflictError(
                "Another server leads this database. Nothing was started and nothing was lost."
            )
        self._connection = connection
        return self

    @property
    def is_held(self) -> bool:
        """Whether the session that holds the lock still answers."""
        if self._connection is None:
            return False
        try:
            self._connection.execute("select 1")
        except psycopg.Error:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Let go by closing the session; fine when it was never taken."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self if self.is_held else self.take()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
