"""Does a new e-mail address count only once its code is typed, and is the old one told?"""

import base64
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from houses import IMPORTER, TINA, Home
from kept.base.errors import UnavailableError
from kept.base.ids import PersonId
from kept.conversations.channels.email.demo_box import DemoBox
from kept.conversations.model import Letter
from kept.vault.acts import visit
from kept.vault.acts.correct import Correction, correct
from kept.vault.acts.erase import begin_erasure
from kept.vault.acts.open import OpenedPerson
from kept.vault.model.people import Added
from kept.worker.tasks.mail import send_mail
from vault_cases import faults as check

Browser = TestClient[Litestar]
EN = {"Accept-Language": "en"}
NEW = "tina@new.example"


def letters(home: Home) -> list[Letter]:
    """What went out, newest first."""
    send_mail(home.worker.parts)
    assert isinstance(home.house.mail, DemoBox)
    return home.house.mail.letters()


def code_in(letter: Letter) -> str:
    """The code of a letter."""
    found = re.search(r"\b(\d{6})\b", letter.text)
    assert found
    return found[1]


@pytest.fixture
def tina(any_home: Home) -> Added:
    """Tina, on each engine."""
    return any_home.add(contact=TINA)


@pytest.fixture
def inside(any_home: Home, tina: Added) -> Iterator[Browser]:
    """Tina's browser, signed in."""
    del tina
    with any_home.browser() as browser:
        browser.post("/me/sign-in", data={"address": TINA["email"]}, headers=EN)
        browser.post("/me/code", data={"code": code_in(letters(any_home)[0])}, headers=EN)
        yield browser


def ask(browser: Browser, address: str = NEW) -> tuple[int, str]:
    """Write a new address into the form."""
    form = {"field": "email", "value": address, "rev": "1"}
    answer = browser.post("/me/correct", data=form, headers=EN)
    return answer.status_code, answer.headers.get("location", answer.text)


def enter(browser: Browser, code: str) -> tuple[int, str]:
    """Type the code."""
    answer = browser.post("/me/new-address", data={"code": code}, headers=EN)
    return answer.status_code, answer.headers.get("location", "")


def held(browser: Browser) -> str:
    """The page."""
    return browser.get("/me", headers=EN).text


def test_the_new_address_counts_after_its_code(any_home: Home, inside: Browser) -> None:
    """The code goes to the new address; typed, it is kept; the old one learns of it, not of it."""
    assert ask(inside) == (303, "/me/new-address")
    assert "Until you type it here" in inside.get("/me/new-address", headers=EN).text
    sent = letters(any_home)[0]
    assert sent.to == NEW
    assert TINA["email"] in held(inside)
    assert NEW not in held(inside)
    assert enter(inside, code_in(sent)) == (303, "/me?done=address#held")
    page = held(inside)
    assert NEW in page
    assert TINA["email"] not in page
    told = letters(any_home)[0]
    assert told.to == TINA["email"]
    assert told.subject == "Your address at Tea Shop was changed"
    assert NEW not in told.text + told.subject
    kinds = any_home.read(lambda tx: tx.rows("select id from acts where kind = 'egress.mail'"))
    assert {f"change-{row[0]}" for row in kinds} & {sent.key}
    assert {f"moved-{row[0]}" for row in kinds} & {told.key}
    assert any_home.read(lambda tx: tx.rows("select use from letter")) == [("old",)]
    assert len(letters(any_home)) == 3, "nothing is sent twice"


def test_she_signs_in_with_the_new_one(any_home: Home, inside: Browser) -> None:
    """Afterwards the new address is the way in, and the old one is none."""
    ask(inside)
    enter(inside, code_in(letters(any_home)[0]))
    with any_home.browser() as other:
        other.post("/me/sign-in", data={"address": NEW}, headers=EN)
        assert letters(any_home)[0].to == NEW
        before = len(letters(any_home))
        other.post("/me/sign-in", data={"address": TINA["email"]}, headers=EN)
        assert len(letters(any_home)) == before


