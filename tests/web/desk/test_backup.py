"""Does the desk's page of copies say what was measured, do what it offers, and keep its secrets?"""

import html
import re
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from httpx import Response
from litestar.routes import HTTPRoute

from desk_backup import add, done, form, settled, signed, text
from desk_people import Colleagues, Member
from houses import TINA, Home, living
from kept.backup.acts import places, runs
from kept.backup.acts.standing import standing
from kept.backup.model.places import PlaceOrder
from kept.backup.model.report import Unread
from kept.backup.model.report_reasons import FailedWhy, UnreadWhy
from kept.backup.model.runs import RunFigures
from kept.ledger.acts.history import acts_of
from kept.ledger.model import Actor
from kept.ledger.proof import Refused, verify_receipt
from kept.vault.acts.own import own_subject
from kept.vault.model.rules import Role
from kept.web.copying import Ears
from place_servers import rclone_rest

OWNER = Actor("cli", "anna", "owner")
SECRET = "correct horse battery"


def test_a_house_without_places_says_what_to_do_first(colleagues: Colleagues) -> None:
    """The owner is led to the first place; others are told who does it; nothing is green."""
    owner, auditor = colleagues.member(Role.OWNER), colleagues.member(Role.AUDITOR)
    page = owner.browser.get("/desk/backup")
    assert "There is no copy yet." in text(page)
    assert 'href="/desk/backup/add"' in page.text
    assert "s-kept" not in page.text
    seen = auditor.browser.get("/desk/backup")
    assert "The owner adds the first place here." in text(seen)
    assert "/desk/backup/add" not in seen.text


def test_copy_try_look_inside_and_bring_back(any_colleagues: Colleagues, tmp_path: Path) -> None:
    """The whole way with a mouse, on each engine; each sentence leads to evidence that is true."""
    home, owner = any_colleagues.home, any_colleagues.member(Role.OWNER)
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "rent.txt").write_text("paid until May")
    home.add(contact=TINA)
    assert add(owner, tmp_path / "closet", folders=str(papers)).status_code == 303
    assert "no copy yet" in text(owner.browser.get("/desk/backup"))
    page = done(owner, "places/closet/copy")
    assert "The copy is made: closet" in page
    assert "We have not yet tried to use it." in page
    signed(home)
    page = done(owner, "places/closet/drill")
    assert re.search(r"The copy of .{,40} is good\.", page)
    assert "We tried to open the copy without your key and could not." in page
    assert re.search(r"We took (\d+) files of \1 back and compared them letter by letter", page)
    signed(home)
    _follow_the_evidence(owner)
    inside = owner.browser.get("/desk/backup/places/closet")
    (link,) = set(re.findall(r'href="(/desk/backup/places/closet/snapshots/\w+)"', inside.text))
    folder = _walk(owner, link, *papers.parts[1:])
    pick = re.search(r'href="([^"]+pick=[^"]+)#back"', folder.text)
    assert pick is not None
    assert "rent.txt" in text(folder)
    at, name = re.findall(r"(?:at|pick)=([\w-]+)", html.unescape(pick[1]))
    target = tmp_path / "new"
    step = link.removeprefix("/desk/backup/") + "/restore"
    page = done(owner, step, at=at, pick=name, target=str(target))
    assert "The files are back" in page
    assert (target / "rent.txt").read_text() == "paid until May"
    assert [one.name for one in target.iterdir()] == ["rent.txt"]
    again = owner.browser.post(f"/desk/backup/{step}", data={"at": at, "target": str(target)})
    assert again.status_code == 303
    assert "holds something already" in settled(owner)


def _follow_the_evidence(owner: Member) -> None:
    page = owner.browser.get("/desk/backup").text
    evidence = re.findall(r'href="(/ledger/opening/\d+)"', page)
    receipts = re.findall(r'href="(/desk/backup/receipts/\d+)"', page)
    assert len(evidence) == len(receipts) >= 3
    key = owner.home.house.sequencer.key
    for link in evidence:
        assert owner.browser.get(link).status_code == 200
    for link in receipts:
        found = owner.browser.get(link)
        assert found.status_code == 200
        assert not isinstance(verify_receipt(found.content, key), Refused)


