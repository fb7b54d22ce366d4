"""How fast does the ledger grow, and how fast is it checked?"""

import time
from pathlib import Path

from bench.figures import Figure, Peer
from bench.raw import inserts
from bench.shop import OWNER, opened_shop

from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record_first
from kept.ledger.acts.verify import verify_log
from kept.ledger.merkle import leaf_hash
from kept.ledger.model import Act, Kind, Subject
from kept.ledger.sequencer import Passed
from kept.wiring.house import House

BATCH = 100
AUDITED = 100_000
FILL = 5_000
_ACT = Act(Kind.PERSON_ADDED, OWNER, "deliver", ("contact",), 1)


def ledger_entries_per_s(folder: Path, seconds: float) -> Figure:
    """Waiting acts taken into the tree and signed for, 100 a pass, tiles and mark durable."""
    with opened_shop(folder) as house:
        _pass(house, 4_096)
        rate = inserts(folder, min(seconds, 2.0), batch=BATCH)
        done, took, spent = 0, 0.0, 0.0
        while took < seconds:
            _fill(house, min(FILL, max(BATCH, int(seconds * 20_000))))
            began, cpu = time.perf_counter(), time.process_time()
            while taken := _pass(house, BATCH):
                done += taken
            took += time.perf_counter() - began
            spent += time.process_time() - cpu
    return Figure(
        "ledger_entries_per_s",
        done / took,
        "1/s",
        done,
        Peer(f"raw inserts of the same bytes, a COMMIT for every {BATCH}", rate),
        f"a COMMIT, full tiles and the mark of each pass, each flushed;"
        f" {spent / done * 1e6:.0f} us of processor time an entry",
    )


def audit_100k_s(folder: Path, seconds: float) -> Figure:
    """The log's part of `kept verify` over 100,000 entries; fewer are counted up."""
    n = min(AUDITED, max(2_048, int(seconds * 20_000)))
    with opened_shop(folder) as house:
        size = _pass(house, 4_096)
        while size < n:
            _fill(house, min(FILL, n - size))
            while taken := _pass(house, 4_096):
                size += taken
        mark = house.high_water.read()
        began = time.perf_counter()
        faults = verify_log(house.db, house.tiles, (house.sequencer.key,), mark=mark)
        took = time.perf_counter() - began
        assert not faults, faults
        began = time.perf_counter()
        for at in range(size):
            leaf_hash(at.to_bytes(256, "big"))
        hashed = time.perf_counter() - began
    scale = AUDITED / size
    return Figure(
        "audit_100k_s",
        took * scale,
        "s",
        size,
        Peer("hashing as many leaves and nothing else", hashed * scale),
        "hashing in Python, and reading the tiles",
    )


def _pass(house: House, most: int) -> int:
    done = house.sequencer.run(now=house.clock.now(), most=most)
    assert isinstance(done, Passed), done
    return done.taken


def _fill(house: House, count: int) -> None:
    """Let acts of new people wait."""
    now = house.clock.now()
    keys = house.vault.keys.take(count, now=now)
    start = house.db.read(lambda tx: tx.row("select coalesce(max(person), 0) from act_counters"))
    assert start is not None
    acts: list[tuple[Act, Subject]] = [
        (_ACT, one.subject(start[0] + at)) for at, one in enumerate(keys, start=1)
    ]

    def work(tx: Tx) -> Pending[int]:
        return Pending(len(record_first(tx, house.vault.origin, acts=acts, now=now)))

    house.db.write(work)
