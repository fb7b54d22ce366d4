"""What does a colleague see of a person, when not, and what does the person read of it?"""

import html
import re

import pytest

from desk_people import Colleagues
from houses import HOME, TINA
from kept.base.ids import PersonId
from kept.ledger.acts.history import acts_of
from kept.vault.acts.own import own_subject
from kept.vault.model.gate import Code
from kept.vault.model.reasons import REASONS
from kept.vault.model.rules import Role

SECRETS = (*TINA.values(), HOME["address"], HOME["postcode"])


def kinds(colleagues: Colleagues, person: PersonId) -> list[str]:
    """What was done with somebody's data, oldest first, opened with their own keys."""
    home = colleagues.home
    found = home.read(
        lambda tx: acts_of(
            tx, home.house.tiles, subject=own_subject(tx, home.house.vault, person), limit=100
        )
    )
    return [act.kind for act in reversed(found)]


def test_before_a_purpose_only_the_mask_shows(any_colleagues: Colleagues) -> None:
    """Finding and looking show alias and mask, leave a line each, and put nothing into a URL."""
    person = any_colleagues.home.add(contact=TINA, delivery=HOME).person
    operator = any_colleagues.member(Role.OPERATOR)
    found = operator.browser.post("/desk/people", data={"q": "+49 30 901820"})
    page = operator.browser.get(f"/desk/people/{person}")
    for text in (found.text.replace('value="+49 30 901820"', ""), page.text):
        assert "t…@e….org" in text
        assert not any(secret in html.unescape(text) for secret in SECRETS)
    assert page.headers["cache-control"] == "no-store"
    assert kinds(any_colleagues, person) == ["person.added", "person.found"]


def test_a_look_at_the_page_later_is_another_look(colleagues: Colleagues) -> None:
    """Two minutes after the search, in another session, or after a change the mask opens anew."""
    person = colleagues.home.add(contact=TINA, delivery=HOME).person
    operator, senior = colleagues.member(Role.OPERATOR), colleagues.member(Role.SENIOR)
    operator.browser.post("/desk/people", data={"q": TINA["email"]})
    for _ in range(2):
        operator.browser.get(f"/desk/people/{person}")
    assert kinds(colleagues, person)[1:] == ["person.found"]
    assert "t…@e….org" in senior.browser.get(f"/desk/people/{person}").text
    assert len(kinds(colleagues, person)) == 3
    colleagues.home.later(minutes=3)
    assert "t…@e….org" in operator.browser.get(f"/desk/people/{person}").text
    assert kinds(colleagues, person)[1:] == ["person.found"] * 3


def test_the_mask_stays_beside_what_was_opened(colleagues: Colleagues) -> None:
    """Opening one category does not hide the mask that the search has shown; no act is added."""
    person = colleagues.home.add(contact=TINA, delivery=HOME).person
    operator = colleagues.member(Role.OPERATOR)
    operator.browser.post("/desk/people", data={"q": TINA["email"]})
    form = {"purpose": "deliver", "category": "delivery", "ref": "118"}
    page = operator.browser.post(f"/desk/people/{person}/open", data=form)
    assert "t…@e….org" in page.text
    assert TINA["email"] not in page.text
    assert kinds(colleagues, person)[1:] == ["person.found", "person.read"]


def test_the_history_speaks_of_the_customer(colleagues: Colleagues) -> None:
    """Colleagues read "the address", the preview keeps what the customer reads."""
    person = colleagues.home.add(contact=TINA, delivery=HOME).person
    operator = colleagues.member(Role.OPERATOR)
    form = {"purpose": "deliver", "category": "delivery", "ref": "order 118"}
    page = operator.browser.post(f"/desk/people/{person}/open", data=form).text
    history = page[page.index("Who looked before") :]
    assert "Support opened the address to deliver an order" in history
    assert "your address" not in history
    assert page.count("Support opened your address to deliver your order 118") == 2