def test_a_wrong_code_changes_nothing(any_home: Home, inside: Browser) -> None:
    """Five wrong tries, and even the right code is too late."""
    ask(inside)
    right = code_in(letters(any_home)[0])
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert enter(inside, wrong) == (400, "")
    assert enter(inside, right) == (400, "")
    assert TINA["email"] in held(inside)


def test_the_code_lives_ten_minutes(any_home: Home, inside: Browser) -> None:
    """After that the old address stays."""
    ask(inside)
    sent = letters(any_home)[0]
    any_home.later(minutes=10, seconds=1)
    assert enter(inside, code_in(sent)) == (400, "")
    assert NEW not in held(inside)


def test_what_is_no_address_is_said(any_home: Home, inside: Browser) -> None:
    """No letter leaves for it, and the same address needs no code."""
    status, page = ask(inside, "no address")
    assert status == 400
    assert "Write an address with an @ in it" in page
    assert ask(inside, TINA["email"]) == (303, "/me#held")
    assert len(letters(any_home)) == 1


def test_nobody_is_flooded(any_home: Home, inside: Browser) -> None:
    """The sixth ask within a quarter of an hour is refused."""
    for n in range(5):
        assert ask(inside, f"a{n}@new.example")[0] == 303
    assert ask(inside)[0] == 429
    any_home.later(minutes=16)
    assert ask(inside)[0] == 303


def test_staff_change_it_and_the_old_one_is_told(any_home: Home, tina: Added) -> None:
    """What a colleague corrects holds at once, not checked; the old address learns of it."""
    correction = Correction("contact", 1, {"email": NEW}, method="staff")
    vault, now = any_home.house.vault, any_home.clock.now()
    any_home.write(
        lambda tx: correct(
            tx, vault, actor=IMPORTER, person=tina.person, correction=correction, now=now
        )
    )
    (told,) = letters(any_home)
    assert told.to == TINA["email"]
    assert NEW not in told.text


def link_in(letter: Letter) -> str:
    """The path of the link that undoes a change; "" without one."""
    found = re.search(r"https?://[^/\s]+(/undo-address/[A-Za-z0-9_-]{43})\s", letter.text)
    return found[1] if found else ""


def moved(home: Home, browser: Browser, address: str = NEW) -> str:
    """Change the address through letter and code; the path of the link in the notice."""
    assert ask(browser, address)[0] == 303
    assert enter(browser, code_in(letters(home)[0]))[0] == 303
    return link_in(letters(home)[0])


def get_in(home: Home, browser: Browser, address: str) -> bool:
    """Sign in with a code; whether a letter came and the page opened."""
    before = len(letters(home))
    browser.post("/me/sign-in", data={"address": address}, headers=EN)
    sent = letters(home)
    if len(sent) == before or sent[0].to != address:
        return False
    browser.post("/me/code", data={"code": code_in(sent[0])}, headers=EN)
    return browser.get("/me", headers=EN).status_code == 200


def kept_address(home: Home, person: PersonId) -> str:
    """The address that is kept."""
    shown = home.look(person, category="contact", purpose="answer")
    assert isinstance(shown, OpenedPerson)
    (part,) = shown.categories
    return next(str(one.value) for one in part.fields if one.field.key == "email")


def test_the_old_address_takes_it_back(any_home: Home, inside: Browser, tina: Added) -> None:
    """Looking at the link does nothing; its button restores the address and signs all out."""
    link = moved(any_home, inside)
    with any_home.browser() as owner:
        for _ in range(2):
            asked = owner.get(link, headers=EN)
            assert asked.status_code == 200
            assert NEW not in asked.text
            assert TINA["email"] not in asked.text
        assert NEW in held(inside), "a look undoes nothing"
        assert owner.post(link, headers=EN).headers["location"] == "/undo-address"
        assert "The old address is back" in owner.get("/undo-address", headers=EN).text
        assert inside.get("/me", headers=EN).headers["location"] == "/me/sign-in"
        told = letters(any_home)[0]
        assert (told.to, link_in(told)) == (NEW, "")
        assert told.subject == "Your address at Tea Shop was changed back"
        assert TINA["email"] not in told.text + told.subject
        assert not get_in(any_home, owner, NEW)
        assert get_in(any_home, owner, TINA["email"])
        page = held(owner)
        assert "You put your old e-mail address back, by the link in our letter" in page
        any_home.settle()
        newest = "select max(id) from acts where kind = 'person.corrected'"
        act = any_home.read(lambda tx: tx.rows(newest))[0][0]
        assert owner.get(f"/me/receipts/{act}", headers=EN).status_code == 200
        for again in (owner.get(link, headers=EN), owner.post(link, headers=EN)):
            assert again.status_code == 404
            assert "This link was used, or its time is over." in again.text
    assert any_home.read(lambda tx: tx.rows("select n from letter")) == []
    assert check(any_home) == []


