"""Does a service get exactly what its key is for, with an act for each thing it saw?"""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
import structlog

from houses import Home
from kept.ledger.acts.counts import count_acts
from kept.ledger.model import Kind
from kept.staff.acts.keys import revoke_key
from kept.staff.model.keys import UNLIMITED, Capability
from kept.vault.model.rules import RevealLimits
from kept.web.routes.api.routes import ENDPOINTS
from services import OWNER, Service, issued

ADA = {"email": "ada@example.org", "name": "Ada Byron", "town": "Berlin"}
PATHS = {
    "findPeople": ("POST", "/people/find", {"value": "ada@example.org"}),
    "addPerson": ("POST", "/people", {"fields": {"email": "new@example.org"}}),
    "importPeople": ("POST", "/people/import", None),
    "showPerson": ("GET", "/people/{id}", None),
    "readCell": ("GET", "/people/{id}/cells/contact", None),
    "readPeople": ("POST", "/people/read", {"ids": ["{id}"], "categories": ["contact"]}),
    "changeCell": ("PATCH", "/people/{id}/cells/contact", {"values": {"name": "Ada L."}}),
    "showConsents": ("GET", "/people/{id}/consents", None),
    "recordConsent": (
        "POST",
        "/people/{id}/consents",
        {"purpose": "marketing", "state": "given", "lang": "en", "text": "Yes", "method": "box"},
    ),
    "erasePerson": ("POST", "/people/{id}/erasure", None),
    "listActs": ("GET", "/people/{id}/acts", None),
    "getReceipt": ("GET", "/acts/1/receipt", None),
}


def send(service: Service, name: str, person: str) -> Any:
    """One proper request of an endpoint."""
    method, path, body = PATHS[name]
    more: dict[str, Any] = {"headers": {"If-Match": '"1"'}, "purpose": "deliver"}
    if body is not None:
        more["content"] = json.dumps(body).replace("{id}", person)
    return service.ask(method, path.replace("{id}", person), **more)


def test_every_endpoint_and_capability(home: Home) -> None:
    """A key does what its capabilities say and hears 403 to everything else; no key hears 401."""
    with home.browser() as browser:
        person = Service(browser, issued(home).text).take_in(**ADA)
        keys = {can: issued(home, can=[can]).text for can in Capability}
        for endpoint in ENDPOINTS:
            if endpoint.can is None or endpoint.name == "erasePerson":
                continue
            for can, text in keys.items():
                status = send(Service(browser, text), endpoint.name, person).status_code
                assert (status < 300) == (can is endpoint.can), (endpoint.name, can, status)
                assert status != 403 or can is not endpoint.can
            assert send(Service(browser, "kept_x"), endpoint.name, person).status_code == 401
    assert PATHS.keys() == {endpoint.name for endpoint in ENDPOINTS}


def test_scope_of_purpose_and_category(home: Home) -> None:
    """What a key is not made for is refused alike for somebody and for nobody."""
    with home.browser() as browser:
        person = Service(browser, issued(home).text).take_in(**ADA)
        nobody = "a" * 26
        narrow = Service(browser, issued(home, purposes=["answer"], categories=["contact"]).text)
        seen = narrow.ask("GET", f"/people/{person}/cells/contact", purpose="answer")
        assert seen.json()["values"] == {"email": "ada@example.org", "name": "Ada Byron"}
        for who in (person, nobody):
            for category, purpose in (("contact", "deliver"), ("delivery", "deliver")):
                answer = narrow.ask("GET", f"/people/{who}/cells/{category}", purpose=purpose)
                assert (answer.status_code, answer.json()["code"]) == (403, "out_of_scope")
        assert list(narrow.ask("GET", f"/people/{person}").json()["categories"]) == ["contact"]
        added = narrow.ask("POST", "/people", json={"fields": {"town": "Bonn"}})
        assert added.status_code == 403
        assert narrow.ask("POST", f"/people/{person}/erasure").status_code == 403


