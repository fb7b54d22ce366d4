"""Can a customer do all that is theirs? In a browser without a screen, on a real house."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator

import jsonschema
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from houses import HOME, TINA, Home
from kept.conversations.channels.email.demo_box import DemoBox
from kept.ledger.proof import Refused as NotProven
from kept.ledger.proof import verify_receipt
from kept.vault.model.people import Added
from kept.worker.tasks.mail import send_mail

Browser = TestClient[Litestar]
OTTO = {"email": "otto@example.org", "name": "Otto Alt"}
EN = {"Accept-Language": "en"}
RECORD = {  # required of a consent record: DPVCG, "Implementing ISO/IEC TS 27560", 2026
    "dct:conformsTo",
    "dct:identifier",
    "dpv:hasDataSubject",
    "dpv:hasDataController",
    "dpv:hasJurisdiction",
    "dpv:hasNotice",
    "dpv:hasProcess",
    "dpv:hasConsentControl",
    "dpv:hasConsentStatus",
}


def letters(home: Home) -> list[str]:
    """Texts of the letters that went out, newest first."""
    send_mail(home.worker.parts)
    assert isinstance(home.house.mail, DemoBox)
    return [letter.text for letter in home.house.mail.letters()]


def code(home: Home) -> str:
    """The code of the newest letter."""
    found = re.search(r"\b(\d{6})\b", letters(home)[0])
    assert found
    return found[1]


def sign_in(home: Home, browser: Browser, address: str = TINA["email"]) -> None:
    """Ask for a code, read the mail, type it."""
    asked = browser.post("/me/sign-in", data={"address": address}, headers=EN)
    assert (asked.status_code, asked.headers["location"]) == (303, "/me/code")
    entered = browser.post("/me/code", data={"code": code(home)}, headers=EN)
    assert (entered.status_code, entered.headers["location"]) == (303, "/me")


@pytest.fixture
def tina(any_home: Home) -> Added:
    """Tina, on each engine."""
    return any_home.add(contact=TINA, delivery=HOME)


@pytest.fixture
def browser(any_home: Home) -> Iterator[Browser]:
    """A browser at the house's door."""
    with any_home.browser() as found:
        yield found


def test_the_whole_visit(any_home: Home, tina: Added, browser: Browser) -> None:
    """She signs in by a code, sees what is held and who looked, and checks the receipt."""
    any_home.look(tina.person)
    sign_in(any_home, browser)
    any_home.settle()
    page = browser.get("/me", headers=EN).text
    assert "Support opened your address to deliver your order 118" in page
    for value in (*TINA.values(), *HOME.values()):
        text = "+4930901820" if value == TINA["phone"] else value
        assert text in page
    proofs = re.findall(r"/me/receipts/(\d+)", page)
    assert proofs
    for number in proofs:
        proof = browser.get(f"/me/receipts/{number}")
        assert proof.headers["content-disposition"].startswith("attachment")
        found = verify_receipt(proof.content, any_home.house.sequencer.key)
        assert not isinstance(found, NotProven), found


def test_each_view_is_one_act(any_home: Home, tina: Added, browser: Browser) -> None:
    """A view opens the data, so it is recorded; once, not once a category."""
    del tina
    sign_in(any_home, browser)

    def views() -> int:
        row = any_home.read(
            lambda tx: tx.row("select count(*) from acts where kind = 'person.own_view'")
        )
        assert row
        return row[0]

    before = views()
    browser.get("/me")
    assert views() == before + 1


def test_in_russian(any_home: Home, tina: Added, browser: Browser) -> None:
    """The line and the letter come in the language that was asked for."""
    any_home.look(tina.person)
    browser.post("/me/sign-in?lang=ru", data={"address": TINA["email"]})
    browser.post("/me/code?lang=ru", data={"code": code(any_home)})
    page = browser.get("/me?lang=ru").text
    assert "Поддержка открыла ваш адрес, чтобы доставить ваш заказ 118" in page


def test_strangers_learn_nothing(any_home: Home, tina: Added, browser: Browser) -> None:
    """Known or unknown: the same answers, and a wrong code opens nothing."""
    del tina
    for address in (TINA["email"], "nobody@example.org"):
        asked = browser.post("/me/sign-in", data={"address": address}, headers=EN)
        assert (asked.status_code, asked.headers["location"]) == (303, "/me/code")
        wrong = browser.post("/me/code", data={"code": "000000x"}, headers=EN)
        assert wrong.status_code == 400
        assert "This code does not fit" in wrong.text
    for path in ("/me", "/me/receipts/1", "/me/events"):
        sent = browser.get(path)
        assert (sent.status_code, sent.headers["location"]) == (303, "/me/sign-in"), path
    for path in ("/me/correct", "/me/copy", "/me/delete", "/me/alias", "/me/consents/marketing"):
        sent = browser.post(path, data={})
        assert (sent.status_code, sent.headers["location"]) == (303, "/me/sign-in"), path


