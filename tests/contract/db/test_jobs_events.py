"""Is every job done, and does a stream of events miss nothing?"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kept.base.clock import to_micros
from kept.db import events, jobs
from kept.db.seam import Database, Pending, Tx

CHILD = Path(__file__).parent.parent.parent / "killer_job_child.py"
NOW = datetime(2026, 11, 21, 17, 4, 9, tzinfo=UTC)


def add(tx: Tx, number: int, once: str | None = None) -> Pending[None]:
    """One job."""
    return Pending(jobs.enqueue(tx, "mail.code", {"number": number}, now=NOW, once=once))


def claimed(db: Database, at: datetime = NOW, most: int = 20) -> list[jobs.Job]:
    """Claim what is due."""
    return db.write(lambda tx: jobs.claim(tx, ("mail.code",), now=at, most=most))


def test_a_job_is_claimed_once_and_again_after_its_lease(db: Database):
    """Who claims has it for two minutes; a worker that died lets it go to the next one."""
    db.write(lambda tx: add(tx, 1))
    (job,) = claimed(db)
    assert (job.body, job.tries) == ({"number": 1}, 1)
    assert claimed(db) == []
    (again,) = claimed(db, NOW + jobs.LEASE)
    assert (again.id, again.tries) == (job.id, 2)
    db.write(lambda tx: jobs.finish(tx, again))
    assert claimed(db, NOW + timedelta(days=9)) == []


def test_only_its_own_kinds_are_claimed_oldest_first(db: Database):
    """Another worker's jobs stay where they are."""
    for number in (1, 2, 3):
        db.write(lambda tx, number=number: add(tx, number))
    assert db.write(lambda tx: jobs.claim(tx, ("other",), now=NOW)) == []
    assert [job.body["number"] for job in claimed(db, most=2)] == [1, 2]
    assert [job.body["number"] for job in claimed(db)] == [3]


def test_what_waits_once_waits_once(db: Database):
    """A key keeps a job from waiting twice; after it is done it may wait again."""
    db.write(lambda tx: add(tx, 1, "key"))
    db.write(lambda tx: add(tx, 2, "key"))
    (job,) = claimed(db)
    assert job.body == {"number": 1}
    db.write(lambda tx: jobs.finish(tx, job))
    db.write(lambda tx: add(tx, 3, "key"))
    assert [one.body["number"] for one in claimed(db)] == [3]


def test_a_failing_job_is_tried_at_growing_distance_and_given_up(db: Database):
    """Twelve tries, each later than the one before; then it is named."""
    db.write(lambda tx: add(tx, 1))
    now, waits, goes_on = NOW, list[timedelta](), True
    for _ in range(jobs.TRIES_MOST):
        (job,) = claimed(db, now)
        goes_on = db.write(
            lambda tx, job=job, now=now: jobs.postpone(tx, job, problem="no answer", now=now)
        )
        due = db.read(lambda tx: tx.rows("select run_at from jobs"))[0][0]
        waits.append(timedelta(microseconds=due - round(now.timestamp() * 1_000_000)))
        now += timedelta(hours=1)
    assert not goes_on
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=5)
    assert waits[-1] == timedelta(hours=1)
    assert claimed(db, now + timedelta(days=9)) == []
    (left,) = db.read(jobs.given_up)
    assert left[1:] == ("mail.code", "no answer")


def test_a_job_that_kills_its_process_is_given_up(
    db: Database, request: pytest.FixtureRequest, tmp_path: Path
):
    """Real processes, killed by what they do: after twelve the job is named, and others go on."""
    db.write(lambda tx: add(tx, 1))
    is_file = db.dialect == "sqlite"
    where = str(tmp_path / "data.db") if is_file else str(request.getfixturevalue("db_dsn"))
    times, lease_s = jobs.TRIES_MOST + 3, jobs.LEASE.total_seconds()
    said = subprocess.run(
        [sys.executable, str(CHILD), where, str(times), str(lease_s), str(to_micros(NOW))],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout.split()
    assert said == ["killed"] * jobs.TRIES_MOST + ["nothing"] * 3
    (left,) = db.read(jobs.given_up)
    assert left[1:] == ("mail.code", jobs.CUT_OFF)
    db.write(lambda tx: add(tx, 2))
    assert [job.body["number"] for job in claimed(db, NOW + jobs.LEASE * times)] == [2]


def test_no_two_workers_get_the_same_job(db: Database):
    """Eight claimers at once share twenty jobs out without an overlap."""
    for number in range(20):
        db.write(lambda tx, number=number: add(tx, number))
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(claimed, db, NOW, 3) for _ in range(8)]
        numbers = [job.body["number"] for one in found for job in one.result(30)]
    assert sorted(numbers) == list(range(20))  # type: ignore[type-var]


def test_a_job_of_a_failed_transaction_was_never_there(db: Database):
    """The outbox and the deed are one."""

    def half(tx: Tx) -> Pending[None]:
        add(tx, 1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        db.write(half)
    assert claimed(db) == []


def test_events_count_without_a_gap(db: Database):
    """Writers at once, and some that fail: each stream counts 1, 2, 3 in order of COMMIT."""

    def write(tx: Tx, number: int) -> Pending[int]:
        seq = events.emit(tx, f"stream {number % 2}", "kind", {"number": number}, now=NOW)
        if number % 5 == 0:
            raise ValueError("no")
        return Pending(seq)

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(db.write, lambda tx, n=n: write(tx, n)) for n in range(40)]
        given = [one.result(30) for one in done if one.exception(30) is None]
    assert len(given) == 32
    for stream in ("stream 0", "stream 1"):
        seen = db.read(lambda tx, stream=stream: events.since(tx, stream, after=0))
        assert [event.seq for event in seen] == list(range(1, 17))
        later = db.read(lambda tx, stream=stream: events.since(tx, stream, after=10, most=3))
        assert [event.seq for event in later] == [11, 12, 13]


def test_old_events_go_and_the_count_goes_on(db: Database):
    """Dropping what is old never gives a number twice."""
    db.write(lambda tx: Pending(events.emit(tx, "s", "k", {}, now=NOW)))
    later = NOW + events.KEEP + timedelta(seconds=1)
    assert db.write(lambda tx: events.forget_old(tx, now=later)) == 1
    assert db.write(lambda tx: Pending(events.emit(tx, "s", "k", {}, now=later))) == 2
