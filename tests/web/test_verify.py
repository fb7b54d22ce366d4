"""Does the page check a receipt as the terminal does, alone, and say where its key came from?"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from houses import HOME, TINA, Home, living
from kept.cli.commands.call import Call
from kept.cli.commands.ledger import follow
from kept.ledger.acts.history import one_of
from kept.ledger.acts.receipts import receipt
from kept.ledger.notes import VerifierKey
from kept.ledger.proof import Refused, verify_receipt
from kept.vault.acts.own import own_subject
from kept.vault.model.people import Added
from kept.wiring.house import open_house
from serving import serving

pytestmark = pytest.mark.needs("chromium")
SCRIPT = """async (cases) => {
  const { verifyReceipt } = await import("/static/js/receipt.js");
  const out = [];
  for (const [receipt, key] of cases) {
    const raw = Uint8Array.from(atob(receipt), (char) => char.charCodeAt(0));
    const found = await verifyReceipt(raw, key);
    out.push([found.step ?? "", found.steps.map((one) => `${one.step} ${one.state}`)]);
  }
  return out;
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Shop:
    """A house that serves, and a true receipt of it."""

    home: Home
    url: str
    proof: bytes

    @property
    def key(self) -> VerifierKey:
        """The log's key."""
        return self.home.house.sequencer.key


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A house behind a real server, with one look at Tina's address in its log."""
    with living(tmp_path_factory.mktemp("house")) as home, serving(home) as url:
        added = home.add(contact=TINA, delivery=HOME)
        for town in ("Bonn", "Köln", "Jena"):
            home.add(contact={"email": f"{town}@example.org"}, delivery={"town": town})
        home.look(added.person)
        home.settle()

        yield Shop(home, url, prove(home, added))


def prove(home: Home, added: Added) -> bytes:
    """The receipt of the newest act, about this person."""
    newest = home.read(lambda tx: tx.rows("select max(id) from acts"))[0][0]
    act = home.read(
        lambda tx: one_of(
            tx,
            home.house.tiles,
            subject=own_subject(tx, home.house.vault, added.person),
            act_id=newest,
        )
    )
    assert act is not None
    proof = home.read(
        lambda tx: receipt(tx, home.house.tiles, act_id=act.act_id, opening=act.opening)
    )
    assert isinstance(proof, bytes)
    return proof


def succeeded(home: Home) -> None:
    """Close the log of a house and open the next."""
    told = {"reason": "the old one was lost"}
    follow(Call(home.house, told, "root", lambda _: None, lambda: True, is_alone=True))


def tampered(proof: bytes) -> list[bytes]:
    """The receipt in many broken forms: a byte changed at every place, lines lost or added."""
    flips = [
        proof[:at] + bytes([proof[at] ^ bit]) + proof[at + 1 :]
        for at in range(0, len(proof), 7)
        for bit in (1, 0x80)
    ]
    lines = proof.split(b"\n")
    without = [b"\n".join(lines[:at] + lines[at + 1 :]) for at in range(len(lines))]
    doubled = [b"\n".join([*lines[:at], lines[at], *lines[at:]]) for at in range(len(lines))]
    extra = json.loads(base64.b64decode(lines[1].removeprefix(b"extra ")))
    return [*flips, *without, *doubled, *(with_extra(lines, one) for one in strange(extra))]


def with_extra(lines: list[bytes], raw: bytes) -> bytes:
    """The receipt with other bytes in `extra`."""
    return b"\n".join([lines[0], b"extra " + base64.b64encode(raw), *lines[2:]])


def strange(extra: dict[str, object]) -> list[bytes]:
    """Forms of `extra` that are not what the house wrote, some of them allowed."""

    def said(value: object) -> bytes:
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()

    less = {key: value for key, value in extra.items() if key not in {"salt", "detail"}}
    entry = base64.b64decode(str(extra["entry"]))
    later = b'{"v":2}'.ljust(256)
    day = entry.replace(entry[7:17], b"2026-02-31")
    return [
        said(less),
        said({**extra, "more": [1, {"a": None}]}),
        said({**extra, "v": 2}),
        said({**extra, "v": True}),
        said({**less, "salt": extra["salt"]}),
        said({**extra, "detail": base64.b64encode(b'{"n":1.0}').decode()}),
        said({**extra, "more": 2**53}),
        said({**extra, "entry": base64.b64encode(later).decode()}),
        said({**extra, "entry": base64.b64encode(day).decode()}),
        said(extra).replace(b",", b", "),
        b"[]",
        b'{"a":1,"a":2}',
        said({**extra, "deep": json.loads("[" * 40 + "]" * 40)}),
    ]


def test_page_and_terminal_agree(shop: Shop, chromium: Browser) -> None:
    """Over a true receipt and hundreds of broken ones: the same verdict, step by step."""
    other = VerifierKey(shop.key.name, shop.key.kind, bytes(31) + b"\x01")
    cases = [(one, shop.key) for one in (shop.proof, *tampered(shop.proof), b"", b"\n\n")]
    cases.append((shop.proof, other))
    cases.append((shop.proof, VerifierKey("other.example/ledger", shop.key.kind, shop.key.public)))
    page = chromium.new_page()
    page.goto(f"{shop.url}/healthz")
    told = page.evaluate(
        SCRIPT,
        [[base64.b64encode(one).decode(), str(key)] for one, key in cases],
    )
    page.close()
    expected = [expected_of(one, key) for one, key in cases]
    assert expected[0][0] == ""
    assert sum(step != "" for step, _ in expected) > 300
    for (one, _), found, wanted in zip(cases, told, expected, strict=True):
        assert (found[0], found[1]) == wanted, one


def expected_of(proof: bytes, key: VerifierKey) -> tuple[str, list[str]]:
    """What `kept.ledger.proof` says: the step that failed, and how each step ended."""
    found = verify_receipt(proof, key)
    step = found.step.value if isinstance(found, Refused) else ""
    return step, [f"{one.step.value} {one.state.value}" for one in found.steps]


def open_verify(shop: Shop, chromium: Browser, lang: str = "en") -> tuple[Page, list[str]]:
    """The page, and what it asked the network for and complained about after it was there."""
    page = chromium.new_page()
    noise: list[str] = []
    page.goto(f"{shop.url}/verify?lang={lang}", wait_until="networkidle")
    page.on("request", lambda sent: noise.append(sent.url))
    page.on("console", lambda said: noise.append(said.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    return page, noise


def drop(page: Page, proof: bytes) -> None:
    """Pick a file."""
    page.set_input_files(
        "[data-file]",
        {"name": "r.tlog-proof", "mimeType": "text/plain", "buffer": proof},
    )


def test_a_true_receipt(shop: Shop, chromium: Browser) -> None:
    """Said to be true, each step in words, the maths one click below, offline."""
    page, noise = open_verify(shop, chromium)
    page.context.set_offline(True)
    drop(page, shop.proof)
    expect(page.get_by_role("heading", name="The receipt is true")).to_be_visible()
    for words in (
        "The file can be read",
        "The shop signed it",
        "The line stands in the log",
        "The words belong to this line",
    ):
        expect(page.get_by_role("heading", name=words)).to_be_visible()
    said = page.locator("[data-line]")
    expect(said).to_contain_text("Data was opened (Support; Deliver an order). ")
    expect(said).not_to_contain_text("person.read")
    page.locator("summary", has_text="Show the maths").last.click()
    expect(page.locator("pre").last).to_contain_text('"ref":"118"')
    page.context.set_offline(False)
    assert [one for one in noise if "icons.svg" not in one] == []
    page.close()


def test_a_changed_receipt(shop: Shop, chromium: Browser) -> None:
    """One letter of the words changed: the page says which step does not fit."""
    lines = shop.proof.split(b"\n")
    extra = json.loads(base64.b64decode(lines[1].removeprefix(b"extra ")))
    detail = base64.b64decode(extra["detail"]).replace(b'"118"', b'"119"')
    extra["detail"] = base64.b64encode(detail).decode()
    changed = json.dumps(extra, sort_keys=True, separators=(",", ":")).encode()
    page, _ = open_verify(shop, chromium, "ru")
    drop(page, with_extra(lines, changed))
    expect(page.locator("[data-verdict=bad]")).to_be_visible()
    expect(page.locator("[data-steps] li.s-broken h3")).to_have_text(
        "Слова принадлежат этой строке"
    )
    page.close()


def test_the_key_is_never_silent(shop: Shop, chromium: Browser) -> None:
    """The page tells that its key came from the shop; a pasted one is the visitor's own."""
    page, _ = open_verify(shop, chromium)
    source = page.locator("[data-key-source]")
    expect(source).to_contain_text("came with this page")
    page.fill("[data-key]", str(VerifierKey(shop.key.name, shop.key.kind, bytes(31) + b"\x01")))
    expect(source).to_contain_text("You gave this key yourself")
    page.get_by_text("Paste it as text").click()
    page.fill("[data-paste]", shop.proof.decode())
    page.get_by_role("button", name="Check it").click()
    expect(page.locator("[data-verdict=bad]")).to_be_visible()
    page.fill("[data-key]", "nonsense")
    page.get_by_role("button", name="Check it").click()
    expect(page.locator("[data-verdict=unclear]")).to_be_visible()
    page.close()


def test_nothing_can_leave_the_page(shop: Shop, chromium: Browser) -> None:
    """Even a script of the page itself cannot reach the network: its policy forbids it."""
    page, _ = open_verify(shop, chromium)
    sent = page.evaluate("() => fetch('/ledger/key').then(() => 'sent', () => 'stopped')")
    assert sent == "stopped"
    page.close()


def test_a_receipt_of_a_closed_log(tmp_path: Path, chromium: Browser) -> None:
    """Held against the old log's key, which the house still tells; said so, and judged alike."""
    with living(tmp_path) as home:
        added = home.add(contact=TINA, delivery=HOME)
        home.look(added.person)
        home.settle()
        proof, old = prove(home, added), home.house.sequencer.key
        succeeded(home)
    house = open_house(tmp_path / "shop", home.house.settings, clock=home.clock)
    home = Home(house, home.founded, home.clock)
    try:
        with serving(home) as url:
            shop = Shop(home, url, proof)
            page, _ = open_verify(shop, chromium)
            drop(page, proof)
            expect(page.get_by_role("heading", name="The receipt is true")).to_be_visible()
            expect(page.locator("[data-key]")).to_have_value(str(old))
            expect(page.locator("[data-key-source]")).to_contain_text("from an older log")
            stranger = VerifierKey(old.name, old.kind, bytes(31) + b"\x01")
            page.fill("[data-key]", str(stranger))
            page.get_by_role("button", name="Check it").click()
            expect(page.locator("[data-verdict=bad]")).to_be_visible()
            expect(page.locator("[data-key]")).to_have_value(str(stranger))
            page.goto(f"{url}/ledger/key")
            assert page.locator("body").inner_text().split() == [str(shop.key), str(old)]
            page.close()
    finally:
        house.close()
