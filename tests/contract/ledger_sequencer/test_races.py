"""What if two processes want to sign for one log at the same time?"""

import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kept.base.errors import ConflictError
from kept.db.lead import FolderLock
from kept.db.lead_postgres import AdvisoryLock
from kept.db.postgres import PostgresDatabase
from kept.ledger.acts.history import acts_of
from kept.ledger.acts.starting import Refusing
from kept.ledger.notes import Checkpoint, Note
from kept.ledger.sequencer import Passed
from kept.ledger.store import tree_rows
from ledger_yard import NOW, Break, BreakingMark, Yard, subject

needs_postgres = pytest.mark.needs("postgres")


def test_the_slower_of_two_leaders_stands_down(yard: Yard):
    """Both passed the lock somehow: the mark lets one sign, the other refuses until restarted."""
    yard.house_acts(10)
    one, two = yard.sequencer(), yard.sequencer()
    one.start()
    two.start()
    assert one.run(now=NOW) == Passed(11, 11)
    yard.house_acts(1)
    found = two.run(now=NOW)
    assert isinstance(found, Refusing)
    assert found.code == "another_leader"
    assert two.run(now=NOW) == found
    assert yard.run(one) == 12
    assert yard.audit().waiting == 0
    two.start()
    yard.house_acts(1)
    assert two.run(now=NOW) == Passed(1, 13)


def test_two_leaders_racing_never_fork(yard: Yard):
    """Started at once, both pass and pass: one tree, no size with two roots."""
    yard.house_acts(400)
    barrier, failed = threading.Barrier(2), list[BaseException]()

    def lead() -> None:
        sequencer = yard.sequencer()
        sequencer.start()
        barrier.wait()
        try:
            for _ in range(30):
                if isinstance(sequencer.run(now=NOW, most=20), Refusing):
                    sequencer.start()
        except BaseException as error:  # noqa: BLE001  # told by the main thread
            failed.append(error)

    threads = [threading.Thread(target=lead) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert yard.run() == 401
    assert yard.audit().entries == 401
    signed = {Checkpoint.parse(Note.parse(note).text) for note in yard.notes}
    assert len(signed) == len({one.size for one in signed})


def test_the_head_moves_only_from_the_size_it_was_read_with(yard: Yard):
    """The first fence, alone: a second leader's update finds no row."""
    yard.run()
    head = yard.db.read(lambda tx: tree_rows.head(tx, yard.origin))
    assert head is not None
    with pytest.raises(ConflictError):
        yard.db.write(lambda tx: _grow(tx, head))


def _grow(tx: Any, head: Any) -> Any:
    if not tree_rows.grow(tx, head.size - 1, head):
        raise ConflictError("moved")


def test_the_mark_moves_only_from_what_was_written_last(yard: Yard):
    """The second fence, alone."""
    yard.run()
    mark = BreakingMark(yard.mark, Break(), [])
    with pytest.raises(ConflictError):
        mark.swap(b"something else", b"new")
    assert yard.mark.read() != b"new"


def test_a_folder_has_one_leader_and_says_which(tmp_path: Path):
    """The second server is told the first one's process number; a released folder is free."""
    first = FolderLock(tmp_path / "lock").take()
    number = (tmp_path / "lock").read_text(encoding="ascii").strip()
    with pytest.raises(ConflictError, match=f"process {number}"):
        FolderLock(tmp_path / "lock").take()
    first.release()
    with FolderLock(tmp_path / "lock") as second:
        assert second.is_held


@needs_postgres
def test_a_database_has_one_leader_until_its_connection_dies(ledger_dsn: str):
    """Cutting the leader's connection frees the lock, and the leader notices."""
    first = AdvisoryLock(ledger_dsn, 42).take()
    with pytest.raises(ConflictError):
        AdvisoryLock(ledger_dsn, 42).take()
    with psycopg.connect(ledger_dsn, autocommit=True) as server:
        server.execute(
            "select pg_terminate_backend(pid) from pg_locks"
            " where locktype = 'advisory' and objid = 42 and granted"
        )
    assert not first.is_held
    second = AdvisoryLock(ledger_dsn, 42).take()
    assert second.is_held
    second.release()


@needs_postgres
@pytest.mark.parametrize("yard", ["postgres"], indirect=True)
def test_a_lower_number_committed_later_is_not_passed_over(yard: Yard, ledger_dsn: str):
    """Waiting is being in the outbox: an act that commits after a higher one still gets in."""
    with psycopg.connect(ledger_dsn) as slow:
        low = slow.execute(
            "insert into acts (kind, actor, role, purpose, categories, at)"
            " select kind, actor, role, purpose, categories, at from acts limit 1 returning id"
        ).fetchone()
        assert low is not None
        slow.execute(
            "insert into act_openings select %s, sealed from act_openings limit 1", [low[0]]
        )
        slow.execute("insert into ledger_outbox select %s, entry from ledger_outbox limit 1", low)
        high = yard.house_acts(1)[0]
        assert high > low[0]
        assert yard.run() == 2
        slow.commit()
    assert yard.run() == 3
    assert yard.place_of(low[0]) == 2
    assert yard.audit().acts == 3


@needs_postgres
@pytest.mark.parametrize("yard", ["postgres"], indirect=True)
def test_acts_of_one_person_in_two_processes_are_counted_without_a_gap(yard: Yard, ledger_dsn: str):
    """Two writers at once: n is gapless, and the log keeps the order of n."""
    other = Yard(PostgresDatabase(ledger_dsn), yard.folder)
    barrier = threading.Barrier(2)

    def look(at: Yard) -> None:
        barrier.wait()
        for _ in range(25):
            at.read_of(1)

    threads = [threading.Thread(target=look, args=[at]) for at in (yard, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yard.run()
    seen = yard.db.read(
        lambda tx: acts_of(tx, yard.tiles, subject=subject(1), after_n=-1, limit=100)
    )
    other.db.close()
    assert [one.n for one in seen] == list(range(50))
    places = [one.index for one in seen if one.index is not None]
    assert places == sorted(places)
    assert len(places) == 50