def test_purpose_is_demanded(home: Home) -> None:
    """Without a purpose nothing is opened; with one that fits, the answer names its act."""
    with home.browser() as browser:
        shop = Service(browser, issued(home).text)
        person = shop.take_in(**ADA)
        path = f"/people/{person}/cells/delivery"
        bare = shop.ask("GET", path)
        assert bare.status_code == 422
        assert bare.headers["content-type"] == "application/problem+json"
        assert bare.json()["errors"][0]["where"] == "header Kept-Purpose"
        batch = shop.ask("POST", "/people/read", json={"ids": [person], "categories": ["contact"]})
        assert batch.status_code == 422
        opened = shop.ask("GET", path, purpose="deliver", headers={"Kept-Ref": "order%20118"})
        assert opened.json()["values"] == {"town": "Berlin"}
        assert opened.headers["cache-control"] == "no-store"
        act = opened.headers["kept-act"]
        assert shop.ask("GET", f"/acts/{act}/receipt").status_code == 202
        home.settle()
        receipt = shop.ask("GET", f"/acts/{act}/receipt")
        assert receipt.text.startswith("c2sp.org/tlog-proof@v1\n")
        other = Service(browser, issued(home).text)
        assert other.ask("GET", f"/acts/{act}/receipt").status_code == 404


def test_consent_is_asked_at_the_time(home: Home) -> None:
    """A purpose that rests on consent opens after a yes and never after a withdrawal."""
    said = {"purpose": "marketing", "lang": "en", "text": "News?", "method": "box"}
    with home.browser() as browser:
        shop = Service(browser, issued(home).text)
        person = shop.take_in(**ADA)
        path, consents = f"/people/{person}/cells/contact", f"/people/{person}/consents"
        assert shop.ask("GET", path, purpose="marketing").json()["code"] == "no_consent"
        assert shop.ask("POST", consents, json={**said, "state": "given"}).status_code == 201
        assert shop.ask("GET", path, purpose="marketing").status_code == 200
        home.later(seconds=1)
        shop.ask("POST", consents, json={**said, "state": "withdrawn"})
        assert shop.ask("GET", path, purpose="marketing").status_code == 403
        assert shop.ask("GET", consents).json()["consents"][0]["state"] == "withdrawn"


def test_if_match(home: Home) -> None:
    """A change names the revision it was made from: 428 without, 412 when somebody was faster."""
    with home.browser() as browser:
        shop = Service(browser, issued(home).text)
        path = f"/people/{shop.take_in(**ADA)}/cells/delivery"
        change: dict[str, Any] = {"purpose": "deliver", "json": {"values": {"town": "Bonn"}}}
        assert shop.ask("PATCH", path, **change).status_code == 428
        stale = shop.ask("PATCH", path, headers={"If-Match": '"7"'}, **change)
        assert stale.status_code == 412
        done = shop.ask("PATCH", path, headers={"If-Match": '"1"'}, **change)
        assert (done.status_code, done.headers["etag"]) == (200, '"2"')
        assert shop.ask("PATCH", path, headers={"If-Match": '"1"'}, **change).status_code == 412
        opened = shop.ask("GET", path, purpose="deliver")
        assert (opened.headers["etag"], opened.json()["values"]["town"]) == ('"2"', "Bonn")
        odd = shop.ask(
            "PATCH",
            path,
            headers={"If-Match": '"2"'},
            purpose="deliver",
            json={"values": {"email": "x@example.org"}},
        )
        assert odd.status_code == 422