def test_the_link_lives_72_hours_from_its_letter(any_home: Home, inside: Browser) -> None:
    """A mail server that was away for a day takes none of it; afterwards the address is gone."""
    assert ask(inside)[0] == 303
    assert enter(inside, code_in(letters(any_home)[0]))[0] == 303
    any_home.later(hours=24)
    link = link_in(letters(any_home)[0])
    any_home.later(hours=71, minutes=59)
    assert inside.get(link, headers=EN).status_code == 200
    any_home.later(minutes=2)
    assert inside.get(link, headers=EN).status_code == 404
    assert inside.post(link, headers=EN).status_code == 404
    any_home.write(lambda tx: visit.drop_old(tx, now=any_home.clock.now()))
    assert any_home.read(lambda tx: tx.rows("select n from letter")) == []
    with any_home.browser() as other:
        assert get_in(any_home, other, NEW)


def test_later_links_die_with_the_undoing(any_home: Home, inside: Browser, tina: Added) -> None:
    """Moved on twice by a thief: the first link brings the first address; the second is dead."""
    first = moved(any_home, inside)
    form = {"field": "email", "value": "thief@new.example", "rev": "2"}
    inside.post("/me/correct", data=form, headers=EN)
    enter(inside, code_in(letters(any_home)[0]))
    second = link_in(letters(any_home)[0])
    assert first != second
    assert inside.post(first, headers=EN).status_code == 303
    assert kept_address(any_home, tina.person) == TINA["email"]
    assert inside.post(second, headers=EN).status_code == 404
    assert kept_address(any_home, tina.person) == TINA["email"]


def test_an_earlier_link_outlives_a_later_one(any_home: Home, inside: Browser, tina: Added) -> None:
    """The address in between takes itself back; the first one still may, for it was first."""
    first = moved(any_home, inside)
    second = moved(any_home, inside, "thief@new.example")
    assert inside.post(second, headers=EN).status_code == 303
    assert kept_address(any_home, tina.person) == NEW
    assert inside.post(first, headers=EN).status_code == 303
    assert kept_address(any_home, tina.person) == TINA["email"]


def test_the_other_sessions_end(any_home: Home, inside: Browser) -> None:
    """Whoever typed the code stays; every other browser, and a code on its way, is out."""
    with any_home.browser() as other, any_home.browser() as third:
        assert get_in(any_home, other, TINA["email"])
        third.post("/me/sign-in", data={"address": TINA["email"]}, headers=EN)
        waiting = code_in(letters(any_home)[0])
        moved(any_home, inside)
        assert inside.get("/me", headers=EN).status_code == 200
        assert other.get("/me", headers=EN).headers["location"] == "/me/sign-in"
        third.cookies.set("kept_asked", base64.urlsafe_b64encode(NEW.encode()).decode())
        assert third.post("/me/code", data={"code": waiting}, headers=EN).status_code == 400


