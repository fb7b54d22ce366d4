"""What happens when PostgreSQL goes away in the middle, or is not set up to keep what it says?"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import psycopg
import pytest

from kept.base.errors import UnavailableError
from kept.db.postgres import PostgresDatabase, translate
from kept.db.seam import Pending, Tx

pytestmark = pytest.mark.needs("postgres")
NAME = "kept_db_test"


@pytest.fixture
def dsn(db_dsn: str) -> str:
    """The database with an empty table."""
    with psycopg.connect(db_dsn, autocommit=True) as server:
        server.execute("create table if not exists note (n integer primary key, word text unique)")
        server.execute("drop table if exists child")
        server.execute("delete from note")
    return db_dsn


def put(tx: Tx, n: int) -> Pending[int]:
    """One row."""
    tx.run("insert into note (n, word) values (:n, :word)", n=n, word=f"word {n}")
    return Pending(n)


def test_a_connection_that_is_cut_stores_nothing_and_comes_back(dsn: str):
    """The caller is told to try again; the next caller is served."""
    db = PostgresDatabase(dsn)

    def cut(tx: Tx) -> Pending[int]:
        put(tx, 1)
        with psycopg.connect(dsn, autocommit=True) as server:
            pid = tx.rows("select pg_backend_pid()")[0][0]
            server.execute("select pg_terminate_backend(%s)", [pid])
        return put(tx, 2)

    with pytest.raises(UnavailableError, match="Nothing was recorded"):
        db.write(cut)
    assert db.write(lambda tx: put(tx, 3)) == 3
    assert db.read(lambda tx: tx.rows("select n from note")) == [(3,)]
    db.close()


def test_a_server_that_is_not_there_is_an_error_of_ours():
    """No traceback of the driver, and no waiting for ever."""
    with pytest.raises(UnavailableError, match="cannot be reached"):
        PostgresDatabase("host=127.0.0.1 port=1 connect_timeout=1 dbname=nowhere")


def test_a_server_that_may_forget_is_refused(dsn: str):
    """`synchronous_commit=off` would break what an answer promises."""
    with pytest.raises(UnavailableError, match="synchronous_commit"):
        PostgresDatabase(f"{dsn} options='-c synchronous_commit=off'")


def test_a_deadlock_is_tried_again(dsn: str):
    """Two writers that lock in opposite order both finish."""
    one, two = PostgresDatabase(dsn), PostgresDatabase(dsn)
    for n in (1, 2):
        one.write(lambda tx, n=n: put(tx, n))
    barrier = Barrier(2)

    def cross(tx: Tx, first: int, second: int) -> Pending[None]:
        tx.run("update note set word = word || 'a' where n = :n", n=first)
        with suppress(BrokenBarrierError):  # the second try runs alone
            barrier.wait(1)
        tx.run("update note set word = word || 'b' where n = :n", n=second)
        return Pending(None)

    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(one.write, lambda tx: cross(tx, 1, 2)),
            pool.submit(two.write, lambda tx: cross(tx, 2, 1)),
        ]
        assert [done.result(30) for done in both] == [None, None]
    rows = one.read(lambda tx: tx.rows("select word from note order by n"))
    assert [sorted(word.removeprefix(f"word {n}")) for n, (word,) in enumerate(rows, 1)] == [
        ["a", "b"],
        ["a", "b"],
    ]
    one.close()
    two.close()


def test_a_slow_question_is_ended(dsn: str):
    """The reader's cap is the server's own."""
    db = PostgresDatabase(dsn)
    found = db.read(lambda tx: tx.rows("show statement_timeout"))
    assert found == [("5s",)]
    with pytest.raises(UnavailableError):
        db.read(lambda tx: tx.rows("select pg_terminate_backend(pg_backend_pid())"))
    assert db.read(lambda tx: tx.rows("select 1")) == [(1,)]
    db.close()


def test_names_become_parameters():
    """`:name` is a parameter, a percent sign is a percent sign."""
    text = translate("select 100 % :n where a like :word and b = :a_1")
    assert text == b"select 100 %% %(n)s where a like %(word)s and b = %(a_1)s"