def test_the_code_and_address_stay_out_of_urls(any_home: Home, tina: Added) -> None:
    """A code in a query is not looked at."""
    del tina
    with any_home.browser() as browser:
        browser.post("/me/sign-in", data={"address": TINA["email"]})
        answer = browser.post(f"/me/code?code={code(any_home)}", data={})
    assert answer.status_code == 400


def test_another_persons_receipt_is_not_there(
    any_home: Home, tina: Added, browser: Browser
) -> None:
    """Otto asks for the receipt of Tina's act: 404, as for one that never was."""
    any_home.add(contact=OTTO)
    any_home.settle()
    sign_in(any_home, browser, OTTO["email"])
    assert browser.get(f"/me/receipts/{tina.act_id}").status_code == 404
    assert browser.get("/me/receipts/999999").status_code == 404
    assert browser.get("/me/receipts/1").status_code == 404  # an act of the house


def rev_of(page: str, key: str) -> str:
    """The revision that the form of a field sends back."""
    found = re.search(
        rf'name="field" value="{key}"><input type="hidden" name="rev" value="(\d+)"', page
    )
    assert found
    return found[1]


def test_she_corrects_a_value(any_home: Home, tina: Added, browser: Browser) -> None:
    """The new value stands, a stale form is told so, and what she may not change is not there."""
    del tina
    sign_in(any_home, browser)
    rev = rev_of(browser.get("/me").text, "town")
    done = browser.post("/me/correct", data={"field": "town", "value": "Potsdam", "rev": rev})
    assert (done.status_code, done.headers["location"]) == (303, "/me?done=corrected#held")
    page = browser.get("/me?done=corrected", headers=EN).text
    assert "Potsdam" in page
    assert "Saved." in page
    assert "You corrected your address" in page
    stale = browser.post(
        "/me/correct", data={"field": "town", "value": "Bonn", "rev": rev}, headers=EN
    )
    assert stale.status_code == 409
    assert "This was changed meanwhile" in stale.text
    assert 'value="Bonn" aria-invalid="true"' in stale.text, (
        "what was typed stays, and has the cursor"
    )
    for key in ("order_no", "nothing"):
        refused = browser.post("/me/correct", data={"field": key, "value": "1", "rev": "1"})
        assert refused.status_code == 404


def test_she_says_yes_and_no(any_home: Home, tina: Added, browser: Browser) -> None:
    """Both take one click, and the last answer counts."""
    del tina
    sign_in(any_home, browser)
    assert 'aria-checked="false"' in browser.get("/me").text
    browser.post("/me/consents/marketing", data={"given": "1"})
    assert 'aria-checked="true"' in browser.get("/me").text
    browser.post("/me/consents/marketing", data={"given": "0"})
    assert 'aria-checked="false"' in browser.get("/me").text
    assert browser.post("/me/consents/deliver", data={"given": "1"}).status_code == 400
    assert browser.post("/me/consents/nothing", data={"given": "1"}).status_code == 404


@pytest.mark.parametrize(("value", "noted"), [("1", 1), ("0", 0), ("true", 0)])
def test_the_browsers_own_no(any_home: Home, tina: Added, value: str, noted: int) -> None:
    """`Sec-GPC: 1` is noted once, whatever the number of views; any other value is nothing."""
    del tina
    with any_home.browser() as browser:
        sign_in(any_home, browser)
        for _ in range(3):
            browser.get("/me", headers={"Sec-GPC": value})
    rows = any_home.read(lambda tx: tx.rows("select purpose, state, method from consent"))
    assert rows == [("marketing", "refused", "signal")] * noted


def test_she_takes_another_alias(any_home: Home, tina: Added, browser: Browser) -> None:
    """A free one is taken; another person's is not."""
    otto = any_home.add(contact=OTTO)
    del tina
    sign_in(any_home, browser)
    done = browser.post("/me/alias", data={"alias": "Red Kettle", "only": "1"})
    assert done.headers["location"] == "/me?done=alias#alias"
    assert "Red Kettle" in browser.get("/me").text
    taken = browser.post("/me/alias", data={"alias": otto.alias}, headers=EN)
    assert taken.status_code == 409
    assert browser.post("/me/alias", data={"alias": "<b>"}).status_code == 400


