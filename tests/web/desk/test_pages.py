"""Do the other pages of the desk say what is, and do what they offer?"""

import html
import re
from dataclasses import replace

from desk_people import TERMINAL, Colleagues, Member
from houses import TINA
from kept.crypto.chance import draw
from kept.ledger.acts.starting import TREE_CHANGED
from kept.ledger.model import Kind
from kept.promises.acts.collect import note_break
from kept.promises.acts.not_yours import not_yours
from kept.promises.model.checkup_judge import ROWS
from kept.staff.acts.keys import find_key
from kept.vault.acts.erase import begin_erasure, note_problem, pending_erasures
from kept.vault.model.rules import Role
from kept.web.routes.desk.acts_words import KINDS


def invite(owner: Member, **form: str) -> str:
    """The page after inviting."""
    whole = {"name": "Lena Roth", "email": "lena@example.org", "role": "operator", **form}
    return owner.browser.post("/desk/team/invite", data=whole).text


def test_an_invited_colleague_comes_in_by_the_link(any_colleagues: Colleagues) -> None:
    """The link is shown once; whoever follows it has the role they were invited to."""
    owner = any_colleagues.member(Role.OWNER)
    link = re.search(r"/desk/join/([A-Za-z0-9_-]{43})<", invite(owner))
    assert link is not None
    assert link[1] not in owner.browser.get("/desk/team").text
    lena = Member("lena@example.org", any_colleagues.browser(), any_colleagues.home)
    assert lena.join(link[1]).status_code == 303
    assert lena.browser.get("/desk/team").status_code == 403
    assert "codes" in owner.browser.get("/desk/team").text


def test_mistakes_in_an_invitation_stand_at_their_field(colleagues: Colleagues) -> None:
    """What was typed stays; the mistake is said in both languages' words."""
    owner = colleagues.member(Role.OWNER)
    page = invite(owner, email="not an address")
    assert "not an e-mail address" in page
    assert 'value="Lena Roth"' in page
    assert "printable characters" in invite(owner, name="")
    assert "one of owner, senior, operator, auditor" in invite(owner, role="self")
    invite(owner)
    assert "/desk/join/" in invite(owner)  # invited again: the older link is dead


def test_steps_with_an_account(any_colleagues: Colleagues) -> None:
    """Role, review, lost factor, leaving and coming back; the last owner stays."""
    owner = any_colleagues.member(Role.OWNER)
    operator = any_colleagues.member(Role.OPERATOR)
    staff, own = any_colleagues.id_of(operator.email), any_colleagues.id_of(owner.email)

    def step(name: str, who: object = staff, **form: str) -> str:
        return html.unescape(owner.browser.post(f"/desk/team/{who}/{name}", data=form).text)

    assert "still needs this role" in step("review")
    assert "Saved." in step("role", role="senior")
    assert operator.browser.get("/desk").status_code == 303  # a new role, a new sign-in
    assert "/desk/join/" in step("reset")
    assert "All doors are closed for Operator." in step("disable")
    assert "They left already." in step("disable")
    assert "/desk/join/" in step("enable")
    assert "Ask another owner" in step("reset", own)
    assert "The house needs an owner." in step("disable", own)
    assert owner.browser.post(f"/desk/team/{staff}/promote").status_code == 404
    assert owner.browser.get("/desk").status_code == 200


def test_a_key_is_shown_once_and_can_be_taken_back(any_colleagues: Colleagues) -> None:
    """The secret stands on one answer and nowhere else; it works until it is taken back."""
    owner, home = any_colleagues.member(Role.OWNER), any_colleagues.home
    form = {
        "label": "the shop's website",
        "capabilities": ["read", "find"],
        "purposes": ["deliver"],
        "categories": ["contact", "delivery"],
        "days": "30",
    }
    page = owner.browser.post("/desk/keys", data=form).text
    secret = re.search(r"kept_[a-z2-7]{26}_[a-z2-7]{52}", page)
    assert secret is not None
    key = home.read(lambda tx: find_key(tx, secret[0], now=home.clock.now()))
    assert key is not None
    assert (key.scope.purposes, key.scope.categories) == ({"deliver"}, {"contact", "delivery"})
    listed = owner.browser.get("/desk/keys").text
    assert secret[0] not in listed
    assert "the shop&#39;s website" in listed
    assert owner.browser.post(f"/desk/keys/{key.id}/revoke").status_code == 200
    assert home.read(lambda tx: find_key(tx, secret[0], now=home.clock.now())) is None
    assert owner.browser.post(f"/desk/keys/{key.id}/revoke").status_code == 404


