"""Does a list come in from the desk: looked at, corrected, taken in, its refused rows told?"""

import re
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from desk_people import Colleagues, Member
from houses import TINA
from kept.base.errors import UnavailableError
from kept.vault.acts import intake
from kept.vault.acts.intake import recent_runs
from kept.vault.acts.listing import count_people
from kept.vault.model.rules import Role
from kept.web.routes.desk import lists
from kept.web.uploads import Uploads
from vault_cases import kinds

LIST = (
    "Имя;Почта;Телефон;Город;Странное\r\n"
    "Анна Орлова;anna.orlova@example.org;+49 30 901821;Казань;x\r\n"
    "Борис Дятлов;boris@example.org;;Пермь;y\r\n"
    "Вера Гусева;\x00vera@example.org;;Томск;z\r\n"
    "Анна Орлова;ANNA.ORLOVA@example.org;;Казань;x\r\n"
)


def upload(owner: Member, raw: bytes, name: str = "customers.csv") -> Response:
    """Choose a file and press the button."""
    return owner.browser.post("/desk/import", files={"file": (name, raw, "text/csv")})


def finished(owner: Member, path: str) -> str:
    """The report, when the import is over."""
    for _ in range(200):
        page = owner.browser.get(path).text
        if 'id="import-progress"' not in page:
            return page
        time.sleep(0.02)
    raise AssertionError("the import does not end")


def test_a_russian_list_comes_in(colleagues: Colleagues) -> None:
    """Windows-1251 and semicolons are found; the broken row is told, the double is merged."""
    owner = colleagues.member(Role.OWNER)
    sent = upload(owner, LIST.encode("windows-1251"))
    assert sent.status_code == 303
    path = sent.headers["location"]
    page = owner.browser.get(path).text
    assert "semicolon, windows-1251, with a heading" in page
    assert "customers.csv" in page
    assert "anna.orlova@example.org" not in page  # examples are masked
    assert re.search(r'name="map-1".*?value="email" selected', page, re.DOTALL)
    form = {"source": "our own till", "purpose": "deliver", "basis": "contract"}
    started = owner.browser.post(f"{path}/start", data=form)
    assert started.headers["location"] == path
    report = finished(owner, path)
    counts = [int(n) for n in re.findall(r"<div><b>(\d+)</b>", report)]
    assert counts == [4, 2, 1, 1]
    assert colleagues.home.read(count_people) == 2
    assert "zero bytes" in report
    refused = owner.browser.get(f"{path}/refused")
    assert refused.headers["content-disposition"] == 'attachment; filename="refused.csv"'
    assert "Вера Гусева" in refused.content.decode("windows-1251")
    found = owner.browser.post("/desk/people", data={"q": "boris@example.org"}).text
    assert "1 person" in found


def test_a_column_can_be_corrected(colleagues: Colleagues) -> None:
    """What the owner chooses for a column is what is kept."""
    owner = colleagues.member(Role.OWNER)
    path = upload(owner, b"a,b\nx@example.org,Kiel\ny@example.org,Bonn\n").headers["location"]
    page = owner.browser.get(path).text
    assert 'name="map-1"' in page
    form = {"source": "till", "purpose": "deliver", "basis": "contract"}
    form |= {"map-0": "email", "map-1": "town"}
    owner.browser.post(f"{path}/start", data=form)
    assert "2</b>new people" in finished(owner, path)
    listed = owner.browser.post("/desk/people", data={"q": "y@example.org"}).text
    person = re.search(r'href="/desk/people/([a-z2-7]{26})"', listed)
    assert person is not None
    opened = owner.browser.post(
        f"/desk/people/{person[1]}/open", data={"purpose": "deliver", "category": "delivery"}
    ).text
    assert "<dd>Bonn</dd>" in opened


