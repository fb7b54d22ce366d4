"""A copy is one moment of the database, whole, alone in its file, while others go on writing."""

import shutil
import threading
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kept.base.errors import UnavailableError
from kept.crypto.secret import Secret
from kept.db import sqlite as sqlite_module
from kept.db.dump import dump_pieces, read_through
from kept.db.postgres import PostgresDatabase
from kept.db.seam import Pending
from kept.db.sqlite import SqliteDatabase


class Usage(NamedTuple):
    """What a disk tells."""

    total: int
    used: int
    free: int


def fill(database, rows=1000):
    """A table whose rows always come in pairs."""

    def work(tx):
        tx.run("create table pair (n integer primary key, half integer not null)")
        tx.run_many(
            "insert into pair (n, half) values (:n, :half)",
            [(n, n // 2) for n in range(rows)],
        )
        return Pending(None)

    database.write(work)


def row(database, query) -> Any:
    """The first row."""
    return database.read(lambda tx: tx.row(query))


def add_pair(database, n):
    """Two rows, in one transaction."""

    def work(tx):
        for at in (n, n + 1):
            tx.run("insert into pair (n, half) values (:n, :half)", n=at, half=n // 2)
        return Pending(None)

    database.write(work)


def test_a_copy_is_one_moment(tmp_path: Path):
    """Taken again and again while pairs are written, it never holds half a pair."""
    database = SqliteDatabase(tmp_path / "data.db")
    fill(database)
    stop = threading.Event()

    def write():
        n = 10_000
        while not stop.is_set():
            add_pair(database, n)
            n += 2

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for at in range(10):
            copy = tmp_path / f"copy{at}.db"
            database.copy_to(copy)
            assert sorted(path.name for path in tmp_path.glob(f"copy{at}*")) == [f"copy{at}.db"]
            opened = SqliteDatabase(copy)
            count, lone = row(
                opened,
                "select count(*), (select count(*) from (select half from pair group by half"
                " having count(*) <> 2)) from pair",
            )
            opened.close()
            assert count >= 1000
            assert lone == 0
    finally:
        stop.set()
        writer.join()
        database.close()


def test_the_house_works_on_after_a_copy(tmp_path: Path):
    """Copying lets go of no lock that the house holds: it writes, and a second copy is equal."""
    database = SqliteDatabase(tmp_path / "data.db", find=tmp_path / "find.db")
    fill(database)
    database.copy_to(tmp_path / "one.db")
    add_pair(database, 5000)
    database.copy_to(tmp_path / "two.db")
    database.close()
    found = []
    for name in ("one.db", "two.db"):
        opened = SqliteDatabase(tmp_path / name)
        found.append(row(opened, "select count(*) from pair")[0])
        opened.close()
    assert found == [1000, 1002]
    assert (tmp_path / "one.db").stat().st_mode & 0o777 == 0o600


def test_without_room_nothing_is_begun(tmp_path: Path, monkeypatch):
    """The disk is asked first; no file is left."""
    database = SqliteDatabase(tmp_path / "data.db")
    fill(database)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 1000))
    with pytest.raises(UnavailableError, match="room"):
        database.copy_to(tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    database.close()


def test_a_damaged_file_makes_no_copy(tmp_path: Path, monkeypatch):
    """Pages that were overwritten are found in the copy; no file is left."""
    monkeypatch.setattr(sqlite_module, "ROOM_BYTES", 0)
    database = SqliteDatabase(tmp_path / "data.db")
    fill(database, 20_000)
    database.scrub()
    database.close()
    raw = bytearray((tmp_path / "data.db").read_bytes())
    raw[4096 * 5 : 4096 * 8] = b"\xff" * 4096 * 3
    (tmp_path / "data.db").write_bytes(raw)
    database = SqliteDatabase(tmp_path / "data.db")
    with pytest.raises(UnavailableError):
        database.copy_to(tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    database.close()


@pytest.mark.needs("postgres")
def test_a_dump_reads_through_and_a_cut_one_does_not(postgres_database, tmp_path: Path):
    """The whole dump is accepted by pg_restore; half of it is not."""
    database = PostgresDatabase(postgres_database())
    fill(database)
    dump = tmp_path / "house.dump"
    database.copy_to(dump)
    database.close()
    assert read_through(dump)
    assert dump.stat().st_mode & 0o777 == 0o600
    cut = tmp_path / "cut.dump"
    cut.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])
    assert not read_through(cut)


@pytest.mark.needs("postgres")
def test_the_end_of_the_stream_is_no_success(postgres_dsn, tmp_path: Path):
    """A database that is not there: an error, and no file under any name."""
    dsn = f"{postgres_dsn} dbname=kept_no_such_database"
    with pytest.raises(UnavailableError):
        list(dump_pieces(Secret(dsn.encode())))
