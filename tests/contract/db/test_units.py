"""Does a unit of work become durable whole or not at all, whoever shares its COMMIT?"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
import pytest

from kept.base.errors import ConflictError, UnavailableError
from kept.db.seam import Database, Pending, Tx


class OddError(Exception):
    """What only a test raises."""


class WorstError(BaseException):
    """What nothing in the house catches by accident."""


def put(n: int, word: str) -> Callable[[Tx], Pending[int]]:
    """A unit that writes one row."""

    def work(tx: Tx) -> Pending[int]:
        tx.run("insert into note (n, word) values (:n, :word)", n=n, word=word)
        return Pending(n)

    return work


def words(db: Database) -> list[str]:
    """What stands in the table."""
    return [row[0] for row in db.read(lambda tx: tx.rows("select word from note order by n"))]


def together(db: Database, *units: Callable[[Tx], Pending[int]]) -> list["Future[int]"]:
    """Run units in one group: the writer is held until all of them wait."""
    held, go = threading.Event(), threading.Event()

    def hold(tx: Tx) -> Pending[int]:
        del tx
        held.set()
        assert go.wait(10)
        return Pending(0)

    with ThreadPoolExecutor(len(units) + 1) as pool:
        first = pool.submit(db.write, hold)
        assert held.wait(10)
        waiting = [pool.submit(db.write, unit) for unit in units]
        writer = db._writer._queue  # type: ignore[attr-defined]
        while writer.qsize() < len(units):
            threading.Event().wait(0.001)
        go.set()
        assert first.result(10) == 0
    return waiting


def broken(n: int, error: BaseException) -> Callable[[Tx], Pending[int]]:
    """A unit that writes, then fails."""

    def work(tx: Tx) -> Pending[int]:
        put(n, f"broken {n}")(tx)
        raise error

    return work


def test_a_result_is_given_and_stays(db: Database):
    """What `write` returned is there for the next reader."""
    assert db.write(put(1, "one")) == 1
    assert words(db) == ["one"]


@pytest.mark.parametrize("error", [OddError("no"), WorstError("no"), ConflictError("no")])
def test_a_unit_that_fails_takes_only_itself_down(db: Database, error: BaseException):
    """Its neighbours in the group are stored, its own rows are not, and it gets its own error."""
    good, bad, late = together(db, put(1, "one"), broken(2, error), put(3, "three"))
    assert (good.result(), late.result()) == (1, 3)
    assert bad.exception() is error
    assert words(db) == ["one", "three"]


def test_what_is_there_twice_is_a_conflict(db: Database):
    """A unique row raises the house's own error, never the driver's."""
    db.write(put(1, "one"))
    with pytest.raises(ConflictError):
        db.write(put(2, "one"))
    good, bad = together(db, put(3, "three"), put(4, "one"))
    assert good.result() == 3
    assert isinstance(bad.exception(), ConflictError)
    assert words(db) == ["one", "three"]


def test_a_commit_that_fails_gives_nothing_out(db: Database):
    """A deferred constraint breaks at COMMIT alone: no result, no row."""

    def orphan(tx: Tx) -> Pending[int]:
        tx.run("insert into child (n, parent) values (1, 404)")
        return Pending(1)

    with pytest.raises(ConflictError):
        db.write(orphan)
    good, bad = together(db, put(1, "one"), orphan)
    assert isinstance(bad.exception(), ConflictError)
    stored = ["one"] if good.exception() is None else []
    assert words(db) == stored
    assert db.read(lambda tx: tx.rows("select n from child")) == []
    assert db.write(put(2, "two")) == 2


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_group_that_cannot_commit_fails_all_who_wait(db: Database):
    """A file's group shares the failure of its COMMIT; PostgreSQL runs its units again, alone."""

    def orphan(tx: Tx) -> Pending[int]:
        tx.run("insert into child (n, parent) values (1, 404)")
        return Pending(1)

    found = together(db, put(1, "one"), orphan, put(2, "two"))
    assert [type(one.exception()) for one in found] == [ConflictError] * 3
    assert words(db) == []


def test_a_closed_database_refuses_new_work(db: Database):
    """And says that nothing was recorded."""
    db.close()
    with pytest.raises(UnavailableError, match="Nothing was recorded"):
        db.write(put(1, "one"))


def test_a_unit_may_not_wait_for_another(db: Database):
    """A write inside a write would wait for ever: it is refused at once."""
    with pytest.raises(RuntimeError, match="must not wait"):
        db.write(lambda tx: Pending(db.write(put(1, "one"))))
    assert words(db) == []