def test_a_list_of_unknown_origin_is_not_taken(colleagues: Colleagues) -> None:
    """Without a source the page stays and says why; nothing is stored."""
    owner = colleagues.member(Role.OWNER)
    path = upload(owner, b"email\nx@example.org\n").headers["location"]
    answer = owner.browser.post(f"{path}/start", data={"source": "  "})
    assert answer.status_code == 422
    assert "Lists of unknown origin are not taken" in answer.text
    assert colleagues.home.read(count_people) == 0


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"PK\x03\x04" + bytes(100), "Save it as CSV"),
        (b'[{"email": "x@example.org"}]', "one object a line"),
    ],
)
def test_what_is_no_table_is_said(colleagues: Colleagues, raw: bytes, said: str) -> None:
    """A program's own file is named as such, with what to do."""
    owner = colleagues.member(Role.OWNER)
    answer = owner.browser.get(upload(owner, raw).headers["location"])
    assert answer.status_code == 422
    assert said in answer.text


def test_no_file_is_said(colleagues: Colleagues) -> None:
    """An empty form stays on the page."""
    owner = colleagues.member(Role.OWNER)
    assert upload(owner, b"").status_code == 422
    assert owner.browser.post("/desk/import", data={"file": "x"}).status_code == 422


def test_an_upload_lies_sealed(colleagues: Colleagues) -> None:
    """No byte of a waiting list is readable in the data folder; leftovers are deleted."""
    owner, home = colleagues.member(Role.OWNER), colleagues.home
    stray = home.house.place.uploads
    upload(owner, b"email\n" + TINA["email"].encode() + b"\n")
    (held,) = stray.glob("*.sealed")
    (stray / "left-by-a-crash.sealed").write_bytes(b"nobody has its key")
    for path in home.house.place.root.rglob("*"):
        if path.is_file():
            assert TINA["email"].encode() not in path.read_bytes(), path
    upload(owner, b"email\nother@example.org\n")
    assert held.exists()
    assert not (stray / "left-by-a-crash.sealed").exists()


async def test_two_lists_come_at_once(tmp_path: Path) -> None:
    """A list that begins to come does not delete one that is still coming."""
    now, body = datetime(2026, 3, 2, 9, tzinfo=UTC), b"email\na@example.org\n"
    uploads = Uploads(tmp_path / "uploads", bytes(16))
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    kind = "multipart/form-data; boundary=x"

    async def quick() -> AsyncIterator[bytes]:
        yield head + body + b"\r\n--x--\r\n"

    async def slow() -> AsyncIterator[bytes]:
        yield head
        await uploads.receive(kind, quick(), now=now)
        yield body + b"\r\n--x--\r\n"

    held = await uploads.receive(kind, slow(), now=now)
    with held.reader() as file:
        assert file.read() == body


def test_an_import_that_was_cut_off_goes_on_with_the_same_file(colleagues: Colleagues) -> None:
    """After a restart the page asks for the file again; no row is taken twice."""
    owner, home = colleagues.member(Role.OWNER), colleagues.home
    rows = b"email\n" + b"".join(b"p%d@example.org\n" % n for n in range(3))
    path = upload(owner, rows).headers["location"]
    form = {"source": "till", "purpose": "deliver", "basis": "contract"}
    owner.browser.post(f"{path}/start", data=form)
    finished(owner, path)
    home.house.db.write(_cut_off)
    fresh = Member(owner.email, colleagues.browser(), home)  # another process, as it were
    fresh.totp = owner.totp
    fresh.sign_in()
    assert "was cut off" not in fresh.browser.get("/desk/import").text  # it may still be at work
    home.later(minutes=5)
    page = fresh.browser.get("/desk/import").text
    assert "customers.csv was cut off" in page
    assert "Choose the same file again" in page
    assert "A list was cut off: customers.csv" in fresh.browser.get("/desk").text
    path = upload(fresh, rows).headers["location"]
    fresh.browser.post(f"{path}/start", data=form)
    finished(fresh, path)
    assert home.read(count_people) == 3
    assert "was cut off" not in fresh.browser.get("/desk/import").text


