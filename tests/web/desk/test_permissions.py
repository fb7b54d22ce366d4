"""Who gets what at the desk? Every route against every role, anonymous visitors and customers."""

import pytest
from litestar.routes import HTTPRoute

from desk_people import Colleagues, Member
from houses import HOME, TINA
from kept.base.encoding import b64url
from kept.base.ids import KeyId
from kept.vault.acts.visit import enter
from kept.vault.model.rules import Role

EVERYBODY, FINDERS, SENIORS, SEERS, OWNER = "osna", "osn", "os", "osa", "o"
ROLES = {"o": Role.OWNER, "s": Role.SENIOR, "n": Role.OPERATOR, "a": Role.AUDITOR}
# Written by hand from the guide, not read from the program: who may, by route.
MAY: dict[tuple[str, str], str] = {
    ("POST", "/desk/sign-out"): EVERYBODY,
    ("GET", "/desk"): EVERYBODY,
    ("GET", "/desk/account"): EVERYBODY,
    ("POST", "/desk/account/password"): EVERYBODY,
    ("POST", "/desk/account/sessions/{session}/end"): EVERYBODY,
    ("POST", "/desk/account/sessions/end-others"): EVERYBODY,
    ("POST", "/desk/account/passkeys/{key}/drop"): EVERYBODY,
    ("POST", "/desk/passkey/register/begin"): EVERYBODY,
    ("POST", "/desk/passkey/register/finish"): EVERYBODY,
    ("GET", "/desk/inbox"): EVERYBODY,
    ("GET", "/desk/cases"): EVERYBODY,
    ("GET", "/desk/backup"): EVERYBODY,
    ("GET", "/desk/partners"): EVERYBODY,
    ("GET", "/desk/promises"): EVERYBODY,
    ("GET", "/desk/check-up"): EVERYBODY,
    ("GET", "/desk/ledger"): EVERYBODY,
    ("GET", "/desk/people"): FINDERS,
    ("POST", "/desk/people"): FINDERS,
    ("GET", "/desk/people/{person}"): FINDERS,
    ("POST", "/desk/people/{person}/open"): FINDERS,
    ("POST", "/desk/people/{person}/correct"): FINDERS,
    ("POST", "/desk/people/{person}/forget"): SENIORS,
    ("GET", "/desk/import"): OWNER,
    ("POST", "/desk/import"): OWNER,
    ("GET", "/desk/import/{run}"): OWNER,
    ("GET", "/desk/import/{run}/progress"): OWNER,
    ("GET", "/desk/import/{run}/refused"): OWNER,
    ("POST", "/desk/import/{run}/start"): OWNER,
    ("POST", "/desk/import/{run}/resume"): OWNER,
    ("GET", "/desk/team"): SEERS,
    ("GET", "/desk/keys"): SEERS,
    ("POST", "/desk/team/invite"): OWNER,
    ("POST", "/desk/team/{staff}/{step}"): OWNER,
    ("POST", "/desk/keys"): OWNER,
    ("POST", "/desk/keys/{key}/revoke"): OWNER,
    ("POST", "/desk/promises/{key}/answer"): OWNER,
    ("POST", "/desk/promises/{key}/pause"): OWNER,
    ("POST", "/desk/check-up/{row}/not-yours"): OWNER,
    ("GET", "/desk/backup/events"): EVERYBODY,
    ("POST", "/desk/backup/fetch"): OWNER,
    ("GET", "/desk/backup/receipts/{act}"): EVERYBODY,
    ("POST", "/desk/backup/stop"): OWNER,
    ("POST", "/desk/backup/plan"): OWNER,
    ("POST", "/desk/backup/read"): OWNER,
    ("GET", "/desk/backup/add"): OWNER,
    ("POST", "/desk/backup/add"): OWNER,
    ("GET", "/desk/backup/cost"): OWNER,
    ("POST", "/desk/backup/cost"): OWNER,
    ("GET", "/desk/backup/sheet"): OWNER,
    ("GET", "/desk/backup/places/{place}"): OWNER,
    ("GET", "/desk/backup/places/{place}/{step}"): OWNER,
    ("POST", "/desk/backup/places/{place}/{step}"): OWNER,
    ("GET", "/desk/backup/places/{place}/snapshots/{snapshot}"): OWNER,
    ("POST", "/desk/backup/places/{place}/snapshots/{snapshot}/restore"): OWNER,
}
BEFORE_THE_DOOR = {
    ("GET", "/desk/sign-in"),
    ("POST", "/desk/sign-in"),
    ("POST", "/desk/passkey/login/begin"),
    ("POST", "/desk/passkey/login/finish"),
    ("GET", "/desk/join/{token}"),
    ("POST", "/desk/join/{token}"),
    ("GET", "/desk/join/{token}/qr.svg"),
}
NOT_HERE = str(KeyId(bytes(16)))  # well formed, and names nobody and nothing