def test_she_takes_a_copy(any_home: Home, tina: Added, browser: Browser) -> None:
    """One ZIP with all of it; each file as the manifest says, each receipt true."""
    any_home.look(tina.person)
    any_home.settle()
    sign_in(any_home, browser)
    browser.post("/me/consents/marketing", data={"given": "1"})
    answer = browser.post("/me/copy", headers=EN)
    assert answer.headers["content-type"] == "application/zip"
    files = unzip(answer.content)
    manifest = json.loads(files["manifest.json"])
    assert set(manifest["sha256"]) == set(files) - {"manifest.json"}
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256(files[name]).hexdigest() == digest, name
    data = json.loads(files["data.json"])
    jsonschema.validate(data, json.loads(files["data.schema.json"]))
    assert data["categories"]["delivery"]["fields"]["address"]["value"] == HOME["address"]
    receipts = [body for name, body in files.items() if name.startswith("receipts/")]
    assert len(receipts) >= 2
    for proof in receipts:
        found = verify_receipt(proof, any_home.house.sequencer.key)
        assert not isinstance(found, NotProven)
    page = files["index.html"].decode()
    assert "Support opened your address to deliver your order 118" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    (consent,) = json.loads(files["consents.jsonld"])["@graph"]
    assert consent.keys() >= RECORD
    assert consent["dpv:hasConsentStatus"][0]["@type"] == "dpv:ConsentGiven"
    assert TINA["email"] not in files["consents.jsonld"].decode()
    kinds = any_home.read(lambda tx: tx.rows("select kind from acts where kind like 'export.%'"))
    assert [row[0] for row in kinds] == ["export.asked", "export.ready", "export.taken"]


def unzip(body: bytes) -> dict[str, bytes]:
    """The files of a ZIP."""
    with zipfile.ZipFile(io.BytesIO(body)) as box:
        return {name: box.read(name) for name in box.namelist()}


def test_the_copy_is_complete(home: Home) -> None:
    """Somebody with every field of the registry finds every one of them in the copy."""
    words = {"email": TINA["email"], "phone": TINA["phone"], "birth_date": "1990-05-17"}
    words |= {"date": "2026-03-02"}
    everything = {
        category.key: {f.key: words.get(f.kind.value, f"some {f.key}") for f in category.fields}
        for category in home.house.book.rules.categories.values()
    }
    home.add(**everything)
    with home.browser() as browser:
        sign_in(home, browser)
        files = unzip(browser.post("/me/copy").content)
    data = json.loads(files["data.json"])
    found = {key: set(part["fields"]) for key, part in data["categories"].items()}
    assert found == {key: set(fields) for key, fields in everything.items()}
    jsonschema.validate(data, json.loads(files["data.schema.json"]))


def test_she_is_forgotten(any_home: Home, tina: Added, browser: Browser) -> None:
    """The page closes, the link tells how far it is, and its receipt is true."""
    sign_in(any_home, browser)
    assert browser.post("/me/delete", data={}).status_code == 400
    gone = browser.post("/me/delete", data={"sure": "1"})
    link = gone.headers["location"]
    assert re.fullmatch(r"/erasure/[A-Za-z0-9_-]{22}", link)
    assert str(tina.person) not in link
    assert "not done yet" in browser.get(link, headers=EN).text
    assert "No copy of your key was made" in browser.get(link, headers=EN).text
    assert "A copy made in another way is not reached" in browser.get(link, headers=EN).text
    assert browser.get("/me").headers["location"] == "/me/sign-in"
    any_home.settle()
    any_home.settle()
    page = browser.get(f"{link}?lang=en").text
    assert "Your data is erased" in page
    assert "not done yet" not in page
    proof = browser.get(f"{link}/receipt").content
    found = verify_receipt(proof, any_home.house.sequencer.key)
    assert not isinstance(found, NotProven)
    assert browser.get("/erasure/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404
    assert "Копий вашего ключа не делали" in browser.get(f"{link}?lang=ru").text


def test_signing_out_ends_the_session(any_home: Home, tina: Added) -> None:
    """The token is dead, not only forgotten by the browser."""
    del tina
    with any_home.browser() as browser:
        sign_in(any_home, browser)
        token = browser.cookies["kept_me"]
        browser.post("/me/sign-out")
        browser.cookies.set("kept_me", token, path="/me")
        assert browser.get("/me").headers["location"] == "/me/sign-in"


def test_another_site_changes_nothing(any_home: Home, tina: Added, browser: Browser) -> None:
    """A form on another site cannot act for her."""
    del tina
    sign_in(any_home, browser)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = browser.post("/me/delete", data={"sure": "1"}, headers=headers)
        assert answer.status_code == 403


def test_asking_is_bounded(home: Home) -> None:
    """One address after another from one network: it is told to wait."""
    with home.browser() as browser:
        answers = [
            browser.post("/me/sign-in", data={"address": f"a{n}@example.org"}).status_code
            for n in range(15)
        ]
    assert answers[0] == 303
    assert answers[-1] == 429
