"""Does the customer's browser notice a rewritten log? me-log.js against RFC 6962."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Page, Route, sync_playwright

import rfc6962

JS = Path(__file__).parents[2] / "src/kept/web/static/js/me-log.js"
HOME = "http://127.0.0.1:9"  # answered by the test itself; no server listens there
NAME = "shop.example/ledger"
SEEN = "2026-11-21T10:00:00Z"
LEAVES = [rfc6962.leaf(bytes([n])) for n in range(70)]
FORGED = [*LEAVES[:5], rfc6962.leaf(b"forged"), *LEAVES[6:]]

pytestmark = pytest.mark.needs("chromium")


def b64(raw: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(raw).decode()


@dataclass
class Shop:
    """A log that may lie: what it signs, and the proof it gives."""

    key: Ed25519PrivateKey
    leaves: list[bytes]
    proven: list[bytes]
    name: str = NAME
    closed: str = ""  # key lines of logs before this one

    def key_id(self) -> bytes:
        """SHA-256(name, newline, 0x01, key), four bytes (C2SP signed-note)."""
        return hashlib.sha256(self.name.encode() + b"\n\x01" + self.public()).digest()[:4]

    def public(self) -> bytes:
        """The raw public key."""
        return self.key.public_key().public_bytes_raw()

    def vkey(self) -> str:
        """The verifier key line."""
        return "+".join((self.name, self.key_id().hex(), b64(b"\x01" + self.public())))

    def note(self) -> str:
        """Today's signed page."""
        text = f"{self.name}\n{len(self.leaves)}\n{b64(rfc6962.mth(self.leaves))}\n"
        return f"{text}\n— {self.name} {b64(self.key_id() + self.key.sign(text.encode()))}\n"

    def answer(self, route: Route) -> None:
        """Any request of the page."""
        path = route.request.url.removeprefix(HOME)
        if path == "/me-log.js":
            route.fulfill(body=JS.read_bytes(), content_type="text/javascript")
        elif path == "/ledger/key":
            route.fulfill(body=f"{self.vkey()}\n{self.closed}")
        elif path == "/ledger/checkpoint":
            route.fulfill(body=self.note())
        elif path.startswith("/ledger/consistency/"):
            old = int(path.split("/")[3])
            route.fulfill(body="".join(b64(h) + "\n" for h in rfc6962.proof(old, self.proven)))
        else:
            route.fulfill(body="<!doctype html><title>t</title>", content_type="text/html")


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of the customer's browser."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def shop(leaves: list[bytes], *, seed: int = 1, proven: list[bytes] | None = None) -> Shop:
    """A log of these leaves."""
    return Shop(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), leaves, proven or leaves)


def visit(page: Page, log: Shop, kept: Shop | None) -> dict[str, object]:
    """What the browser finds, after having seen `kept` before."""
    page.unroute_all()
    page.route("**/*", log.answer)
    page.goto(HOME + "/")
    before = kept and {"vkey": kept.vkey(), "note": kept.note(), "seen": SEEN}
    script = "async ([kept, seen]) => (await import('/me-log.js')).watch('/ledger', kept, seen)"
    found = page.evaluate(script, [before, SEEN])
    assert isinstance(found, dict)
    return found


def test_a_first_visit_is_noted(page: Page) -> None:
    """The first visit pins the key and the page."""
    log = shop(LEAVES[:7])
    assert visit(page, log, None) == {
        "state": "first",
        "keep": {"vkey": log.vkey(), "note": log.note(), "seen": SEEN},
        "evidence": {"vkey": log.vkey(), "now": log.note(), "now_seen": SEEN},
    }


@pytest.mark.parametrize(
    ("old", "new"), [(1, 2), (3, 7), (4, 8), (6, 64), (7, 70), (64, 70), (69, 70)]
)
def test_a_log_that_grew_is_believed(page: Page, old: int, new: int) -> None:
    """A proof made as the standard says is accepted, and the newer page is kept."""
    log = shop(LEAVES[:new])
    found = visit(page, log, shop(LEAVES[:old]))
    assert found["state"] == "grown"
    assert found["keep"] == {"vkey": log.vkey(), "note": log.note(), "seen": SEEN}


def test_the_same_log_is_the_same(page: Page) -> None:
    """No new line, no alarm."""
    assert visit(page, shop(LEAVES[:9]), shop(LEAVES[:9]))["state"] == "same"


@pytest.mark.parametrize(
    ("log", "kept"),
    [
        pytest.param(shop(FORGED[:9]), shop(LEAVES[:9]), id="same size, other root"),
        pytest.param(shop(LEAVES[:8]), shop(LEAVES[:9]), id="smaller"),
        pytest.param(
            shop(FORGED), shop(LEAVES[:9]), id="an old line rewritten, proof of the new tree"
        ),
        pytest.param(shop(FORGED, proven=LEAVES), shop(LEAVES[:9]), id="proof of the old tree"),
        pytest.param(shop(LEAVES, seed=2), shop(LEAVES[:9]), id="signed by another key"),
    ],
)
def test_a_rewritten_log_is_found(page: Page, log: Shop, kept: Shop) -> None:
    """The old page stays pinned, and both notes are the evidence."""
    found = visit(page, log, kept)
    assert found["state"] == "broken"
    assert found["keep"] == {"vkey": kept.vkey(), "note": kept.note(), "seen": SEEN}
    evidence = json.loads(json.dumps(found["evidence"]))
    assert (evidence["before"], evidence["now"]) == (kept.note(), log.note())


def succeeded(seed: int, closed: str, name: str = NAME + "/2") -> Shop:
    """A second log, begun after the first was closed."""
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return Shop(key, LEAVES[:3], LEAVES[:3], name, closed)


def test_a_new_log_is_told_once(page: Page) -> None:
    """No alarm where the shop says itself that the old log is closed; from then on the new one."""
    old = shop(LEAVES[:9])
    log = succeeded(2, old.vkey() + "\n")
    found = visit(page, log, old)
    assert found["state"] == "another"
    assert found["keep"] == {"vkey": log.vkey(), "note": log.note(), "seen": SEEN}
    evidence = json.loads(json.dumps(found["evidence"]))
    assert (evidence["before"], evidence["now"]) == (old.note(), log.note())
    assert visit(page, log, log)["state"] == "same"


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(succeeded(2, ""), id="the old log is not said to be closed"),
        pytest.param(
            succeeded(2, shop(LEAVES).vkey() + "\n", NAME), id="another key under the old name"
        ),
    ],
)
def test_what_only_looks_like_a_new_log_is_not(page: Page, log: Shop) -> None:
    """A shop that changes its key without a word, or under the same name, rewrote the log."""
    assert visit(page, log, shop(LEAVES[:9]))["state"] == "broken"
