"""A write of a copy's own breaks: what is the caller told, and what does the next call make of it?

Each commit fails and is not stored, or fails though it was stored. A process that dies between a
finished run and its act is the first way: the next look tells the run failed, and what was stored
stays.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from houses import HOME, IMPORTER, TINA, Home
from kept.backup.model.places import Holds, PlaceOrder
from kept.base.errors import ConflictError, UnavailableError
from kept.flows.back_up import CopyParts, add_place, back_up, settle_runs
from kept.flows.copy_keys import are_keys_due, confirm_erased, copy_keys
from kept.flows.drill import drill
from kept.vault.acts.erase import Copies, follow
from kept.wiring.copies import copy_parts
from vault_cases import TOKEN, begin, kinds

WAYS = pytest.mark.parametrize("is_stored", [False, True], ids=["not stored", "stored"])


@dataclass
class Breaking:
    """A database one of whose writes breaks; `at` counts them from 1."""

    inner: Any
    at: int
    is_stored: bool
    count: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, verb: Any) -> Any:
        """Write, or break."""
        self.count += 1
        if self.count != self.at:
            return self.inner.write(verb)
        if self.is_stored:
            self.inner.write(verb)
        raise UnavailableError("this write was made to fail")


def broken(parts: CopyParts, at: int, *, is_stored: bool) -> CopyParts:
    """The parts of a house whose write number `at` breaks."""
    db: Any = Breaking(parts.db, at, is_stored)
    return replace(parts, db=db)


def place(home: Home, folder: Path, holds: Holds = Holds.DATA) -> CopyParts:
    """A house with a place in a folder."""
    parts = copy_parts(home.house)
    order = PlaceOrder(folder.name, str(folder), holds)
    add_place(parts, order, actor=IMPORTER, may_share_disk=True)
    return parts


@WAYS
def test_a_place_is_added_once(home: Home, tmp_path: Path, is_stored: bool) -> None:
    """Again: it is there already, or it is added beside the repository that stands."""
    parts = copy_parts(home.house)
    order = PlaceOrder("closet", str(tmp_path / "closet"))
    with pytest.raises(UnavailableError):
        add_place(broken(parts, 1, is_stored=is_stored), order, actor=IMPORTER, may_share_disk=True)
    if is_stored:
        with pytest.raises(ConflictError):
            add_place(parts, order, actor=IMPORTER, may_share_disk=True)
    else:
        assert not add_place(parts, order, actor=IMPORTER, may_share_disk=True).is_new
    assert kinds(home)["backup.place_added"] == 1


@WAYS
def test_a_run_without_its_act_is_told_failed(
    home: Home,
    tmp_path: Path,
    is_stored: bool,
) -> None:
    """The writes are: who died before, the beginning, the end. What was sent is not sent again."""
    home.add(contact=TINA, delivery=HOME)
    home.settle()
    parts = place(home, tmp_path / "closet")
    with pytest.raises(UnavailableError):
        back_up(broken(parts, 3, is_stored=is_stored), "closet", actor=IMPORTER)
    assert settle_runs(parts) == (0 if is_stored else 1)
    assert kinds(home)["backup.failed"] == (0 if is_stored else 1)
    sent = sum(p.stat().st_size for p in (tmp_path / "closet" / "data").rglob("*") if p.is_file())
    again: Any = back_up(parts, "closet", actor=IMPORTER)
    assert again.failed is None
    assert again.done.bytes_sent < sent
    assert kinds(home)["backup.done"] == (2 if is_stored else 1)


@WAYS
def test_a_drill_is_noted_or_done_again(home: Home, tmp_path: Path, is_stored: bool) -> None:
    """One act for each drill that was kept; nothing stays in staging."""
    parts = place(home, tmp_path / "closet")
    back_up(parts, "closet", actor=IMPORTER)
    home.later(minutes=2)
    home.settle()
    with pytest.raises(UnavailableError):
        drill(broken(parts, 1, is_stored=is_stored), "closet", actor=IMPORTER)
    assert not (home.house.place.root / "staging").exists()
    assert drill(parts, "closet", actor=IMPORTER).failed is None
    assert kinds(home)["drill.done"] == (2 if is_stored else 1)


@WAYS
@pytest.mark.parametrize("at", [1, 2], ids=["the copy is noted", "the erasure is confirmed"])
def test_an_erasure_is_told_everywhere_once(
    home: Home,
    tmp_path: Path,
    at: int,
    is_stored: bool,
) -> None:
    """It waits until the copy of keys is noted; then it is told once, whatever broke."""
    tina = home.add(contact=TINA, delivery=HOME).person
    home.settle()
    parts = place(home, tmp_path / "shelf", Holds.KEYS)
    copy_keys(parts)
    home.later(minutes=1)
    begin(home, tina)
    home.settle()
    assert home.read(lambda tx: follow(tx, TOKEN)).copies is Copies.WAITING
    home.later(minutes=1)
    with pytest.raises(UnavailableError):
        copy_keys(broken(parts, at, is_stored=is_stored))
    assert home.read(lambda tx: are_keys_due(tx, now=home.clock.now())) is (
        at == 1 and not is_stored
    )
    copy_keys(parts)
    confirm_erased(parts)
    assert home.read(lambda tx: follow(tx, TOKEN)).copies is Copies.CLEARED
    assert kinds(home)["erased_everywhere"] == 1


def test_an_erasure_before_the_first_place_of_keys_waits_for_none(
    home: Home, tmp_path: Path
) -> None:
    """A copy that is made later never held the key: nothing is told of it afterwards."""
    tina = home.add(contact=TINA, delivery=HOME).person
    begin(home, tina)
    home.settle()
    parts = place(home, tmp_path / "shelf", Holds.KEYS)
    home.later(minutes=1)
    copy_keys(parts)
    assert home.read(lambda tx: follow(tx, TOKEN)).copies is Copies.NONE
    assert kinds(home)["erased_everywhere"] == 0