@pytest.mark.parametrize("is_verified", [False, True])
def test_a_link_goes_only_where_it_is_theirs(
    any_home: Home, inside: Browser, tina: Added, is_verified: bool
) -> None:
    """A slip put right by the team gives a stranger no way in; a verified address gets the link."""
    if is_verified:
        moved(any_home, inside, "tina@second.example")
    correction = Correction("contact", 2 if is_verified else 1, {"email": NEW}, method="staff")
    any_home.write(
        lambda tx: correct(
            tx,
            any_home.house.vault,
            actor=IMPORTER,
            person=tina.person,
            correction=correction,
            now=any_home.clock.now(),
        )
    )
    told = letters(any_home)[0]
    assert told.to == ("tina@second.example" if is_verified else TINA["email"])
    assert bool(link_in(told)) is is_verified
    assert inside.get("/me", headers=EN).headers["location"] == "/me/sign-in"


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 5000, "%00", "ё"])
def test_a_made_up_link_opens_nothing(home: Home, token: str) -> None:
    """Neither a look nor a button."""
    with home.browser() as browser:
        assert browser.get(f"/undo-address/{token}").status_code == 404
        assert browser.post(f"/undo-address/{token}").status_code == 404


def test_a_link_of_somebody_forgotten(any_home: Home, inside: Browser, tina: Added) -> None:
    """The link goes with the person."""
    link = moved(any_home, inside)
    any_home.write(
        lambda tx: begin_erasure(
            tx,
            any_home.house.vault,
            actor=IMPORTER,
            person=tina.person,
            token=bytes(16),
            now=any_home.clock.now(),
        )
    )
    assert inside.post(link, headers=EN).status_code == 404


def test_a_letter_tried_again_has_a_link_that_works(any_home: Home, inside: Browser) -> None:
    """The letter that the server did not take took no link with it."""
    assert ask(inside)[0] == 303
    assert enter(inside, code_in(letters(any_home)[0]))[0] == 303
    send_mail(replace(any_home.worker.parts, mail=Away()))
    any_home.later(minutes=1)
    link = link_in(letters(any_home)[0])
    assert inside.post(link, headers=EN).status_code == 303


class Away:
    """A mail server that is away."""

    async def send(self, letter: Letter) -> None:
        """Not now."""
        raise UnavailableError("away")


def test_the_notice_in_russian(any_home: Home, inside: Browser) -> None:
    """Told in the language in which the code was typed; the page speaks it too."""
    ask(inside)
    ru = {"Accept-Language": "ru"}
    code = code_in(letters(any_home)[0])
    inside.post("/me/new-address", data={"code": code}, headers=ru)
    told = letters(any_home)[0]
    assert "Это были не вы? Верните старый адрес в течение трёх дней:" in told.text
    assert "Вернуть старый адрес?" in inside.get(link_in(told), headers=ru).text


def test_other_changes_tell_nobody(any_home: Home, tina: Added) -> None:
    """A new name sends no letter."""
    correction = Correction("contact", 1, {"name": "Tina Meyer"})
    vault, now = any_home.house.vault, any_home.clock.now()
    any_home.write(
        lambda tx: correct(
            tx, vault, actor=IMPORTER, person=tina.person, correction=correction, now=now
        )
    )
    assert letters(any_home) == []


def test_what_waits_goes_with_the_person(any_home: Home, tina: Added, inside: Browser) -> None:
    """Asked to erase, no address waits any more and no letter goes there."""
    ask(inside)
    now = any_home.clock.now()
    any_home.write(
        lambda tx: begin_erasure(
            tx,
            any_home.house.vault,
            actor=IMPORTER,
            person=tina.person,
            token=bytes(16),
            now=now,
        )
    )
    assert any_home.read(lambda tx: tx.rows("select n from letter")) == []
    assert len(letters(any_home)) == 1


def test_an_address_nobody_confirmed_is_forgotten(any_home: Home, inside: Browser) -> None:
    """The waiting address is deleted when its time is over."""
    ask(inside)
    any_home.later(hours=2)
    any_home.write(lambda tx: visit.drop_old(tx, now=any_home.clock.now()))
    assert any_home.read(lambda tx: tx.rows("select n from letter")) == []


def test_the_address_lies_nowhere_readable(any_home: Home, inside: Browser) -> None:
    """Neither the row nor the job holds it in the clear."""
    ask(inside)
    rows = any_home.read(
        lambda tx: [*tx.rows("select env from letter"), *tx.rows("select body from jobs")]
    )
    assert rows
    assert all(
        NEW.encode() not in (r[0] if isinstance(r[0], bytes) else r[0].encode()) for r in rows
    )
