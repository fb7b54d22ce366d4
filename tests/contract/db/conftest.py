"""What do the database's tests stand on? One empty table `note` on SQLite, and on PostgreSQL."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from kept.db.migrate import migrate
from kept.db.postgres import PostgresDatabase
from kept.db.seam import Database, Pending
from kept.db.sqlite import SqliteDatabase

TABLES = "create table if not exists note (n integer primary key, word text not null unique)"
CHILD = (
    "create table if not exists child (n integer primary key,"
    " parent integer not null references note (n) deferrable initially deferred)"
)
CLEARED = ("child", "note", "jobs", "events", "event_streams")


@pytest.fixture(scope="session")
def db_dsn(postgres_dsn: str) -> Iterator[str]:
    """One migrated database for all of these tests: making one takes a second."""
    name = f"kept_db_{os.getpid()}"
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    dsn = make_conninfo(postgres_dsn, dbname=name)
    database = PostgresDatabase(dsn)
    migrate(database, "data", now_micros=0)
    migrate(database, "find", now_micros=0)
    database.close()
    yield dsn
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the shop's tables and an empty `note`."""
    database: Database
    if request.param == "sqlite":
        database = SqliteDatabase(tmp_path / "data.db", find=tmp_path / "find.db")
        migrate(database, "data", now_micros=0)
        migrate(database, "find", now_micros=0)
    else:
        database = PostgresDatabase(request.getfixturevalue("db_dsn"))
    for statement in (TABLES, CHILD, *(f"delete from {table}" for table in CLEARED)):
        database.write(lambda tx, statement=statement: Pending(tx.run(statement)))
    yield database
    database.close()
