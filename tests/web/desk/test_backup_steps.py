"""Do the buttons of a place do what they say, ask before what cannot be undone, and no more?"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk_backup import add, done, form, text
from desk_people import Colleagues, Member
from houses import Home
from kept.backup.acts import places, runs
from kept.backup.acts.check import check_backup
from kept.backup.places.opening import Time
from kept.backup.ports import FileKind
from kept.backup.repo.locks import Lock, ProcessFacts, lock_members
from kept.backup.repo.repository import Repository, open_repository
from kept.backup.repo.times import Moment
from kept.base.clock import SystemClock
from kept.crypto.secret import Secret
from kept.flows.back_up import access_of
from kept.ledger.acts.dossier import Dossier
from kept.vault.model.rules import Role
from kept.wiring.access import open_access
from kept.wiring.copies import copy_parts

FAR = ProcessFacts(hostname="elsewhere", username="kept", pid=7, uid=0, gid=0)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgotten snapshots wait below the home of whoever runs the house."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def kinds(home: Home) -> list[str]:
    """Of all acts, oldest first."""
    return [row[0] for row in home.read(lambda tx: tx.rows("select kind from acts order by id"))]


def opened(home: Home) -> Repository:
    """The repository in the closet, as the house opens it."""
    parts = copy_parts(home.house)
    access = access_of(parts, home.read(lambda tx: places.place(tx, "closet")))
    place = open_access(access, Time(SystemClock(), lambda: 0.0, lambda _s: None))
    return open_repository(place, Secret(access.password.encode()))


def snapshots(closet: Path) -> set[str]:
    """What lies there."""
    return {path.name for path in (closet / "snapshots").iterdir()}


def copied(colleagues: Colleagues, closet: Path) -> Member:
    """An owner with a copy in the closet."""
    owner = colleagues.member(Role.OWNER)
    assert add(owner, closet).status_code == 303
    assert "The copy is made: closet" in done(owner, "places/closet/copy")
    return owner


def test_a_place_is_looked_through_and_what_is_wrong_is_named(
    colleagues: Colleagues, tmp_path: Path
) -> None:
    """A whole place is said to be so with its limit; a missing part is named with what to do."""
    closet, home = tmp_path / "closet", colleagues.home
    owner = copied(colleagues, closet)
    page = done(owner, "places/closet/check")
    assert re.search(r"Copies: 1\. Parts: \d+, of these read through: [1-9]", page), page
    assert "No fault was found. Parts that were not read may still be damaged." in page
    assert kinds(home)[-1] == "backup.checked"
    part = next(path for path in (closet / "data").rglob("*") if path.is_file())
    part.unlink()
    page = done(owner, "places/closet/check")
    assert "Things that are wrong:" in page
    assert part.name[:12] in page
    assert "No fault was found" not in page


def test_room_is_made_of_what_was_shown_and_of_nothing_else(
    colleagues: Colleagues, tmp_path: Path
) -> None:
    """Looked at, shown, asked, done: old copies wait in grace, and the log tells of both."""
    closet, home = tmp_path / "closet", colleagues.home
    owner = copied(colleagues, closet)
    first = snapshots(closet)
    for _ in range(2):
        done(owner, "places/closet/copy")
    assert len(snapshots(closet)) == 3
    owner.browser.post("/desk/backup/plan", data={"keep": "last 1"})
    early = owner.browser.get("/desk/backup/places/closet/room")
    assert "First we look what may go." in text(early)
    begun = owner.browser.post("/desk/backup/places/closet/rehearse")
    assert begun.status_code == 303
    told = owner.browser.get("/desk/backup/events")
    assert "data: /desk/backup/places/closet/room" in told.text
    assert len(snapshots(closet)) == 3
    page = owner.browser.get("/desk/backup/places/closet/room")
    assert "These copies would go" in text(page)
    assert "More than half of the copies would go." in text(page)
    assert "No test of the copies passed for 35 days." in text(page)
    assert page.text.count("<tr>") == 3  # a head and two copies
    seen = re.search(r'name="seen" value="([^"]+)"', page.text)
    assert seen is not None
    for wrong in ("", "2026-01-01T00:00:00Z"):
        refused = owner.browser.post("/desk/backup/places/closet/room", data={"seen": wrong})
        assert (refused.status_code, "has changed" in text(refused)) == (409, True)
    assert len(snapshots(closet)) == 3
    page_text = done(owner, "places/closet/room", seen=seen[1])
    assert "Old copies let go: 2." in page_text
    assert len(snapshots(closet)) == 1
    assert not snapshots(closet) & first
    waiting = list((tmp_path / "home" / ".local/state/kept/grace").rglob("*-*"))
    assert len([path for path in waiting if path.is_file()]) == 2
    assert kinds(home)[-2:] == ["backup.forgotten", "backup.pruned"]
    again = owner.browser.post("/desk/backup/places/closet/room", data={"seen": seen[1]})
    assert again.status_code == 409
    assert check_backup(home.house.db, Dossier(home.house.tiles)) == []


def test_only_a_lock_that_is_surely_nobodys_is_cleared(
    colleagues: Colleagues, tmp_path: Path
) -> None:
    """One fallen silent for an hour goes; one of a minute ago stays, and the page says why."""
    closet, home = tmp_path / "closet", colleagues.home
    owner = copied(colleagues, closet)
    repository, now = opened(home), datetime.now(UTC)
    stale, live = (
        repository.save_unpacked(
            FileKind.LOCK,
            lock_members(Lock(time=Moment.of(now - ago), exclusive=False, holder=FAR)),
        )
        for ago in (timedelta(hours=1), timedelta(minutes=1))
    )
    page = done(owner, "places/closet/unlock")
    assert "Left-over locks removed: 1." in page
    assert "Locks that stay: 1. Somebody may be at work there." in page
    held = {path.name for path in (closet / "locks").iterdir()}
    assert (stale in held, live in held) == (False, True)


def test_a_place_taken_off_the_list_keeps_what_lies_there(
    any_colleagues: Colleagues, tmp_path: Path
) -> None:
    """It is asked first; then one act, no file is touched, nothing opens it, its name is taken."""
    home, closet = any_colleagues.home, tmp_path / "closet"
    owner = copied(any_colleagues, closet)
    before = {path: path.stat().st_mtime_ns for path in closet.rglob("*") if path.is_file()}
    question = owner.browser.get("/desk/backup/places/closet/remove")
    assert "This is your only place for the data." in text(question)
    assert "We delete nothing." in text(question)
    assert len(home.read(places.places)) == 1
    removed = owner.browser.post("/desk/backup/places/closet/remove")
    assert "The place is off the list." in text(removed)
    assert home.read(places.places) == []
    assert kinds(home)[-1] == "backup.place_removed"
    assert {p: p.stat().st_mtime_ns for p in closet.rglob("*") if p.is_file()} == before
    row = home.read(lambda tx: tx.row("select secrets, epoch, commitment from backup_place"))
    assert row == (None, None, None)
    for path in ("/desk/backup/places/closet", "/desk/backup/places/closet/remove"):
        assert owner.browser.get(path).status_code == 404
    for step in ("copy", "check", "rehearse", "unlock", "remove", "rest"):
        assert owner.browser.post(f"/desk/backup/places/closet/{step}").status_code == 404
    taken = owner.browser.post("/desk/backup/add", data=form(closet, same_disk="yes"))
    assert (taken.status_code, "Choose another name" in text(taken)) == (422, True)
    again = add(owner, closet, name="closet2")
    assert again.status_code == 303
    assert "/snapshots/" in owner.browser.get("/desk/backup/places/closet2").text
    assert check_backup(home.house.db, Dossier(home.house.tiles)) == []


def test_a_place_is_not_removed_under_a_copy(colleagues: Colleagues, tmp_path: Path) -> None:
    """While a run is written down as under way, the place stays."""
    home, owner = colleagues.home, colleagues.member(Role.OWNER)
    add(owner, tmp_path / "closet")
    place = home.read(lambda tx: places.place(tx, "closet"))
    home.write(lambda tx: runs.begin_run(tx, place=place, now=home.clock.now()))
    refused = owner.browser.post("/desk/backup/places/closet/remove")
    assert (refused.status_code, "Stop it first." in text(refused)) == (409, True)
    assert len(home.read(places.places)) == 1


def test_a_place_of_keys_offers_no_step_for_data(colleagues: Colleagues, tmp_path: Path) -> None:
    """Neither on the page nor by asking for it."""
    owner = colleagues.member(Role.OWNER)
    assert add(owner, tmp_path / "drawer", name="drawer", holds="keys").status_code == 303
    page = owner.browser.get("/desk/backup")
    assert "/places/drawer/remove" in page.text
    for step in ("copy", "drill", "check", "rehearse", "unlock", "nothing"):
        assert f"/places/drawer/{step}" not in page.text
        assert owner.browser.post(f"/desk/backup/places/drawer/{step}").status_code == 404, step
    assert owner.browser.get("/desk/backup/places/drawer/room").status_code == 404
    assert owner.browser.get("/desk/backup/places/drawer/nothing").status_code == 404


def test_others_are_shown_no_step(colleagues: Colleagues, tmp_path: Path) -> None:
    """Each is the owner's; the page of another role offers none, and asking is refused."""
    add(colleagues.member(Role.OWNER), tmp_path / "closet")
    for role in (Role.SENIOR, Role.OPERATOR, Role.AUDITOR):
        member = colleagues.member(role)
        assert "/desk/backup/places/" not in member.browser.get("/desk/backup").text
        for step in ("copy", "check", "rehearse", "room", "unlock", "remove"):
            asked = member.browser.post(f"/desk/backup/places/closet/{step}")
            assert asked.status_code == 403, (role, step)
    assert len(colleagues.home.read(places.places)) == 1
