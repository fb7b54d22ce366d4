"""How does a test live a day of copies without their programs? An engine that keeps names alone.

What it holds outlives the house that used it, as a place does. `parts_of` gives a house's parts
over it; with `around` each write of theirs has a number of its own, for a table of faults.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from houses import IMPORTER, Home
from kept.backup.acts.check import check_backup
from kept.backup.model import inventory as inv
from kept.backup.model.places import Holds, PlaceOrder, PlaceSecrets
from kept.backup.model.runs import HouseFound, HouseSeen
from kept.flows.back_up import CopyParts, add_place, back_up
from kept.flows.copy_keys import copy_keys
from kept.flows.copy_orders import (
    CopyDone,
    CopyOrder,
    DrillDone,
    DrillOrder,
    Hear,
    KeylessDone,
    KeylessOrder,
    KeysDone,
    KeysOrder,
    Look,
    PrepareDone,
    PrepareOrder,
    Stop,
    never,
    unheard,
    unseen,
)
from kept.flows.drill import drill
from kept.flows.tend_copies import look_for_work, tend_copies
from kept.ledger.acts.dossier import Dossier
from kept.wiring.copies import copy_parts
from vault_cases import kinds

PLACES = (PlaceOrder("closet", "/closet"), PlaceOrder("shelf", "/shelf", Holds.KEYS))
Broken = Callable[[str, Callable[[], Any]], Any]


@dataclass
class Pretend:
    """`Engine`: snapshots by address, and the one file of keys."""

    snapshots: dict[str, list[bytes]] = field(default_factory=dict[str, list[bytes]])
    keys: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def read_address(self, text: str) -> tuple[str, PlaceSecrets]:
        """See `Engine`."""
        return text, PlaceSecrets()

    def prepare(
        self, order: PrepareOrder, *, hear: Hear = unheard, stop: Stop = never
    ) -> PrepareDone:
        """See `Engine`."""
        del hear, stop
        is_new = order.access.address not in self.snapshots
        self.snapshots.setdefault(order.access.address, [])
        return PrepareDone(is_new=is_new, is_same_disk=False)

    def copy(self, order: CopyOrder, *, look: Look = unseen, stop: Stop = never) -> CopyDone:
        """See `Engine`."""
        del look, stop
        held = self.snapshots[order.access.address]
        held.append(sha256(str(len(held)).encode()).digest())
        listed = inv.inventory([
            ("config", "", 155),
            *(("snapshots", name.hex(), 300) for name in held),
        ])
        return CopyDone(
            snapshot=held[-1],
            tree=bytes(32),
            inventory=inv.encode(listed),
            inventory_root=inv.inventory_root(listed),
            files=3,
            files_new=1,
            bytes=100,
            bytes_sent=10,
            verified=4,
            seconds=1,
        )

    def drill(self, order: DrillOrder, *, stop: Stop = never) -> DrillDone:
        """See `Engine`."""
        del stop
        return DrillDone(
            seed=bytes(32), asked=3, of=3, good=3, bad=(), bytes=9, seconds=1, house=order.target
        )

    def try_keyless(self, order: KeylessOrder) -> KeylessDone:
        """See `Engine`."""
        return KeylessDone(parts=order.parts, keys_opened=0, hits=0, shrunk=0)

    def put_keys(self, order: KeysOrder) -> KeysDone:
        """See `Engine`."""
        sealed = Path(order.path).read_bytes()
        self.keys[order.access.address] = sha256(sealed).digest()
        return KeysDone(self.keys[order.access.address], len(sealed))


@dataclass
class Numbered:
    """A database whose writes are told one by one: `commit 1`, `commit 2`."""

    inner: Any
    around: Broken
    stage_of: Callable[[], str]
    counted: dict[str, int] = field(default_factory=dict[str, int])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, verb: Any) -> Any:
        """Write, or break."""
        n = self.counted[self.stage_of()] = self.counted.get(self.stage_of(), 0) + 1
        return self.around(f"commit {n}", lambda: self.inner.write(verb))


def parts_of(home: Home, engine: Pretend, db: Any = None) -> CopyParts:
    """The parts of a house at work; `db` in place of its own."""
    parts = copy_parts(home.house, engine=engine)
    whole = HouseSeen(HouseFound.WHOLE)
    return replace(parts, db=db or parts.db, look_at_house=lambda _folder, _keys: whole)


def a_day_of_copies(home: Home, parts: CopyParts, *, stage: Callable[[str], None]) -> None:
    """Places, keys, a copy, a drill; `stage` is told before each."""
    for order in PLACES:
        stage(f"the {order.name} is named")
        add_place(parts, order, actor=IMPORTER)
    stage("keys are copied")
    copy_keys(parts)
    stage("a copy is made")
    back_up(parts, "closet", actor=IMPORTER)
    home.later(minutes=2)
    stage("the ledger goes on")
    home.house.sequencer.run(now=home.clock.now())
    stage("the checkpoint is published")
    home.house.sequencer.publish(now=home.clock.now())
    stage("a copy is tried")
    drill(parts, "closet", actor=IMPORTER)


def copies_go_on(home: Home, parts: CopyParts) -> None:
    """What the owner does who was told of a failure, and the worker by itself, for an hour."""
    for order in PLACES:
        if order.name not in names(home):
            add_place(parts, order, actor=IMPORTER)
    for _ in range(4):
        home.later(minutes=61)
        home.house.sequencer.run(now=home.clock.now())
        home.house.sequencer.publish(now=home.clock.now())
        assert tend_copies(parts, look_for_work(parts)) == ()


def names(home: Home) -> set[str]:
    """Of the places on the list."""
    return {row[0] for row in home.read(lambda tx: tx.rows("select name from backup_place"))}


def check_copies(home: Home, engine: Pretend) -> None:
    """All is there once: rows and acts agree, what lies at the places is what was written down."""
    found = kinds(home)
    assert found["backup.place_added"] == len(PLACES)
    rows = home.read(lambda tx: tx.rows("select state, count(*) from backup_run group by state"))
    states = dict(rows)
    assert "running" not in states
    assert states.get("done", 0) == found["backup.done"] >= 1
    assert states.get("failed", 0) == found["backup.failed"] <= 1
    assert found["drill.done"] == 1
    sql = "select sha256 from backup_key_copy order by n desc limit 1"
    newest = home.read(lambda tx: tx.row(sql))
    assert newest is not None
    assert engine.keys == {"/shelf": newest[0]}
    seen = home.read(lambda tx: tx.rows("select snapshot from backup_snapshot"))
    assert {row[0] for row in seen} == set(engine.snapshots["/closet"])
    assert check_backup(home.house.db, Dossier(home.house.tiles)) == []
