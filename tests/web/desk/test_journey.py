"""Does a colleague get through their day in a real browser: in, find, be refused, open, out?"""

import re
import shutil
import socket
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyotp
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from desk_people import PASSWORD, TERMINAL
from houses import HOME, TINA, Home
from kept.base.ids import PersonId
from kept.ledger.acts.history import acts_of
from kept.promises.acts.collect import note_break
from kept.staff.acts.links import Colleague, invite
from kept.staff.acts.parts import Site
from kept.vault.acts.own import own_subject
from kept.vault.model.rules import Role
from kept.web.lines import line, told_of

pytestmark = pytest.mark.needs("chromium")
LINE = "Support opened your address to deliver your order 118"


@dataclass
class Office:
    """A house that serves, a browser, and what went wrong in it."""

    home: Home
    url: str
    context: BrowserContext
    page: Page
    troubles: list[str]
    person: PersonId
    troubles_meant: int = 0  # refusals of forms, which the browser calls errors

    def link(self, role: Role) -> str:
        """The link of a new colleague."""
        home, who = self.home, Colleague("vera@example.org", "Vera Lind", role)
        made = home.write(
            lambda tx: invite(tx, home.house.staff, actor=TERMINAL, who=who, now=home.clock.now())
        )
        return f"{self.url}/desk/join/{made.token}"

    def join(self, role: Role) -> pyotp.TOTP:
        """Follow the link, scan the picture, choose a password."""
        self.page.goto(self.link(role))
        assert self.page.locator(".qr img").evaluate("image => image.naturalWidth") > 0
        self.page.get_by_text("I cannot scan it").click()
        secret = self.page.locator("details code").inner_text().replace(" ", "")
        phone = pyotp.TOTP(secret)
        self.page.get_by_label("New password").fill(PASSWORD)
        self.page.get_by_label("Code from your app").fill(phone.at(self.home.clock.now()))
        self.page.get_by_role("button", name="Come in").click()
        expect(self.page.get_by_role("heading", name="Today")).to_be_visible()
        return phone

    def sign_in(self, phone: pyotp.TOTP) -> None:
        """The form at the door."""
        self.home.later(seconds=30)
        self.page.get_by_label("E-mail").fill("vera@example.org")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_label("Code from your app").fill(phone.at(self.home.clock.now()))
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.get_by_role("heading", name="Today")).to_be_visible()

    def find_tina(self) -> None:
        """By keyboard alone: / searches, j goes to the row, Enter opens it."""
        self.page.keyboard.press("/")
        self.page.keyboard.type(TINA["email"])
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("heading", name="1 person")).to_be_visible()
        self.page.locator("h1").click()
        self.page.keyboard.press("j")
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("heading", name="Open data")).to_be_visible()

    def check(self) -> None:
        """No violation of axe-core on the page as it stands."""
        found = Axe().run(self.page)
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"


@contextmanager
def serving(home: Home) -> Generator[str]:
    """The house behind a real server whose passkeys belong to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    staff = replace(home.house.staff, site=Site("localhost", (url,)))
    settings = replace(home.house.settings, port=port, public_url=url)
    home.house = replace(home.house, staff=staff, settings=settings)
    server = uvicorn.Server(
        uvicorn.Config(
            home.app(), host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=1
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser."""
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture
def office(home: Home, chromium: Browser) -> Iterator[Office]:
    """One desk with Tina in the files, and a browser that notes every complaint."""
    with _opened(home, chromium) as found:
        yield found


@pytest.fixture
def any_office(any_home: Home, chromium: Browser) -> Iterator[Office]:
    """The same on each engine."""
    with _opened(any_home, chromium) as found:
        yield found


