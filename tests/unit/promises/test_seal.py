"""The seal, its colour, its note and the one badge."""

import base64
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import MalformedError
from kept.promises.kinds.judge import judge
from kept.promises.model.badge import badge_json, badge_svg, message
from kept.promises.model.book import parse_book
from kept.promises.model.default import default_book
from kept.promises.model.evidence import (
    Break,
    Case,
    Counted,
    Evidence,
    Heartbeat,
    Proof,
    Proved,
    Standing,
    Timed,
)
from kept.promises.model.measures import READINGS_OUTSIDE
from kept.promises.model.seal import (
    Colour,
    LedgerHead,
    SealNote,
    colour_of,
    encode_status,
    make_seal,
    sign_seal,
)
from kept.promises.model.status import State

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOOK = parse_book(default_book(name="Tea Shop", contact="o@example.org", domain="shop.example"))
HEAD = LedgerHead("shop.example/ledger", 4120, bytes(range(32)))
BEAT = NOW - 2 * HOUR


def judged(promise, *breaks, beat=BEAT):
    """The promise kept, or broken by these breaks."""
    rows = {
        "zero": Counted(412, READINGS_OUTSIDE),
        "clock": Timed((Case(NOW - DAY, NOW + 6 * DAY, NOW - DAY + timedelta(minutes=190)),)),
        "fresh": Proved((Proof(NOW - DAY, 40, HOUR),)),
    }[promise.kind]
    standing = Standing(heartbeat=Heartbeat(beat, DAY))
    return judge(promise, Evidence(rows=rows, breaks=breaks, standing=standing), NOW)


def seal_of(*, broken=(), empty=()):
    """A seal of the default book; `broken` and `empty` name promises."""
    pairs = []
    for key, promise in BOOK.promises.items():
        evidence = (Break("r", NOW - DAY),) if key in broken else ()
        found = judge(promise, Evidence(), NOW) if key in empty else judged(promise, *evidence)
        pairs.append((promise, found))
    return make_seal("shop.example", HEAD, pairs, now=NOW)


S = State


@pytest.mark.parametrize(
    ("states", "is_current", "expected"),
    [
        ([], True, "lightgrey"),
        ([S.KEPT], True, "green"),
        ([S.KEPT], False, "lightgrey"),
        ([S.KEPT, S.UNMEASURED], True, "green"),
        ([S.KEPT, S.UNMEASURED, S.UNMEASURED], True, "lightgrey"),
        ([S.KEPT, S.PAUSED], True, "green"),
        ([S.PAUSED], True, "lightgrey"),
        ([S.KEPT, S.KEPT, S.STALE], True, "lightgrey"),
        ([S.KEPT, S.AT_RISK, S.STALE], True, "yellow"),
        ([S.BROKEN, S.AT_RISK, S.STALE, S.KEPT], True, "red"),
        ([S.BROKEN], False, "red"),
    ],
)
def test_colour(states, is_current, expected):
    """Broken, at risk, then stale, out of date or too few; only then green."""
    assert colour_of(states, is_current=is_current) == expected


@given(st.lists(st.sampled_from([s for s in State if s is not State.KEPT])), st.booleans())
def test_nothing_kept_is_never_green(states, is_current):
    """Without one kept promise no seal is green."""
    assert colour_of(states, is_current=is_current) is not Colour.GREEN


def test_status_json_has_every_promise_and_field():
    """The seal lists all promises, also unmeasured ones, with the agreed members."""
    data = json.loads(encode_status(seal_of(broken={"use.purpose"}, empty={"locked.rest"})))
    assert list(data) == ["domain", "demo", "this_update", "next_update", "ledger", "promises"]
    assert data["this_update"] == "2026-11-21T10:00:00Z"
    assert data["next_update"] == "2026-11-22T10:00:00Z"
    assert data["ledger"] == {
        "origin": "shop.example/ledger",
        "size": 4120,
        "root": base64.b64encode(bytes(range(32))).decode(),
    }
    by_key = {promise["key"]: promise for promise in data["promises"]}
    assert list(by_key) == list(BOOK.promises)
    export = by_key["export.fast"]
    text = BOOK.promises["export.fast"].text
    assert export == {
        "key": "export.fast",
        "version": 1,
        "text_sha256": {
            "en": hashlib.sha256(text.en.encode()).hexdigest(),
            "ru": hashlib.sha256(text.ru.encode()).hexdigest(),
        },
        "kind": "clock",
        "grade": "M+C",
        "status": "kept",
        "ok": 1,
        "n": 1,
        "window_days": 30,
        "value": "1 of 1 in 30 days, slowest 3 h 10 min",
        "bound": "P7D",
        "slowest_s": 11400,
        "measured_at": "2026-11-21T10:00:00Z",
        "broken_until": None,
        "reason": None,
    }
    assert by_key["use.purpose"]["status"] == "broken"
    assert by_key["use.purpose"]["broken_until"] == "2027-02-18T12:00:00Z"
    assert (by_key["locked.rest"]["status"], by_key["locked.rest"]["measured_at"]) == (
        "unmeasured",
        None,
    )