def _walk(owner: Member, link: str, *names: str) -> Response:
    """Click from folder to folder."""
    page = owner.browser.get(link)
    for name in names:
        found = re.search(rf'<a href="([^"]+)">{re.escape(name)}</a>', page.text)
        assert found is not None, f"{name} is not in {text(page)}"
        page = owner.browser.get(html.unescape(found[1]))
    return page


def test_what_is_refused_is_said_plainly(colleagues: Colleagues, tmp_path: Path) -> None:
    """Each mistake stands in words; nothing is added, and what was typed stays."""
    owner = colleagues.member(Role.OWNER)
    disk = form(tmp_path / "closet")
    sftp = {"way": "sftp", "name": "far", "part": "16", "sftp_folder": "/a"}
    rest = {"way": "rest", "name": "far", "part": "16"}
    for wrong, said in (
        ({}, "Choose what kind of place it is."),
        ({**disk, "name": ""}, "This has to be filled in."),
        ({**disk, "name": "Мой шкаф"}, "Small latin letters and digits"),
        ({**disk, "folder": "closet"}, "Begin at the top, with /"),
        (disk, "on the same disk as the house"),
        ({**disk, "same_disk": "yes", "part": "3"}, "4 to 128 MiB"),
        ({**disk, "same_disk": "yes", "folders": "papers"}, "a whole path that begins with /"),
        ({**rest, "url": "http://keeper.example.org/"}, "would be reached without encryption"),
        ({**rest, "url": "ftp://keeper.example.org/"}, "must begin with https://"),
        ({"way": "s3", "name": "far", "s3_server": "s3.example.org"}, "This has to be filled in."),
        ({**sftp, "server": "-oProxyCommand=x"}, "not the name of a server"),
    ):  # fmt: skip
        page = owner.browser.post("/desk/backup/add", data=wrong)
        assert (page.status_code, said in text(page)) == (422, True), (wrong, text(page))
    kept = owner.browser.post("/desk/backup/add", data=disk)
    assert f'value="{tmp_path / "closet"}"' in kept.text
    assert colleagues.home.read(places.places) == []
    assert not (tmp_path / "closet").exists()


def test_a_place_that_is_away_is_told_at_once(colleagues: Colleagues) -> None:
    """Nobody waits a quarter of an hour before a form."""
    owner, began = colleagues.member(Role.OWNER), time.monotonic()
    far = {"way": "rest", "name": "far", "part": "16", "url": "http://127.0.0.1:9/kept/"}
    page = owner.browser.post("/desk/backup/add", data=far)
    assert (page.status_code, "does not answer" in text(page)) == (422, True)
    assert time.monotonic() - began < 10


@pytest.mark.needs("rclone")
def test_no_secret_ever_comes_back(colleagues: Colleagues, tmp_path: Path) -> None:
    """What opens a place is on no page after it was typed, right or wrong, and it still opens."""
    owner, home = colleagues.member(Role.OWNER), colleagues.home
    (tmp_path / "shelf").mkdir()
    known = ("--user", "shop", "--pass", SECRET)
    with rclone_rest(tmp_path / "shelf", tmp_path / "log", *known) as port:
        far = {
            "way": "rest", "name": "far", "part": "4", "rest_user": "shop",
            "url": f"http://127.0.0.1:{port}/", "rest_password": "wrong but secret",
        }  # fmt: skip
        refused = owner.browser.post("/desk/backup/add", data=far)
        assert refused.status_code == 422, text(refused)
        added = owner.browser.post("/desk/backup/add", data={**far, "rest_password": SECRET})
        assert added.status_code == 303, text(added)
        assert "The copy is made: far" in done(owner, "places/far/copy")
        inside = owner.browser.get("/desk/backup/places/far")
        assert "/snapshots/" in inside.text
        seen = [refused, added, inside]
        for route in home.app().routes:
            path = route.path_format.replace(":str", "")
            if isinstance(route, HTTPRoute) and path.startswith("/desk/backup"):
                real = path.replace("{place}", "far").replace("{act}", "1")
                seen.append(owner.browser.get(real.replace("{snapshot}", "ab" * 32)))
    signed(home)
    seen.append(owner.browser.get("/desk/ledger"))
    for answer in seen:
        for hidden in (SECRET, "wrong but secret", SECRET.replace(" ", "%20")):
            assert hidden not in unquote(answer.text), answer.url
    raw = (home.house.place.root / "data.db").read_bytes()
    assert SECRET.encode() not in raw