def test_idempotency(any_home: Home) -> None:
    """The same request under one name is done once; another under that name is a conflict."""
    with any_home.browser() as browser:
        shop = Service(browser, issued(any_home).text)
        named: dict[str, Any] = {"headers": {"Idempotency-Key": "order-118"}}
        first = shop.ask("POST", "/people", json={"fields": {"name": "Nobody's double"}}, **named)
        again = shop.ask("POST", "/people", json={"fields": {"name": "Nobody's double"}}, **named)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again.headers["kept-act"] == first.headers["kept-act"]
        assert (
            any_home.read(
                lambda tx: count_acts(tx, [Kind.PERSON_ADDED], since=any_home.clock.now())
            )
            == 1
        )
        other = shop.ask("POST", "/people", json={"fields": {"name": "Somebody"}}, **named)
        assert other.status_code == 409
        stranger = Service(browser, issued(any_home).text)
        theirs = stranger.ask("POST", "/people", json={"fields": {"name": "Else"}}, **named)
        assert theirs.status_code == 201
        any_home.later(hours=25)
        later = shop.ask("POST", "/people", json={"fields": {"name": "Somebody"}}, **named)
        assert later.status_code == 201
        kept = any_home.read(lambda tx: tx.rows("select body from idempotency"))
        assert len(kept) == 1
        assert "Somebody" not in str(kept)


def test_revoked_at_once(home: Home) -> None:
    """A key that was just used opens nothing from the moment it is revoked."""
    with home.browser() as browser:
        key = issued(home)
        shop = Service(browser, key.text)
        path = f"/people/{shop.take_in(**ADA)}/cells/contact"
        assert shop.ask("GET", path, purpose="deliver").status_code == 200
        acts = home.read(lambda tx: count_acts(tx, [Kind.PERSON_READ], since=home.clock.now()))
        home.write(
            lambda tx: revoke_key(
                tx, home.house.staff, actor=OWNER, key=key.key.id, now=home.clock.now()
            )
        )
        for answer in (shop.ask("GET", path, purpose="deliver"), shop.ask("GET", path[:33])):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert acts == home.read(
            lambda tx: count_acts(tx, [Kind.PERSON_READ], since=home.clock.now())
        )


def test_expired(home: Home) -> None:
    """A key ends by itself."""
    with home.browser() as browser:
        shop = Service(browser, issued(home).text)
        person = shop.take_in(**ADA)
        home.later(days=31)
        assert shop.ask("GET", f"/people/{person}").status_code == 401


def test_reveal_limits(home: Home) -> None:
    """A key issued with limits opens that many people and no more."""
    limits = RevealLimits(2, timedelta(minutes=10), 100)
    with home.browser() as browser:
        shop = Service(browser, issued(home, limits=limits).text)
        people = [shop.take_in(email=f"p{n}@example.org") for n in range(3)]
        codes = [
            shop.ask("GET", f"/people/{one}/cells/contact", purpose="deliver").status_code
            for one in people
        ]
        assert codes == [200, 200, 403]


def test_a_program_that_goes_through_everybody(home: Home) -> None:
    """A key without a reveal limit opens more people than a colleague may; each is an act."""
    with home.browser() as browser:
        usual = Service(browser, issued(home, limits=RevealLimits()).text)
        free = Service(browser, issued(home, limits=UNLIMITED).text)
        most = RevealLimits().people
        people = [usual.take_in(email=f"p{n}@example.org") for n in range(most + 2)]

        def codes(shop: Service) -> list[int]:
            paths = (f"/people/{one}/cells/contact" for one in people)
            return [shop.ask("GET", path, purpose="deliver").status_code for path in paths]

        assert codes(usual) == [200] * most + [403] * 2
        assert codes(free) == [200] * len(people)
    reads = "select count(*) from acts where kind = 'person.read'"
    assert home.read(lambda tx: tx.rows(reads)) == [(most + len(people),)]


def test_rate(home: Home) -> None:
    """A key that asks too often is told when to go on; another one is not slowed down."""
    with home.browser() as browser:
        shop = Service(browser, issued(home).text)
        person = shop.take_in(**ADA)
        door = home_door(browser)
        (bucket,) = door._buckets.values()
        bucket.left = 1.5
        assert shop.ask("GET", f"/people/{person}").status_code == 200
        slowed = shop.ask("GET", f"/people/{person}")
        assert (slowed.status_code, slowed.headers["retry-after"]) == (429, "1")
        other = Service(browser, issued(home).text)
        assert other.ask("GET", f"/people/{person}").status_code == 200
        home.later(seconds=1)
        assert shop.ask("GET", f"/people/{person}").status_code == 200


