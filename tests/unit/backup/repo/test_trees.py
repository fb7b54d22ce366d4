"""Is a tree, byte for byte, what Go would write, and is a hostile one refused?"""

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.model.nodes import (
    MAX_NS,
    MIN_NS,
    ExtendedAttribute,
    Node,
    NodeType,
    go_mode,
    posix_permissions,
)
from kept.backup.repo import trees
from kept.backup.repo.times import ZERO_NS
from kept.backup.repo.trees import decode_tree, encode_tree
from kept.base.errors import MalformedError

AT = 1_795_299_612_051_862_704
FILE = Node(name=b"a", type=NodeType.FILE, mtime_ns=AT, atime_ns=AT, ctime_ns=AT, content=())
TIMES = ",".join(
    f'"{which}":"2026-11-21T22:20:12.051862704Z"' for which in ("mtime", "atime", "ctime")
)


def tree_of(**members: object) -> bytes:
    """A tree of one node, whose members differ from an empty file's by these."""
    node = {"name": "a", "type": "file", "mtime": "2026-11-21T22:20:12Z"} | members
    return json.dumps({"nodes": [node]}).encode()


def test_the_barest_node():
    """Only what is always there is there, in its order, and a line feed ends the tree."""
    expected = f'{{"nodes":[{{"name":"a","type":"file",{TIMES},"uid":0,"gid":0,"content":[]}}]}}\n'
    assert encode_tree([FILE]) == expected.encode()


def test_the_fullest_node():
    """Every member, in Go's order, spelt as Go spells it."""
    full = Node(
        name=b'<\xe9"',
        type=NodeType.SYMLINK,
        mode=go_mode(NodeType.SYMLINK, 0o777),
        mtime_ns=0,
        atime_ns=1,
        ctime_ns=-1,
        uid=1,
        gid=2,
        user="a&b",
        group="g",
        inode=2**64 - 1,
        device_id=3,
        size=4,
        links=5,
        linktarget=b"x\xff",
        extended_attributes=(ExtendedAttribute("user.b", b"\0\xff"), ExtendedAttribute("a", b"")),
        generic_attributes=b'{"windows.creation_time":"AA=="}',
        device=6,
        content=(bytes(32),),
        subtree=b"\xff" * 32,
        error="broke",
    )
    expected = (
        '{"nodes":[{"name":"\\u003c\\\\xe9\\\\\\"","type":"symlink","mode":134218239,'
        '"mtime":"1970-01-01T00:00:00Z","atime":"1970-01-01T00:00:00.000000001Z",'
        '"ctime":"1969-12-31T23:59:59.999999999Z","uid":1,"gid":2,"user":"a\\u0026b","group":"g",'
        '"inode":18446744073709551615,"device_id":3,"size":4,"links":5,'
        '"linktarget":"x\\ufffd","linktarget_raw":"eP8=",'
        '"extended_attributes":[{"name":"user.b","value":"AP8="},{"name":"a","value":""}],'
        '"generic_attributes":{"windows.creation_time":"AA=="},"device":6,'
        f'"content":["{"0" * 64}"],"subtree":"{"f" * 64}","error":"broke"}}]}}\n'
    )
    assert encode_tree([full]) == expected.encode()
    assert decode_tree(expected.encode()) == (full,)


def test_the_empty_tree():
    """A directory without entries is a tree too; Go may write its list as null."""
    assert encode_tree([]) == b'{"nodes":[]}\n'
    assert decode_tree(b'{"nodes":[]}\n') == decode_tree(b'{"nodes":null}') == ()


@pytest.mark.parametrize(
    ("kind", "permissions", "mode"),
    [
        (NodeType.FILE, 0o644, 420),  # these numbers stand in trees that restic wrote
        (NodeType.FILE, 0o6755, 12583405),
        (NodeType.DEV, 0o644, 67109284),
        (NodeType.CHARDEV, 0o644, 69206436),
        (NodeType.FIFO, 0o644, 33554852),
        (NodeType.SYMLINK, 0o777, 134218239),
        (NodeType.DIR, 0o1777, 2148532735),
        (NodeType.SOCKET, 0o755, 16777709),
    ],
)
def test_modes_are_gos(kind: NodeType, permissions: int, mode: int):
    """Types and special bits lie where Go has them."""
    assert go_mode(kind, permissions) == mode
    assert posix_permissions(mode) == permissions


def test_names_rise_by_their_bytes():
    """The order is that of raw bytes, not of the quoted text; equal names never pass."""
    newline, digit = replace(FILE, name=b"\n"), replace(FILE, name=b"1")  # quoted: "\\n" > "1"
    assert [node.name for node in decode_tree(encode_tree([newline, digit]))] == [b"\n", b"1"]
    for wrong in ([digit, newline], [digit, digit]):
        with pytest.raises(MalformedError):
            encode_tree(wrong)
    spelt = [encode_tree([node])[len(b'{"nodes":[') : -3] for node in (digit, newline)]
    for wrong in ([spelt[0], spelt[1]], [spelt[0], spelt[0]]):
        with pytest.raises(MalformedError):
            decode_tree(b'{"nodes":[' + b",".join(wrong) + b"]}\n")


@pytest.mark.parametrize("name", [b"", b".", b"..", b"a/b", b"/", b"a\0", b"n" * 4097])
def test_names_that_lead_elsewhere(name: bytes):
    """No tree, ours or another's, can name anything but an entry of its directory."""
    with pytest.raises(MalformedError):
        encode_tree([replace(FILE, name=name)])
    spelt = name.decode().replace("\0", "\\x00")
    with pytest.raises(MalformedError):
        decode_tree(tree_of(name=spelt))


