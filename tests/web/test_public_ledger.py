"""Is the log public as other programs expect it? The paths, headers and hashes of tlog-tiles."""

import base64
import hashlib

import pytest

import rfc6962
from houses import TINA, Home
from kept.ledger.store import tree_rows


def entries(bundle: bytes) -> list[bytes]:
    """The entries of a bundle: each after its length in two bytes."""
    found: list[bytes] = []
    while bundle:
        size = int.from_bytes(bundle[:2], "big")
        found.append(bundle[2 : 2 + size])
        bundle = bundle[2 + size :]
    return found


def test_a_stranger_rebuilds_the_root(any_home: Home) -> None:
    """From the public bundle alone, by RFC 6962, comes the root that was signed."""
    any_home.add(contact=TINA)
    any_home.settle()
    with any_home.browser() as browser:
        signed = browser.get("/ledger/checkpoint")
        origin, size, root = signed.text.split("\n")[:3]
        assert origin == any_home.house.vault.origin
        bundle = browser.get(f"/ledger/tile/entries/000.p/{size}")
        tile = browser.get(f"/ledger/tile/0/000.p/{size}")
    leaves = [rfc6962.leaf(entry) for entry in entries(bundle.content)]
    assert len(leaves) == int(size) > 1
    assert base64.b64encode(rfc6962.mth(leaves)).decode() == root
    assert tile.content == b"".join(leaves)
    assert signed.headers["content-type"] == "text/plain; charset=utf-8"
    assert signed.headers["cache-control"] == "max-age=5"
    for answer in (bundle, tile):
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == "application/octet-stream"
    for answer in (signed, bundle, tile):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "set-cookie" not in answer.headers


def test_nothing_shows_before_its_beat(home: Home) -> None:
    """What is not published is not there, and no spelling of a path gets round it."""
    with home.browser() as browser:
        assert browser.get("/ledger/checkpoint").status_code == 404
        home.settle()
        size = int(browser.get("/ledger/checkpoint").text.split("\n")[1])
        home.add(contact=TINA)
        home.house.sequencer.run(now=home.clock.now())
        for path in (
            f"tile/0/000.p/{size + 1}",
            "tile/0/000",
            "tile/0/0",
            "tile/0/000.p/0",
            f"tile/entries/000.p/{size + 1}",
            f"consistency/1/{size + 1}",
            f"consistency/+1/{size}",
            "consistency/0/1",
            f"opening/{size}",
            "opening/-1",
            "opening/٣",
        ):
            assert browser.get(f"/ledger/{path}").status_code == 404, path


def test_growth_can_be_proved(home: Home) -> None:
    """The proof between two published sizes is the one that RFC 6962 gives."""
    home.settle()
    with home.browser() as browser:
        old = int(browser.get("/ledger/checkpoint").text.split("\n")[1])
        home.add(contact=TINA)
        home.settle()
        new = int(browser.get("/ledger/checkpoint").text.split("\n")[1])
        answer = browser.get(f"/ledger/consistency/{old}/{new}").text
        bundle = browser.get(f"/ledger/tile/entries/000.p/{new}").content
    leaves = [rfc6962.leaf(entry) for entry in entries(bundle)]
    assert new > old
    assert [base64.b64decode(line) for line in answer.split()] == rfc6962.proof(old, leaves)


def test_the_key_and_the_policy(home: Home) -> None:
    """The key line carries its own check; the policy names it and asks for no witness."""
    with home.browser() as browser:
        line = browser.get("/ledger/key").text
        policy = browser.get("/ledger/policy").text
    name, key_id, rest = line.rstrip("\n").split("+", 2)
    raw = base64.b64decode(rest)
    assert hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == key_id
    assert policy.split("\n")[-2] == "quorum none"
    assert line.strip() in policy


@pytest.mark.parametrize("index", [0, 1])
def test_acts_of_the_house_are_open_to_all(home: Home, index: int) -> None:
    """The opening of a house act hashes to the commitment of its public entry."""
    home.settle()
    with home.browser() as browser:
        opening = browser.get(f"/ledger/opening/{index}").json()
        size = browser.get("/ledger/checkpoint").text.split("\n")[1]
        bundle = browser.get(f"/ledger/tile/entries/000.p/{size}").content
    salt, detail = (base64.b64decode(opening[name]) for name in ("salt", "detail"))
    digest = hashlib.sha256(b"kept/commit/v1\x00" + salt + detail).digest()
    text = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert f'"c":"{text}"'.encode() in entries(bundle)[index]


def test_a_persons_act_stays_shut(home: Home) -> None:
    """No opening is public for an act about a person."""
    added = home.add(contact=TINA)
    home.settle()
    place = home.read(lambda tx: tree_rows.place(tx, added.act_id))
    assert place is not None
    with home.browser() as browser:
        assert browser.get(f"/ledger/opening/{place[1]}").status_code == 404
