"""What is to be done outside a transaction, after it? Rows, enqueued in the transaction itself.

A job is claimed for a while, done, and finished; a claim that ran out is claimed again, so a job
may run twice and must bear it. The try is counted by the claim: a job that ends its process is
given up too. Bodies hold ids and keys, never a person's data.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.clock import to_micros
from kept.db.seam import Pending, Tx

LEASE = timedelta(minutes=2)
TRIES_MOST = 12
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(hours=1)
CUT_OFF = "Each try was cut off: the program ended or hung while it did this."


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job. `tries` counts this one."""

    id: int
    kind: str
    body: Mapping[str, str | int]
    tries: int


def enqueue(
    tx: Tx,
    kind: str,
    body: Mapping[str, str | int],
    /,
    *,
    now: datetime,
    once: str | None = None,
) -> None:
    """Add a job. With `once`, a job that waits under the same key already is left as it is."""
    tx.run(
        "insert into jobs (kind, body, once, state, tries, run_at, made_at)"
        " values (:kind, :body, :once, 'waiting', 0, :at, :at) on conflict (once) do nothing",
        kind=kind,
        body=json.dumps(body, sort_keys=True),
        once=once,
        at=to_micros(now),
    )


def claim(
    tx: Tx, kinds: tuple[str, ...], /, *, now: datetime, most: int = 20
) -> Pending[list[Job]]:
    """Claim jobs that are due, oldest first; gives up those that were claimed too often.

    A job whose last claim ran out with all its tries used never came back to `postpone`.
    """
    names = {f"kind{i}": kind for i, kind in enumerate(kinds)}
    skip = " for update skip locked" if tx.dialect == "postgres" else ""
    placeholders = ", ".join(f":{name}" for name in names)
    tx.run(
        "update jobs set state = 'given_up', problem = :problem where state = 'waiting'"  # noqa: S608
        f" and run_at <= :now and tries >= :bound and kind in ({placeholders})",
        problem=CUT_OFF,
        now=to_micros(now),
        bound=TRIES_MOST,
        **names,
    )
    due = tx.rows(
        "select id, kind, body, tries from jobs where state = 'waiting' and run_at <= :now"  # noqa: S608
        f" and kind in ({placeholders}) order by run_at, id limit :most{skip}",
        now=to_micros(now),
        most=most,
        **names,
    )
    for row in due:
        tx.run(
            "update jobs set tries = tries + 1, run_at = :until where id = :id",
            until=to_micros(now + LEASE),
            id=row[0],
        )
    return Pending([Job(row[0], row[1], json.loads(row[2]), row[3] + 1) for row in due])


def finish(tx: Tx, job: Job, /) -> Pending[None]:
    """Forget a job that is done."""
    tx.run("delete from jobs where id = :id", id=job.id)
    return Pending(None)


def postpone(tx: Tx, job: Job, /, *, problem: str, now: datetime) -> Pending[bool]:
    """Try a failed job again later, at growing distance; False when it was tried too often."""
    is_over = job.tries >= TRIES_MOST
    wait = min(_FIRST_WAIT * 2 ** (job.tries - 1), _LONGEST_WAIT)
    tx.run(
        "update jobs set state = :state, problem = :problem, run_at = :at where id = :id",
        state="given_up" if is_over else "waiting",
        problem=problem[:500],
        at=to_micros(now + wait),
        id=job.id,
    )
    return Pending(not is_over)


def given_up(tx: Tx, /) -> list[tuple[int, str, str]]:
    """(id, kind, problem) of jobs that were tried too often."""
    return [
        (row[0], row[1], row[2])
        for row in tx.rows(
            "select id, kind, problem from jobs where state = 'given_up' order by id"
        )
    ]
