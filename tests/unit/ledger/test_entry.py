"""Is an entry one spelling of 256 bytes, and does it hide what it must?"""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import MalformedError
from kept.ledger.entry import (
    Entry,
    Opening,
    UnknownVersion,
    encode_detail,
    exact_time,
    hour_of,
    is_entry,
    tag_of,
)

keys = st.from_regex(r"[a-z0-9._-]{1,24}", fullmatch=True)
hours = st.datetimes(timezones=st.just(UTC)).map(hour_of)
GOOD = Entry(
    kind="person.read",
    purpose="answer",
    role="operator",
    hour="2026-11-21T17Z",
    tag=bytes(range(16)),
    commitment=bytes(range(32)),
)
TEXT = GOOD.encode().rstrip(b" ")


def members(entry: Entry) -> dict[str, object]:
    """What the JSON of an entry should hold, spelt with the standard library."""
    return {
        "at": entry.hour,
        "c": urlsafe_b64encode(entry.commitment).decode().rstrip("="),
        "kind": entry.kind,
        "purpose": entry.purpose,
        "role": entry.role,
        "tag": urlsafe_b64encode(entry.tag).decode().rstrip("="),
        "v": 1,
    }


@given(
    kind=keys,
    purpose=keys,
    role=keys,
    hour=hours,
    tag=st.binary(min_size=16, max_size=16),
    commitment=st.binary(min_size=32, max_size=32),
)
def test_bytes_are_canonical_json(**parts: object) -> None:
    """An entry is what PyPI rfc8785 writes, then spaces up to 256; decoding gives it back."""
    entry = Entry(**parts)  # pyright: ignore[reportArgumentType]
    data = entry.encode()
    assert len(data) == 256
    assert data == rfc8785.dumps(members(entry)).ljust(256)  # pyright: ignore[reportArgumentType]
    assert Entry.decode(data) == entry


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": ""}, {"kind": "a" * 49}, {"kind": "Person"}, {"kind": "a b"}, {"kind": 'a"'},
        {"purpose": ""}, {"purpose": "a" * 33}, {"role": ""}, {"role": "a" * 25}, {"role": "é"},
        {"hour": "2026-11-21T17"}, {"hour": "2026-02-30T17Z"}, {"hour": "2026-11-21T24Z"},
        {"hour": "2026-11-21t17Z"}, {"hour": "٢٠٢٦-11-21T17Z"}, {"hour": "2026-11-21T17Z\n"},
        {"tag": bytes(15)}, {"tag": bytes(17)}, {"commitment": bytes(31)},
    ],
)  # fmt: skip
def test_limits(changed: dict[str, object]) -> None:
    """No key, hour, tag or commitment outside its form becomes an entry."""
    with pytest.raises(MalformedError):
        replace(GOOD, **changed)


def test_longest_keys_fit() -> None:
    """The longest keys together leave an entry at 256 bytes."""
    longest = replace(GOOD, kind="a" * 48, purpose="b" * 32, role="c" * 24)
    assert len(longest.encode()) == 256
    assert Entry.decode(longest.encode()) == longest