def test_a_key_that_may_nothing_is_not_made(colleagues: Colleagues) -> None:
    """No purpose, no life, a category beyond the purpose: said at the field."""
    owner = colleagues.member(Role.OWNER)
    whole = {"label": "x", "capabilities": "read", "purposes": "answer", "categories": "contact"}
    for wrong, said in (
        ({"purposes": "", "days": "9"}, "choose at least one"),
        ({"days": "400"}, "1 to 366"),
        ({"days": "ten"}, "1 to 366"),
        ({"categories": "delivery", "days": "9"}, "none of these purposes"),
    ):
        page = owner.browser.post("/desk/keys", data={**whole, **wrong})
        assert (page.status_code, said in page.text) == (422, True), wrong
        assert 'name="label" type="text" value="x"' in page.text, "what was typed stays"
        assert re.search(r'name="capabilities" value="read" checked', page.text)


def test_the_owner_answers_a_break_and_pauses_in_public(any_colleagues: Colleagues) -> None:
    """Words stand beside the break; a pause has an end; neither hides the other."""
    owner, home = any_colleagues.member(Role.OWNER), any_colleagues.home
    now = home.clock.now()
    home.write(
        lambda tx: note_break(
            tx,
            home.house.vault.origin,
            actor=TERMINAL,
            key="locked.rest",
            ref="search-1",
            happened_at=now,
            now=now,
        )
    )
    assert "Answer for this break" in owner.browser.get("/desk/promises").text
    assert "A promise is broken" in owner.browser.get("/desk").text
    path = "/desk/promises/locked.rest"
    assert owner.browser.post(f"{path}/answer", data={"text": " "}).status_code == 422
    unknown = owner.browser.post(f"{path}/answer", data={"text": "x", "break": "none"})
    assert unknown.status_code == 404
    for day in ("2020-01-01", "2999-01-01", "soon"):
        form = {"text": "A disk", "break": "search-1", "repaired": day}
        refused = owner.browser.post(f"{path}/answer", data=form)
        assert (refused.status_code, "The day of repair lies" in refused.text) == (422, True), day
    form = {"text": "A disk", "break": "search-1", "repaired": now.date().isoformat()}
    done = owner.browser.post(f"{path}/answer", data=form)
    assert "Published beside the break." in done.text
    assert "Answer for this break" not in done.text
    assert ">broken<" in re.sub(r"<svg.*?</svg>", "", done.text)  # words change no state
    home.later(minutes=1)  # the public page is made anew
    public = owner.browser.get("/promises/locked.rest").text
    assert "A disk" in public
    assert "put right" in public
    rest = "/desk/promises/export.fast/pause"
    for days in ("0", "31", "x", ""):
        assert owner.browser.post(rest, data={"days": days, "reason": "x"}).status_code == 422
    assert "Paused" in owner.browser.post(rest, data={"days": "3", "reason": "Moving"}).text
    assert owner.browser.post("/desk/promises/no.such/pause", data={}).status_code == 404


def test_the_check_up_tells_what_is_measured_and_what_is_told(any_colleagues: Colleagues) -> None:
    """Later rows say so; the owner's word is shown as told, and can be taken back."""
    owner, home = any_colleagues.member(Role.OWNER), any_colleagues.home
    page = owner.browser.get("/desk/check-up").text
    assert page.count('class="check-row"') == len(ROWS)
    assert "This part of Kept is not built yet." in page
    path = "/desk/check-up/paper.shred/not-yours"
    told = owner.browser.post(path, data={"reason": "We have no paper"}).text
    assert "You told us: We have no paper" in told
    assert home.read(not_yours) == {"paper.shred": "We have no paper"}
    assert owner.browser.post(path, data={"reason": ""}).status_code == 200
    assert home.read(not_yours) == {}
    assert owner.browser.post("/desk/check-up/no.such/not-yours", data={}).status_code == 404
    hidden = owner.browser.post(
        "/desk/check-up/pass.strong/not-yours", data={"reason": "No need"}
    ).text
    assert "You told us: No need" not in hidden  # measured to be done


def test_every_button_of_the_check_up_leads_somewhere(colleagues: Colleagues) -> None:
    """No row sends its owner to a page that is not there."""
    owner = colleagues.member(Role.OWNER)
    for link in {row.link for row in ROWS if row.link}:
        assert owner.browser.get(link).status_code in {200, 303}, link


