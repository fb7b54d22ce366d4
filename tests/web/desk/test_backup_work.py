"""Does work on the copies run apart from the pages, and is its end always told?"""

import asyncio
import html
import io
import os
import re
import signal
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from httpx import Response

from desk_backup import add, done, settled, text
from desk_people import Colleagues, Member
from kept.backup.pipeline import checking, restoring
from kept.backup.repo import repository
from kept.base.encoding import b64url
from kept.base.ids import StaffId
from kept.vault.model.rules import Role
from kept.web.bounds import Streams
from kept.web.copying import Ears, Far, Task
from kept.web.routes.desk.backup_live import Watching, told
from kept.web.works import Work, Works

WAIT_S = 60.0


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that comes by itself."""
    end = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < end, "it never comes"
        time.sleep(0.02)


def papers_copied(colleagues: Colleagues, folder: Path) -> tuple[Member, str, str]:
    """An owner with a copy of some papers: the step that brings back, and where they lie."""
    papers = folder / "papers"
    papers.mkdir()
    (papers / "rent.txt").write_text("paid until May")
    (papers / "Miete März.txt").write_text("bezahlt")
    (papers / "way out").symlink_to("/etc/hostname")
    owner = colleagues.member(Role.OWNER)
    assert add(owner, folder / "closet", folders=str(papers)).status_code == 303
    assert "The copy is made: closet" in done(owner, "places/closet/copy")
    inside = owner.browser.get("/desk/backup/places/closet").text
    link = re.search(r"/desk/backup/(places/closet/snapshots/\w+)", inside)
    assert link is not None
    return owner, f"{link[1]}/restore", b64url(os.fsencode(papers))


def instead_of_the_child(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """A program that is started in place of the one that copies; its process id."""
    tools, told = folder / "tools", folder / "pid"
    tools.mkdir()
    program = tools / "ionice"
    program.write_text(f'#!/bin/sh\necho "$$ $*" > {told}.new; mv {told}.new {told}\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    return told


def test_the_pages_open_no_copy_themselves(
    colleagues: Colleagues, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking inside, bringing back and looking through all happen in other processes."""

    def broken(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a copy was opened in the process of the pages")

    owner, step, at = papers_copied(colleagues, tmp_path)
    monkeypatch.setattr(repository.Repository, "load_unpacked", broken)
    monkeypatch.setattr(restoring, "restore", broken)
    monkeypatch.setattr(checking, "check", broken)
    base = "/desk/backup/" + step.removesuffix("/restore")
    assert "rent.txt" in text(owner.browser.get(f"{base}?at={at}"))
    assert "The files are back" in done(owner, step, at=at, target=str(tmp_path / "new"))
    assert "No fault was found." in done(owner, "places/closet/check")


def test_a_process_that_is_killed_is_told(
    colleagues: Colleagues, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says that the files did not come back, and the next try does it."""
    owner, step, at = papers_copied(colleagues, tmp_path)
    with monkeypatch.context() as patched:
        began = instead_of_the_child(tmp_path, patched, "exec sleep 600")
        begun = owner.browser.post(
            f"/desk/backup/{step}", data={"at": at, "target": str(tmp_path / "new")}
        )
        assert begun.status_code == 303
        until(began.exists)
        pid, _, command = began.read_text().partition(" ")
        assert command.split()[-1] == "restore"
        os.kill(int(pid), signal.SIGKILL)
        page = settled(owner)
    assert "The files did not come back" in page
    assert "The files are back" not in page
    assert "The files are back" in done(owner, step, at=at, target=str(tmp_path / "new"))


def test_work_that_is_stopped_says_so(
    colleagues: Colleagues, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process hears of it through its pipe; the page says where what was back lies."""
    owner, step, at = papers_copied(colleagues, tmp_path)
    began = instead_of_the_child(tmp_path, monkeypatch, "read order; read word; exit 1")
    owner.browser.post(f"/desk/backup/{step}", data={"at": at, "target": str(tmp_path / "new")})
    until(began.exists)
    assert "data-work=" in owner.browser.post("/desk/backup/stop").text
    page = settled(owner)
    assert f"What was back already lies in {tmp_path / 'new'}." in page


def test_work_goes_on_without_its_page_and_is_remembered(
    colleagues: Colleagues, tmp_path: Path
) -> None:
    """Another browser, and a house started anew, read what came of it."""
    owner, step, at = papers_copied(colleagues, tmp_path)
    target = tmp_path / "new"
    begun = owner.browser.post(f"/desk/backup/{step}", data={"at": at, "target": str(target)})
    assert begun.status_code == 303  # and nobody looks at the page
    until(lambda: b'"ended_at":null' not in _kept(owner))
    later = Member(owner.email, colleagues.browser(), colleagues.home)  # of an application anew
    later.totp = owner.totp
    assert later.sign_in().status_code == 303
    page = text(later.browser.get("/desk/backup"))
    assert "The files are back" in page
    assert str(target) in page


def _kept(owner: Member) -> bytes:
    return (owner.home.house.place.root / "desk-work.json").read_bytes()


@pytest.mark.parametrize("kept", ["{", "[]", '{"by":1}', ""])
def test_a_spoiled_note_of_work_hurts_nobody(colleagues: Colleagues, kept: str) -> None:
    """The page is there without it."""
    owner = colleagues.member(Role.OWNER)
    (owner.home.house.place.root / "desk-work.json").write_text(kept)
    assert owner.browser.get("/desk/backup").status_code == 200


def test_a_house_that_fell_says_that_the_work_was_cut_off(colleagues: Colleagues) -> None:
    """Its note has no end, and its process is gone."""
    owner, now = colleagues.member(Role.OWNER), colleagues.home.clock.now()
    copying = owner.browser.app.state.parts.copying
    work = Work(Task.RESTORE, "closet", now, "/srv/back", Far(files=3, bytes=9, seconds=1.0))
    copying.keep_work(msgspec.json.encode(work))
    path = owner.home.house.place.root / "desk-work.json"
    kept = msgspec.json.decode(path.read_bytes())
    assert kept["by"]["pid"] == os.getpid()
    path.write_bytes(msgspec.json.encode({**kept, "by": {**kept["by"], "start_time": 1}}))
    page = text(owner.browser.get("/desk/backup"))
    assert "The program ended before this was done." in page
    assert "The files are back" not in page


def test_what_came_back_is_fetched_by_its_owner_alone(
    colleagues: Colleagues, tmp_path: Path
) -> None:
    """Several files as an archive, one as it is; no link is followed; each leaves an act."""
    owner, step, at = papers_copied(colleagues, tmp_path)
    auditor = colleagues.member(Role.AUDITOR)

    def fetch(member: Member) -> Response:
        return member.browser.post("/desk/backup/fetch")

    assert fetch(owner).status_code == 404
    page = done(owner, step, at=at, target=str(tmp_path / "all"))
    assert "Download what came back" in page
    assert "Download" not in text(auditor.browser.get("/desk/backup"))
    assert fetch(auditor).status_code == 403
    found = fetch(owner)
    assert (found.status_code, found.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(found.content)) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert held == {
        "papers/Miete März.txt": b"bezahlt",
        "papers/rent.txt": b"paid until May",
    }
    pick = b64url("Miete März.txt".encode())
    done(owner, step, at=at, pick=pick, target=str(tmp_path / "one"))
    lone = fetch(owner)
    assert lone.content == b"bezahlt"
    assert "Miete%20M%C3%A4rz.txt" in lone.headers["content-disposition"]
    kinds = owner.home.read(lambda tx: tx.rows("select kind from acts order by id desc limit 1"))
    assert kinds == [("backup.fetched",)]
    owner.home.later(minutes=31)
    owner.sign_in()
    assert fetch(owner).status_code == 404


def test_an_open_stream_ends_with_the_session(colleagues: Colleagues) -> None:
    """Work goes on, but nobody is signed in any more: nothing is told, and the place is free."""
    owner = colleagues.member(Role.OWNER)
    state = owner.browser.app.state
    streams, who = Streams(), StaffId(bytes(16))
    works = Works(colleagues.home.clock, state.parts.copying)
    ended = threading.Event()

    def wait(_ears: Ears) -> None:
        assert ended.wait(WAIT_S)

    works.begin(Task.CHECK, "closet", wait)

    async def heard(token: str) -> list[str]:
        watching = Watching(state.parts, token, "en", can_edit=True)
        found = list[str]()
        async for event in told(watching, works, streams, who):
            found.append(event.event or "")
            if event.event:
                ended.set()
        return found

    try:
        assert asyncio.run(heard("nobody's")) == [""]
        token = owner.browser.cookies["kept_desk"]
        assert asyncio.run(heard(token)) == ["", "work", "done"]
        assert not streams.open
    finally:
        ended.set()


def test_the_stream_needs_a_session(
    colleagues: Colleagues, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is signed out is told nothing more, and a page that is left holds nothing up."""
    owner, step, at = papers_copied(colleagues, tmp_path)
    began = instead_of_the_child(tmp_path, monkeypatch, "read order; read word; exit 1")
    owner.browser.post(f"/desk/backup/{step}", data={"at": at, "target": str(tmp_path / "new")})
    until(began.exists)
    home = owner.home
    home.later(days=1)  # the session is over
    assert owner.browser.get("/desk/backup/events").status_code == 303
    owner.sign_in()
    page = html.unescape(owner.browser.get("/desk/backup").text)
    assert 'data-work="/desk/backup/events"' in page
    owner.browser.post("/desk/backup/stop")
    settled(owner)