def routes(colleagues: Colleagues) -> set[tuple[str, str]]:
    """Every desk route of the real application."""
    return {
        (str(method), route.path_format.replace(":str", ""))
        for route in colleagues.home.app().routes
        if isinstance(route, HTTPRoute) and route.path_format.startswith("/desk")
        for method in route.methods
        if method in {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }


def ask(member: Member, method: str, path: str, person: str) -> int:
    """Ask for a route as the page would."""
    real = path.replace("{person}", person)
    for name in ("session", "key", "staff", "row", "run", "token", "place", "snapshot", "act"):
        real = real.replace("{" + name + "}", NOT_HERE)
    real = real.replace("{step}", "review")
    if method == "GET":
        return member.browser.get(real).status_code
    if path.startswith("/desk/passkey"):
        return member.browser.post(real, json={}).status_code
    return member.browser.post(real, data={"q": "nobody@example.org"}).status_code


def test_every_route_is_in_the_table(colleagues: Colleagues) -> None:
    """A new route without a line in this file is a failure."""
    assert routes(colleagues) == MAY.keys() | BEFORE_THE_DOOR


@pytest.mark.parametrize("letter", "osna")
def test_a_role_gets_what_the_table_says_and_no_more(colleagues: Colleagues, letter: str) -> None:
    """403 exactly where the role may not; never a failure of the program."""
    person = str(colleagues.home.add(contact=TINA, delivery=HOME).person)
    member = colleagues.member(ROLES[letter])
    for (method, path), allowed in sorted(MAY.items()):
        if path == "/desk/sign-out":
            continue
        status = ask(member, method, path, person)
        where = f"{method} {path} as {ROLES[letter]}"
        if letter in allowed:
            assert status in {200, 404, 409, 422} or _may_refuse(path, status), where
        else:
            assert status == 403, where


def _may_refuse(path: str, status: int) -> bool:
    """Whether the route's own rules, past the table, may say no to an empty form."""
    own = {"/desk/people/{person}/open", "/desk/passkey/register/finish"}
    return status in {400, 403} and path in own


def test_strangers_and_customers_are_sent_to_the_door(colleagues: Colleagues) -> None:
    """Without a session of the team every page is the sign-in page; a customer's cookie is none."""
    home = colleagues.home
    added = home.add(contact=TINA)
    visit = home.write(
        lambda tx: enter(tx, home.house.vault, person=added.person, now=home.clock.now())
    )
    stranger = Member("", colleagues.browser(), home)
    customer = Member("", colleagues.browser(), home)
    customer.browser.cookies.set("kept_me", visit.token)
    thief = Member("", colleagues.browser(), home)
    thief.browser.cookies.set("kept_desk", b64url(bytes(32)))
    for member in (stranger, customer, thief):
        for method, path in sorted(MAY):
            assert ask(member, method, path, str(added.person)) == 303, (method, path)


def test_the_front_of_the_door_is_open(colleagues: Colleagues) -> None:
    """Pages before the door answer anybody, and unknown links are nobody's."""
    stranger = Member("", colleagues.browser(), colleagues.home)
    assert stranger.browser.get("/desk/sign-in").status_code == 200
    assert stranger.browser.post("/desk/passkey/login/begin", json={}).status_code == 200
    assert stranger.browser.post("/desk/passkey/login/finish", json={}).status_code == 403
    for path in (f"/desk/join/{NOT_HERE}", f"/desk/join/{NOT_HERE}/qr.svg"):
        assert stranger.browser.get(path).status_code == 404


def test_another_site_changes_nothing(colleagues: Colleagues) -> None:
    """Every changing route refuses what another site's page sent, before anything is looked at."""
    owner = colleagues.member(Role.OWNER)
    for method, path in sorted(MAY.keys() | BEFORE_THE_DOOR):
        if method == "POST":
            real = path.replace("{", "").replace("}", "")
            answer = owner.browser.post(real, headers={"sec-fetch-site": "cross-site"})
            assert answer.status_code == 403, path
    assert owner.browser.get("/desk").status_code == 200


def test_somebody_who_left_is_out_at_once(colleagues: Colleagues) -> None:
    """Closing the doors ends the open session with the next request."""
    owner, operator = colleagues.member(Role.OWNER), colleagues.member(Role.OPERATOR)
    assert operator.browser.get("/desk/people").status_code == 200
    staff = colleagues.id_of(operator.email)
    assert owner.browser.post(f"/desk/team/{staff}/disable").status_code == 200
    assert operator.browser.get("/desk/people").status_code == 303
    assert operator.sign_in().status_code == 403
