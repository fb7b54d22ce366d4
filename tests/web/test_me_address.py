"""Does a new e-mail address count only once its code is typed, and is the old one told?"""

import re
from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from houses import IMPORTER, TINA, Home
from kept.conversations.channels.email.demo_box import DemoBox
from kept.conversations.model import Letter
from kept.vault.acts import visit
from kept.vault.acts.correct import Correction, correct
from kept.vault.acts.erase import begin_erasure
from kept.vault.model.people import Added
from kept.worker.tasks.mail import send_mail

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
    assert any_home.read(lambda tx: tx.rows("select n from letter")) == []
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
