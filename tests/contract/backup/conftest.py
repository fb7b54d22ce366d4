"""What do the tests of the tables of copies stand on? An empty house on either engine."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kept.base.clock import to_micros
from kept.db.migrate import migrate
from kept.db.postgres import PostgresDatabase
from kept.db.seam import Database
from kept.db.sqlite import SqliteDatabase

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


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
