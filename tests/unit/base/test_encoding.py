"""Is there one spelling of each value, and is every other refused?"""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from kept.base.encoding import (
    Json,
    b64,
    b64url,
    canonical_json,
    parse_b64,
    parse_b64url,
    parse_canonical_json,
    parse_decimal,
    part_list,
    u32,
    u64,
)
from kept.base.errors import MalformedError

WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXTS = st.text(st.characters(codec="utf-8"))
KEYS = st.text(st.characters(codec="ascii"))
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=70))
def test_base64_round_trip(raw: bytes) -> None:
    """What is written is read back, in both alphabets."""
    assert parse_b64url(b64url(raw), "it") == raw
    assert parse_b64(b64(raw), "it") == raw


@pytest.mark.parametrize(
    ("raw", "text"),
    [(b"", ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"\xfb\xff", "-_8")],
)
def test_base64url_published(raw: bytes, text: str) -> None:
    """RFC 4648 §10, without padding."""
    assert b64url(raw) == text
    assert parse_b64url(text, "it", size_bytes=len(raw)) == raw


@pytest.mark.parametrize(
    "text", ["Zg==", "Zh", "Zm9", "A", "ABCDE", "Zm9v\n", " Zm9v", "+_8", "-/8", "Zmé", "Ｚg"]
)
def test_base64url_refused(text: str) -> None:
    """Padding, stray trailing bits, the other alphabet, blanks and foreign letters."""
    with pytest.raises(MalformedError):
        parse_b64url(text, "it")


@pytest.mark.parametrize("text", ["Zg", "Zg=", "Zh==", "Zm9=", "Zm9v\n", "-_8=", "Zm 9v", "é"])
def test_base64_refused(text: str) -> None:
    """Missing padding, stray trailing bits, the other alphabet, blanks and foreign letters."""
    with pytest.raises(MalformedError):
        parse_b64(text, "it")


def test_base64_size() -> None:
    """A value of another length than it must have is refused."""
    with pytest.raises(MalformedError):
        parse_b64url("Zm9v", "it", size_bytes=4)
    with pytest.raises(MalformedError):
        parse_b64("Zm9v", "it", size_bytes=2)


def test_refusal_does_not_echo() -> None:
    """A refused value is not repeated in the message."""
    with pytest.raises(MalformedError) as refused:
        parse_b64url("s3cret==", "token")
    assert "s3cret" not in str(refused.value)
    assert refused.value.where == "token"


@given(VALUES)
def test_canonical_json_equals_another_implementation(value: Json) -> None:
    """Within our limits the bytes are those of PyPI's rfc8785."""
    assert canonical_json(value) == rfc8785.dumps(json.loads(json.dumps(value)))


@given(VALUES)
def test_canonical_json_round_trip(value: Json) -> None:
    """Canonical bytes are read back to the same value."""
    assert parse_canonical_json(canonical_json(value), "it", max_bytes=10**6) == value


def test_canonical_json_order() -> None:
    """Keys are sorted, blanks dropped, other scripts kept, tuples written as lists."""
    text = canonical_json({"b": (1, 2), "a": "Где → \u007f\u0001"}).decode()
    assert text == '{"a":"Где → \u007f\\u0001","b":[1,2]}'


@pytest.mark.parametrize(
    "value",
    [1.0, {"a": 0.5}, {"é": 1}, {1: 2}, 2**53, -(2**53), "\ud800", {"a": ["\udfff"]}, b"x", {1}],
)
def test_canonical_json_refused(value: object) -> None:
    """Floats, other keys, big numbers, lone surrogates and foreign types have no form here."""
    with pytest.raises(MalformedError):
        canonical_json(value)  # pyright: ignore[reportArgumentType]


def test_canonical_json_depth() -> None:
    """32 levels are written, 33 are refused, a thousand do not crash."""
    for depth, is_fine in ((32, True), (33, False), (5000, False)):
        value: Json = None
        for _ in range(depth):
            value = [value]
        if is_fine:
            assert canonical_json(value) == b"[" * depth + b"null" + b"]" * depth
        else:
            with pytest.raises(MalformedError):
                canonical_json(value)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b"1.0",
        b"1e3",
        b"NaN",
        b"-0",
        b'"\\u0041"',
        b'"\\ud800"',
        b"[" * 100_000,
        b'{"a":1}\n',
    ],
)
def test_parse_canonical_json_refused(raw: bytes) -> None:
    """Another spelling, a double key, a cut or endless text."""
    with pytest.raises(MalformedError):
        parse_canonical_json(raw, "it", max_bytes=200_000)


def test_parse_canonical_json_size() -> None:
    """Longer than allowed is refused before it is read."""
    assert parse_canonical_json(b"[1]", "it", max_bytes=3) == [1]
    with pytest.raises(MalformedError):
        parse_canonical_json(b"[1]", "it", max_bytes=2)


def test_part_list_published() -> None:
    """The shape is length, bytes, length, bytes."""
    assert part_list(b"ab", b"", b"c") == bytes.fromhex("00000002616200000000" + "0000000163")


@given(st.lists(st.binary(max_size=6)), st.lists(st.binary(max_size=6)))
def test_part_list_is_injective(one: list[bytes], other: list[bytes]) -> None:
    """No two lists give the same bytes."""
    assert (part_list(*one) == part_list(*other)) == (one == other)


def test_fixed_width_numbers() -> None:
    """Big-endian, refusing what does not fit."""
    assert u32(258) == b"\x00\x00\x01\x02"
    assert u64(2**64 - 1) == b"\xff" * 8
    for number in (-1, 2**32):
        with pytest.raises(MalformedError):
            u32(number)
    for number in (-1, 2**64):
        with pytest.raises(MalformedError):
            u64(number)


@given(st.integers(0, 10**19 - 1))
def test_decimal_round_trip(number: int) -> None:
    """Every number of up to 19 digits is read."""
    assert parse_decimal(str(number), "it") == number


@pytest.mark.parametrize(
    "text", ["", "+1", "-1", "01", "1_0", " 1", "1\n", "١", "²", "1e3", "0x1", "9" * 20, "9" * 5000]
)
def test_decimal_refused(text: str) -> None:
    """Signs, blanks, leading zeros, other scripts' digits and endless numbers."""
    with pytest.raises(MalformedError):
        parse_decimal(text, "it")


def test_decimal_limit() -> None:
    """A number above the caller's limit is refused."""
    assert parse_decimal("255", "it", most=255) == 255
    with pytest.raises(MalformedError):
        parse_decimal("256", "it", most=255)
