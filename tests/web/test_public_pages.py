"""Are the pages that everybody sees fit for a phone, both lights and both languages?"""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from houses import HOME, TINA, living
from serving import serving

pytestmark = pytest.mark.needs("chromium")
PAGES = (
    "/",
    "/promises/access.seen",
    "/promises/locked.rest",
    "/verify",
    "/me/sign-in",
    "/desk/sign-in",
    "/no/such/page",
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Page]]:
    """A house with one customer behind a real server, and a browser."""
    with living(tmp_path_factory.mktemp("house")) as home, serving(home) as url:
        home.add(contact=TINA, delivery=HOME)
        with sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            yield url, browser.new_page()
            browser.close()


@pytest.mark.parametrize(("lang", "scheme"), [("en", "dark"), ("ru", "light")])
@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_read_it(house: tuple[str, Page], path: str, lang: str, scheme: Any) -> None:
    """Nothing is wider than a phone, axe-core finds nothing, no sentence of another language."""
    url, page = house
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{url}{path}?lang={lang}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.title()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    said = page.locator("main").inner_text()
    assert bool(re.search("[а-яё]{3}", said.lower())) == (lang == "ru")
