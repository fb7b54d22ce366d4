"""A write of a copy's own breaks: what is the caller told, and what does the next call make of it?

Each commit fails and is not stored, or fails though it was stored. A process that dies between a
finished run and its act is the first way: the next look tells the run failed, and what was stored
stays.
"""

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from houses import HOME, IMPORTER, TINA, Home, living
from kept.backup.acts.check import check_backup
from kept.backup.model.places import Holds, PlaceOrder
from kept.base.errors import ConflictError, UnavailableError
from kept.flows.back_up import CopyParts, add_place, back_up, settle_runs
from kept.flows.copy_keys import are_keys_due, confirm_erased, copy_keys
from kept.flows.drill import drill
from kept.flows.tend_copies import look_for_work
from kept.ledger.acts.dossier import Dossier
from kept.vault.acts.erase import Copies, follow
from kept.wiring.copies import copy_parts
from ledger_yard import DiedError
from pretend_copies import (
    Numbered,
    Pretend,
    a_day_of_copies,
    check_copies,
    copies_go_on,
    parts_of,
)
from vault_cases import TOKEN, begin, kinds, reopen

CHILD = Path(__file__).parent.parent / "kill_copy_child.py"
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


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("how", ["not stored", "stored", "killed"])
@pytest.mark.parametrize(
    "row",
    [
        "keys are copied: commit 1",
        "a copy is made: commit 2",
        "a copy is made: commit 3",
        "a copy is tried: commit 1",
    ],
)
def test_a_break_on_postgresql_is_told_and_healed(
    tmp_path: Path, postgres_database: Callable[[], str], row: str, how: str
) -> None:
    """The acts of a run, a copy of keys and a drill: whatever broke, each stands there once."""
    engine, at = Pretend(), [""]

    def broken(what: str, write: Callable[[], Any]) -> Any:
        is_here = f"{at[0]}: {what}" == row
        if is_here and how == "not stored":
            raise UnavailableError("this write was made to fail")
        done = write()
        if is_here:
            raise DiedError if how == "killed" else UnavailableError("stored, but who knows")
        return done

    def stage(name: str) -> None:
        at[0] = name

    with living(tmp_path, dsn=postgres_database()) as home:
        parts = parts_of(home, engine, Numbered(home.house.db, broken, lambda: at[0]))
        with pytest.raises(DiedError if how == "killed" else UnavailableError):
            a_day_of_copies(home, parts, stage=stage)
        reopen(home)
        copies_go_on(home, parts_of(home, engine))
        check_copies(home, engine)


def test_killed_between_the_copy_and_its_act(any_home: Home, tmp_path: Path) -> None:
    """SIGKILL when the snapshot lies at the place: told failed once, sent once, drilled after.

    The next copy goes on from what lies there, and both snapshots are whole.
    """
    home = any_home
    home.add(contact=TINA, delivery=HOME)
    home.settle()
    place(home, tmp_path / "closet")
    settings = home.house.settings
    home.house.close()
    dsn = settings.dsn.reveal().decode() if settings.dsn else ""
    command = [sys.executable, CHILD, home.house.place.root, settings.key_file, dsn, "closet"]
    killed = subprocess.run(command, check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    snapshots = tmp_path / "closet" / "snapshots"
    (left,) = snapshots.iterdir()
    reopen(home)
    parts = copy_parts(home.house)
    for _ in range(2):  # the worker looks again and again
        look_for_work(parts)
        assert (kinds(home)["backup.failed"], kinds(home)["backup.done"]) == (1, 0)
    again: Any = back_up(parts, "closet", actor=IMPORTER)
    assert again.failed is None
    assert again.done.files_new == 0 or again.done.bytes_sent < again.done.bytes
    assert (kinds(home)["backup.failed"], kinds(home)["backup.done"]) == (1, 1)
    assert len(list(snapshots.iterdir())) == 2
    seen = home.read(lambda tx: tx.rows("select snapshot from backup_snapshot"))
    assert (
        {row[0].hex() for row in seen} == {one.name for one in snapshots.iterdir()} >= {left.name}
    )
    assert list((tmp_path / "closet" / "locks").iterdir()) == []
    assert not (home.house.place.root / "staging").exists()
    home.later(minutes=2)
    home.settle()
    assert drill(parts, "closet", actor=IMPORTER).failed is None
    assert check_backup(home.house.db, Dossier(home.house.tiles)) == []


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
