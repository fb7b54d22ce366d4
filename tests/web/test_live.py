"""Does a look appear on the customer's page by itself, and is nothing missed?"""

import time
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from houses import HOME, TINA, Home, living
from kept.base.encoding import parse_b64url
from kept.base.ids import PersonId
from kept.vault.acts import visit
from kept.web.bounds import STREAMS_EACH, Streams
from kept.web.routes.me.events import Following
from kept.web.visitors import Customer
from serving import serving


def customer_of(home: Home, person: PersonId) -> Customer:
    """A session of this person."""
    found = home.write(
        lambda tx: visit.enter(tx, home.house.vault, person=person, now=home.clock.now())
    )
    return Customer(person, parse_b64url(found.token, "token"))


@pytest.mark.needs("chromium")
def test_a_look_appears_by_itself(tmp_path: Path) -> None:
    """Within seconds of the look its line stands on the open page, and soon its receipt."""
    with living(tmp_path) as home, serving(home) as url, sync_playwright() as play:
        added = home.add(contact=TINA, delivery=HOME)
        token = home.write(
            lambda tx: visit.enter(tx, home.house.vault, person=added.person, now=home.clock.now())
        ).token
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(locale="en-GB")
        context.add_cookies([{"name": "kept_me", "value": token, "url": f"{url}/me"}])
        page = context.new_page()
        trouble: list[str] = []
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(f"{url}/me")
        expect(page.locator("[data-state=on]").first).to_be_visible()
        started = time.monotonic()
        home.look(added.person)
        item = page.locator("li", has_text="Support opened your address to deliver")
        expect(item).to_be_visible(timeout=5_000)
        assert time.monotonic() - started < 5
        expect(item).to_contain_text("being written to the log")
        home.settle()
        expect(item.get_by_role("link", name="Receipt")).to_be_visible(timeout=5_000)
        assert trouble == []
        browser.close()


def test_a_browser_that_comes_back_misses_nothing(any_home: Home) -> None:
    """From the last count it has, it is told each later act once."""
    added = any_home.add(contact=TINA, delivery=HOME)
    customer = customer_of(any_home, added.person)
    parts = any_home.app().state.parts
    for _ in range(3):
        any_home.look(added.person)
    every = any_home.read(lambda tx: Following(customer, -1, is_new=False).fresh(tx, parts))
    assert every is not None
    kinds = [act.kind for act in every]
    assert kinds == ["person.added", "person.read", "person.read", "person.read"]
    later = any_home.read(lambda tx: Following(customer, every[1].n, is_new=False).fresh(tx, parts))
    assert later is not None
    assert [act.n for act in later] == [act.n for act in every[2:]]


def test_an_act_is_told_again_with_its_receipt(home: Home) -> None:
    """First without a place, then once more with it, then no more."""
    added = home.add(contact=TINA, delivery=HOME)
    home.settle()
    customer, parts = customer_of(home, added.person), home.app().state.parts
    stream = Following(customer, -1, is_new=False)
    home.read(lambda tx: stream.fresh(tx, parts))
    home.look(added.person)
    told: list[list[bool]] = []
    for step in range(3):
        acts = home.read(lambda tx: stream.fresh(tx, parts))
        assert acts is not None
        told.append([act.index is not None for act in acts])
        if step == 0:
            home.settle()
    assert told == [[False], [True], []]


def test_the_stream_ends_with_the_session(home: Home) -> None:
    """Signed out, it tells nothing any more."""
    added = home.add(contact=TINA)
    customer, parts = customer_of(home, added.person), home.app().state.parts
    stream = Following(customer, -1)
    assert home.read(lambda tx: stream.fresh(tx, parts)) is not None
    home.write(lambda tx: visit.leave(tx, customer.token))
    assert home.read(lambda tx: stream.fresh(tx, parts)) is None


def test_streams_are_bounded() -> None:
    """One person's pages take so many places and no more; a closed page gives its place back."""
    streams, person = Streams(), PersonId(bytes(16))
    for _ in range(STREAMS_EACH):
        streams.require_place(person)
        streams.enter(person)
    with pytest.raises(Exception, match="too many open pages"):
        streams.require_place(person)
    streams.leave(person)
    streams.require_place(person)