def test_only_the_owner_reads_paths(colleagues: Colleagues, tmp_path: Path) -> None:
    """Others see how the copy stands; names of files and addresses are the owner's."""
    home, owner = colleagues.home, colleagues.member(Role.OWNER)
    add(owner, tmp_path / "closet")
    note(home, unread=(Unread("/srv/anna/Divorce.odt", UnreadWhy.DENIED),))
    auditor = colleagues.member(Role.AUDITOR)
    mine, theirs = owner.browser.get("/desk/backup"), auditor.browser.get("/desk/backup")
    assert "Divorce.odt" in mine.text
    assert str(tmp_path) in mine.text
    for hidden in ("Divorce", str(tmp_path), '<form method="post" action="/desk/backup'):
        assert hidden not in theirs.text
    assert "1 file could not be read" in text(theirs)


def note(
    home: Home, *, files: int = 12_031, unread: tuple[Unread, ...] = (), name: str = "closet"
) -> None:
    """A run that left a snapshot, as the house writes it down."""
    from kept.backup.model import inventory as inv

    items = inv.inventory([("data", "ab" * 32, 5_000_000_000)])
    figures = RunFigures(
        snapshot=b"s" * 32, tree=b"t" * 32, inventory=inv.encode(items),
        inventory_root=inv.inventory_root(items), files=files, files_new=214, bytes=7 * 10**9,
        bytes_sent=10**6, verified=400, seconds=61, unread=unread,
    )  # fmt: skip
    origin, now = home.house.vault.origin, home.clock.now()
    place = home.read(lambda tx: places.place(tx, name))
    run = home.write(lambda tx: runs.begin_run(tx, place=place, now=now))
    home.write(
        lambda tx: runs.finish_run(tx, origin, actor=OWNER, run=run, figures=figures, now=now)
    )


def remember(home: Home, name: str, address: str) -> None:
    """A place that is only written down."""
    now, origin = home.clock.now(), home.house.vault.origin
    home.write(
        lambda tx: places.add_place(
            tx,
            origin,
            actor=OWNER,
            place_id=name.encode().ljust(16),
            order=PlaceOrder(name, address),
            secrets=None,
            now=now,
        )
    )


def test_the_standing_is_the_worst_that_is_true(any_colleagues: Colleagues) -> None:
    """Age, failures and what is missing follow from rows; a failure counts from its first day."""
    home, owner = any_colleagues.home, any_colleagues.member(Role.OWNER)
    remember(home, "closet", "/media/closet")
    note(home)

    def page() -> str:
        return text(owner.browser.get("/desk/backup"))

    assert "12,031 files were copied, 214 new." in page()
    assert "5 GB" in page()
    assert "All your copies are near." in page()
    first = home.clock.now()
    for _ in range(3):
        place = home.read(lambda tx: places.place(tx, "closet"))
        now = home.clock.now()
        run = home.write(lambda tx: runs.begin_run(tx, place=place, now=now))  # noqa: B023
        home.write(
            lambda tx: runs.fail_run(
                tx,
                home.house.vault.origin,
                actor=OWNER,
                run=run,  # noqa: B023
                why=FailedWhy.FULL,
                now=now,  # noqa: B023
            )
        )
        home.later(hours=2)
    owner.sign_in()
    found = home.read(lambda tx: standing(tx, now=home.clock.now()))
    (failed,) = found.report.failed
    assert abs(failed.since - first) < timedelta(seconds=1)
    assert "there is no room left." in page()
    assert "Not every place did what it should." in page()
    home.later(hours=24)
    owner.sign_in()
    assert "That is too old." in page()
    remember(home, "far", "sftp:kept@far.example.org:/srv/kept")
    assert "All your copies are near." not in page()
    assert "A place for the keys" in page()


