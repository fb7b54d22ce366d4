"""Snapshots that lie about their time, and a house whose own clock was wrong: what may go?"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from houses import IMPORTER, Home
from kept.backup.acts import places, proofs, runs
from kept.backup.model import inventory as inv
from kept.backup.model.forgetting import Brake
from kept.backup.model.places import PlaceOrder, Plan
from kept.backup.model.runs import DrillFigures, HouseFound, RunFigures
from kept.backup.pipeline.loading import load_snapshots
from kept.backup.places.local import LocalPlace
from kept.backup.ports import FileKind
from kept.backup.repo.repository import Repository, open_repository
from kept.backup.repo.snapshots import snapshot_members
from kept.backup.repo.times import Moment
from kept.base.clock import SystemClock
from kept.flows.back_up import CopyParts, add_place, back_up
from kept.flows.copy_orders import never, unseen
from kept.flows.upkeep import rehearse
from kept.wiring.copies import copy_parts
from kept.wiring.upkeep_engine import UpkeepChild

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Closet:
    """A house's place, in which copies of any date can be laid."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.home, self.folder = home, folder
        self.parts: CopyParts = copy_parts(home.house)
        order = PlaceOrder("closet", str(folder / "closet"))
        add_place(self.parts, order, actor=IMPORTER, may_share_disk=True)
        assert back_up(self.parts, "closet", actor=IMPORTER).failed is None
        self.now = SystemClock().now()

    @property
    def repository(self) -> Repository:
        """Opened as whoever has the house's password opens it."""
        place = LocalPlace(self.folder / "closet", clock=SystemClock())
        return open_repository(place, self.parts.secrets.password)

    def lay(self, at: datetime) -> str:
        """The house's copy again, under another date."""
        repository = self.repository
        first = load_snapshots(repository)[0][0].snapshot
        members = snapshot_members(first) | {"time": Moment.of(at).text()}
        return repository.save_unpacked(FileKind.SNAPSHOT, members)

    def night(self, own: datetime, began: datetime, ended: datetime) -> str:
        """A run as the house notes it, whose snapshot says `own`."""
        known = self.home.read(lambda tx: places.place(tx, "closet"))
        run = self.home.write(lambda tx: runs.begin_run(tx, place=known, now=began))
        name, repository = self.lay(own), self.repository
        listed = inv.inventory(
            (kind.value, stored.name, stored.size)
            for kind in FileKind
            if kind is not FileKind.LOCK
            for stored in repository.list(kind)
        )
        figures = RunFigures(
            snapshot=bytes.fromhex(name),
            tree=bytes(32),
            inventory=inv.encode(listed),
            inventory_root=inv.inventory_root(listed),
            files=1,
            files_new=1,
            bytes=1,
            bytes_sent=1,
            verified=1,
            seconds=1,
        )
        origin = self.home.house.vault.origin
        self.home.write(
            lambda tx: runs.finish_run(
                tx, origin, actor=IMPORTER, run=run, figures=figures, now=ended
            )
        )
        return name

    def drilled(self, at: datetime) -> None:
        """A drill that passed."""
        known = self.home.read(lambda tx: places.place(tx, "closet"))
        figures = DrillFigures(
            snapshot=bytes(32),
            checkpoint=b"note",
            seed=bytes(32),
            asked=1,
            of=1,
            good=1,
            bad=(),
            bytes=1,
            seconds=1,
            house=HouseFound.WHOLE,
        )
        origin = self.home.house.vault.origin
        self.home.write(
            lambda tx: proofs.note_drill(
                tx, origin, actor=IMPORTER, place=known, figures=figures, now=at
            )
        )

    def rehearsed(self, keep: str) -> Any:
        """What would go by these rules."""
        origin, now = self.home.house.vault.origin, self.home.clock.now()
        plan = Plan(60, keep=keep)
        self.home.write(lambda tx: places.set_plan(tx, origin, actor=IMPORTER, plan=plan, now=now))
        done: Any = rehearse(
            self.parts,
            UpkeepChild(),
            "closet",
            grace=str(self.folder / "grace"),
            look=unseen,
            stop=never,
        )
        return {one.name for one in done.going}, set(done.brakes)


@pytest.fixture
def closet(home: Home, tmp_path: Path) -> Closet:
    """A house with one copy of today."""
    return Closet(home, tmp_path)


def test_copies_under_chosen_dates_push_no_night_out(closet: Closet) -> None:
    """Laid since the last look, by somebody who has the password."""
    nights = [closet.now - n * DAY for n in (3, 2, 1)]
    names = {closet.night(at, at - HOUR, at + HOUR) for at in nights}
    for n in range(1, 6):
        closet.lay(closet.now - n * DAY + 2 * HOUR)
    going, _ = closet.rehearsed("daily 4")
    assert going
    assert not going & names


def test_nights_under_a_clock_set_back_stay(closet: Closet) -> None:
    """The house's clock stands at its newest act, and the copies say 2020, a day each."""
    stuck = closet.now - DAY
    years_ago = closet.now.replace(year=2020, day=1)
    names = {closet.night(years_ago + n * DAY, stuck, stuck) for n in range(4)}
    going, _ = closet.rehearsed("daily 2")
    assert not going & names


def test_nights_after_a_clock_set_forward_stay(closet: Closet) -> None:
    """The house stays ahead of the world for years; each copy keeps its own day."""
    ahead = closet.now + 3650 * DAY
    names = {closet.night(closet.now - n * DAY, ahead, ahead) for n in range(1, 5)}
    names.add(closet.night(ahead, closet.now, ahead))
    going, _ = closet.rehearsed("daily 5")
    assert not going & names


def test_only_a_drill_of_the_past_counts(closet: Closet) -> None:
    """None, or one dated ahead: a person is asked first."""
    for n in range(1, 4):
        at = closet.now - n * DAY
        closet.night(at, at - HOUR, at + HOUR)
    going, brakes = closet.rehearsed("daily 3")
    assert (len(going), brakes) == (1, {Brake.UNDRILLED.value})
    closet.drilled(closet.now + 400 * DAY)
    assert closet.rehearsed("daily 3")[1] == {Brake.UNDRILLED.value}
    closet.drilled(closet.now - DAY)
    assert closet.rehearsed("daily 3")[1] == set()
