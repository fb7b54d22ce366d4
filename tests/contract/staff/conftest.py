"""What do the tests of the staff pillar stand on? A house of one owner, on either engine."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from kept.base.clock import to_micros
from kept.crypto.secret import Secret
from kept.db.migrate import migrate
from kept.db.postgres import PostgresDatabase
from kept.db.seam import Database, Pending, Tx
from kept.db.sqlite import SqliteDatabase
from kept.staff.acts.closings import Closings
from kept.staff.acts.parts import Site, StaffParts, StaffSecrets
from kept.staff.model.breached import BreachedTable, build_table
from kept.vault.model.rules import Role
from staff_desk import START, CountingPasswords, Desk, Member


@pytest.fixture(scope="session")
def postgres_house(postgres_dsn: str) -> Iterator[PostgresDatabase]:
    """One migrated database for all tests of the pillar: making one takes a second."""
    name = f"kept_staff_{os.getpid()}"
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    opened = PostgresDatabase(make_conninfo(postgres_dsn, dbname=name))
    migrate(opened, "data", now_micros=to_micros(START))
    yield opened
    opened.close()
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


WRITTEN = (  # by these tests, referring ones first; truncating all tables takes a second
    "staff_session",
    "staff_passkey",
    "staff_invitation",
    "staff_account",
    "staff_attempt",
    "staff_challenge_used",
    "staff_password_refused",
    "api_key",
    "act_openings",
    "ledger_outbox",
    "acts",
)


def emptied(house: Database) -> Database:
    """The same database without the rows of the test before."""

    def empty(tx: Tx) -> Pending[None]:
        for table in WRITTEN:
            tx.run(f"delete from {table}")
        return Pending(None)

    house.write(empty)
    return house


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty house on each engine."""
    if request.param == "postgres":
        yield emptied(request.getfixturevalue("postgres_house"))
        return
    opened = SqliteDatabase(tmp_path / "data.db")
    migrate(opened, "data", now_micros=to_micros(START))
    yield opened
    opened.close()


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[StaffParts]:
    """The house's secrets, with hashes that cost nothing, and a keys.db of its own."""
    keys = SqliteDatabase(tmp_path / "keys.db")
    migrate(keys, "keys", now_micros=to_micros(START))
    yield StaffParts(
        origin="shop.example/ledger",
        business="Tea Shop",
        secrets=StaffSecrets.of(Secret(bytes(range(32)))),
        passwords=CountingPasswords(),
        breached=BreachedTable(build_table([])),
        site=Site("localhost", ("http://localhost:8700",)),
        closings=Closings(keys),
    )
    keys.close()


@pytest.fixture
def desk(database: Database, parts: StaffParts) -> Desk:
    """The pillar, empty."""
    return Desk(database, parts)


@pytest.fixture
def owner(desk: Desk) -> Member:
    """The owner, joined; a minute has passed since, so that the next code is new."""
    joined = desk.member(Role.OWNER)
    desk.later(minutes=1)
    return joined
