"""How many acts a second become durable when 64 callers wait for theirs?

In process, as the server does it: coroutines that await their group's COMMIT. Each act concerns a
person: a count, a sealed opening, a finished entry of 256 bytes, an outbox row.
"""

import asyncio
import itertools
import time
from pathlib import Path

from bench.figures import Figure, Peer
from bench.raw import commit_each
from bench.shop import OWNER, opened_shop

from kept.base.clock import SystemClock
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import Act, Kind, Recorded, Subject
from kept.wiring.house import House

CALLERS = 64
PEOPLE = 500


def acts_per_s(folder: Path, seconds: float) -> Figure:
    """Durable acts with a person."""
    with opened_shop(folder) as house:
        keys = house.vault.keys.take(PEOPLE, now=house.clock.now())
        subjects = [one.subject(n + 1) for n, one in enumerate(keys)]
        began, cpu = time.perf_counter(), time.process_time()
        done = asyncio.run(_load(house, subjects, seconds))
        took, spent = time.perf_counter() - began, time.process_time() - cpu
        stored = house.db.read(lambda tx: tx.row("select count(*) from ledger_outbox"))
        assert stored is not None
        assert stored[0] >= done, "an acknowledged act is not there"
    return Figure(
        "acts_per_s",
        done / took,
        "1/s",
        done,
        Peer("plain rows, one COMMIT each", commit_each(folder, min(seconds, 2.0))),
        f"Python: {spent / done * 1e6:.0f} us of processor time an act, two threads under one"
        f" lock; {1e6 * done / 1e6 / spent:,.0f}/s if it had one core alone",
    )


async def _load(house: House, subjects: list[Subject], seconds: float) -> int:
    until, clock = time.perf_counter() + seconds, SystemClock()
    turns = itertools.cycle(subjects)
    act = Act(Kind.PERSON_READ, OWNER, "deliver", ("delivery",), 2, {"ref": "T-1000"})

    async def caller() -> int:
        done = 0
        while time.perf_counter() < until:
            subject, now = next(turns), clock.now()

            def work(tx: Tx) -> Pending[Recorded]:
                return Pending(
                    record(tx, house.vault.origin, act=act, subject=subject, now=now)  # noqa: B023
                )

            await house.db.write_async(work)
            done += 1
        return done

    return sum(await asyncio.gather(*(caller() for _ in range(CALLERS))))