def test_a_search_finds_whole_values_only(colleagues: Colleagues) -> None:
    """Parts and nonsense find nobody and say so; a search that finds nobody is an act."""
    colleagues.home.add(contact=TINA)
    operator = colleagues.member(Role.OPERATOR)
    assert "No one found" in operator.browser.post("/desk/people", data={"q": "a@b.de"}).text
    assert "not a whole e-mail" in operator.browser.post("/desk/people", data={"q": "@"}).text
    assert "No one found" not in operator.browser.post("/desk/people", data={"q": ""}).text
    last = colleagues.home.read(lambda tx: tx.row("select kind from acts order by id desc"))
    assert last == ("nobody.found",)


def test_a_purpose_opens_and_the_line_is_told(any_colleagues: Colleagues) -> None:
    """The value, the line the customer reads, and the act behind it; nothing else is opened."""
    person = any_colleagues.home.add(contact=TINA, delivery=HOME).person
    operator = any_colleagues.member(Role.OPERATOR)
    form = {"purpose": "deliver", "category": "delivery", "ref": "118"}
    page = operator.browser.post(f"/desk/people/{person}/open", data=form)
    assert page.status_code == 200
    assert "<dd>Lindenweg 7</dd>" in page.text
    assert page.text.count("Support opened your address to deliver your order 118") == 2
    assert TINA["email"] not in page.text
    assert kinds(any_colleagues, person)[-1] == "person.read"


def test_the_gate_says_no_in_words_and_names_whom_to_ask(colleagues: Colleagues) -> None:
    """An operator may not use data for news; the senior is named; the refusal is an act."""
    person = colleagues.home.add(contact=TINA).person
    colleagues.member(Role.SENIOR, "sofia")
    operator = colleagues.member(Role.OPERATOR)
    form = {"purpose": "marketing", "category": "contact"}
    page = operator.browser.post(f"/desk/people/{person}/open", data=form)
    assert page.status_code == 403
    assert "This role may not use data for this purpose." in page.text
    assert "Ask Sofia (senior)." in page.text
    assert TINA["email"] not in page.text
    assert kinds(colleagues, person)[-1] == "person.refused"


@pytest.mark.parametrize(
    ("role", "purpose", "category", "code"),
    [
        (Role.OPERATOR, "answer", "delivery", Code.NOT_FOR_PURPOSE),
        (Role.OPERATOR, "no such", "contact", Code.NO_SUCH_PURPOSE),
        (Role.SENIOR, "legal_claim", "contact", Code.NEEDS_REASON),
        (Role.SENIOR, "marketing", "contact", Code.NO_CONSENT),
    ],
)
def test_each_refusal_has_its_words(
    colleagues: Colleagues, role: Role, purpose: str, category: str, code: Code
) -> None:
    """The page says why, in the visitor's language, and shows no value."""
    person = colleagues.home.add(contact=TINA, delivery=HOME).person
    member = colleagues.member(role)
    for lang in ("en", "ru"):
        page = member.browser.post(
            f"/desk/people/{person}/open?lang={lang}",
            data={"purpose": purpose, "category": category},
        )
        assert page.status_code == 403
        assert REASONS[code].get(lang) in html.unescape(page.text)
        assert not any(secret in page.text for secret in SECRETS)


def test_every_code_of_the_gate_has_words() -> None:
    """A new code without words in both languages is a failure."""
    assert REASONS.keys() == set(Code)
    for words in REASONS.values():
        assert re.search("[a-z]{3}", words.en)
        assert re.search("[а-яё]{3}", words.ru)


def test_an_unknown_category_is_malformed_not_broken(colleagues: Colleagues) -> None:
    """A category the book has not is said, and nothing opened."""
    person = colleagues.home.add(contact=TINA).person
    operator = colleagues.member(Role.OPERATOR)
    form = {"purpose": "answer", "category": "no such"}
    page = operator.browser.post(f"/desk/people/{person}/open", data=form)
    assert page.status_code == 422
    assert "person.read" not in kinds(colleagues, person)