def test_schedule_and_retention_are_a_line_each(any_colleagues: Colleagues) -> None:
    """What is saved is what is shown; what cannot be is refused and changes nothing."""
    home, owner = any_colleagues.home, any_colleagues.member(Role.OWNER)
    remember(home, "closet", "/media/closet")

    def plan(**data: str) -> Response:
        return owner.browser.post("/desk/backup/plan", data=data)

    hours = {"quiet_from": "08", "quiet_to": "22"}
    page = text(plan(time="03:12", **hours, bandwidth="08-12 = 20 Mbit/s, 12-14 = 1 Mbit/s"))
    assert "at most 20 Mbit a second in the hours 08-12; 1 Mbit a second in the hours" in page
    assert 'name="bandwidth"' in owner.browser.get("/desk/backup").text  # more than fields can say
    limit = {"speed": "2,5", "speed_from": "22", "speed_to": "06"}
    answer = plan(time="03:12", **hours, **limit)
    page = text(answer)
    assert "Every night at 03:12, never in the hours 08-22" in page
    assert "at most 2.5 Mbit a second in the hours 22-06." in page
    assert '<option value="22" selected>' in answer.text
    assert 'value="2.5"' in answer.text
    assert "at most 20 Mbit a second." in text(plan(time="03:12", **hours, speed="20"))
    page = text(plan(keep="last 3, within 7d, daily within 35d, yearly all"))
    assert (
        "Everything of the last 7 days; the last 3; one a year for ever; one a day for 35 days."
        in page
    )
    known = home.read(places.plan)
    for wrong in (
        {"time": "25:00"}, {"time": ""}, {"time": "03:12", "quiet_from": "late", "quiet_to": "08"},
        {"time": "03:12", "quiet_from": "08"}, {"time": "03:12", "speed": "-1"},
        {"time": "03:12", "quiet_from": "08", "quiet_to": "08"}, {"time": "03:12", "speed": "a"},
        {"time": "03:12", "bandwidth": "fast"}, {"keep": ""}, {"keep": "everything"},
    ):  # fmt: skip
        assert plan(**wrong).status_code == 422, wrong
    assert home.read(places.plan) == known
    assert known is not None
    assert (known.minute, known.quiet) == (192, "08-22")


def test_a_place_rests_and_is_taken_up_again(colleagues: Colleagues) -> None:
    """A resting place is not copied to, and says so."""
    home, owner = colleagues.home, colleagues.member(Role.OWNER)
    remember(home, "closet", "/media/closet")
    owner.browser.post("/desk/backup/places/closet/rest")
    assert not home.read(lambda tx: places.place(tx, "closet")).is_enabled
    assert "resting" in text(owner.browser.get("/desk/backup"))
    owner.browser.post("/desk/backup/places/closet/wake")
    assert home.read(lambda tx: places.place(tx, "closet")).is_enabled
    assert owner.browser.post("/desk/backup/places/closet/burn").status_code == 404


