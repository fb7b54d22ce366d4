"""Does a streamed list come in whole, once, and say what could not be taken?"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest

from houses import Home
from kept.base.errors import UnavailableError
from kept.staff.acts.keys import revoke_key
from kept.vault.acts.listing import count_people
from kept.web.problems import ProblemError
from kept.web.routes.api import imports
from kept.web.routes.api.door import LISTS_MOST, SIGN_IN, Door
from kept.web.routes.api.imports import Incoming
from services import OWNER, Service, issued


def lines(start: int, end: int) -> list[bytes]:
    """Lines of people, as a shop would send them."""
    return [
        json.dumps({"email": f"p{n}@example.org", "name": f"Person {n}", "zip": "x"}).encode()
        for n in range(start, end)
    ]


def test_counts_and_refusals(any_home: Home) -> None:
    """Rows come in in groups; each refused line is named by its number, what is unknown by name."""
    rows = [
        *lines(0, 1200),
        b"",
        b"not json",
        b'{"email": ["a"]}',
        b'{"name": ""}',
        *lines(0, 3),
        b'{"email": "' + b"x" * 300_000 + b'"}',
    ]
    with any_home.browser() as browser:
        shop = Service(browser, issued(any_home).text)
        answer = shop.ask("POST", "/people/import?source=the%20till", content=b"\n".join(rows))
        done = answer.json()
    assert answer.status_code == 200
    assert {key: done[key] for key in ("read", "added", "merged", "refused")} == {
        "read": 1207,
        "added": 1200,
        "merged": 3,
        "refused": 4,
    }
    assert [(one["row"], one["column"], one["code"]) for one in done["refusals"]] == [
        (1202, None, "json_broken"),
        (1203, "email", "value_nested"),
        (1204, None, "nothing_to_keep"),
        (1208, None, "row_too_long"),
    ]
    assert done["dropped"] == ["zip"]
    assert any_home.read(count_people) == 1200


def test_sent_again(home: Home) -> None:
    """The same list under one name is answered as before; another one is a conflict."""
    body = b"\n".join([*lines(0, 30), b'{"note": "no key"}'])
    named = {"Idempotency-Key": "list-1"}
    with home.browser() as browser:
        shop = Service(browser, issued(home).text)
        first = shop.ask("POST", "/people/import", content=body, headers=named)
        again = shop.ask("POST", "/people/import", content=body, headers=named)
        other = shop.ask("POST", "/people/import", content=body + b"\n", headers=named)
    assert first.json()["added"] == 31
    assert again.content == first.content
    assert other.status_code == 409
    assert home.read(count_people) == 31


def test_cut_off(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list whose line broke goes on after its last durable group, and nobody comes in twice."""
    rows = [json.dumps({"note": f"row {n}"}).encode() + b"\n" for n in range(2500)]

    def broken(incoming: Incoming) -> Iterator[bytes]:
        yield from rows[:1700]
        raise UnavailableError("The line broke.")

    named = {"Idempotency-Key": "list-2"}
    with home.browser() as browser:
        shop = Service(browser, issued(home).text)
        with monkeypatch.context() as patch:
            patch.setattr(Incoming, "_chunks", broken)
            cut = shop.ask("POST", "/people/import", content=b"", headers=named)
        assert cut.status_code == 503
        assert home.read(count_people) == 1000
        whole = shop.ask("POST", "/people/import", content=b"".join(rows), headers=named)
    assert whole.json()["added"] == 2500
    assert home.read(count_people) == 2500


def test_scope_of_fields(home: Home) -> None:
    """Fields of categories that a key is not made for are dropped and named, never written."""
    with home.browser() as browser:
        narrow = Service(browser, issued(home, purposes=["deliver"], categories=["contact"]).text)
        done = narrow.ask(
            "POST", "/people/import", content=b'{"email": "a@example.org", "town": "Bonn"}'
        ).json()
        assert (done["added"], done["dropped"]) == (1, ["town"])
        found = narrow.ask("POST", "/people/find", json={"value": "a@example.org"}).json()
        wide = Service(browser, issued(home).text)
        outline = wide.ask("GET", f"/people/{found['people'][0]['id']}").json()
    assert list(outline["categories"]) == ["contact"]


async def test_stalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller who sends nothing more does not hold the importing thread for ever."""

    async def stalling() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.Event().wait()

    monkeypatch.setattr(imports, "IDLE_S", 0.01)
    incoming = Incoming(
        stalling(), asyncio.get_running_loop(), frozenset(), still_welcome=lambda: None
    )
    assert await incoming._next() == b"first"
    with pytest.raises(UnavailableError):
        await incoming._next()


def test_an_ended_key_brings_nothing_in(home: Home) -> None:
    """A list needs a live key from its first line on, also from a key that was used just before."""
    key = issued(home)
    with home.browser() as browser:
        shop = Service(browser, key.text)
        shop.take_in(email="ada@example.org")
        now = home.clock.now()
        home.write(
            lambda tx: revoke_key(tx, home.house.staff, actor=OWNER, key=key.key.id, now=now)
        )
        late = shop.ask("POST", "/people/import", content=b"\n".join(lines(0, 5)))
    assert late.status_code == 401
    assert home.read(count_people) == 1


async def test_a_key_that_ends_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a list comes in it is asked again and again whether its key is still live."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b'{"name": "x"}\n'

    def ended() -> None:
        raise ProblemError(SIGN_IN)

    monkeypatch.setattr(imports, "ASK_EVERY_BYTES", 100)
    incoming = Incoming(
        endless(), asyncio.get_running_loop(), frozenset({"name"}), still_welcome=ended
    )
    with pytest.raises(ProblemError):
        await asyncio.to_thread(lambda: sum(1 for _ in incoming.rows()))


def test_few_lists_at_once() -> None:
    """Each holds a thread, so what comes too much is told to wait; a place is given back."""
    door = Door()
    with ExitStack() as stack:
        for _ in range(LISTS_MOST):
            stack.enter_context(door.importing())
        with pytest.raises(ProblemError) as full:
            stack.enter_context(door.importing())
    assert full.value.problem.status == 429
    with door.importing():
        pass
