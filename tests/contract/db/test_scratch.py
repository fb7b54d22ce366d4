"""Is a dump tried in a database of its own, which is gone afterwards whatever happens?"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from kept.base.errors import RefusedError, TamperedError, UnavailableError
from kept.crypto.secret import Secret
from kept.db.dump import dump_pieces, put_back
from kept.db.scratch import PREFIX, is_empty, scratch

pytestmark = pytest.mark.needs("postgres")
CHILD = """
import sys, time
from kept.crypto.secret import Secret
from kept.db.scratch import scratch
with scratch(Secret(sys.argv[1].encode())) as at:
    print(at.reveal().decode(), flush=True)
    time.sleep(600)
"""


def secret(dsn: str) -> Secret:
    """A DSN as it is passed on."""
    return Secret(dsn.encode())


def ours(dsn: str) -> set[str]:
    """Databases of this house's drills on the server; other tests have houses there too."""
    with psycopg.connect(dsn) as server:
        rows = server.execute(
            "select datname from pg_database"
            " where starts_with(datname, %s || left(encode(sha256(convert_to("
            "current_database(), 'UTF8')), 'hex'), 8))",
            [PREFIX],
        )
        return {row[0] for row in rows}


def tables(dsn: str, *statements: str) -> None:
    """Do something in a database."""
    with psycopg.connect(dsn, autocommit=True) as there:
        for one in statements:
            there.execute(sql.SQL(one))  # type: ignore[arg-type]  # the tests' own words


@pytest.fixture
def weak(postgres_dsn: str, postgres_database: Callable[[], str]) -> Iterator[str]:
    """A database as it is seen by a role that may make none."""
    name, dsn = f"kept_weak_{os.getpid()}", postgres_database()
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(sql.SQL("create role {} login password 'x'").format(sql.Identifier(name)))
    yield make_conninfo(dsn, user=name, password="x")
    with psycopg.connect(dsn, autocommit=True) as server:
        server.execute(sql.SQL("drop owned by {} cascade").format(sql.Identifier(name)))
        server.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def test_it_is_empty_and_gone_at_the_end(postgres_database: Callable[[], str]) -> None:
    """Also when what was done in it failed, and while somebody is still connected."""
    dsn = postgres_database()
    with scratch(secret(dsn)) as at:
        assert is_empty(at)
        assert len(ours(dsn)) == 1
        left = psycopg.connect(at.reveal().decode())
    left.close()
    assert ours(dsn) == set()
    with pytest.raises(psycopg.errors.SyntaxError), scratch(secret(dsn)) as at:
        tables(at.reveal().decode(), "create table tea (n integer)", "no words of its own")
    assert ours(dsn) == set()


def test_what_a_killed_drill_left_is_dropped_by_the_next(
    postgres_database: Callable[[], str],
) -> None:
    """One at work, and another house's, stay where they are."""
    dsn, other = postgres_database(), postgres_database()
    assert ours(dsn) | ours(other) == set()

    def begun(at: str) -> tuple["subprocess.Popen[str]", set[str]]:
        known = ours(at)
        command = [sys.executable, "-c", CHILD, at]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        with child.stdout as said:
            said.readline()
        return child, ours(at) - known

    (killed, left), (working, used), (stranger, its) = begun(dsn), begun(dsn), begun(other)
    try:
        killed.send_signal(signal.SIGKILL)
        stranger.send_signal(signal.SIGKILL)
        for one in (killed, stranger):
            one.wait()
        await_gone(dsn, sessions=1)
        await_gone(other, sessions=0)
        assert (len(left), len(used), len(its)) == (1, 1, 1)
        assert ours(dsn) == left | used
        with scratch(secret(dsn)):
            pass
        assert ours(dsn) == used
        assert ours(other) == its
    finally:
        working.kill()
        working.wait()
    await_gone(dsn, sessions=0)
    for at in (dsn, other):
        with scratch(secret(at)):
            pass
        assert ours(at) == set()


def await_gone(dsn: str, *, sessions: int) -> None:
    """Wait until the server has noticed who died."""
    asked = (
        "select count(*) from pg_locks l join pg_database d on d.oid = l.database"
        " where locktype = 'advisory' and d.datname = current_database()"
    )
    with psycopg.connect(dsn, autocommit=True) as server:
        while server.execute(asked).fetchone() != (sessions,):
            server.execute("select pg_sleep(0.05)")


def test_a_role_that_may_make_none_is_told_what_to_do(weak: str) -> None:
    """The sentence names both ways out."""
    with pytest.raises(RefusedError, match=r"createdb.*drill_dsn"), scratch(secret(weak)):
        pass


def test_a_database_that_the_owner_names_is_used_and_emptied(
    weak: str, postgres_database: Callable[[], str]
) -> None:
    """By a role that may make none; what a killed drill left in it goes too."""
    named = postgres_database()
    for _ in range(2):
        with scratch(secret(weak), secret(named)) as at:
            assert is_empty(at) is False  # marked as ours
            tables(named, "create table tea (n integer)")
        assert is_empty(secret(named))
    tables(named, "create schema kept_drill_mark", "create table left_over (n integer)")
    with scratch(secret(weak), secret(named)):
        tables(named, "create table left_over (n integer)")
    assert is_empty(secret(named))


def test_a_named_database_with_something_in_it_is_left_alone(
    weak: str, postgres_database: Callable[[], str]
) -> None:
    """Not one row of it is touched."""
    named = postgres_database()
    tables(named, "create table tea (n integer)", "insert into tea values (7)")
    with pytest.raises(RefusedError, match="not empty"), scratch(secret(weak), secret(named)):
        pass
    with psycopg.connect(named) as there:
        assert there.execute("select n from tea").fetchall() == [(7,)]


def test_a_server_that_is_away_is_told() -> None:
    """As one that may be back."""
    away = secret("host=127.0.0.1 port=1 dbname=none connect_timeout=1")
    with pytest.raises(UnavailableError), scratch(away):
        pass
    with pytest.raises(UnavailableError):
        is_empty(away)


def test_a_dump_comes_back_whole_or_not_at_all(
    postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    """What the server does not take is damage, and leaves nothing behind."""
    source, target = postgres_database(), postgres_database()
    tables(source, "create table tea (n integer)", "insert into tea values (7)")
    dump = tmp_path / "dump"
    dump.write_bytes(b"".join(dump_pieces(secret(source))))
    put_back(dump, secret(target))
    with psycopg.connect(target) as there:
        assert there.execute("select n from tea").fetchall() == [(7,)]
    with pytest.raises(TamperedError):
        put_back(dump, secret(target))  # the table is there
    raw = bytearray(dump.read_bytes())
    raw[raw.rindex(b"\n7\n" if b"\n7\n" in raw else b"7\n")] = 0x78
    dump.write_bytes(raw)
    with scratch(secret(source)) as at:
        with pytest.raises(TamperedError):
            put_back(dump, at)
        assert is_empty(at)