def home_door(browser: Any) -> Any:
    """The door of the application behind a client."""
    return browser.app.state.door


def test_batch(any_home: Home) -> None:
    """Five hundred at once: an item each in order, an act each, and nobody is said to be nobody."""
    with any_home.browser() as browser:
        shop = Service(browser, issued(any_home).text)
        people = [shop.take_in(email=f"p{n}@example.org") for n in range(60)]
        asked = {"ids": [*people, "b" * 25 + "a"], "categories": ["contact"]}
        since = any_home.clock.now()
        answer = shop.ask("POST", "/people/read", purpose="deliver", json=asked)
        items = answer.json()["people"]
        assert [one["id"] for one in items] == asked["ids"]
        shown = [one["categories"]["contact"]["values"]["email"] for one in items[:60]]
        assert shown == [f"p{n}@example.org" for n in range(60)]
        assert items[60]["code"] == "not_found"
        acts = [one["act"] for one in items[:60]]
        assert len(set(acts)) == 60
        assert answer.headers["kept-act"] == f"{min(acts)}-{max(acts)}"
        assert any_home.read(lambda tx: count_acts(tx, [Kind.PERSON_READ], since=since)) == 60
        many = {"ids": ["a" * 26] * 501, "categories": ["contact"]}
        assert shop.ask("POST", "/people/read", purpose="deliver", json=many).status_code == 422


def test_cursor(home: Home) -> None:
    """Pages follow one another to the end; a cursor of another key, person or making is refused."""
    with home.browser() as browser:
        shop = Service(browser, issued(home).text)
        person, other = shop.take_in(**ADA), shop.take_in(name="Other")
        for _ in range(4):
            shop.ask("GET", f"/people/{person}/cells/contact", purpose="deliver")
        first = shop.ask("GET", f"/people/{person}/acts?limit=3").json()
        rest = shop.ask("GET", f"/people/{person}/acts?limit=3&cursor={first['next']}").json()
        kinds = [one["kind"] for one in (*first["acts"], *rest["acts"])]
        assert kinds == ["person.read"] * 4 + ["person.added"]
        assert rest["next"] is None
        bent = ("A" if first["next"][12] != "A" else "B").join((
            first["next"][:12],
            first["next"][13:],
        ))
        stranger = Service(browser, issued(home).text)
        for who, path, cursor in (
            (shop, person, bent),
            (shop, other, first["next"]),
            (stranger, person, first["next"]),
            (shop, person, "AAAA"),
        ):
            answer = who.ask("GET", f"/people/{path}/acts?cursor={cursor}")
            assert answer.status_code == 422


def test_erasure(home: Home) -> None:
    """Asked twice it begins once, with the same link; afterwards nobody is there."""
    with home.browser() as browser:
        shop = Service(browser, issued(home).text)
        person = shop.take_in(**ADA)
        named: dict[str, Any] = {"headers": {"Idempotency-Key": "bye"}}
        first = shop.ask("POST", f"/people/{person}/erasure", **named)
        assert first.status_code == 202
        assert shop.ask("POST", f"/people/{person}/erasure", **named).json() == first.json()
        assert shop.ask("POST", f"/people/{person}/erasure").status_code == 409
        path, _, token = first.json()["follow"].partition("//")[2].partition("/")[2].rpartition("/")
        assert browser.get(f"/{path}/{token}").status_code == 200
        assert token not in str(home.read(lambda tx: tx.rows("select * from idempotency")))
        home.settle()
        gone = shop.ask("GET", f"/people/{person}/cells/contact", purpose="deliver")
        assert gone.status_code == 404