def test_a_reader_sees_one_snapshot(db: Database):
    """What is committed while a reader reads is not seen by it, nor by a read within."""

    def twice(tx: Tx) -> tuple[int, int]:
        before = len(tx.rows("select n from note"))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(db.write, put(1, "one")).result(10)
        return before, len(tx.rows("select n from note"))

    assert db.read(twice) == (0, 0)
    assert words(db) == ["one"]


def test_a_look_up_sees_what_is_durable_and_nothing_else(db: Database):
    """One question by key, beside a unit that has written and not committed."""
    db.write(put(1, "one"))
    question = "select word from note where n = :n"

    def work(tx: Tx) -> Pending[int]:
        tx.run("update note set word = :word where n = :n", word="other", n=1)
        assert db.look_up(question, n=1) == [("one",)]
        return Pending(1)

    db.write(work)
    assert db.look_up(question, n=1) == [("other",)]
    assert db.look_up(question, n=2) == []


def test_a_look_up_writes_nothing(db: Database):
    """The connection of a reader refuses to write."""
    with pytest.raises((UnavailableError, psycopg.Error)):
        db.look_up("insert into note (n, word) values (:n, :word) returning n", n=1, word="one")
    assert words(db) == []


def test_a_reader_writes_nothing(db: Database):
    """The reading connection refuses it."""
    with pytest.raises(Exception, match=r"(?i)read.?only|not be read"):
        db.read(lambda tx: tx.run("insert into note (n, word) values (9, 'nine')"))
    assert words(db) == []


def test_many_callers_from_threads_and_loops(db: Database):
    """64 callers of both kinds: every row once, every caller its own answer."""

    async def callers(base: int) -> list[int]:
        units = [db.write_async(put(base + i, f"word {base + i}")) for i in range(32)]
        return await asyncio.gather(*units)

    with ThreadPoolExecutor(34) as pool:
        loops = [pool.submit(asyncio.run, callers(base)) for base in (1000, 2000)]
        threads = [pool.submit(db.write, put(i, f"word {i}")) for i in range(32)]
        assert [one.result(30) for one in threads] == list(range(32))
        assert loops[0].result(30) == list(range(1000, 1032))
        assert loops[1].result(30) == list(range(2000, 2032))
    assert len(words(db)) == 96


def test_a_loop_that_closed_meanwhile_harms_nobody(db: Database):
    """The writer outlives a caller who went away."""
    held, go = threading.Event(), threading.Event()

    def hold(tx: Tx) -> Pending[int]:
        put(1, "one")(tx)
        held.set()
        assert go.wait(10)
        return Pending(1)

    async def ask_and_go() -> None:
        asyncio.ensure_future(db.write_async(hold)).add_done_callback(lambda done: done.cancelled())
        while not held.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    asyncio.run(ask_and_go())
    go.set()
    assert db.write(put(2, "two")) == 2
    assert words(db) == ["one", "two"]


def test_run_many_takes_tuples_in_the_order_of_the_names(db: Database):
    """A name that comes twice counts once; a row of another length is refused whole."""

    def change(tx: Tx) -> Pending[None]:
        rows = [(f"word {n}", n) for n in range(1, 4)]
        tx.run_many("insert into note (word, n) values (:word || ' of ' || :word, :n)", rows)
        return Pending(None)

    db.write(change)
    assert words(db) == [f"word {n} of word {n}" for n in range(1, 4)]
    with pytest.raises(Exception):  # noqa: B017, PT011  # each driver has an error of its own
        db.write(lambda tx: Pending(tx.run_many("insert into note (n) values (:n)", [(7, 8)])))
    assert len(words(db)) == 3


def test_run_counts_and_run_many_takes_nothing(db: Database):
    """`run` tells how many rows changed; an empty batch is no error."""
    db.write(put(1, "one"))

    def change(tx: Tx) -> Pending[tuple[int, int]]:
        tx.run_many("insert into note (n, word) values (:n, :word)", [])
        many = [{"n": 2, "word": "100% two"}, {"n": 3, "word": "three"}]
        tx.run_many("insert into note (n, word) values (:n, :word)", many)
        hit = tx.run("update note set word = word || '!' where n > :n", n=1)
        return Pending((hit, tx.run("delete from note where n = :n", n=77)))

    assert db.write(change) == (2, 0)
    assert words(db) == ["one", "100% two!", "three!"]
    assert db.read(lambda tx: tx.row("select word from note where n = :n", n=77)) is None
