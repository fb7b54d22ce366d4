"""What does the file engine do about full disks, held snapshots and files that are no database?"""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from kept.base.errors import UnavailableError
from kept.db import sqlite
from kept.db.seam import Pending, Tx
from kept.db.sqlite import SqliteDatabase

CANARY = b"a canary that must leave the file"


@pytest.fixture
def file(tmp_path: Path) -> SqliteDatabase:
    """A database with one table."""
    database = SqliteDatabase(tmp_path / "data.db", find=tmp_path / "find.db")
    database.write(
        lambda tx: Pending(tx.run("create table note (n integer primary key, body blob)"))
    )
    return database


def put(tx: Tx, body: bytes) -> Pending[int]:
    """One row."""
    return Pending(tx.run("insert into note (body) values (:body)", body=body))


def raw(folder: Path) -> bytes:
    """Every byte of the folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def test_every_connection_is_safe_and_cleans(file: SqliteDatabase, tmp_path: Path):
    """FULL and secure_delete on writer and reader, read back from the engine itself."""

    def settings(tx: Tx) -> list[int | str]:
        names = (
            "main.synchronous",
            "main.secure_delete",
            "find.secure_delete",
            "main.journal_mode",
        )
        return [tx.rows(f"pragma {name}")[0][0] for name in names]

    assert file.read(settings) == [2, 1, 1, "wal"]
    assert file.write(lambda tx: Pending(settings(tx))) == [2, 1, 1, "wal"]
    file.close()
    assert (tmp_path / "find.db").exists()


def test_a_full_database_loses_nothing_that_was_answered(file: SqliteDatabase):
    """The unit that does not fit is told so; what was there stays; room makes it work again."""
    file.write(lambda tx: put(tx, b"before"))
    file.write(lambda tx: Pending(tx.rows("pragma max_page_count = 8")))
    with pytest.raises(UnavailableError, match="disk is full"):
        file.write(lambda tx: put(tx, bytes(200_000)))
    assert file.read(lambda tx: tx.rows("select body from note")) == [(b"before",)]
    file.write(lambda tx: Pending(tx.rows("pragma max_page_count = 100000")))
    file.write(lambda tx: put(tx, bytes(200_000)))
    assert file.read(lambda tx: tx.rows("select count(*) from note")) == [(2,)]
    file.close()


FULL_AT_COMMIT = """
import resource, sys
from pathlib import Path
from kept.base.errors import UnavailableError
from kept.db.seam import Pending
from kept.db.sqlite import SqliteDatabase
db = SqliteDatabase(Path(sys.argv[1]))
db.write(lambda tx: Pending(tx.run("create table note (n integer primary key, body blob)")))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
stored = 0
while True:
    try:
        db.write(lambda tx: Pending(tx.run("insert into note (body) values (zeroblob(20000))")))
    except UnavailableError as error:
        print("told:", error)
        break
    stored += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
db.write(lambda tx: Pending(tx.run("insert into note (body) values (zeroblob(20000))")))
db.close()
print("stored:", stored + 1)
"""


def test_a_disk_that_fills_at_commit_is_told_and_survived(tmp_path: Path):
    """A file that may not grow: the caller hears it, no row is half there, work goes on after."""
    path = tmp_path / "data.db"
    done = subprocess.run(
        [sys.executable, "-c", FULL_AT_COMMIT, str(path)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    told, stored = done.stdout.splitlines()
    assert told.startswith("told: The d")
    assert "Nothing was recorded" in told
    database = SqliteDatabase(path)
    rows = database.read(lambda tx: tx.rows("select count(*) from note"))
    assert stored == f"stored: {rows[0][0]}"
    assert database.read(lambda tx: tx.rows("pragma integrity_check")) == [("ok",)]
    database.close()


def test_deleted_bytes_leave_every_file(file: SqliteDatabase, tmp_path: Path):
    """After scrub neither the row's page, its overflow pages nor the WAL hold them."""
    file.write(lambda tx: put(tx, CANARY * 900))
    file.write(lambda tx: put(tx, CANARY))
    assert CANARY in raw(tmp_path)
    file.write(lambda tx: Pending(tx.run("delete from note")))
    file.scrub()
    assert CANARY not in raw(tmp_path)
    file.close()