def test_reading_the_report_is_noted_once(colleagues: Colleagues) -> None:
    """The button leaves an act and goes away until the next copy."""
    home, owner = colleagues.home, colleagues.member(Role.OWNER)
    remember(home, "closet", "/media/closet")
    note(home)
    assert "I have read this" in text(owner.browser.get("/desk/backup"))
    assert "You have read this report." in text(owner.browser.post("/desk/backup/read"))
    note(home)
    assert "I have read this" in text(owner.browser.get("/desk/backup"))


def test_a_receipt_is_given_for_acts_of_the_house_alone(colleagues: Colleagues) -> None:
    """Nobody gets a customer's act by its number."""
    home, owner = colleagues.home, colleagues.member(Role.OWNER)
    person = home.add(contact=TINA).person
    signed(home)
    vault, tiles = home.house.vault, home.house.tiles
    (act,) = home.read(
        lambda tx: acts_of(tx, tiles, subject=own_subject(tx, vault, person), limit=1)
    )
    for number in (str(act.act_id), "0", "-1", "x", str(1 << 60)):
        assert owner.browser.get(f"/desk/backup/receipts/{number}").status_code == 404


def test_costs_are_compared_with_the_owners_numbers(colleagues: Colleagues) -> None:
    """12 a month of disk and 3 of power against 100 GB at 0.05; commas are read as people write."""
    home, owner = colleagues.home, colleagues.member(Role.OWNER)
    assert "round numbers to begin with" in text(owner.browser.get("/desk/backup/cost"))
    own = {
        "gb": "100", "fetched": "0", "currency": "usd", "cloud_gb_month": "0,05",
        "cloud_egress_gb": "0", "cloud_thousand_requests": "0", "cloud_least_days": "0",
        "disk": "120", "disk_months": "10", "disk_failures_a_year": "0", "watts": "0",
        "kwh": "0", "hours_a_month": "0,5", "hour": "6",
    }  # fmt: skip
    page = text(owner.browser.post("/desk/backup/cost", data=own))
    assert "A copy in the cloud costs $5.00 a month." in page
    assert "A disk in the closet costs $15.00 a month, but burns with the shop." in page
    assert "Up to about 300 GB the cloud costs less" in page
    again = owner.browser.get("/desk/backup/cost")
    assert "round numbers" not in text(again)
    assert 'value="0.05"' in again.text
    for name, wrong in (("disk", "much"), ("currency", "$"), ("disk_months", "0"), ("gb", "-1")):
        page = owner.browser.post("/desk/backup/cost", data={**own, name: wrong})
        assert page.status_code == 422, name
        assert html.escape(wrong) in page.text
    assert 'value="0.05"' in owner.browser.get("/desk/backup/cost").text
    remember(home, "closet", "/media/closet")
    note(home)
    measured = owner.browser.get("/desk/backup/cost")
    assert "Measured: this is what lies in your largest place." in text(measured)
    assert 'name="gb" type="text" value="5"' in measured.text


def test_the_sheet_holds_places_and_no_secret(colleagues: Colleagues, tmp_path: Path) -> None:
    """Room for 24 words by hand, where the copies lie, the log's key; never a word."""
    home, owner = colleagues.home, colleagues.member(Role.OWNER)
    add(owner, tmp_path / "closet")
    page = owner.browser.get("/desk/backup/sheet")
    assert page.text.count("<li></li>") == 24
    assert str(tmp_path / "closet") in page.text
    assert html.escape(str(home.house.sequencer.key)) in page.text
    blanks = page.text.partition('class="blanks"')[2].partition("</ol>")[0]
    assert not any(word in blanks for word in home.founded.recovery_words)


