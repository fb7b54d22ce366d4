"""Where does a test get a house? `home` on SQLite, `any_home` on each engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from houses import Home, living


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A house on SQLite."""
    with living(tmp_path) as found:
        yield found


@pytest.fixture
def demo_home(tmp_path: Path) -> Iterator[Home]:
    """A demo's house."""
    with living(tmp_path, is_demo=True) as found:
        yield found


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def any_home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    """A house on each engine."""
    dsn = ""
    if request.param == "postgres":
        fresh: Callable[[], str] = request.getfixturevalue("postgres_database")
        dsn = fresh()
    with living(tmp_path, dsn=dsn) as found:
        yield found
