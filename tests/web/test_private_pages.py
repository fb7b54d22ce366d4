"""Are one customer's pages, and the desk's doors, fit for a phone, both lights and languages?

Each state is reached as its visitor reaches it, in a browser, and then held to the same measures
as the pages that everybody sees: no scrolling sideways at 360 px, nothing that axe-core finds.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from houses import HOME, TINA, Home, living
from kept.conversations.channels.email.demo_box import DemoBox
from kept.vault.model.gate import ConsentState
from kept.vault.model.rules import Role
from kept.worker.tasks.mail import send_mail
from serving import serving
from vault_cases import say

pytestmark = pytest.mark.needs("chromium")
LONG = {  # as long as people really write
    "address": "Karl-Liebknecht-und-Rosa-Luxemburg-Gedenkallee 117a, Hinterhaus, 4. Stock rechts",
    "town": "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
    "postcode": "10115",
}
LOOKS = 60  # more than the page shows at once


@dataclass
class Visit:
    """One visitor of the house, with a phone."""

    home: Home
    url: str
    page: Page
    lang: str

    def go(self, path: str) -> None:
        """Open a page of the house in the visitor's language."""
        path, _, part = path.partition("#")
        self.page.goto(f"{self.url}{path}{'&' if '?' in path else '?'}lang={self.lang}#{part}")

    def letter(self) -> str:
        """The text of the newest letter."""
        # the browser's loop runs in this thread
        post = Thread(target=send_mail, args=(self.home.worker.parts,))
        post.start()
        post.join()
        assert isinstance(self.home.house.mail, DemoBox)
        return self.home.house.mail.letters()[0].text

    def code(self) -> str:
        """The code of the newest letter."""
        found = re.search(r"\b(\d{6})\b", self.letter())
        assert found
        return found[1]

    def send(self, action: str) -> None:
        """Send the form of an action, whatever its browser's own checks say."""
        form = self.page.locator(f"form[action='{action}']").first
        form.evaluate("form => { form.noValidate = true; form.requestSubmit() }")
        self.page.wait_for_load_state("load")

    def ask_code(self, address: str) -> None:
        """Ask for a code."""
        self.home.later(minutes=20)  # nobody waits for the bounds here
        self.go("/me/sign-in")
        self.page.fill("input[name=address]", address)
        self.send("/me/sign-in")
        self.page.wait_for_url("**/me/code*")

    def sign_in(self, address: str = TINA["email"]) -> None:
        """Come to one's own page."""
        self.ask_code(address)
        self.page.fill("input[name=code]", self.code())
        self.send("/me/code")
        self.page.wait_for_url(re.compile(r"/me(\?|$)"))

    def correct(self, value: str) -> None:
        """Write another e-mail address into the page."""
        self.home.later(minutes=20)
        self.go("/me")
        self.page.locator(".held__edit:has(#c-email) summary").click()
        self.page.fill("#c-email", value)
        self.page.locator("form:has(#c-email) button").click()
        self.page.wait_for_load_state("load")


def mine(visit: Visit) -> None:
    """The whole page, with everything on it opened."""
    visit.sign_in()
    visit.go("/me")
    visit.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert visit.page.locator(".timeline > li").count() > 10


def mine_done(visit: Visit) -> None:
    """After a form."""
    visit.sign_in()
    visit.go("/me?done=unsure")
    assert visit.page.locator(".notice.s-kept").is_visible()


def mine_older(visit: Visit) -> None:
    """The list of looks goes on."""
    visit.sign_in()
    visit.go("/me")
    visit.page.locator("a[href*='before=']").click()
    visit.page.wait_for_url("**/me?before=*")


def mine_wrong(visit: Visit) -> None:
    """A value that does not fit: said beside the field."""
    visit.sign_in()
    visit.correct("no address")
    assert visit.page.locator("#c-email-error").is_visible()


def mine_unsure(visit: Visit) -> None:
    """The box of the erasure is not ticked."""
    visit.sign_in()
    visit.go("/me")
    visit.send("/me/delete")
    visit.page.locator(".notice.s-broken:not([data-state])").wait_for()


def nearly_nothing(visit: Visit) -> None:
    """Somebody of whom hardly anything is held, and nobody looked."""
    address = f"new.{visit.lang}@example.org"
    visit.home.add(contact={"email": address})
    visit.sign_in(address)
    assert visit.page.locator(".held").count() == 1


def code(visit: Visit) -> None:
    """A code is asked for."""
    visit.ask_code(TINA["email"])


def code_wrong(visit: Visit) -> None:
    """It was another one."""
    visit.ask_code(TINA["email"])
    visit.page.fill("input[name=code]", "12")
    visit.send("/me/code")
    visit.page.locator(".error").wait_for()


def new_address(visit: Visit) -> None:
    """A new address waits for its code."""
    visit.sign_in()
    visit.correct("a.very.long.name.of.a.person.who.wrote.it.out@subdomain.of.example.org")
    visit.page.wait_for_url("**/me/new-address*")