def test_staff_correct_for_a_purpose(any_colleagues: Colleagues) -> None:
    """Only what changed is written; without a fitting purpose nothing is."""
    person = any_colleagues.home.add(contact=TINA, delivery=HOME).person
    operator = any_colleagues.member(Role.OPERATOR)
    form = {
        "purpose": "deliver",
        "category": "delivery",
        "rev": "1",
        "new-address": "Eichenweg 9",
        "was-address": HOME["address"],
        "new-town": HOME["town"],
        "was-town": HOME["town"],
    }
    path = f"/desk/people/{person}/correct"
    for purpose in ("marketing", "answer", "", "no such"):
        refused = operator.browser.post(path, data={**form, "purpose": purpose})
        assert refused.status_code == 403, purpose
    assert "Corrected." in operator.browser.post(path, data=form).text
    stale = operator.browser.post(path, data=form)
    assert stale.status_code == 409
    opened = operator.browser.post(
        f"/desk/people/{person}/open", data={"purpose": "deliver", "category": "delivery"}
    )
    assert "<dd>Eichenweg 9</dd>" in opened.text
    assert kinds(any_colleagues, person).count("person.corrected") == 1


def test_an_operator_does_not_change_whose_mailbox_signs_in(colleagues: Colleagues) -> None:
    """Else an operator who may see an e-mail could become the customer and see everything."""
    person = colleagues.home.add(contact=TINA).person
    operator, senior = colleagues.member(Role.OPERATOR), colleagues.member(Role.SENIOR)
    path = f"/desk/people/{person}/correct"
    form = {"purpose": "answer", "category": "contact", "rev": "1"}
    mine = {**form, "was-email": TINA["email"], "new-email": "operator@example.org"}
    for hostile in (mine, {**mine, "new-email": ""}, {**mine, "was-name": "", "new-name": "T"}):
        refused = operator.browser.post(path, data=hostile)
        assert refused.status_code == 403
        assert "Ask a senior or the owner" in refused.text
    assert "person.corrected" not in kinds(colleagues, person)
    name = {**form, "was-name": TINA["name"], "new-name": "Tina Bergmann"}
    assert "Corrected." in operator.browser.post(path, data=name).text
    assert "Corrected." in senior.browser.post(path, data={**mine, "rev": "2"}).text


def test_what_the_gate_keeps_closed_cannot_be_changed(colleagues: Colleagues) -> None:
    """A correction asks the whole gate, so a claim needs its reason here as well; no is an act."""
    person = colleagues.home.add(contact=TINA).person
    senior = colleagues.member(Role.SENIOR)
    path = f"/desk/people/{person}/correct"
    form = {"purpose": "legal_claim", "category": "contact", "rev": "1"}
    name = {**form, "was-name": TINA["name"], "new-name": "Tina Bergmann"}
    refused = senior.browser.post(path, data=name)
    assert refused.status_code == 403
    assert REASONS[Code.NEEDS_REASON].en in html.unescape(refused.text)
    assert kinds(colleagues, person)[-1] == "person.refused"
    assert "Corrected." in senior.browser.post(path, data={**name, "reason": "a court asks"}).text


def test_a_senior_erases_and_hands_over_the_link(colleagues: Colleagues) -> None:
    """Only when sure; then the person is gone from the desk and the link follows it."""
    person = colleagues.home.add(contact=TINA).person
    senior = colleagues.member(Role.SENIOR)
    unsure = senior.browser.post(f"/desk/people/{person}/forget", data={})
    assert unsure.status_code == 422
    page = senior.browser.post(f"/desk/people/{person}/forget", data={"sure": "1"})
    link = re.search(r"http://[^<]*(/erasure/[A-Za-z0-9_-]{22})<", page.text)
    assert link is not None
    assert senior.browser.get(f"/desk/people/{person}").status_code == 404
    again = senior.browser.post(f"/desk/people/{person}/forget", data={"sure": "1"})
    assert again.status_code in {404, 409}
    colleagues.home.settle()
    assert colleagues.browser().get(link[1]).status_code == 200
    found = senior.browser.post("/desk/people", data={"q": TINA["email"]})
    assert "No one found" in found.text