@contextmanager
def _opened(home: Home, chromium: Browser) -> Generator[Office]:
    added = home.add(contact=TINA, delivery=HOME)
    with serving(home) as url:
        context = chromium.new_context(locale="en-GB")
        page, troubles = context.new_page(), list[str]()
        page.on("console", lambda said: _note(said, troubles))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith(url) else troubles.append(f"asked {asked.url}")
            ),
        )
        office = Office(home, url, context, page, troubles, added.person)
        yield office
        context.close()
        meant = [one for one in troubles if "status of 422" in one]
        assert len(meant) == office.troubles_meant
        assert [one for one in troubles if one not in meant] == []


def _note(said: Any, troubles: list[str]) -> None:
    """A refusal has status 403, which the browser calls an error: that one is meant."""
    if said.type == "error" and "status of 403" not in said.text:
        troubles.append(said.text)


def test_a_day_at_the_desk(office: Office) -> None:
    """Join, sign out and in, find, be refused with whom to ask, open, and the line is the same."""
    page = office.page
    phone = office.join(Role.OPERATOR)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to the desk")).to_be_visible()
    office.sign_in(phone)
    office.find_tina()
    assert "tina" not in page.url
    assert TINA["email"] not in page.content()
    assert HOME["address"] not in page.content()
    expect(page.get_by_role("button", name="Open and leave this line")).to_be_disabled()
    page.get_by_label("Send news and offers").check()
    page.get_by_label("How to reach you").check()
    page.get_by_role("button", name="Open and leave this line").click()
    refused = page.get_by_role("alert")
    expect(refused).to_contain_text("This role may not use data for this purpose.")
    expect(refused).to_contain_text("Ask a senior.")
    assert TINA["email"] not in page.content()
    page.get_by_label("Deliver an order").check()
    page.get_by_label("Where to deliver").check()
    page.get_by_label("Order or talk").fill("order 118")
    expect(page.locator("[data-preview]")).to_have_text(LINE)
    page.get_by_role("button", name="Open and leave this line").click()
    expect(page.locator(".opened")).to_contain_text(HOME["address"])
    expect(page.locator(".opened .serif")).to_have_text(LINE)
    assert _read_by_tina(office) == LINE
    office.check()


def _read_by_tina(office: Office) -> str:
    """What the customer reads of the newest act, opened with her own keys."""
    home = office.home
    home.settle()
    vault = home.house.vault
    acts = home.read(
        lambda tx: acts_of(
            tx, home.house.tiles, subject=own_subject(tx, vault, office.person), limit=1
        )
    )
    told = told_of(acts[0].kind, acts[0].role, acts[0].purpose, detail=acts[0].detail)
    return line(told, vault.rules, "en")


def test_a_passkey_is_made_and_opens_the_desk(office: Office) -> None:
    """A fresh code adds one; afterwards nothing is typed."""
    cdp = office.context.new_cdp_session(office.page)
    cdp.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    phone = office.join(Role.OPERATOR)
    page = office.page
    page.goto(f"{office.url}/desk/account")
    page.get_by_label("Name of the new passkey").fill("blue phone")
    page.get_by_label("Code from your app").fill("000000")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator("[data-why]")).to_contain_text("do not fit together")
    office.home.later(seconds=30)
    page.get_by_label("Code from your app").fill(phone.at(office.home.clock.now()))
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_text("blue phone", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_role("heading", name="Today")).to_be_visible()


