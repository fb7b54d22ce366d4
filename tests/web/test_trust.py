"""Is the trust page honest, and can its seal be checked by others?"""

import base64
import hashlib
import json
import xml.etree.ElementTree as ET

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from houses import HOME, TINA, Home
from kept.flows.judge_promises import collect_evidence

PROMISED = [
    "access.seen",
    "backup.daily",
    "erase.proof",
    "export.fast",
    "locked.rest",
    "restore.drill",
    "use.purpose",
]


def verified(note: str, key_line: str) -> str:
    """The text of a signed note, its Ed25519 line checked by hand (C2SP signed-note)."""
    text, _, lines = note.rpartition("\n\n")
    name, key_id, rest = key_line.strip().split("+", 2)
    mark, signer, blob = lines.strip().split(" ")
    raw, signature = base64.b64decode(rest), base64.b64decode(blob)
    assert (mark, signer, signature[:4].hex()) == ("—", name, key_id)
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], f"{text}\n".encode())
    return text


def test_a_fresh_house_has_measured_nothing(any_home: Home) -> None:
    """Every promise is listed, none is green, the badge is grey, no date is shown."""
    with any_home.browser() as browser:
        page = browser.get("/", headers={"Accept-Language": "en"}).text
        status = browser.get("/trust/status.json").json()
        badge = browser.get("/trust/badge.json").json()
    assert [one["key"] for one in status["promises"]] == PROMISED
    assert {one["status"] for one in status["promises"]} == {"unmeasured"}
    assert {one["measured_at"] for one in status["promises"]} == {None}
    assert "Nothing has been measured yet." in page
    assert page.count("not measured yet") >= len(PROMISED)
    assert badge["color"] == "lightgrey"


def test_the_seal_is_signed(home: Home) -> None:
    """The note signs exactly the bytes of status.json and the root of the public log."""
    home.settle()
    with home.browser() as browser:
        status = browser.get("/trust/status.json")
        note = browser.get("/trust/status.note").text
        key_line = browser.get("/trust/key").text
        root = browser.get("/ledger/checkpoint").text.split("\n")[2]
    text = verified(note, key_line).split("\n")
    assert text[0] == "kept-seal/v1"
    assert text[2] == hashlib.sha256(status.content).hexdigest()
    assert text[5] == root == status.json()["ledger"]["root"]
    assert status.headers["access-control-allow-origin"] == "*"
    assert status.headers["cache-control"] == "public, max-age=300"


def test_a_measured_promise_shows_its_number(home: Home) -> None:
    """After a look and the collector's run, the page says what was counted."""
    added = home.add(contact=TINA, delivery=HOME)
    home.look(added.person)
    collect_evidence(home.house.db, home.house.vault, now=home.clock.now())
    with home.browser() as browser:
        page = browser.get("/?lang=en").text
        one = browser.get("/promises/use.purpose?lang=en").text
        ru = browser.get("/promises/use.purpose?lang=ru").text
    assert "0 of 1 reading outside their purpose" in page
    assert "0 of 1 reading outside their purpose" in one
    assert '<a href="/trust/status.json">the signed numbers</a>' in one
    assert "Letters, copies and your own visits have no such reason" in one
    assert "0 из 1 просмотра не по назначению" in ru
    assert "%" not in page.replace("%20", "")


def test_no_view_asks_the_database(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within half a minute all is served from the last stock; after it, measured anew."""
    with home.browser() as browser:
        first = browser.get("/trust/status.json").content

        def refuse(*_: object) -> object:
            raise AssertionError("a view asked the database")

        with monkeypatch.context() as patch:
            patch.setattr(type(home.house.db), "read", refuse)
            for path in ("/", "/promises/use.purpose", "/trust/badge.svg", "/trust/status.note"):
                assert browser.get(path).status_code == 200
        home.settle()
        assert browser.get("/trust/status.json").content == first
        home.later(seconds=31)
        assert browser.get("/trust/status.json").json()["ledger"]["size"] > 0


def test_the_badge_says_it_in_words(home: Home) -> None:
    """An image with role, title and both languages, and nothing from outside."""
    with home.browser() as browser:
        answer = browser.get("/trust/badge.svg?lang=ru")
    image = ET.fromstring(answer.text)  # noqa: S314  # made by the house under test
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert image.get("role") == "img"
    title = image.findtext("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.startswith("localhost обещания: 7 ещё не измерено")


def test_well_known(home: Home) -> None:
    """The privacy signal is honoured; a house nobody can reach names no contact."""
    with home.browser() as browser:
        assert json.loads(browser.get("/.well-known/gpc.json").text)["gpc"] is True
        assert browser.get("/.well-known/security.txt").status_code == 404
        moved = browser.get("/.well-known/change-password")
        assert (moved.status_code, moved.headers["location"]) == (302, "/desk/account")


def test_no_such_promise(home: Home) -> None:
    """What was never promised has no page."""
    with home.browser() as browser:
        assert browser.get("/promises/all.free").status_code == 404


def test_erasing_says_what_it_does_not_reach(home: Home) -> None:
    """The promise speaks of backups, so its page says which copies it cannot reach."""
    with home.browser() as browser:
        english = browser.get("/promises/erase.proof?lang=en").text
        russian = browser.get("/promises/erase.proof?lang=ru").text
    assert "It cannot reach a copy made in another way" in english
    assert "До копии, снятой в обход программы" in russian