def test_nothing_personal_in_logs(
    home: Home, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever fails, no value of anybody stands in a log, a problem document or a URL."""
    caplog.set_level(logging.DEBUG)
    secret = "canary.person@example.org"
    with structlog.testing.capture_logs() as logged, home.browser() as browser:
        shop = Service(browser, issued(home).text)
        person = shop.take_in(email=secret)
        answers = [
            shop.ask("POST", "/people/find", json={"value": secret, "kind": secret}),
            shop.ask("POST", "/people/find", json={secret: 1}),
            shop.ask("POST", "/people", json={"fields": {secret: secret}}),
            shop.ask("POST", "/people", json={"fields": {"email": secret}, "basis": secret}),
            shop.ask("POST", "/people", content=f'{{"fields": "{secret}'),
            shop.ask("POST", "/people/import", content=f'{{"{secret}": ["{secret}"]}}\n{secret}\n'),
            shop.ask("GET", f"/people/{person}/cells/contact", purpose=secret),
        ]
        for answer in answers:
            assert secret not in answer.text
        urls = [str(answer.request.url) for answer in answers]
    assert secret not in "".join(urls)
    told = capsys.readouterr()
    everything = f"{logged}{told.out}{told.err}"
    house_log = [r.getMessage() for r in caplog.records if not r.name.startswith("httpx")]
    assert secret not in everything + "".join(house_log)


def test_a_change_of_address_needs_a_key_for_everything(home: Home) -> None:
    """Whoever reads the mailbox signs in and sees all, so a narrow key may not move the address."""
    with home.browser() as browser:
        wide = Service(browser, issued(home).text)
        person = wide.take_in(**ADA)
        narrow = Service(browser, issued(home, categories=["contact"]).text)
        change: dict[str, Any] = {
            "purpose": "deliver",
            "headers": {"If-Match": '"1"'},
            "json": {"values": {"email": "mine@example.org"}},
        }
        refused = narrow.ask("PATCH", f"/people/{person}/cells/contact", **change)
        assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
        name: dict[str, Any] = {**change, "json": {"values": {"name": "Ada King"}}}
        named = narrow.ask("PATCH", f"/people/{person}/cells/contact", **name)
        assert named.status_code == 200
        change["headers"] = {"If-Match": '"2"'}
        assert wide.ask("PATCH", f"/people/{person}/cells/contact", **change).status_code == 200


def test_a_key_finds_by_its_own_categories_alone(home: Home) -> None:
    """A key for deliveries does not learn whose an e-mail is: to it nobody has it."""
    with home.browser() as browser:
        wide = Service(browser, issued(home).text)
        wide.take_in(**ADA)
        narrow = Service(browser, issued(home, purposes=["deliver"], categories=["delivery"]).text)
        looked: dict[str, Any] = {"json": {"value": ADA["email"]}}
        assert len(wide.ask("POST", "/people/find", **looked).json()["people"]) == 1
        assert narrow.ask("POST", "/people/find", **looked).json()["people"] == []


@pytest.mark.parametrize(
    ("method", "path", "size", "status", "words"),
    [
        ("GET", "/no-such-thing", 0, 404, "The API has nothing at this address."),
        ("PUT", "/people", 0, 405, "This address does not take this method."),
        ("POST", "/people", 3_000_000, 413, "The body is larger than 2 MiB."),
    ],
)
def test_what_nobody_handles_is_told_in_sentences(
    home: Home, method: str, path: str, size: int, status: int, words: str
) -> None:
    """No bare name of a status: what is wrong, and where to look."""
    with home.browser() as browser:
        answer = Service(browser, issued(home).text).ask(method, path, content=b"x" * size)
    told = answer.json()
    assert (answer.status_code, told["status"]) == (status, status)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert told["detail"].startswith(words)
    if status == 405:
        assert "POST" in answer.headers["allow"]