@pytest.mark.parametrize(
    "members",
    [
        {"name": None},
        {"name": 5},
        {"name": "\\x2e\\x2e"},
        {"name": "\\q"},
        {"type": "fancy"},
        {"type": ""},
        {"mode": -1},
        {"mode": 2**32},
        {"mode": "420"},
        {"mode": 1.5},
        {"uid": 2**32},
        {"uid": True},
        {"inode": 2**64},
        {"size": -1},
        {"size": 10**40},
        {"mtime": "yesterday"},
        {"mtime": 0},
        {"linktarget": "a\0b"},
        {"linktarget": "x" * 65_537},
        {"linktarget_raw": "x"},
        {"linktarget_raw": "eP9="},
        {"extended_attributes": {}},
        {"extended_attributes": [{"name": 1, "value": ""}]},
        {"extended_attributes": [{"name": "a", "value": "?"}]},
        {"generic_attributes": 5},
        {"content": ["00"]},
        {"content": ["g" * 64]},
        {"content": ["00 " * 21 + "0"]},
        {"content": [None]},
        {"content": "00" * 32},
        {"subtree": "00" * 33},
    ],
)
def test_hostile_members_are_refused(members: dict[str, object]):
    """A member of another type, beyond its bits or of another form: nothing is guessed."""
    with pytest.raises(MalformedError):
        decode_tree(tree_of(**members))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"nodes":{}}',
        b'{"nodes":[null]}',
        b'{"nodes":[{}]}',
        b'{"nodes":[]}{"nodes":[]}',
        b'{"nodes":[]',
        b'{"nodes":[],"x":' + b"[" * 100_000,
        b'{"nodes":[{"name":"\xff","type":"file"}]}',
        b"\x28\xb5\x2f\xfd",
    ],
)
def test_what_is_no_tree(raw: bytes):
    """Bytes that are no tree are refused, and the reader does not fall over."""
    with pytest.raises(MalformedError):
        decode_tree(raw)


def test_limits(monkeypatch: pytest.MonkeyPatch):
    """A tree of too many bytes or entries is refused."""
    raw = encode_tree([FILE, replace(FILE, name=b"b")])
    monkeypatch.setattr(trees, "MAX_NODES", 1)
    with pytest.raises(MalformedError):
        decode_tree(raw)
    monkeypatch.setattr(trees, "MAX_TREE_BYTES", len(raw) - 1)
    with pytest.raises(MalformedError):
        decode_tree(raw)


def test_what_go_lets_pass():
    """Unknown members, missing times and null values are read as Go reads them."""
    found = decode_tree(tree_of(mtime="2026-11-21T22:20:12+01:00", later=[1], content=None))
    assert found[0].content is None
    assert found[0].mtime_ns == 1_795_296_012 * 10**9
    assert found[0].ctime_ns == ZERO_NS
    attribute = {"name": "user.x", "value": None}
    assert decode_tree(tree_of(extended_attributes=[attribute]))[0].extended_attributes == (
        ExtendedAttribute("user.x", b""),
    )
    assert decode_tree(tree_of(generic_attributes=None))[0].generic_attributes == b""


@pytest.mark.parametrize(
    "node",
    [
        replace(FILE, mode=2**32),
        replace(FILE, uid=-1),
        replace(FILE, inode=2**64),
        replace(FILE, mtime_ns=MAX_NS + 1),
    ],
)
def test_nothing_unreadable_is_written(node: Node):
    """A number beyond its bits is no tree, so it is not written as one."""
    with pytest.raises(MalformedError):
        encode_tree([node])


names = st.binary(min_size=1, max_size=60).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in {b".", b".."}
)
moments = st.integers(MIN_NS, MAX_NS)
attributes = st.builds(
    ExtendedAttribute, st.text(st.characters(exclude_categories=["Cs"])), st.binary()
)
ids = st.binary(min_size=32, max_size=32)
u64 = st.integers(0, 2**64 - 1)
nodes = st.builds(
    Node,
    name=names,
    type=st.sampled_from(NodeType),
    mode=st.integers(0, 2**32 - 1),
    mtime_ns=moments,
    atime_ns=moments,
    ctime_ns=moments,
    uid=st.integers(0, 2**32 - 1),
    inode=u64,
    device_id=u64,
    size=u64,
    device=u64,
    linktarget=st.binary().filter(lambda raw: b"\0" not in raw),
    extended_attributes=st.lists(attributes, max_size=3).map(tuple),
    content=st.none() | st.lists(ids, max_size=3).map(tuple),
    subtree=st.none() | ids,
)


@given(st.lists(nodes, max_size=6, unique_by=lambda node: node.name))
def test_any_tree_comes_back(some: list[Node]):
    """Names, times, modes, attributes, targets and numbers survive; so do the bytes."""
    ordered = sorted(some, key=lambda node: node.name)
    raw = encode_tree(ordered)
    assert decode_tree(raw) == tuple(ordered)
    assert encode_tree(decode_tree(raw)) == raw
    plain = json.loads(raw)  # any reader of JSON sees the same numbers and values
    for wire, node in zip(plain["nodes"], ordered, strict=True):
        assert wire.get("inode", 0) == node.inode
        values = [base64.b64decode(one["value"]) for one in wire.get("extended_attributes", [])]
        assert values == [one.value for one in node.extended_attributes]
