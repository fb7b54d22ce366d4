"""Do the tables come once, in order, and is a folder of another Kept refused?"""

from collections.abc import Iterator

import pytest

from kept.base.errors import ConflictError, TamperedError
from kept.db import migrate as migrating
from kept.db.migrate import Migration, migrate, shipped
from kept.db.seam import Database, Pending


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> list[Migration]:
    """A set of two steps, shipped in place of the real one."""
    steps = [
        Migration(
            1, "one", "-- a word; with a semicolon\ncreate table step_one (n {IDENTITY}, b {BYTES})"
        ),
        Migration(2, "two", "create table step_two (n bigint primary key) {CLUSTERED};\n"),
    ]
    monkeypatch.setattr(migrating, "shipped", lambda name: steps)
    return steps


@pytest.fixture
def clean(db: Database) -> Database:
    """Nothing applied yet."""
    for table in ("step_one", "step_two", "step_three", "schema_migration"):
        db.write(lambda tx, table=table: Pending(tx.run(f"drop table if exists {table}")))
    return db


@pytest.fixture(autouse=True)
def put_back(db: Database) -> Iterator[None]:
    """The shop's own steps stand again for the tests after this one."""
    rows = db.read(
        lambda tx: tx.rows("select number, name, sha256, applied_at from schema_migration")
    )

    yield
    db.write(lambda tx: Pending(tx.run("drop table if exists schema_migration")))
    migrating_table = (
        "create table schema_migration (number integer primary key, name text not null,"
        " sha256 text not null, applied_at bigint not null)"
    )
    db.write(lambda tx: Pending(tx.run(migrating_table)))
    values = [{"a": a, "b": b, "c": c, "d": d} for a, b, c, d in rows]
    db.write(
        lambda tx: Pending(
            tx.run_many("insert into schema_migration values (:a, :b, :c, :d)", values)
        )
    )


def tables(db: Database) -> set[str]:
    """Which of the test's tables can be read."""
    found: set[str] = set()
    for table in ("step_one", "step_two", "step_three"):
        try:
            db.read(lambda tx, table=table: tx.rows(f"select n from {table}"))
        except Exception:  # noqa: BLE001, S112
            continue
        found.add(table)
    return found


def test_each_step_is_applied_once(clean: Database, files: list[Migration]):
    """Twice is once; a new step comes to a folder that has the old ones."""
    assert migrate(clean, "data", now_micros=7) == 2
    assert migrate(clean, "data", now_micros=8) == 0
    files.append(Migration(3, "three", "create table step_three (n bigint primary key)"))
    assert migrate(clean, "data", now_micros=9) == 1
    rows = clean.read(
        lambda tx: tx.rows("select number, name, applied_at from schema_migration order by number")
    )
    assert rows == [(1, "one", 7), (2, "two", 7), (3, "three", 9)]
    assert tables(clean) == {"step_one", "step_two", "step_three"}


def test_a_newer_folder_is_refused_and_left_alone(clean: Database, files: list[Migration]):
    """The message says that nothing was changed, and what to do."""
    migrate(clean, "data", now_micros=7)
    files.pop()
    with pytest.raises(ConflictError, match=r"newer Kept .*Nothing was\s+changed"):
        migrate(clean, "data", now_micros=8)
    assert tables(clean) == {"step_one", "step_two"}


def test_a_step_that_was_changed_is_named(clean: Database, files: list[Migration]):
    """Neither the shipped file nor the row may change after it was applied."""
    migrate(clean, "data", now_micros=7)
    files[1] = Migration(2, "two", files[1].text + "-- a word")
    with pytest.raises(TamperedError, match="step 2 of 'data'"):
        migrate(clean, "data", now_micros=8)


def test_a_step_that_breaks_leaves_no_half_of_a_set(clean: Database, files: list[Migration]):
    """All steps of a call come in one transaction, DDL included."""
    files.append(Migration(3, "three", "create table step_three (n bigint); drop table nowhere"))
    with pytest.raises(Exception, match=r"(?i)nowhere|not be written"):
        migrate(clean, "data", now_micros=7)
    assert tables(clean) == set()


@pytest.mark.parametrize("name", ["data", "keys", "find"])
def test_shipped_sets_are_numbered_upwards_without_doubles(name: str):
    """A number names one file for ever."""
    numbers = [file.number for file in shipped(name)]
    assert numbers
    assert numbers == sorted(set(numbers))
