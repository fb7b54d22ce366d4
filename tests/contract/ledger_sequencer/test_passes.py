"""Does the sequencer lose, double or contradict anything, whatever breaks?"""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from kept.base.errors import UnavailableError
from kept.ledger import sequencer
from kept.ledger.acts.counts import acts_waiting
from kept.ledger.acts.serving import checkpoint, published_size
from kept.ledger.notes import Checkpoint, Note
from kept.ledger.sequencer import Passed, Published
from ledger_yard import NOW, Break, DiedError, Yard

POINTS = 10  # the most durable writes that `two_passes` makes
ACTS = 599  # and the one that opens the log: two passes of 300, both filling tiles


def two_passes(yard: Yard, plan: Break) -> None:
    """What one process does: start, two passes, publish."""
    process = yard.sequencer(plan)
    for _ in range(3):
        process.run(now=NOW, most=300)
    process.publish(now=NOW)


def test_writes_come_in_the_order_of_the_format(yard: Yard):
    """The size-0 mark first; each mark after its commit, beside the next; tiles late, once."""
    yard.house_acts(ACTS)
    plan = Break()
    two_passes(yard, plan)
    seen = plan.seen
    assert seen[:2] == ["mark", "commit"]
    assert sorted(seen[2:4]) == sorted(seen[4:6]) == ["commit", "mark"]
    assert seen[6:] == ["tiles", "commit", "commit"]


def test_tiles_that_wait_are_put_away_while_acts_come_in(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
):
    """The database holds no more than so many full tiles, however long the rush lasts."""
    monkeypatch.setattr(sequencer, "TILES_AT_ONCE", 1)
    yard.house_acts(ACTS)
    plan = Break()
    two_passes(yard, plan)
    seen = [one for one in plan.seen if one != "mark"]  # files are written beside the commits
    assert seen.index("tiles") < 3
    assert seen[-1] == "commit"
    assert seen.count("tiles") <= 2
    assert len(plan.seen) <= POINTS
    assert yard.one("select count(*) from ledger_outbox") <= 600 - 256
    yard.run()
    assert yard.one("select count(*) from ledger_outbox") == 600 - 512


@pytest.mark.parametrize("at_once", [1, 16])
@pytest.mark.parametrize(
    ("point", "how"),
    list(itertools.product(range(POINTS), ["not stored", "stored", "killed"])),
)
def test_a_break_at_any_write_is_healed_by_the_next_process(
    yard: Yard, point: int, how: str, at_once: int, monkeypatch: pytest.MonkeyPatch
):
    """No act lost, none doubled, no size signed with two roots, and work goes on."""
    monkeypatch.setattr(sequencer, "TILES_AT_ONCE", at_once)
    yard.house_acts(ACTS)
    plan = Break(point, how)
    try:
        two_passes(yard, plan)
    except (UnavailableError, DiedError):
        pass
    else:
        assert len(plan.seen) <= point, "a write that broke was not told"
    yard.house_acts(5)
    assert yard.run() == ACTS + 6
    found = yard.audit()
    assert (found.entries, found.acts, found.waiting) == (ACTS + 6, ACTS + 6, 0)
    signed = [Checkpoint.parse(Note.parse(note).text) for note in yard.notes]
    assert len({one.size for one in signed}) == len({(one.size, one.root) for one in signed})
    assert yard.db.read(lambda tx: published_size(tx, yard.log)) == ACTS + 6


def test_a_signature_is_not_seen_before_its_mark_is_durable(yard: Yard):
    """While the mark is on its way the next acts come in, but no receipt names the new size."""
    yard.house_acts(ACTS)
    process, go = yard.sequencer(), threading.Event()
    process.start()
    swap = yard.mark.swap

    class Slow:
        """A disk that takes its time."""

        def read(self) -> bytes | None:
            return yard.mark.read()

        def swap(self, old: bytes | None, new: bytes) -> None:
            assert go.wait(30)
            swap(old, new)

    process._high_water = Slow()
    assert process.run(now=NOW, most=300) == Passed(300, 0)
    with ThreadPoolExecutor(1) as beside:
        second = beside.submit(process.run, now=NOW, most=300)
        while yard.one("select size from ledger_head") < 600:
            assert not second.done()
        assert yard.one("select count(*) from ledger_checkpoints") == 0
        go.set()
        assert second.result() == Passed(300, 300)
    assert yard.run(process) == 600
    assert yard.one("select max(size) from ledger_checkpoints") == 600


@pytest.mark.parametrize("point", range(1, 6))
def test_the_same_process_goes_on_after_a_failure(yard: Yard, point: int):
    """A disk that was full for a moment needs no restart."""
    yard.house_acts(ACTS)
    same = yard.sequencer(Break(point, "stored"))

    def go_on() -> None:
        for _ in range(3):
            same.run(now=NOW, most=300)

    with pytest.raises(UnavailableError):
        go_on()
    assert yard.run(same) == ACTS + 1
    assert yard.audit().waiting == 0


def test_nothing_waits_nothing_is_written(yard: Yard):
    """An idle house does not write five times a second."""
    plan = Break()
    idle = yard.sequencer(plan)
    yard.run(idle)
    done = len(plan.seen)
    assert idle.run(now=NOW) == Passed(0, 1)
    assert len(plan.seen) == done


def test_entries_are_published_on_the_beat_and_refreshed_hourly(yard: Yard):
    """What is signed is not public before the beat; a quiet log says once an hour that it lives."""
    yard.house_acts(3)
    daily = yard.sequencer()
    daily.run(now=NOW)
    assert yard.db.read(lambda tx: checkpoint(tx, yard.log)) is None
    assert daily.publish(now=NOW) == Published(4, is_new=True)
    assert daily.publish(now=NOW + timedelta(minutes=59)) is None
    assert daily.publish(now=NOW + timedelta(minutes=60)) == Published(4, is_new=False)
    assert daily.publish(now=NOW + timedelta(minutes=61)) is None


def test_a_cosignature_in_the_table_is_served(yard: Yard):
    """Witnesses only add rows: what stands there goes out with the checkpoint."""
    line = (
        "\N{EM DASH} friend.example/witness cZkv0wAAAABrAc88Ni5xPhy8droBvu2RfbF8B8OmJ/9JNbdoNNpQP"
        "eaPUo4S7A6o3gUzebthoYMxaDt6x4J+plR9GDn35SPWlNGpCA=="
    )
    yard.run()
    yard.change(
        "insert into ledger_cosignatures (origin, size, witness, line, cosigned_at)"
        " values (:origin, 1, 'friend', :line, 1)",
        origin=yard.origin,
        line=line,
    )
    served = yard.db.read(lambda tx: checkpoint(tx, yard.log))
    assert served is not None
    assert served.decode().endswith(f"{line}\n")


@pytest.mark.parametrize("point", range(1, 5))
def test_what_was_taken_in_is_signed_though_nothing_more_waits(yard: Yard, point: int):
    """A process that died after the outbox was emptied owes a signature: the next pass pays it."""
    yard.house_acts(299)
    with pytest.raises(DiedError):
        yard.run(yard.sequencer(Break(point, "killed")))
    assert yard.db.read(acts_waiting) == 0
    assert yard.sequencer().run(now=NOW) == Passed(0, 300)
    assert yard.one("select max(size) from ledger_checkpoints") == 300
    yard.audit()