def test_a_full_disk_stops_the_import_and_a_click_goes_on(
    colleagues: Colleagues, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happened is said, the list is still held, and going on takes in the rest once."""
    real, calls = intake.take_group, list[int]()

    def failing(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise UnavailableError("The disk is full. Nothing was recorded.")
        return real(*args, **kwargs)

    monkeypatch.setattr(intake, "take_group", failing)
    owner = colleagues.member(Role.OWNER)
    rows = b"email\n" + b"".join(b"p%d@example.org\n" % n for n in range(1500))
    path = upload(owner, rows).headers["location"]
    form = {"source": "till", "purpose": "deliver", "basis": "contract"}
    owner.browser.post(f"{path}/start", data=form)
    page = finished(owner, path)
    assert "The disk is full." in page
    resume = re.search(r'action="(/desk/import/[^"]+/resume)"', page)
    assert resume is not None
    assert colleagues.home.read(count_people) == 1000
    assert owner.browser.post(resume[1]).headers["location"] == path
    assert "1500</b>rows read" in finished(owner, path)
    assert colleagues.home.read(count_people) == 1500


def test_two_who_start_at_once_start_one_import(
    colleagues: Colleagues, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both pressed the button before either had begun: one thread, one import, told once."""
    together, begun = threading.Barrier(2), list[str]()
    real_order, real_run = lists._order, lists.run_import

    def order(*args: Any) -> Any:
        found = real_order(*args)
        together.wait(20)
        return found

    def run(*args: Any, **kwargs: Any) -> Any:
        begun.append("")
        return real_run(*args, **kwargs)

    monkeypatch.setattr(lists, "_order", order)
    monkeypatch.setattr(lists, "run_import", run)
    owner = colleagues.member(Role.OWNER)
    path = upload(owner, b"email\ntina@example.org\notto@example.org\n").headers["location"]
    form = {"source": "till", "purpose": "deliver", "basis": "contract"}
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(owner.browser.post, f"{path}/start", data=form) for _ in "ab"]
        assert {one.result(30).headers["location"] for one in sent} == {path}
    assert "2</b>rows read" in finished(owner, path)
    assert len(begun) == 1
    assert kinds(colleagues.home)["import.done"] == 1
    assert len(colleagues.home.read(recent_runs)) == 1


def test_two_who_go_on_at_once_go_on_with_one(
    colleagues: Colleagues, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a stop both press again: one goes on. Pressed after the end, nothing is begun."""
    fails, begun, meet = [True], list[str](), ["a", "b"]
    together = threading.Barrier(2)
    real_run, real_group = lists.run_import, intake.take_group

    def group(*args: Any, **kwargs: Any) -> Any:
        if fails:
            raise UnavailableError("The disk is full. Nothing was recorded.")
        return real_group(*args, **kwargs)

    def is_over(taken: lists.Taken) -> bool:
        found = taken.run is not None and taken.run.state == intake.DONE
        if not fails and meet:
            meet.pop()
            together.wait(20)
        return found

    def run(*args: Any, **kwargs: Any) -> Any:
        if not fails:
            begun.append("")
        return real_run(*args, **kwargs)

    monkeypatch.setattr(intake, "take_group", group)
    monkeypatch.setattr(lists.Taken, "is_over", property(is_over))
    monkeypatch.setattr(lists, "run_import", run)
    owner = colleagues.member(Role.OWNER)
    path = upload(owner, b"email\ntina@example.org\n").headers["location"]
    form = {"source": "till", "purpose": "deliver", "basis": "contract"}
    owner.browser.post(f"{path}/start", data=form)
    assert "The disk is full." in finished(owner, path)
    fails.clear()
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(owner.browser.post, f"{path}/resume") for _ in "ab"]
        assert {one.result(30).status_code for one in sent} == {303}
    assert "1</b>rows read" in finished(owner, path)
    assert owner.browser.post(f"{path}/resume").status_code == 303
    assert owner.browser.post(f"{path}/start", data=form).status_code == 303
    assert len(begun) == 1
    assert kinds(colleagues.home)["import.done"] == 1


def _cut_off(tx):
    from kept.db.seam import Pending

    tx.run("update import_run set state = 'running'")
    return Pending(None)