def test_what_comes_back_never_lands_in_the_house(colleagues: Colleagues, tmp_path: Path) -> None:
    """Not among the data, not among the copies, not over what is there, not at half a path."""
    home, owner = colleagues.home, colleagues.member(Role.OWNER)
    add(owner, tmp_path / "closet")
    done(owner, "places/closet/copy")
    link = re.search(
        r"/desk/backup/(places/closet/snapshots/\w+)",
        owner.browser.get("/desk/backup/places/closet").text,
    )
    assert link is not None
    step, root = f"{link[1]}/restore", home.house.place.root
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    before = sorted(path.name for path in root.iterdir())
    for target, said in (
        (root / "back", "apart from the shop's data"),
        (root.parent, "apart from the shop's data"),
        (tmp_path / "closet" / "back", "apart from the shop's data"),
        (f"{tmp_path}/x/../{root.name}/back", "apart from the shop's data"),
        (tmp_path / "full", "holds something already"),
    ):
        assert said in done(owner, step, target=str(target)), target
    assert owner.browser.post(f"/desk/backup/{step}", data={"target": "back"}).status_code == 422
    assert sorted(path.name for path in root.iterdir()) == before
    assert (tmp_path / "full" / "mine").read_text() == "mine"
    missing = "/desk/backup/places/closet/snapshots/" + "0" * 64
    assert "could not look inside" in text(owner.browser.get(missing))
    assert owner.browser.get("/desk/backup/places/closet/snapshots/x").status_code == 200


def test_work_is_one_at_a_time_and_can_be_stopped(
    colleagues: Colleagues, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is refused, the first ends soon once it is told to; its failure is in words."""
    owner = colleagues.member(Role.OWNER)
    add(owner, tmp_path / "closet")
    copying = owner.browser.app.state.parts.copying

    def endless(name: str, *, actor: Actor, work: Ears) -> None:
        del name, actor
        while not work.stop():
            time.sleep(0.01)

    monkeypatch.setattr(type(copying), "copy", lambda _self, name, **rest: endless(name, **rest))
    assert owner.browser.post("/desk/backup/places/closet/copy").status_code == 303
    page = owner.browser.get("/desk/backup")
    assert 'data-work="/desk/backup/events"' in page.text
    second = owner.browser.post("/desk/backup/places/closet/drill")
    assert (second.status_code, "Wait for it." in text(second)) == (409, True)
    assert owner.browser.post("/desk/backup/stop").status_code == 200
    assert "What was stored stays" in settled(owner)


def test_the_demo_stays_in_its_own_folder(tmp_path: Path) -> None:
    """A copy and a restore work there; nothing outside the demo's folder can be named."""
    from contextlib import ExitStack

    with living(tmp_path, is_demo=True) as home, ExitStack() as stack:
        owner = Colleagues(home, stack).member(Role.OWNER)
        root = home.house.place.root
        page = owner.browser.get("/desk/backup/add")
        assert "This is a demo." in text(page)
        assert f'value="{root}/copies/closet"' in page.text
        for outside in (tmp_path / "x", root / "x", root / "copies" / ".." / "x", "/etc"):
            refused = owner.browser.post("/desk/backup/add", data=form(Path(str(outside))))
            assert (refused.status_code, "inside the demo" in text(refused)) == (422, True), outside
        also = form(root / "copies" / "closet", folders="/etc")
        assert owner.browser.post("/desk/backup/add", data=also).status_code == 422
        far = {"way": "sftp", "name": "far", "server": "localhost", "sftp_folder": "/x"}
        assert owner.browser.post("/desk/backup/add", data=far).status_code == 422
        good = form(root / "copies" / "closet")
        assert owner.browser.post("/desk/backup/add", data=good).status_code == 303
        page_text = done(owner, "places/closet/copy")
        assert "The copy is made: closet" in page_text
        assert ", demo" in page_text
        inside = owner.browser.get("/desk/backup/places/closet").text
        link = re.search(r"/desk/backup/(places/closet/snapshots/\w+)", inside)
        assert link is not None
        step = f"{link[1]}/restore"
        assert "inside the demo" in done(owner, step, target=str(tmp_path / "out"))
        assert "The files are back" in done(owner, step, target=str(root / "restored" / "a"))
        assert (root / "restored" / "a" / "kept" / "promises.toml").is_file()
