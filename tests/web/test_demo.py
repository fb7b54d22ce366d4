"""Can a visitor of the demo look as anybody, and only there?"""

import re

import pyotp
import pytest

from desk_people import TERMINAL
from houses import HOME, TINA, Home
from kept.flows.search_raw import plant
from kept.staff.acts.links import Colleague, invite, join, look_at_link
from kept.staff.acts.passwords import ChosenPassword, choose_password
from kept.vault.model.rules import Role
from kept.worker.tasks.mail import send_mail


def let_the_owner_join(home: Home) -> None:
    """The founder follows the invitation."""
    join_by(home, home.founded.invitation.token, "owner@example.org")


def join_by(home: Home, token: str, email: str) -> None:
    """Somebody follows an invitation."""
    house, now = home.house, home.clock.now()
    chosen = choose_password(house.staff, password="four brown mugs on a shelf", email=email)
    assert isinstance(chosen, ChosenPassword)
    shown = home.read(lambda tx: look_at_link(tx, house.staff, token, now=now))
    totp = pyotp.parse_uri(shown.totp_uri)
    assert isinstance(totp, pyotp.TOTP)
    home.write(
        lambda tx: join(tx, house.staff, token=token, password=chosen, code=totp.at(now), now=now)
    )


def test_a_visitor_picks_a_customer(demo_home: Home) -> None:
    """The page lists made-up people; one click, and their own page is open."""
    demo_home.add(contact=TINA, delivery=HOME)
    with demo_home.browser() as browser:
        page = browser.get("/demo", headers={"Accept-Language": "en"}).text
        found = re.search(r'name="person" value="([a-z2-7]{26})"', page)
        assert found
        inside = browser.post("/demo/enter", data={"person": found[1]})
        assert inside.headers["location"] == "/me"
        mine = browser.get("/me", headers={"Accept-Language": "en"}).text
    assert "Lindenweg 7" in mine
    assert "This is a demo." in mine


def test_the_planted_person_is_no_customer(demo_home: Home) -> None:
    """Who is planted to be looked for in the files is not offered, however early they came."""
    house, now = demo_home.house, demo_home.clock.now()
    assert plant(house.db, house.vault, house.opened.house_keys["house"], now=now)
    demo_home.add(contact=TINA)
    with demo_home.browser() as browser:
        page = browser.get("/demo").text
    assert len(re.findall(r'name="person" value="([a-z2-7]{26})"', page)) == 1


def test_a_visitor_picks_a_role(demo_home: Home) -> None:
    """The team is offered by role, and the desk opens."""
    let_the_owner_join(demo_home)
    with demo_home.browser() as browser:
        assert 'name="role" value="owner"' in browser.get("/demo").text
        inside = browser.post("/demo/enter", data={"role": "owner"})
        assert inside.headers["location"] == "/desk"
        assert "kept_desk" in inside.cookies
        assert browser.post("/demo/enter", data={"role": "auditor"}).status_code == 404


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_card_tells_what_the_role_may(demo_home: Home, lang: str) -> None:
    """The senior brings in no lists, the owner does; the owner's card bears a name."""
    let_the_owner_join(demo_home)
    house, now = demo_home.house, demo_home.clock.now()
    senior = Colleague("sofia@example.org", "Sofia", Role.SENIOR)
    invited = demo_home.write(
        lambda tx: invite(tx, house.staff, actor=TERMINAL, who=senior, now=now)
    )
    join_by(demo_home, invited.token, "sofia@example.org")
    with demo_home.browser() as browser:
        page = browser.get(f"/demo?lang={lang}").text
    cards = dict(re.findall(r'name="role" value="(\w+)".*?<p class="quiet small">(.*?)</p>', page))
    lists = {"en": "brings in lists", "ru": "загружает списки"}[lang]
    erases = {"en": "erases on request", "ru": "стирает по просьбе"}[lang]
    assert lists in cards["owner"]
    assert lists not in cards["senior"]
    assert erases in cards["senior"]
    assert cards["owner"].startswith("owner. ")
    assert cards["senior"].startswith("Sofia. ")


def test_the_letters_are_shown(demo_home: Home) -> None:
    """A code that was asked for can be read on the page."""
    demo_home.add(contact=TINA)
    with demo_home.browser() as browser:
        browser.post("/me/sign-in", data={"address": TINA["email"]})
        send_mail(demo_home.worker.parts)
        page = browser.get("/demo/mail").text
    assert TINA["email"] in page
    assert re.search(r"\b\d{6}\b", page)


def test_a_real_house_has_no_such_door(home: Home) -> None:
    """No path, no way in."""
    added = home.add(contact=TINA)
    with home.browser() as browser:
        for path in ("/demo", "/demo/mail"):
            assert browser.get(path).status_code == 404
        assert browser.post("/demo/enter", data={"role": "owner"}).status_code == 404
        assert browser.post("/demo/enter", data={"person": str(added.person)}).status_code == 404