def test_scrub_waits_for_a_reader_and_does_not_hold_up_writers(
    file: SqliteDatabase, tmp_path: Path
):
    """A snapshot keeps the old bytes; meanwhile others write, and the end is a clean file."""
    file.write(lambda tx: put(tx, CANARY))
    reading, go = threading.Event(), threading.Event()

    def hold(tx: Tx) -> int:
        found = len(tx.rows("select n from note"))
        reading.set()
        assert go.wait(10)
        return found

    with ThreadPoolExecutor(2) as pool:
        reader = pool.submit(file.read, hold)
        assert reading.wait(10)
        file.write(lambda tx: Pending(tx.run("delete from note")))
        scrubbing = pool.submit(file.scrub)
        slowest = 0.0
        for _ in range(20):
            begun = time.monotonic()
            file.write(lambda tx: put(tx, b"work goes on"))
            slowest = max(slowest, time.monotonic() - begun)
        assert not scrubbing.done()
        assert slowest < 2
        go.set()
        assert reader.result(10) == 1
        scrubbing.result(30)
    assert CANARY not in raw(tmp_path)
    file.close()


def test_scrub_says_so_when_a_reader_never_ends(
    file: SqliteDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A foreign program with an old snapshot: nothing is claimed to be gone."""
    monkeypatch.setattr(sqlite, "SCRUB_TRIES", 3)
    file.write(lambda tx: put(tx, CANARY))
    other = apsw.Connection(str(tmp_path / "data.db"))
    other.execute("begin").fetchall()
    other.execute("select count(*) from note").fetchall()
    file.write(lambda tx: Pending(tx.run("delete from note")))
    with pytest.raises(UnavailableError, match="Nothing is proven gone"):
        file.scrub()
    other.execute("rollback").fetchall()
    file.scrub()
    assert CANARY not in raw(tmp_path)
    other.close()
    file.close()


def test_a_reader_is_capped(file: SqliteDatabase, monkeypatch: pytest.MonkeyPatch):
    """One endless question, and many short ones: both end at the cap."""
    monkeypatch.setattr(sqlite, "READ_CAP_S", 0.2)
    endless = "with recursive c(n) as (select 1 union all select n + 1 from c) select max(n) from c"
    with pytest.raises(UnavailableError, match="too long"):
        file.read(lambda tx: tx.rows(endless))

    def chatter(tx: Tx) -> None:
        while True:
            tx.rows("select 1")

    with pytest.raises(UnavailableError, match="too long"):
        file.read(chatter)
    assert file.read(lambda tx: tx.rows("select 1")) == [(1,)]
    file.close()


def test_readers_end_with_their_threads(file: SqliteDatabase):
    """A thousand short threads do not leave a thousand open files."""
    for _ in range(20):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(file.read, lambda tx: tx.rows("select 1")).result(10)
    assert len(file._readers) < 5  # pyright: ignore[reportPrivateUsage]
    file.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path):
    """The message says which file, and is the house's own error."""
    path = tmp_path / "data.db"
    path.write_bytes(b"this is no database, but it is long enough to be read as one" * 100)
    with pytest.raises(UnavailableError, match=r"data\.db"):
        SqliteDatabase(path)
    assert path.read_bytes().startswith(b"this is no database")


def test_a_folder_that_is_not_there_is_an_error_of_ours(tmp_path: Path):
    """No traceback of the driver."""
    with pytest.raises(UnavailableError, match=r"data\.db"):
        SqliteDatabase(tmp_path / "missing" / "data.db")