@pytest.mark.parametrize(
    "data",
    [
        b"",
        TEXT,
        TEXT.ljust(255),
        TEXT.ljust(257),
        b" " + TEXT.ljust(255),
        TEXT.ljust(255) + b"\n",
        TEXT.ljust(255) + b"x",
        TEXT.replace(b":1}", b":1.0}").ljust(256),
        TEXT.replace(b":1}", b":true}").ljust(256),
        TEXT.replace(b":1}", b":0}").ljust(256),
        TEXT.replace(b":1}", b":01}").ljust(256),
        TEXT.replace(b'"v"', b' "v"').ljust(256),
        TEXT.replace(b'"kind"', b'"kjnd"').ljust(256),
        TEXT.replace(b'"v":1', b'"v":1,"w":1').ljust(256),
        TEXT.replace(b'"answer"', b'"Answer"').ljust(256),
        TEXT.replace(b'"answer"', b'"\\u0061nswer"').ljust(256),
        TEXT.replace(b"T17Z", b"T24Z").ljust(256),
        TEXT.replace(b"-21T", b"-31T").ljust(256),
        TEXT.replace(b'8","kind', b'9","kind').ljust(256),
        TEXT.replace(b'w","v', b'x","v').ljust(256),
        json.dumps(json.loads(TEXT)).encode().ljust(256),
        b"[1]".ljust(256),
        b'{"v":"2"}'.ljust(256),
        bytes(256),
        b"\xff" * 256,
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    """Only what `encode` writes is an entry."""
    assert not is_entry(data)
    with pytest.raises(MalformedError):
        Entry.decode(data)


@given(at=st.integers(0, 255), value=st.integers(0, 255))
def test_no_two_spellings(at: int, value: int) -> None:
    """Whatever byte is changed, what is still read is written back as it was."""
    data = bytearray(GOOD.encode())
    data[at] = value
    try:
        found = Entry.decode(bytes(data))
    except MalformedError:
        return
    assert isinstance(found, UnknownVersion) or found.encode() == data


def test_unknown_version_is_not_broken() -> None:
    """An entry of a later version is named as such."""
    assert Entry.decode(b'{"new":"x","v":2}'.ljust(256)) == UnknownVersion(2)
    assert is_entry(b'{"new":"x","v":2}'.ljust(256))


def test_hour_and_exact_time_are_utc() -> None:
    """The public hour and the exact time are told in UTC, whatever zone they came in."""
    at = datetime(2026, 11, 22, 1, 59, 59, 5, tzinfo=timezone(timedelta(hours=9)))
    assert hour_of(at) == "2026-11-21T16Z"
    assert exact_time(at) == "2026-11-21T16:59:59.000005Z"
    assert exact_time(at.replace(microsecond=0)) == "2026-11-21T16:59:59Z"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    why=texts,
    n=st.none() | st.integers(0, 2**53 - 1),
    categories=st.lists(keys),
    more=st.dictionaries(st.from_regex(r"[A-Z]{1,5}", fullmatch=True), texts | st.integers(0, 9)),
)
def test_detail_is_canonical(
    why: str, n: int | None, categories: list[str], more: dict[str, str | int]
) -> None:
    """A detail is byte for byte what PyPI rfc8785 writes of the same members."""
    at = datetime(2026, 11, 21, 17, tzinfo=UTC)
    expected: dict[str, object] = {"actor": "a", "at": "2026-11-21T17:00:00Z", **more}
    expected |= {"why": why} if why else {}
    expected |= {"categories": categories} if categories else {}
    if n is not None:
        expected["n"] = n
    found = encode_detail(actor="a", at=at, categories=categories, why=why, n=n, more=more)
    assert found == rfc8785.dumps(expected)  # pyright: ignore[reportArgumentType]
    assert Opening(bytes(32), found).read() == expected


@pytest.mark.parametrize(
    "parts",
    [
        {"n": 2**53}, {"why": "\ud800"}, {"more": {"é": 1}}, {"more": {"at": "x"}},
        {"more": {"x": 1.5}}, {"why": "x" * 16_384},
    ],
)  # fmt: skip
def test_detail_has_limits(parts: dict[str, object]) -> None:
    """What RFC 8785 and plain JSON would spell differently never gets into a detail."""
    with pytest.raises(MalformedError):
        encode_detail(actor="a", at=datetime(2026, 1, 1, tzinfo=UTC), **parts)  # pyright: ignore[reportArgumentType]


def test_opening_round_trip() -> None:
    """Salt and detail come back as they were stored, and other bytes open another commitment."""
    opening = Opening(bytes(range(32)), b'{"a":1}')
    assert Opening.decode(opening.encode()) == opening
    assert Opening(bytes(32), opening.detail).commitment != opening.commitment
    for data in [b"", bytes(31), bytes(32 + 16_385)]:
        with pytest.raises(MalformedError):
            Opening.decode(data)
    for detail in [b"", b"[]", b'{"b":1,"a":1}', b'{"a": 1}', b"\xff"]:
        with pytest.raises(MalformedError):
            Opening(bytes(32), detail).read()


@pytest.mark.parametrize("size", [0, 31, 33])
def test_tag_keys_have_32_bytes(size: int) -> None:
    """A short or long key is refused, not padded."""
    with pytest.raises(MalformedError):
        tag_of(bytes(size), 0)


def test_tags_count_from_0() -> None:
    """A count that is negative or beyond 64 bits has no tag."""
    for n in (-1, 2**64):
        with pytest.raises(MalformedError):
            tag_of(bytes(32), n)