def test_a_list_comes_in_while_one_watches(office: Office) -> None:
    """The file goes in, the columns are shown, the report comes by itself."""
    office.join(Role.OWNER)
    page = office.page
    page.goto(f"{office.url}/desk/import")
    rows = "email;name\n" + "".join(f"p{n}@example.org;P {n}\n" for n in range(1500))
    file: Any = {"name": "list.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    page.get_by_label("A file with customers").set_input_files(file)
    page.get_by_role("button", name="Show me what is in it").click()
    expect(page.get_by_text("list.csv")).to_be_visible()
    office.check()
    page.get_by_label("Source").fill("our own till")
    page.get_by_role("button", name="Bring them in").click()
    expect(page.get_by_role("heading", name="The list is in")).to_be_visible(timeout=30_000)
    expect(page.locator(".sum")).to_contain_text("1500")
    office.check()


def test_a_copy_is_made_tried_and_looked_into(any_office: Office, tmp_path: Path) -> None:
    """From no place at all to a file brought back, with a mouse, on each engine."""
    office, page = any_office, any_office.page
    office.join(Role.OWNER)
    office.home.worker.start()
    try:
        page.get_by_role("link", name="Backup", exact=True).click()
        page.get_by_role("link", name="Add the first place").click()
        page.get_by_label("A disk").check()
        page.get_by_label("What shall we call it?").fill("closet")
        page.get_by_label("The folder").fill(str(tmp_path / "closet"))
        expect(page.get_by_label("Access key")).to_be_hidden()
        office.troubles_meant += 1  # the form is refused once: that is status 422
        page.get_by_role("button", name="Add this place").click()
        expect(page.get_by_role("alert")).to_contain_text("on the same disk")
        office.check()
        page.get_by_label("It lies on the same disk").check()
        page.get_by_role("button", name="Add this place").click()
        expect(page.get_by_role("heading", name="closet")).to_be_visible()
        page.get_by_role("button", name="Copy now to closet").first.click()
        expect(page.get_by_text("The copy is made: closet")).to_be_visible(timeout=60_000)
        office.home.later(minutes=2)
        page.get_by_role("button", name="Try the copy in closet").click()
        good = page.get_by_role("heading", name=re.compile(r"^The copy of .* is good\.$"))
        expect(good).to_be_visible(timeout=60_000)
        _is_for_everybody(office)
        page.get_by_role("link", name="Look inside closet").click()
        _is_for_everybody(office)
        page.locator("tbody a").first.click()
        page.get_by_role("link", name="kept", exact=True).click()
        page.locator('a[href*="pick="]').last.click()
        _is_for_everybody(office)
        page.get_by_label("To which new folder?").fill(str(tmp_path / "back"))
        page.get_by_role("button", name="Bring it back").click()
        expect(page.get_by_text("The files are back")).to_be_visible(timeout=60_000)
        assert [path.name for path in (tmp_path / "back").iterdir()] == ["promises.toml"]
    finally:
        office.home.worker.stop()


def _is_for_everybody(office: Office) -> None:
    """Nothing is wider than a phone, and axe-core finds nothing, there and on a desk."""
    for width in (360, 1280):
        office.page.set_viewport_size({"width": width, "height": 800})
        assert office.page.evaluate("document.documentElement.scrollWidth") <= width
        office.check()


PAGES = (
    "/desk",
    "/desk/people",
    "/desk/people/{person}",
    "/desk/team",
    "/desk/keys",
    "/desk/account",
    "/desk/promises",
    "/desk/check-up",
    "/desk/ledger",
    "/desk/import",
    "/desk/inbox",
    "/desk/backup",
    "/desk/backup/add",
    "/desk/backup/cost",
    "/desk/backup/sheet",
)


@pytest.mark.parametrize(("lang", "scheme"), [("en", "light"), ("ru", "dark")])
def test_everybody_can_use_the_pages(office: Office, lang: str, scheme: Any) -> None:
    """axe-core finds nothing, in both languages and both lights; nothing is wider than a phone."""
    home = office.home
    home.write(
        lambda tx: note_break(
            tx,
            home.house.vault.origin,
            actor=TERMINAL,
            key="locked.rest",
            ref="search-1",
            happened_at=home.clock.now(),
            now=home.clock.now(),
        )
    )
    page = office.page
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    office.page.goto(office.link(Role.OWNER))
    office.check()
    office.join(Role.OWNER)
    page.goto(f"{office.url}/desk?lang={lang}")
    for path in PAGES:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(office.url + path.replace("{person}", str(office.person)))
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, f"{path} is {wide} px wide"
        office.check()
        page.set_viewport_size({"width": 1280, "height": 800})
        office.check()
        if lang == "ru":
            said = page.locator("main").inner_text()
            assert re.search("[а-яё]{3}", said.lower()), path
