"""A house makes copies by a process of its own, with acts, on both engines; and bad days."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from houses import HOME, IMPORTER, TINA, Home, living
from kept.backup.acts import proofs, runs
from kept.backup.acts.check import check_backup
from kept.backup.model.places import Holds, PlaceOrder
from kept.backup.model.report_reasons import FailedWhy
from kept.backup.model.runs import HouseFound, RunState
from kept.base.clock import EPOCH
from kept.base.errors import ConflictError, NotFoundError, RefusedError, UnavailableError
from kept.crypto.providers.recovery import RecoveryProvider
from kept.crypto.secret import Secret
from kept.crypto.words import from_words
from kept.db.scratch import is_empty
from kept.db.seam import Pending
from kept.flows.back_up import CopyParts, add_place, back_up
from kept.flows.copy_keys import are_keys_due, copy_keys, open_key_copy
from kept.flows.drill import NoPageError, drill
from kept.flows.drop_place import drop_place
from kept.flows.evidence import HouseEvidence
from kept.flows.tend_copies import due_copies, look_for_work, tend_copies
from kept.ledger.acts.dossier import Dossier
from kept.ledger.acts.starting import Refusing
from kept.vault.acts.erase import Copies, follow
from kept.vault.acts.evidence import erasures_asked
from kept.vault.acts.open import OpenedPerson
from kept.wiring.copies import copy_parts, look_at_house
from kept.wiring.house import open_house
from kept.wiring.settings import Settings
from kept.worker.tasks.copies import Copies as Copying
from vault_cases import TOKEN, begin, kinds, one


def closet(home: Home, folder: Path, **more) -> CopyParts:
    """A house with a place in a folder."""
    parts = copy_parts(home.house)
    order = PlaceOrder("closet", str(folder), **more)
    add_place(parts, order, actor=IMPORTER, may_share_disk=True)
    return parts


def test_a_house_is_copied(any_home: Home, tmp_path: Path):
    """The run tells how far it is, leaves a snapshot and its act, and nothing in staging."""
    home = any_home
    home.add(contact=TINA, delivery=HOME)
    home.settle()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "note.txt").write_text("tea", encoding="utf-8")
    parts = closet(home, tmp_path / "closet", folders=(str(tmp_path / "own"),))
    told: list[Any] = []
    result: Any = back_up(parts, "closet", actor=IMPORTER, look=told.append)
    assert result.failed is None
    assert result.done.files >= 3
    assert told
    found: Any = home.read(lambda tx: runs.last_copy(tx, result.place))
    assert (found.state, found.act) == (RunState.DONE, result.act)
    assert kinds(home)["backup.done"] == 1
    assert not (home.house.place.root / "staging").exists()
    again: Any = back_up(parts, "closet", actor=IMPORTER)
    assert again.done.bytes_sent < result.done.bytes_sent


def published(home: Home) -> None:
    """A checkpoint that is newer than everything so far."""
    home.later(minutes=2)
    home.settle()


def drills_passed(home: Home) -> list[bool]:
    """What the promise `restore.drill` is measured from."""
    rules, now = home.house.book.rules, home.clock.now()
    found = home.read(lambda tx: HouseEvidence(tx, rules, now).drills(EPOCH))
    return [one.is_passed for one in found]


def test_a_drill_brings_all_of_it_back(any_home: Home, tmp_path: Path):
    """All files are the same, the house in it is whole, nothing is read without the key."""
    home = any_home
    home.add(contact=TINA, delivery=HOME)
    home.settle()
    parts = closet(home, tmp_path / "closet")
    copied: Any = back_up(parts, "closet", actor=IMPORTER)
    with pytest.raises(NoPageError, match="next page"):
        drill(parts, "closet", actor=IMPORTER)
    published(home)
    result: Any = drill(parts, "closet", actor=IMPORTER)
    assert result.failed is None
    figures = result.figures
    assert (figures.good, figures.asked, figures.bad) == (copied.done.files, figures.of, ())
    assert (figures.house, result.said) == (HouseFound.WHOLE, "")
    assert drills_passed(home) == [True]
    assert result.is_open is False
    assert figures.is_passed
    assert (kinds(home)["drill.done"], kinds(home)["drill.keyless"]) == (1, 1)
    assert not (home.house.place.root / "staging").exists()


@pytest.mark.needs("postgres")
def test_a_dump_is_tried_where_it_may_be(tmp_path: Path, postgres_database: Callable[[], str]):
    """A role that may make no database: told, not counted. With one named by the owner: whole.

    Afterwards nothing is left in it.
    """
    dsn, named = postgres_database(), Secret(postgres_database().encode())
    role = f"kept_role_{os.getpid()}"
    weak = Secret(make_conninfo(dsn, user=role).encode())
    with living(tmp_path, dsn=dsn) as home, psycopg.connect(dsn, autocommit=True) as server:
        server.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
        try:
            parts = closet(home, tmp_path / "closet")
            back_up(parts, "closet", actor=IMPORTER)
            published(home)
            look = partial(look_at_house, dsn=weak)
            told: Any = drill(replace(parts, look_at_house=look), "closet", actor=IMPORTER)
            assert told.figures.house is HouseFound.UNTRIED
            assert "createdb" in told.said
            assert drills_passed(home) == [False]
            look = partial(look_at_house, dsn=weak, named=named)
            tried: Any = drill(replace(parts, look_at_house=look), "closet", actor=IMPORTER)
            assert tried.figures.house is HouseFound.WHOLE
            assert drills_passed(home) == [False, True]
            assert is_empty(named)
        finally:
            server.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


@pytest.mark.needs("postgres")
def test_a_dump_of_a_changed_ledger_is_damaged(
    tmp_path: Path, postgres_database: Callable[[], str]
):
    """It comes back to the last row, and the rows are not those that were signed."""
    dsn = postgres_database()
    with living(tmp_path, dsn=dsn) as home:
        home.add(contact=TINA, delivery=HOME)
        home.settle()
        parts, restored = copy_parts(home.house), tmp_path / "restored"
        restored.mkdir()
        home.house.db.copy_to(restored / "postgres.dump")
        assert parts.look_at_house(restored, parts.secrets.log_keys).found is HouseFound.WHOLE
        home.write(lambda tx: Pending(tx.run("update ledger_head set root = :r", r=bytes(32))))
        home.house.db.copy_to(restored / "postgres.dump")
        assert parts.look_at_house(restored, parts.secrets.log_keys).found is HouseFound.DAMAGED
        (restored / "postgres.dump").write_bytes(b"PGDMP, once upon a time")
        assert parts.look_at_house(restored, parts.secrets.log_keys).found is HouseFound.DAMAGED


def test_a_drill_tells_of_one_spoiled_file(home: Home, tmp_path: Path):
    """A part with a flipped byte: the file is named to the owner, counted in the act."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "big.bin").write_bytes(os.urandom(300_000))
    parts = closet(home, tmp_path / "closet", folders=(str(own),))
    copied: Any = back_up(parts, "closet", actor=IMPORTER)
    published(home)
    largest = max((tmp_path / "closet" / "data").rglob("*"), key=lambda p: p.stat().st_size)
    raw = bytearray(largest.read_bytes())
    raw[len(raw) // 2] ^= 1
    largest.chmod(0o600)
    largest.write_bytes(raw)
    result: Any = drill(parts, "closet", actor=IMPORTER)
    assert not result.figures.is_passed
    assert len(result.figures.bad) + (result.figures.house is HouseFound.DAMAGED) >= 1
    assert copied.done.files == result.figures.of


def with_keys(home: Home, tmp_path: Path) -> CopyParts:
    """A house with a place for data and one for keys."""
    parts = closet(home, tmp_path / "closet")
    order = PlaceOrder("shelf", str(tmp_path / "shelf"), Holds.KEYS)
    add_place(parts, order, actor=IMPORTER, may_share_disk=True)
    return parts


def restic_restore(parts: CopyParts, tmp_path: Path, copied: Any, target: Path) -> None:
    """What anybody with the password does with a program that is not ours."""
    name = copied.done.snapshot.hex()
    subprocess.run(
        ["restic", "-r", tmp_path / "closet", "restore", name, "--target", target],
        env={
            "RESTIC_PASSWORD": parts.secrets.password.reveal().decode(),
            "HOME": str(tmp_path),
            "PATH": "/usr/bin:/bin",
        },
        check=True,
        capture_output=True,
    )


def on_the_shelf(tmp_path: Path) -> list[Path]:
    """The copies of keys that lie there."""
    return [path for path in (tmp_path / "shelf" / "keys").iterdir() if path.is_file()]


@pytest.mark.needs("restic")
def test_an_erased_person_is_gone_from_all_that_was_copied(home: Home, tmp_path: Path):
    """Backup, erase one, restore data and keys elsewhere: nobody reads them, others stay.

    The new house refuses to sign until it is told that this data is the newest.
    """
    tina = home.add(contact=TINA, delivery=HOME).person
    otto = home.add(contact={"email": "otto@example.org"}, delivery=HOME).person
    home.settle()
    parts = with_keys(home, tmp_path)
    assert home.read(lambda tx: are_keys_due(tx, now=home.clock.now()))
    (first,) = copy_keys(parts)
    assert first.act
    assert not home.read(lambda tx: are_keys_due(tx, now=home.clock.now()))
    copied: Any = back_up(parts, "closet", actor=IMPORTER)
    old = on_the_shelf(tmp_path)
    home.later(minutes=5)
    begin(home, tina)
    home.settle()
    assert kinds(home)["erased_here"] == 1
    assert kinds(home)["erased_everywhere"] == 0
    assert home.read(lambda tx: follow(tx, TOKEN)).copies is Copies.WAITING
    (asked,) = home.read(lambda tx: erasures_asked(tx, since=EPOCH))
    assert asked.done_at is None
    assert home.read(lambda tx: are_keys_due(tx, now=home.clock.now()))
    copy_keys(parts)
    assert kinds(home)["erased_everywhere"] == 1
    assert home.read(lambda tx: follow(tx, TOKEN)).copies is Copies.CLEARED
    (asked,) = home.read(lambda tx: erasures_asked(tx, since=EPOCH))
    assert asked.done_at == home.clock.now()
    assert len(on_the_shelf(tmp_path)) == 1
    assert on_the_shelf(tmp_path) != old

    # Another machine: the data of before, the keys of after.
    new = tmp_path / "new"
    subprocess.run(
        [
            "restic",
            "-r",
            tmp_path / "closet",
            "restore",
            copied.done.snapshot.hex(),
            "--target",
            new,
        ],
        env={"RESTIC_PASSWORD": parts.secrets.password.reveal().decode(), "HOME": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    names = {path.name for path in (new / "kept").iterdir()}
    assert not names & {"keys.db", "keyring.json", "find.db", "high-water", "lock"}
    identity = from_words(" ".join(home.founded.recovery_words))
    assert set(open_key_copy(on_the_shelf(tmp_path)[0].read_bytes(), identity, new / "kept")) == {
        "keyring.json",
        "keys.db",
    }
    house = open_house(
        new / "kept", Settings(), clock=home.clock, root=RecoveryProvider.of(identity)
    )
    there = Home(house, home.founded, home.clock)
    try:
        with pytest.raises(NotFoundError):
            there.look(tina)
        assert isinstance(there.look(otto), OpenedPerson)
        assert one(there, "select state from person where id = :id", id=tina.raw) == "erased"
        refused = house.sequencer.start()
        assert isinstance(refused, Refusing)
        assert refused.code == "mark_missing"
    finally:
        house.close()


def test_a_place_of_keys_leaves_the_list_without_its_copy_alone(
    any_home: Home, tmp_path: Path
) -> None:
    """While the copy lies there the place stays, and the erased wait for it, switched off or not.

    Said to be destroyed it goes, no file is touched, and nobody waits for it any more.
    """
    home = any_home
    tina = home.add(contact=TINA, delivery=HOME).person
    home.settle()
    parts = with_keys(home, tmp_path)
    copy_keys(parts)
    home.later(minutes=5)
    begin(home, tina)
    home.settle()
    (before,) = on_the_shelf(tmp_path)
    with pytest.raises(RefusedError, match="destroyed that copy"):
        drop_place(parts, "shelf", actor=IMPORTER)
    assert kinds(home)["backup.place_removed"] == 0
    assert home.read(lambda tx: follow(tx, TOKEN)).copies is Copies.WAITING
    drop_place(parts, "shelf", actor=IMPORTER, is_copy_destroyed=True)
    assert on_the_shelf(tmp_path) == [before]
    assert (kinds(home)["backup.place_removed"], kinds(home)["erased_everywhere"]) == (1, 1)
    assert home.read(lambda tx: follow(tx, TOKEN)).copies is Copies.CLEARED
    assert not home.read(lambda tx: are_keys_due(tx, now=home.clock.now()))
    home.settle()
    assert check_backup(home.house.db, Dossier(home.house.tiles)) == []


def test_the_erased_wait_for_every_copy_that_is_left(home: Home, tmp_path: Path) -> None:
    """One of two places goes: nobody is told erased before the other one was replaced."""
    tina = home.add(contact=TINA, delivery=HOME).person
    home.settle()
    parts = with_keys(home, tmp_path)
    order = PlaceOrder("drawer", str(tmp_path / "drawer"), Holds.KEYS)
    add_place(parts, order, actor=IMPORTER, may_share_disk=True)
    copy_keys(parts)
    home.later(minutes=5)
    begin(home, tina)
    home.settle()
    drop_place(parts, "drawer", actor=IMPORTER, is_copy_destroyed=True)
    assert home.read(lambda tx: follow(tx, TOKEN)).copies is Copies.WAITING
    copy_keys(parts)
    assert home.read(lambda tx: follow(tx, TOKEN)).copies is Copies.CLEARED


def test_without_a_place_of_data_no_copy_counts(home: Home, tmp_path: Path) -> None:
    """Taken off the list, its copies of yesterday keep no promise any more; a place added does."""
    parts = closet(home, tmp_path / "closet")
    back_up(parts, "closet", actor=IMPORTER)
    far = "update backup_place set is_near = 0"  # another disk, as far as the promise knows
    home.write(lambda tx: Pending(tx.run(far)))
    rules, now = home.house.book.rules, home.clock.now()

    def copies() -> int:
        return len(home.read(lambda tx: HouseEvidence(tx, rules, now).copies(EPOCH)))

    assert copies() == 1
    drop_place(parts, "closet", actor=IMPORTER)
    assert copies() == 0
    assert not home.read(lambda tx: due_copies(tx, parts.vault.origin, now=now, zone=UTC)).is_any


@pytest.mark.needs("restic")
def test_keys_never_lie_with_data(home: Home, tmp_path: Path):
    """No slice of keys.db or the keyring is in what the place of data holds, opened or not."""
    home.add(contact=TINA, delivery=HOME)
    home.settle()
    parts = with_keys(home, tmp_path)
    copy_keys(parts)
    copied: Any = back_up(parts, "closet", actor=IMPORTER)
    restored = tmp_path / "restored"
    restic_restore(parts, tmp_path, copied, restored)
    wraps = home.house.keys_db.read(lambda tx: tx.rows("select wrap from person_key"))
    secrets = [row[0][20:52] for row in wraps]
    assert secrets
    for path in restored.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert not any(secret in raw for secret in secrets)


@pytest.mark.parametrize("how", ["not stored", "stored"])
def test_a_run_whose_act_broke_is_settled(home: Home, tmp_path: Path, how: str):
    """The database fails when the run ends: the next run tells it failed once and goes on."""
    parts = closet(home, tmp_path / "closet")
    real = home.house.db

    class Breaking:
        """Breaks at the second write of a run: the one with its act."""

        def __init__(self) -> None:
            self.left = 2

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def write(self, work: Any) -> Any:
            self.left -= 1
            if self.left == -1:
                if how == "stored":
                    real.write(work)
                raise UnavailableError("made to fail")
            return real.write(work)

    broken: Any = Breaking()
    with pytest.raises(UnavailableError):
        back_up(replace(parts, db=broken), "closet", actor=IMPORTER)
    result = back_up(parts, "closet", actor=IMPORTER)
    assert result.failed is None
    found = kinds(home)
    assert (found["backup.failed"], found["backup.done"]) == ((0, 2) if how == "stored" else (1, 1))
    assert home.read(lambda tx: tx.rows("select n from backup_run where state = 'running'")) == []


def test_a_copy_without_the_house_is_none(home: Home, tmp_path: Path):
    """What was staged is gone before it is read: the run failed, though a snapshot lies there."""
    parts = closet(home, tmp_path / "closet")
    engine: Any = parts.engine

    class Losing:
        """Loses the copied database before it leaves."""

        def __getattr__(self, name: str) -> Any:
            return getattr(engine, name)

        def copy(self, order: Any, **how: Any) -> Any:
            """As the engine, without data.db."""
            (staged,) = (
                Path(os.fsdecode(at)) for name, at in order.roots if name in order.databases
            )
            staged.unlink()
            return engine.copy(order, **how)

    losing: Any = Losing()
    result: Any = back_up(replace(parts, engine=losing), "closet", actor=IMPORTER)
    assert result.failed.why is FailedWhy.SOURCE
    assert (kinds(home)["backup.failed"], kinds(home)["backup.done"]) == (1, 0)


def test_a_place_that_is_away_is_told(home: Home, tmp_path: Path):
    """The disk is gone: the run failed with its plain reason, and no new repository was begun."""
    parts = closet(home, tmp_path / "closet")
    shutil.move(tmp_path / "closet", tmp_path / "unplugged")
    result: Any = back_up(parts, "closet", actor=IMPORTER)
    assert result.failed.why is FailedWhy.AWAY
    assert kinds(home)["backup.failed"] == 1
    assert not (tmp_path / "closet").exists()


def test_the_same_disk_is_refused_unless_told(home: Home, tmp_path: Path):
    """Both would be lost together; told, it is marked and counts for no promise."""
    parts = copy_parts(home.house)
    order = PlaceOrder("closet", str(tmp_path / "closet"))
    with pytest.raises(RefusedError, match="same disk"):
        add_place(parts, order, actor=IMPORTER)
    assert kinds(home)["backup.place_added"] == 0
    added = add_place(parts, order, actor=IMPORTER, may_share_disk=True)
    assert added.place.order.is_near
    back_up(parts, "closet", actor=IMPORTER)
    rules, now = home.house.book.rules, home.clock.now()
    assert home.read(lambda tx: HouseEvidence(tx, rules, now).copies(EPOCH)) == ()


def test_a_run_can_be_stopped(home: Home, tmp_path: Path):
    """Stopped at once: noted as failed, no snapshot, and no lock is left."""
    parts = closet(home, tmp_path / "closet")
    result: Any = back_up(parts, "closet", actor=IMPORTER, stop=lambda: True)
    if result.failed is not None:
        assert result.failed.code == "stopped"
        assert kinds(home)["backup.failed"] == 1
    assert list((tmp_path / "closet" / "locks").iterdir()) == []


def test_the_worker_copies_and_drills_by_itself(home: Home, tmp_path: Path):
    """Once a day, once each; a new snapshot is drilled when the log has a newer page."""
    copies = Copying(closet(home, tmp_path / "closet"))

    def turn() -> bool:
        is_busy = copies.turn()
        copies.wait()
        return is_busy

    assert turn()
    assert kinds(home)["backup.done"] == 1
    assert kinds(home)["backup.plan_changed"] == 1
    assert not turn()
    published(home)
    assert turn()
    assert kinds(home)["drill.done"] == 1
    assert not turn()
    home.later(hours=25)
    assert turn()
    assert kinds(home)["backup.done"] == 2


def test_a_failed_copy_is_tried_again_after_an_hour(home: Home, tmp_path: Path):
    """Not at once, not the next day only."""
    copies = Copying(closet(home, tmp_path / "closet"))
    shutil.move(tmp_path / "closet", tmp_path / "unplugged")
    assert copies.turn()
    copies.wait()
    assert kinds(home)["backup.failed"] == 1
    assert not copies.turn()
    shutil.move(tmp_path / "unplugged", tmp_path / "closet")
    home.later(hours=1)
    assert copies.turn()
    copies.wait()
    assert kinds(home)["backup.done"] == 1


def test_a_house_at_work_is_not_told_dead_by_another_look(home: Home):
    """All parts of one house in this process know the same runs as alive."""
    assert copy_parts(home.house).alive is copy_parts(home.house).alive


def test_a_process_that_is_killed_has_failed(home: Home, tmp_path: Path):
    """The child is killed while it copies: noted with its act, and the next run is whole."""
    own = tmp_path / "own"
    own.mkdir()
    for n in range(40):
        (own / str(n)).write_bytes(os.urandom(1 << 20))
    parts = closet(home, tmp_path / "closet", folders=(str(own),))
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = set(children.read_text(encoding="utf-8").split())

    def kill(_: object) -> None:
        for pid in set(children.read_text(encoding="utf-8").split()) - before:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)

    result: Any = back_up(parts, "closet", actor=IMPORTER, look=kill)
    assert result.failed is not None
    assert kinds(home)["backup.failed"] == 1
    again: Any = back_up(parts, "closet", actor=IMPORTER)
    assert again.failed is None
    assert again.done.files >= 40


@pytest.mark.parametrize("first", [Holds.DATA, Holds.KEYS])
def test_keys_and_data_never_share_an_address(home: Home, tmp_path: Path, first: Holds) -> None:
    """Not under another spelling, in either order; and what lies there stays as it is."""
    second = Holds.KEYS if first is Holds.DATA else Holds.DATA
    parts = copy_parts(home.house)
    folder = tmp_path / "shelf"
    add_place(parts, PlaceOrder("one", str(folder), first), actor=IMPORTER, may_share_disk=True)
    if first is Holds.KEYS:
        copy_keys(parts)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert before
    with pytest.raises(ConflictError):
        add_place(parts, PlaceOrder("two", str(folder), first), actor=IMPORTER, may_share_disk=True)
    alias = tmp_path / "alias"
    alias.symlink_to(folder)
    with pytest.raises(RefusedError):
        add_place(parts, PlaceOrder("two", str(alias), second), actor=IMPORTER, may_share_disk=True)
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_copy_of_keys_never_replaces_those_of_a_repository(home: Home, tmp_path: Path) -> None:
    """A repository that came to lie at the place of keys later keeps its key file."""
    parts = with_keys(home, tmp_path)
    add_place(
        parts, PlaceOrder("data", str(tmp_path / "data")), actor=IMPORTER, may_share_disk=True
    )
    shutil.rmtree(tmp_path / "shelf")
    shutil.copytree(tmp_path / "data", tmp_path / "shelf")
    before = sorted((tmp_path / "shelf" / "keys").iterdir())
    copy_keys(parts)
    assert before
    assert all(path.exists() for path in before)


def without_parts(home: Home, tmp_path: Path) -> CopyParts:
    """A house whose copy lost every part; its place stands."""
    parts = closet(home, tmp_path / "closet")
    back_up(parts, "closet", actor=IMPORTER)
    published(home)
    for part in (path for path in (tmp_path / "closet" / "data").rglob("*") if path.is_file()):
        part.parent.chmod(0o700)
        part.unlink()
    return parts


def test_a_copy_that_lacks_its_parts_fails_its_drill_once(home: Home, tmp_path: Path) -> None:
    """What is missing from a place that answers is damage: it leaves its act, and is told."""
    parts = without_parts(home, tmp_path)
    wanted = look_for_work(parts)
    assert wanted.drills == ("closet",)
    (told,) = tend_copies(parts, wanted)
    assert told.startswith("closet: ")
    assert kinds(home)["drill.done"] == 1
    (found,) = home.read(lambda tx: proofs.drills(tx, since=EPOCH))
    assert not found.is_passed
    assert look_for_work(parts).drills == ()


def test_a_drill_of_a_place_that_is_away_rests(home: Home, tmp_path: Path) -> None:
    """It is no damage and leaves no act; it is tried again after an hour, not at every turn."""
    parts, resting = closet(home, tmp_path / "closet"), dict[str, Any]()
    back_up(parts, "closet", actor=IMPORTER)
    published(home)
    shutil.move(tmp_path / "closet", tmp_path / "unplugged")
    (told,) = tend_copies(parts, look_for_work(parts), resting=resting)
    assert told.startswith("closet: ")
    assert "drill.done" not in kinds(home)
    assert look_for_work(parts, resting=resting).drills == ()
    home.later(minutes=61)
    assert look_for_work(parts, resting=resting).drills == ("closet",)