def test_the_log_shows_its_lines_and_its_state(any_colleagues: Colleagues) -> None:
    """Head, key, signed pages and lines, page by page; nothing personal."""
    home = any_colleagues.home
    owner = any_colleagues.member(Role.OWNER)
    for n in range(30):
        home.add(contact={"email": f"p{n}@example.org"})
    home.settle()
    page = owner.browser.get("/desk/ledger").text
    assert home.house.vault.origin in page
    assert html.escape(str(home.house.sequencer.key)) in page
    assert page.count("A person was taken in") == 25
    assert "@example.org" not in page.replace("owner@example.org", "")
    older = re.search(r'href="(/desk/ledger\?before=\d+)"', page)
    assert older is not None
    second = owner.browser.get(older[1]).text
    assert 'href="/ledger/opening/' in second
    assert owner.browser.get("/desk/ledger?before=x").status_code == 200


def test_a_log_that_refuses_stands_first(colleagues: Colleagues) -> None:
    """Today and the log's page say that nothing is signed, and what to do."""
    owner = colleagues.member(Role.OWNER)
    cookie = owner.browser.cookies["kept_desk"]
    colleagues.home.worker.refusing = TREE_CHANGED
    browser = colleagues.browser()
    browser.cookies.set("kept_desk", cookie)
    for lang, title in (("en", "The log refuses to sign"), ("ru", "Журнал отказывается")):
        today = browser.get(f"/desk?lang={lang}").text
        assert title in today
        first = re.search(r"<ul class=\"list\">.*?</li>", today.split("</h2>", 2)[-1], re.DOTALL)
        assert first is not None
        assert title in browser.get(f"/desk/ledger?lang={lang}").text
        assert "kept verify" in today


def test_today_shows_what_is_stuck(colleagues: Colleagues) -> None:
    """An erasure with a problem and a review that is due stand there until they are done."""
    home, owner = colleagues.home, colleagues.member(Role.OWNER)
    person = home.add(contact=TINA).person
    now = home.clock.now()
    home.write(
        lambda tx: begin_erasure(
            tx, home.house.vault, actor=TERMINAL, person=person, token=draw(16), now=now
        )
    )
    assert "An erasure is stuck" not in owner.browser.get("/desk").text
    (row,) = home.read(pending_erasures)
    home.write(lambda tx: note_problem(tx, row, "the disk is full", now=now))
    assert "the disk is full" in owner.browser.get("/desk").text
    assert "Look over who may come in" not in owner.browser.get("/desk").text
    home.later(days=91)
    owner.sign_in()
    assert "Look over who may come in" in owner.browser.get("/desk").text


def test_an_auditor_sees_no_personal_data(colleagues: Colleagues) -> None:
    """Every page an auditor may open is free of every value kept."""
    colleagues.home.add(contact=TINA)
    auditor = colleagues.member(Role.AUDITOR)
    for path in ("/desk", "/desk/team", "/desk/promises", "/desk/check-up", "/desk/ledger"):
        page = auditor.browser.get(path).text
        assert not any(value in page for value in TINA.values()), path


def test_every_kind_of_act_has_words() -> None:
    """A new kind without words for the desk is a failure."""
    assert KINDS.keys() == set(Kind)
    assert all(words.en and words.ru for words in KINDS.values())


def test_https_makes_the_cookie_secure(colleagues: Colleagues) -> None:
    """Behind TLS the session's cookie is never in the clear, and no neighbour plants one."""
    home = colleagues.home
    settings = replace(home.house.settings, public_url="https://shop.example")
    home.house = replace(home.house, settings=settings)
    owner = Member("owner@example.org", colleagues.browser(), home)
    answer = owner.join(home.founded.invitation.token)
    said = answer.headers["set-cookie"]
    assert said.startswith("__Host-kept_desk=")
    assert {"Secure", "Path=/"} <= {part.strip() for part in said.split(";")}
    assert "Domain" not in said
    assert "strict-transport-security" in answer.headers
    token = said.partition("=")[2].partition(";")[0]
    mine, planted = colleagues.browser(), colleagues.browser()
    mine.cookies.set("__Host-kept_desk", token)
    planted.cookies.set("kept_desk", token)
    assert mine.get("/desk/account").status_code == 200
    assert planted.get("/desk/account").status_code == 303


def test_a_changed_file_of_the_log_is_told(colleagues: Colleagues) -> None:
    """What the slow rereading found stands on top of today, on the log's page and the check-up."""
    owner = colleagues.member(Role.OWNER)
    pages = ("/desk", "/desk/ledger", "/desk/check-up")
    said = "tile/0/000 is not what was written. Run kept verify"
    assert all(said not in owner.browser.get(path).text for path in pages)
    colleagues.home.worker.parts.rereading.found = ("tile/0/000",)
    for path in pages:
        page = owner.browser.get(path).text
        assert "A file of the log was changed" in page, path
        assert said in page, path