def new_address_wrong(visit: Visit) -> None:
    """The code was another one."""
    new_address(visit)
    visit.page.fill("input[name=code]", "12")
    visit.send("/me/new-address")
    visit.page.locator(".error").wait_for()


def moved(visit: Visit, *, was: str) -> None:
    """Somebody's address was changed; the page of the link in the letter to the old one."""
    visit.home.add(contact={"email": was})
    visit.sign_in(was)
    visit.correct(f"moved.{was}")
    visit.page.wait_for_url("**/me/new-address*")
    visit.page.fill("input[name=code]", visit.code())
    visit.send("/me/new-address")
    visit.page.wait_for_url("**/me?done=address*")
    link = re.search(r"(/undo-address/[A-Za-z0-9_-]{43})", visit.letter())
    assert link
    visit.go(link[1])


def undo(visit: Visit) -> None:
    """Whether to put it back."""
    moved(visit, was=f"mo.{visit.lang}@example.org")
    assert visit.page.locator("form[action^='/undo-address/']").is_visible()


def undone(visit: Visit) -> None:
    """It is put back."""
    moved(visit, was=f"jo.{visit.lang}@example.org")
    visit.page.locator("form[action^='/undo-address/'] button").click()
    visit.page.wait_for_url(re.compile(r"/undo-address(\?|$)"))


def undo_nothing(visit: Visit) -> None:
    """The link is used up."""
    visit.go(f"/undo-address/{'A' * 43}")


def erased(visit: Visit, *, address: str) -> None:
    """Somebody asks to be forgotten."""
    visit.home.add(contact={"email": address})
    visit.sign_in(address)
    visit.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    visit.page.check("input[name=sure]")
    visit.page.locator("form[action='/me/delete'] button").click()
    visit.page.wait_for_url("**/erasure/*")


def erasing(visit: Visit) -> None:
    """It is on its way."""
    erased(visit, address=f"ida.{visit.lang}@example.org")


def erasing_done(visit: Visit) -> None:
    """It is done, with its receipt."""
    erased(visit, address=f"ada.{visit.lang}@example.org")
    visit.home.settle()
    visit.home.settle()
    visit.page.reload()
    assert visit.page.locator("a[href$='/receipt']").is_visible()


def not_mine(visit: Visit) -> None:
    """A receipt that is not there."""
    visit.sign_in()
    visit.go("/me/receipts/999999")


def desk(visit: Visit) -> None:
    """The desk's door."""
    visit.go("/desk/sign-in")


def desk_refused(visit: Visit) -> None:
    """Not recognised."""
    visit.go("/desk/sign-in")
    visit.page.fill("input[name=email]", "somebody@example.org")
    visit.page.fill("input[name=password]", "not their password")
    visit.page.fill("input[name=code]", "123456")
    visit.send("/desk/sign-in")
    visit.page.locator(".notice.s-broken:not([hidden])").first.wait_for()


def join(visit: Visit) -> None:
    """A new account is set up."""
    visit.go(f"/desk/join/{visit.home.founded.invitation.token}")
    visit.page.locator("details summary").first.click()


def join_weak(visit: Visit) -> None:
    """The password is too short."""
    join(visit)
    visit.page.fill("input[name=password]", "short")
    visit.page.fill("input[name=code]", "123456")
    visit.send(f"/desk/join/{visit.home.founded.invitation.token}")
    visit.page.locator(".error").first.wait_for()


def join_nothing(visit: Visit) -> None:
    """The invitation is used up."""
    visit.go(f"/desk/join/{'A' * 43}")


STATES: list[Callable[[Visit], None]] = [
    mine,
    mine_done,
    mine_older,
    mine_wrong,
    mine_unsure,
    nearly_nothing,
    code,
    code_wrong,
    new_address,
    new_address_wrong,
    undo,
    undone,
    undo_nothing,
    erasing,
    erasing_done,
    not_mine,
    desk,
    desk_refused,
    join,
    join_weak,
    join_nothing,
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, str, Browser]]:
    """A house behind a real server, where many looked at Tina, and a browser."""
    with living(tmp_path_factory.mktemp("house")) as home, serving(home) as url:
        tina = home.add(contact=TINA, delivery=HOME | LONG)
        for n in range(LOOKS):
            home.look(tina.person, ref=f"{n}", role=Role.SENIOR if n % 2 else Role.OPERATOR)
        say(home, tina.person, ConsentState.GIVEN)
        home.settle()
        with sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            yield home, url, browser
            browser.close()


@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_its_visitor_can_read_it(
    house: tuple[Home, str, Browser], state: Callable[[Visit], None], lang: str
) -> None:
    """Nothing is wider than a phone, axe-core finds nothing, no sentence of another language."""
    home, url, browser = house
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale=lang)
    page = context.new_page()
    page.set_default_timeout(10_000)
    faults = list[str]()
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        state(Visit(home, url, page, lang))
        assert page.evaluate("document.documentElement.lang") == lang
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
        said = page.locator("main").inner_text()
        assert bool(re.search("[а-яё]{3}", said.lower())) == (lang == "ru")
        assert not faults
    finally:
        context.close()
