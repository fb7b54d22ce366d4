"""How does one come in at the desk, and who does not?"""

import re

import pytest

from desk_people import PASSWORD, Colleagues, Member
from kept.vault.model.rules import Role
from kept.web.routes.desk.shell import page_path
from kept.web.staff_session import safe_next


def test_joining_signs_in_and_the_link_is_used_up(colleagues: Colleagues) -> None:
    """Password and code in one step; the link is dead afterwards; the cookie is well kept."""
    token = colleagues.home.founded.invitation.token
    owner = colleagues.member(Role.OWNER)
    assert owner.browser.get("/desk").status_code == 200
    assert owner.browser.get(f"/desk/join/{token}").status_code == 404
    answer = owner.sign_in()
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("kept_desk=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie  # plain http in this test


def test_a_weak_password_or_a_wrong_code_keeps_the_link(colleagues: Colleagues) -> None:
    """Each is said at its field, and the link still works."""
    token = colleagues.home.founded.invitation.token
    browser = colleagues.browser()
    page = browser.get(f"/desk/join/{token}")
    drawn = browser.get(f"/desk/join/{token}/qr.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.text.lstrip().startswith(("<?xml", "<svg"))
    assert re.search(r"<code>[A-Z2-7 ]{32,}</code>", page.text)
    weak = browser.post(f"/desk/join/{token}", data={"password": "short", "code": "123456"})
    assert weak.status_code == 422
    assert "at least 12 characters" in weak.text
    wrong = browser.post(f"/desk/join/{token}", data={"password": PASSWORD, "code": "000000"})
    assert wrong.status_code == 422
    assert "does not fit" in wrong.text
    assert PASSWORD not in wrong.text
    assert Member("owner@example.org", browser, colleagues.home).join(token).status_code == 303


def test_what_was_wrong_is_never_told(colleagues: Colleagues) -> None:
    """An unknown address, a wrong password and a wrong code get one and the same answer."""
    owner = colleagues.member(Role.OWNER)
    owner.browser.cookies.clear()
    texts = {
        re.sub(r'value="[^"]*"', "", owner.sign_in(**other).text)
        for other in (
            {"email": "nobody@example.org"},
            {"password": "six brown mugs on a shelf"},
            {"code": "000000"},
        )
    }
    assert len(texts) == 1
    assert "do not fit together" in texts.pop()


def test_too_many_tries_wait_and_the_page_says_until_when(colleagues: Colleagues) -> None:
    """After five failures even the right password waits, with the time."""
    owner = colleagues.member(Role.OWNER)
    owner.browser.cookies.clear()
    for _ in range(6):
        assert owner.sign_in(code="000000").status_code in {403, 429}
    colleagues.home.later(seconds=1)
    answer = owner.browser.post(
        "/desk/sign-in", data={"email": owner.email, "password": PASSWORD, "code": owner.code()}
    )
    assert answer.status_code == 429
    assert re.search(r"from \d\d:\d\d:\d\d UTC on", answer.text)
    colleagues.home.later(hours=1)
    assert owner.sign_in().status_code == 303


def test_signing_out_ends_the_session(colleagues: Colleagues) -> None:
    """The old cookie opens nothing afterwards."""
    owner = colleagues.member(Role.OWNER)
    cookie = owner.browser.cookies["kept_desk"]
    assert owner.browser.post("/desk/sign-out").headers["location"] == "/desk/sign-in"
    owner.browser.cookies.set("kept_desk", cookie)
    assert owner.browser.get("/desk").headers["location"] == "/desk/sign-in?next=%2Fdesk"


def test_after_signing_in_one_is_where_one_wanted_to_be(colleagues: Colleagues) -> None:
    """The page asked for is remembered."""
    owner = colleagues.member(Role.OWNER)
    owner.browser.cookies.clear()
    sent = owner.browser.get("/desk/team").headers["location"]
    assert sent == "/desk/sign-in?next=%2Fdesk%2Fteam"
    assert 'value="/desk/team"' in owner.browser.get(sent).text
    assert owner.sign_in(next="/desk/team").headers["location"] == "/desk/team"


@pytest.mark.parametrize(
    "hostile",
    [
        "https://evil.example/desk",
        "//evil.example",
        "/deskevil.example",
        "/desk/../me",
        "/desk\\evil",
        "/desk/\r\nSet-Cookie",
        "javascript:alert(1)",
        "",
    ],
)
def test_nobody_is_sent_elsewhere(hostile: str) -> None:
    """Only paths of the desk are followed."""
    assert safe_next(hostile) == "/desk"


def test_a_session_ends_when_it_is_not_used(colleagues: Colleagues) -> None:
    """An hour without use, and the door is shut; use in between keeps it open."""
    owner = colleagues.member(Role.OWNER)
    for _ in range(3):
        colleagues.home.later(minutes=50)
        assert owner.browser.get("/desk").status_code == 200
    colleagues.home.later(minutes=61)
    assert owner.browser.get("/desk").status_code == 303


def test_own_sessions_can_be_ended(colleagues: Colleagues) -> None:
    """Another browser's session shows and ends; the page stays usable."""
    owner = colleagues.member(Role.OWNER)
    other = Member(owner.email, colleagues.browser(), colleagues.home)
    other.totp = owner.totp
    assert other.sign_in().status_code == 303
    page = owner.browser.get("/desk/account").text
    assert page.count("/end") == 2  # one session, and the button for all others
    assert owner.browser.post("/desk/account/sessions/end-others").status_code == 200
    assert other.browser.get("/desk").status_code == 303
    assert owner.browser.get("/desk").status_code == 200


def test_a_password_is_changed_only_with_the_old_one(colleagues: Colleagues) -> None:
    """A wrong old one changes nothing; a right one ends other sessions."""
    owner = colleagues.member(Role.OWNER)
    new = "seven green cups in a row"
    wrong = owner.browser.post("/desk/account/password", data={"old": "no", "password": new})
    assert wrong.status_code == 422
    done = owner.browser.post("/desk/account/password", data={"old": PASSWORD, "password": new})
    assert done.status_code == 200
    owner.browser.post("/desk/sign-out")
    assert owner.sign_in().status_code == 403
    assert owner.sign_in(password=new).status_code == 303


@pytest.mark.parametrize(
    ("method", "path", "page"),
    [
        ("GET", "/desk/people/x", "/desk/people/x"),
        ("POST", "/desk/people", "/desk/people"),
        ("POST", "/desk/people/x/open", "/desk/people/x"),
        ("POST", "/desk/team/x/disable", "/desk/team"),
        ("POST", "/desk/promises/a.b/answer", "/desk/promises"),
        ("POST", "/desk/account/passkeys/x/drop", "/desk/account"),
        ("POST", "/desk/import", "/desk/import"),
        ("POST", "/desk/import/x/start", "/desk/import/x"),
    ],
)
def test_the_switch_of_languages_leads_to_a_page(method: str, path: str, page: str) -> None:
    """The answer to a form has no address of its own; the page it belongs to has."""
    assert page_path(method, path) == page
