"""What do the tests of the staff pillar stand on? A house of one owner, on either engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kept.base.clock import to_micros
from kept.crypto.secret import Secret
from kept.db.migrate import migrate
from kept.db.postgres import PostgresDatabase
from kept.db.seam import Database
from kept.db.sqlite import SqliteDatabase
from kept.staff.acts.parts import Site, StaffParts, StaffSecrets
from kept.staff.model.breached import BreachedTable, build_table
from kept.vault.model.rules import Role
from staff_desk import START, CountingPasswords, Desk, Member


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty house on each engine."""
    if request.param == "sqlite":
        opened: Database = SqliteDatabase(tmp_path / "data.db")
    else:
        opened = PostgresDatabase(request.getfixturevalue("postgres_database")())
    migrate(opened, "data", now_micros=to_micros(START))
    yield opened
    opened.close()


@pytest.fixture
def parts() -> StaffParts:
    """The house's secrets, with hashes that cost nothing."""
    return StaffParts(
        origin="shop.example/ledger",
        business="Tea Shop",
        secrets=StaffSecrets.of(Secret(bytes(range(32)))),
        passwords=CountingPasswords(),
        breached=BreachedTable(build_table([])),
        site=Site("localhost", ("http://localhost:8700",)),
    )


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
