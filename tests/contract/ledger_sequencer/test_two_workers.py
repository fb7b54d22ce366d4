"""Do two workers on one database, each from a folder of its own, sign one at a time?"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from houses import Home, living
from kept.ledger.high_water.file import FileHighWater
from kept.wiring.house import open_house
from kept.wiring.serving import worker_of

PATIENCE_S = 30


def signed(folder: Path) -> int:
    """How far this folder's mark stands."""
    note = FileHighWater(folder / "high-water").read()
    return int(note.split(b"\n")[1]) if note else 0


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.1)


def record(home: Home, at: int) -> None:
    """One more act."""
    home.add(contact={"email": f"guest{at}@example.org"})


@pytest.mark.needs("postgres")
def test_one_signs_and_the_other_takes_over(tmp_path, postgres_database) -> None:
    """The mark of one folder alone moves; once its worker is gone the other's does."""
    dsn = postgres_database()
    with living(tmp_path, dsn=dsn) as home:
        home.settle()
        first_folder, second_folder = home.house.place.root, tmp_path / "second"
        shutil.copytree(first_folder, second_folder)
        other = open_house(second_folder, home.house.settings)
        first, second = home.worker, worker_of(other)
        try:
            first.start()
            second.start()
            before = signed(second_folder)
            record(home, 1)
            wait_for(lambda: signed(first_folder) > before)
            assert signed(second_folder) == before
            first.stop()
            record(home, 2)
            wait_for(lambda: signed(second_folder) > signed(first_folder))
            assert second.refusing is None
        finally:
            second.stop()
            other.close()


@pytest.mark.needs("postgres")
def test_a_lost_session_is_noticed(tmp_path, postgres_database) -> None:
    """The server cuts the lock's session: the worker asks anew, and leads again when it may."""
    dsn = postgres_database()
    with living(tmp_path, dsn=dsn) as home:
        leading = home.worker.parts.leading
        other = worker_of(home.house).parts.leading
        assert leading.holds()
        assert not other.holds()
        with psycopg.connect(dsn, autocommit=True) as server:
            server.execute(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
            )
        assert other.holds()
        assert not leading.holds()
        other.release()
        assert leading.holds()
        leading.release()