def test_this_update_is_the_oldest_measurement():
    """The seal is as old as the oldest measurement it rests on, not as its rendering."""
    first, *rest = BOOK.promises.values()
    pairs = [(first, judged(first, beat=NOW - 9 * HOUR)), *((p, judged(p)) for p in rest)]
    seal = make_seal("shop.example", HEAD, pairs, now=NOW)
    assert seal.this_update == NOW - 9 * HOUR
    assert seal.colour(NOW + 15 * HOUR) == "green"
    assert seal.colour(NOW + 15 * HOUR + timedelta(seconds=1)) == "lightgrey"


def test_note_vouches_for_the_exact_bytes():
    """The signed text holds the tag, domain, hash of the served bytes, both times and the root."""
    seen: list[bytes] = []

    def sign(text):
        seen.append(text)
        return text + b"\nsignature"

    signed = sign_seal(seal_of(), sign)
    assert signed.note == seen[0] + b"\nsignature"
    assert seen[0].decode().split("\n") == [
        "kept-seal/v1",
        "shop.example",
        hashlib.sha256(signed.status).hexdigest(),
        "2026-11-21T10:00:00Z",
        "2026-11-22T10:00:00Z",
        base64.b64encode(bytes(range(32))).decode(),
        "",
    ]
    assert SealNote.decode(seen[0]).encode() == seen[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace(b"v1", b"v2"),
        lambda t: t[:-1],
        lambda t: t + b"\n",
        lambda t: t + b"x",
        lambda t: t.replace(b"2026-11-21T10:00:00Z\n", b"", 1),
        lambda t: t.upper(),
        lambda t: t.replace(b"AAEC", b"AA EC"),
        lambda t: b"\xff" + t,
        lambda _: b"",
    ],
    ids=[
        "tag",
        "no-end",
        "blank-line",
        "tail",
        "line-missing",
        "upper",
        "space",
        "foreign",
        "empty",
    ],
)
def test_other_notes_are_refused(change):
    """Reading accepts exactly what writing gives."""
    texts: list[bytes] = []
    sign_seal(seal_of(), lambda text: texts.append(text) or text)
    with pytest.raises(MalformedError):
        SealNote.decode(change(texts[0]))


def test_badge_json_keeps_the_endpoint_rules():
    """Version 1, label and message are non-empty text, the label holds the domain."""
    data = json.loads(badge_json(seal_of(empty={"locked.rest"}), NOW))
    assert data == {
        "schemaVersion": 1,
        "label": "shop.example promises",
        "message": "6 kept, 1 not measured yet, 21 Nov",
        "color": "green",
    }
    russian = json.loads(badge_json(seal_of(broken={"use.purpose"}), NOW, "ru"))
    assert russian["message"] == "6 выполняем, 1 нарушено, 21 ноября"
    assert russian["color"] == "red"


def test_a_demo_says_so():
    """The seal and the badge of a demo carry the word."""
    demo = replace(seal_of(), is_demo=True)
    assert json.loads(encode_status(demo))["demo"] is True
    assert json.loads(encode_status(seal_of()))["demo"] is False
    assert json.loads(badge_json(demo, NOW))["label"] == "demo shop.example promises"
    assert "демо shop.example" in badge_svg(demo, NOW, "ru")


def test_badge_out_of_date_says_since_when():
    """Past its time the badge says since when nothing was confirmed, and still names a break."""
    late = NOW + 30 * DAY
    assert message(seal_of(), late) == "not confirmed since 21 Nov"
    assert message(seal_of(broken={"use.purpose"}), late) == "1 broken, not confirmed since 21 Nov"


@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize("broken", [(), ("use.purpose",)])
def test_badge_svg_is_plain_and_named(lang, broken):
    """An image with a title and a role, no script, no style, nothing from outside."""
    text = badge_svg(seal_of(broken=broken), NOW, lang)
    root = ET.fromstring(text)  # noqa: S314  # written by this program
    space = "{http://www.w3.org/2000/svg}"
    tags = {element.tag.removeprefix(space) for element in root.iter()}
    assert tags <= {"svg", "title", "rect", "path", "circle", "g", "text"}
    assert (root.get("role"), root.get("height")) == ("img", "20")
    title = root.findtext(f"{space}title")
    assert title == root.get("aria-label")
    assert str(title).startswith("shop.example ")
    assert not re.search(r"href|url\(|<script|style=|on\w+=", text)
    assert int(root.get("width", "0")) < 500


def test_badge_svg_escapes_its_words():
    """A domain can hold no markup, and if it did, it would stay text."""
    seal = replace(seal_of(), domain='x"><script>')
    text = badge_svg(seal, NOW)
    assert "<script" not in text
    assert str(ET.fromstring(text).get("aria-label")).startswith('x"><script>')  # noqa: S314


def test_a_fresh_install_is_grey_and_unmeasured():
    """A new house shows nothing as kept."""
    seal = seal_of(empty=set(BOOK.promises))
    assert set(seal.states()) == {State.UNMEASURED}
    assert seal.colour(NOW) == "lightgrey"
    assert message(seal, NOW) == "7 not measured yet, 21 Nov"
