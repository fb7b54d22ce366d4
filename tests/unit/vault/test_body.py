"""Is a cell's body one exact sequence of bytes?"""

from datetime import date

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import MalformedError
from kept.vault.model import body
from kept.vault.model.body import Mark, Status

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
BODIES = st.dictionaries(st.integers(1, body.MAX_FIELD_ID), VALUES, max_size=20)
MARKS = st.builds(
    Mark, st.integers(0, 255), st.none() | st.integers(-(2**63), 2**63 - 1), TEXTS, TEXTS
)


def test_worked_example_of_the_format() -> None:
    """The published example's 36 bytes come out, whatever the order they were given in."""
    raw = body.encode({2: "+4915112345678", 1: "ada@example.org"})
    assert raw.hex() == ("92018201af616461406578616d706c652e6f726702ae2b34393135313132333435363738")
    assert body.decode(raw).values == {1: "ada@example.org", 2: "+4915112345678"}


@given(BODIES, st.data())
def test_round_trip(values: dict[int, body.Value], data: st.DataObject) -> None:
    """What goes in comes out, types and all, and msgpack's own library reads the same."""
    keys = sorted(values)
    marked = data.draw(st.lists(st.sampled_from(keys), unique=True)) if keys else []
    marks = {key: data.draw(MARKS) for key in marked}
    raw = body.encode(values, marks)
    back = body.decode(raw)
    assert back.values == values
    assert [type(v) for v in back.values.values()] == [type(values[k]) for k in back.values]
    assert back.marks == marks
    outside = msgpack.unpackb(raw, strict_map_key=False)
    assert outside[0] == 1
    assert outside[1] == values
    assert list(outside[1]) == keys
    assert len(outside) == (3 if marks else 2)


@given(st.binary(max_size=60))
def test_any_accepted_bytes_are_canonical(raw: bytes) -> None:
    """Random bytes are refused, or are exactly what their values encode to."""
    try:
        found = body.decode(raw)
    except MalformedError:
        return
    assert body.encode(found.values, found.marks) == raw


def test_unknown_fields_survive_a_rewrite() -> None:
    """A field id that no book knows is still there after one value changed."""
    old = body.decode(body.encode({1: "a", 9999: "from a newer house"}))
    new = body.decode(body.encode(old.values | {1: "b"}))
    assert new.values == {1: "b", 9999: "from a newer house"}


@pytest.mark.parametrize(
    "hexed",
    [
        "",  # nothing
        "90",  # an empty list
        "9101",  # no values
        "920280",  # version 2
        "92c380",  # version `true`
        "92cc0180",  # version in two bytes
        "93018080",  # an empty third element must be left out
        "9301808101940 0c0a0a0".replace(" ", ""),  # a mark without a value
        "9401808080",  # four elements
        "920181a161a162",  # a field id of text
        "92018100a161",  # field 0
        "920181ce00010000a161",  # field 65536
        "92018201a16101a162",  # the same field twice
        "92018202a16101a162",  # ids descend
        "92018101c0",  # null
        "920181019161",  # a list as value
        "92018101c40161",  # bytes as value
        "92018101ca3f800000",  # a 32-bit float
        "92018101cb7ff8000000000000",  # not a number
        "92018101a1ff",  # broken UTF-8
        "92018101d90161",  # a length in two bytes where one does
        "920180c0",  # something behind the end
        "9201df7fffffff",  # a map of two thousand million
        "930181019361".replace("9361", "a161") + "810193 00c0a0".replace(" ", ""),  # short mark
    ],
)
def test_refused_bytes(hexed: str) -> None:
    """Every second spelling and every foreign thing is refused."""
    with pytest.raises(MalformedError):
        body.decode(bytes.fromhex(hexed))


@pytest.mark.parametrize(
    "values",
    [
        {0: "a"},
        {65536: "a"},
        {1: None},
        {1: b"a"},
        {1: ["a"]},
        {1: 2**64},
        {1: float("nan")},
        {1: float("inf")},
        {1: "\ud800"},
        {1: "x" * body.MAX_BODY_BYTES},
        dict.fromkeys(range(1, body.MAX_FIELDS + 2), "a"),
    ],
)
def test_refused_values(values: dict[int, body.Value]) -> None:
    """What the format cannot hold is refused before it is written."""
    with pytest.raises(MalformedError):
        body.encode(values)


@pytest.mark.parametrize(
    "mark",
    [
        Mark(256, None, "", ""),
        Mark(-1, None, "", ""),
        Mark(0, None, "x" * 201, ""),
        Mark(0, None, "", "x" * 201),
        Mark(0, 2**64, "", ""),
    ],
)
def test_refused_marks(mark: Mark) -> None:
    """A mark beyond its limits is refused."""
    with pytest.raises(MalformedError):
        body.encode({1: "a"}, {1: mark})


def test_too_many_bytes_are_not_even_read() -> None:
    """A body beyond 1 MiB is refused by its length."""
    with pytest.raises(MalformedError, match="1048576"):
        body.decode(b"\x92\x01\x80" + bytes(body.MAX_BODY_BYTES))


def test_days() -> None:
    """Days count from 1970, before it below zero."""
    assert body.day_of(date(1970, 1, 2)) == 1
    assert body.day_of(date(1815, 12, 10)) == -56270
    assert body.date_of(-56270) == date(1815, 12, 10)
    with pytest.raises(MalformedError):
        body.date_of(10**12)


def test_a_status_enum_is_a_number_on_the_wire() -> None:
    """The names of statuses may change, their numbers stand in the bytes."""
    raw = body.encode({1: "x"}, {1: Mark(Status.MALFORMED, None, "import", "list")})
    assert msgpack.unpackb(raw, strict_map_key=False)[2] == {1: [2, None, "import", "list"]}
