"""Where does a test get a PostgreSQL database of its own?

In this order: the server KEPT_TEST_POSTGRES names (a DSN that may create databases); a throw-away
cluster made by initdb, which refuses root and then runs as nobody, and waits for no disk; a server
that runs here and lets `postgres` in without a password. `postgres_database()` gives a fresh, empty
database a call.
"""

import functools
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

HERE = ("/var/run/postgresql", "127.0.0.1")
NUMBERS = itertools.count()


def binaries() -> Path | None:
    """The newest installed server's programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[4])
    )
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).resolve().parent if elsewhere else None


@functools.cache
def running() -> str | None:
    """The DSN of a server that answers already."""
    for host in HERE:
        dsn = make_conninfo(host=host, user="postgres", dbname="postgres", connect_timeout=2)
        with suppress(psycopg.OperationalError), psycopg.connect(dsn):
            return dsn
    return None


def named() -> str | None:
    """The server somebody chose."""
    return os.environ.get("KEPT_TEST_POSTGRES")


def is_present() -> bool:
    """Whether a test can have a database on this machine."""
    return bool(named()) or binaries() is not None or running() is not None


def unprivileged() -> dict[str, str | int]:
    """How to start a program that refuses root."""
    return {"user": "nobody"} if os.geteuid() == 0 else {}


def throw_away(programs: Path, folder: Path) -> Iterator[str]:
    """A cluster in a short path (a socket's is at most 107 bytes), stopped at the end."""
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    run = functools.partial(
        subprocess.run, check=True, cwd=folder, stdout=subprocess.DEVNULL, **unprivileged()
    )
    data = str(folder / "data")
    run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"])
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    control = [programs / "pg_ctl", "-D", data, "-w"]
    run([*control, "-l", folder / "log", "-o", options, "start"])
    try:
        yield make_conninfo(host=str(folder), user="postgres", dbname="postgres")
    finally:
        run([*control, "-m", "immediate", "stop"])


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """A server that may create databases; mark the test `needs("postgres")`."""
    programs = binaries()
    if named() or programs is None:
        server = named() or running()
        assert server is not None, 'mark the test needs("postgres")'
        yield server
        return
    with tempfile.TemporaryDirectory(prefix="kept-pg-", dir="/tmp") as folder:
        yield from throw_away(programs, Path(folder))


@pytest.fixture(scope="session")
def emptied_databases(postgres_dsn: str) -> Iterator[list[str]]:
    """Databases that are free for the next test: making and dropping one takes seconds."""
    free: list[str] = []
    yield free
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        for name in free:
            drop = sql.SQL("drop database if exists {} with (force)")
            server.execute(drop.format(sql.Identifier(name)))


@pytest.fixture
def postgres_database(
    postgres_dsn: str, emptied_databases: list[str]
) -> Iterator[Callable[[], str]]:
    """Give the DSN of an empty database, another one a call; at the test's end they are emptied."""
    given: list[str] = []

    def fresh() -> str:
        if emptied_databases:
            name = emptied_databases.pop()
        else:
            name = f"kept_test_{os.getpid()}_{next(NUMBERS)}"
            with psycopg.connect(postgres_dsn, autocommit=True) as server:
                server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        given.append(name)
        return make_conninfo(postgres_dsn, dbname=name)

    yield fresh
    for name in given:
        empty(make_conninfo(postgres_dsn, dbname=name))
        emptied_databases.append(name)


def empty(dsn: str) -> None:
    """Cut every other session of a database, then drop all that is in it."""
    with psycopg.connect(dsn, autocommit=True) as server:
        server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        schemas = server.execute(
            "select nspname from pg_namespace where nspname !~ '^(pg_|information_schema$)'"
        ).fetchall()
        for (schema,) in schemas:
            server.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
        server.execute("create schema public")
