"""What do the ledger's contract tests stand on? A log over SQLite, and the same over PostgreSQL."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from kept.db.migrate import migrate
from kept.db.postgres import PostgresDatabase
from kept.db.seam import Pending
from kept.db.sqlite import SqliteDatabase
from ledger_yard import TABLES, Yard


@pytest.fixture(scope="session")
def ledger_dsn(postgres_dsn: str) -> Iterator[str]:
    """One migrated database for all of these tests: making one takes a second."""
    name = f"kept_ledger_{os.getpid()}"
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    dsn = make_conninfo(postgres_dsn, dbname=name)
    database = PostgresDatabase(dsn)
    migrate(database, "data", now_micros=0)
    database.close()
    yield dsn
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Yard]:
    """An opened log, nothing sequenced yet."""
    if request.param == "sqlite":
        database = SqliteDatabase(tmp_path / "data.db")
        migrate(database, "data", now_micros=0)
    else:
        database = PostgresDatabase(request.getfixturevalue("ledger_dsn"))
        database.write(
            lambda tx: Pending([tx.run(f"delete from {table}") for table in TABLES]),
        )
    yield Yard(database, tmp_path).open()
    database.close()
