"""Two servers on one PostgreSQL, at the same moment: does one person come in once?"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from houses import IMPORTER, TINA, Home, living
from kept.db.postgres import PostgresDatabase
from kept.db.seam import Database, Pending, Tx
from kept.vault.acts.add import add_people
from kept.vault.acts.intake import Run, begin_run, finish_run
from kept.vault.model.intake import NewPerson
from kept.vault.model.people import Added, Merged, Outcome, Provenance
from kept.vault.model.rules import Basis
from vault_cases import counts, faults, kinds

pytestmark = pytest.mark.needs("postgres")

WHY = Provenance("deliver", Basis.CONTRACT, "the till")
LONG_S, SHORT_S = 20, 1.5  # until something broke; for what must not come


class Two:
    """A house on PostgreSQL, and a second server's connection to its data."""

    def __init__(self, home: Home, other: Database) -> None:
        self.home, self.other = home, other

    def add(self, tx: Tx, *newcomers: NewPerson) -> Pending[list[Outcome]]:
        """Take people in."""
        vault, now = self.home.house.vault, self.home.clock.now()
        reserved = vault.keys.take(len(newcomers), now=now)
        return add_people(
            tx,
            vault,
            actor=IMPORTER,
            newcomers=newcomers,
            reserved=reserved,
            provenance=WHY,
            now=now,
        )

    def race(self, first: Callable[[Tx], Pending[object]], second: Callable[[Tx], Pending[object]]):
        """Begin the second while the first has done its work and has not committed yet."""
        done, go = threading.Event(), threading.Event()

        def slow(tx: Tx) -> Pending[object]:
            pending = first(tx)
            done.set()
            go.wait(LONG_S)
            return pending

        with ThreadPoolExecutor(2) as pool:
            one: Future[object] = pool.submit(self.home.house.db.write, slow)
            assert done.wait(LONG_S)
            two: Future[object] = pool.submit(self.other.write, second)
            try:
                two.result(SHORT_S)
            except TimeoutError:
                pass
            finally:
                go.set()
            return one.result(LONG_S), two.result(LONG_S)


@pytest.fixture
def two(postgres_database: Callable[[], str], tmp_path: Path) -> Iterator[Two]:
    """Both servers."""
    dsn = postgres_database()
    with living(tmp_path, dsn=dsn) as home:
        other = PostgresDatabase(dsn)
        yield Two(home, other)
        other.close()


def test_the_same_person_at_both_is_one_person(two: Two) -> None:
    """The second one waits for the first one's COMMIT, looks, and merges."""
    tina = two.home.newcomer(contact=TINA)
    again = two.home.newcomer(contact={**TINA, "name": "T. Berg"})
    (first,), (second,) = two.race(  # type: ignore[misc]
        lambda tx: two.add(tx, tina), lambda tx: two.add(tx, again)
    )
    assert isinstance(first, Added)
    assert isinstance(second, Merged)
    assert second.person == first.person
    assert counts(two.home, "person") == {"person": 1}
    assert faults(two.home) == []


def test_lists_in_opposite_order_both_come_in_once(two: Two) -> None:
    """Many people at both at once, each list turned around: nobody doubled, nobody stuck."""
    people = [
        two.home.newcomer(contact={"email": f"p{n}@example.org", "phone": f"+49 30 90{n:04}"})
        for n in range(120)
    ]
    start = threading.Barrier(2)

    def take(database: Database, order: list[NewPerson]) -> None:
        start.wait(LONG_S)
        for at in range(0, len(order), 10):
            some = order[at : at + 10]
            database.write(lambda tx, some=some: two.add(tx, *some))

    with ThreadPoolExecutor(2) as pool:
        done = [
            pool.submit(take, two.home.house.db, people),
            pool.submit(take, two.other, people[::-1]),
        ]
        for one in done:
            one.result(60)
    assert counts(two.home, "person") == {"person": 120}
    assert kinds(two.home)["person.added"] == 120


def test_the_same_list_at_both_is_one_import(two: Two) -> None:
    """The second one finds the first one's run and ends with it; it is told once."""

    def begin(tx: Tx) -> Pending[Run]:
        return begin_run(
            tx,
            actor=IMPORTER,
            name="list.csv",
            file_sha256=bytes(range(32)),
            total=1,
            provenance=WHY,
            now=two.home.clock.now(),
        )

    first, second = two.race(begin, begin)
    assert isinstance(first, Run)
    assert isinstance(second, Run)
    assert first.id == second.id
    origin = two.home.house.vault.origin
    for database, run in ((two.home.house.db, first), (two.other, second)):
        ended = database.write(
            lambda tx, run=run: finish_run(
                tx, origin, run, actor=IMPORTER, now=two.home.clock.now()
            )
        )
        assert ended.state == "done"
    assert kinds(two.home)["import.done"] == 1
