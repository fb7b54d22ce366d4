r"""Which bytes are a tree, and what does a tree say?

A tree is `{"nodes":[…]}` and a line feed, compact. Its name in the repository is the SHA-256 of
these bytes, so the same directory must always give the same bytes: fields in Go's order, empty
ones left out, nodes by raw name, strictly rising.
Source: restic design document, "Trees and Data"; Go's `encoding/json`; `docs/formats/backup.md`.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from kept.backup.model.nodes import (
    ID_BYTES,
    MAX_TARGET_BYTES,
    ExtendedAttribute,
    Node,
    NodeType,
    name_problem,
)
from kept.backup.repo.names import json_string, quote, unquote
from kept.backup.repo.times import ZERO_NS, parse_time, time_text
from kept.base.encoding import MAX_U32, MAX_U64, b64, parse_b64
from kept.base.errors import MalformedError

MAX_TREE_BYTES = 512 << 20  # as unpacked files; about a million entries
MAX_NODES = 4_000_000
MAX_ATTRIBUTES = 65_536  # of one node; Linux lists at most 64 KiB of names

_U32 = Annotated[int, msgspec.Meta(ge=0, le=MAX_U32)]
_U64 = Annotated[int, msgspec.Meta(ge=0)]  # msgspec's own bounds end at 2^63-1


class _WireAttribute(msgspec.Struct):
    name: str = ""
    value: str | None = None  # Go writes null for an empty one


class _WireNode(msgspec.Struct):
    """A node as it lies in JSON. Go reads a member that is not there as its zero value."""

    name: str
    type: str
    mode: _U32 = 0
    mtime: str | None = None
    atime: str | None = None
    ctime: str | None = None
    uid: _U32 = 0
    gid: _U32 = 0
    user: str = ""
    group: str = ""
    inode: _U64 = 0
    device_id: _U64 = 0
    size: _U64 = 0
    links: _U64 = 0
    linktarget: str = ""
    linktarget_raw: str | None = None
    extended_attributes: list[_WireAttribute] | None = None
    generic_attributes: msgspec.Raw = msgspec.Raw()
    device: _U64 = 0
    content: list[str] | None = None
    subtree: str | None = None
    error: str = ""


class _WireTree(msgspec.Struct):
    nodes: list[_WireNode] | None


_read_tree = msgspec.json.Decoder(_WireTree).decode


def encode_tree(nodes: Iterable[Node]) -> bytes:
    """The bytes of a tree, as Go would write them.

    Args:
        nodes: by raw name, strictly rising; taken one at a time.

    Raises:
        MalformedError: names not rising, a name that names no entry, a time outside years 0 to
            9999, or a number beyond its bits.
    """
    texts: list[bytes] = []
    last = b""
    for node in nodes:
        if node.name <= last:
            raise MalformedError("tree", "the names do not rise")
        last = node.name
        texts.append(encode_node(node))
    return _document(texts)


def join_nodes(nodes: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The bytes of a tree whose nodes were encoded one by one.

    Args:
        nodes: raw name and `encode_node` of it, the names strictly rising.

    Raises:
        MalformedError: names not rising.
    """
    texts: list[bytes] = []
    last = b""
    for name, text in nodes:
        if name <= last:
            raise MalformedError("tree", "the names do not rise")
        last = name
        texts.append(text)
    return _document(texts)


def _document(texts: Iterable[bytes]) -> bytes:
    return b'{"nodes":[' + b",".join(texts) + b"]}\n"


def encode_node(
    node: Node, *, size: int | None = None, content: tuple[bytes, ...] | None = None
) -> bytes:
    """One node as it stands in its tree.

    Args:
        node: what it says.
        size: of a file, in bytes; None: the node's.
        content: of a file; None: the node's.

    Raises:
        MalformedError: as `encode_tree`, but for the order.
    """
    if (problem := name_problem(node.name)) is not None:
        raise MalformedError("node.name", problem)
    _check_numbers(node)
    size = node.size if size is None else size
    mode = f',"mode":{node.mode}' if node.mode else ""
    mtime, ctime = time_text(node.mtime_ns), time_text(node.ctime_ns)
    atime = mtime if node.atime_ns == node.mtime_ns else time_text(node.atime_ns)
    return "".join([
        f'{{"name":{json_string(quote(node.name))},"type":"{node.type.value}"{mode}',
        f',"mtime":"{mtime}","atime":"{atime}","ctime":"{ctime}"',
        f',"uid":{node.uid},"gid":{node.gid}',
        f',"user":{json_string(node.user)}' if node.user else "",
        f',"group":{json_string(node.group)}' if node.group else "",
        f',"inode":{node.inode}' if node.inode else "",
        f',"device_id":{node.device_id}' if node.device_id else "",
        f',"size":{size}' if size else "",
        f',"links":{node.links}' if node.links else "",
        _target(node.linktarget) if node.linktarget else "",
        _attributes(node.extended_attributes) if node.extended_attributes else "",
        _generic(node.generic_attributes) if node.generic_attributes else "",
        f',"device":{node.device}' if node.device else "",
        f',"content":{_content(node.content if content is None else content)}',
        f',"subtree":"{node.subtree.hex()}"' if node.subtree is not None else "",
        f',"error":{json_string(node.error)}' if node.error else "",
        "}",
    ]).encode("utf-8")


def _check_numbers(node: Node) -> None:
    narrow = (node.mode, node.uid, node.gid)
    wide = (node.inode, node.device_id, node.size, node.links, node.device)
    if min(narrow) < 0 or max(narrow) > MAX_U32 or min(wide) < 0 or max(wide) > MAX_U64:
        raise MalformedError("node", "a number does not fit its bits")


def _target(raw: bytes) -> str:
    """`linktarget`, and the raw bytes beside it where they are no text."""
    text = raw.decode("utf-8", "surrogateescape")
    if any("\udc80" <= char <= "\udcff" for char in text):
        return f',"linktarget":{json_string(text)},"linktarget_raw":"{b64(raw)}"'
    return f',"linktarget":{json_string(text)}'


def _attributes(attributes: tuple[ExtendedAttribute, ...]) -> str:
    texts = [
        f'{{"name":{json_string(attribute.name)},"value":"{b64(attribute.value)}"}}'
        for attribute in attributes
    ]
    return f',"extended_attributes":[{",".join(texts)}]'


def _generic(raw: bytes) -> str:
    return f',"generic_attributes":{raw.decode("utf-8")}'


def _content(content: tuple[bytes, ...] | None) -> str:
    if content is None:
        return "null"
    return "[" + ",".join([f'"{one.hex()}"' for one in content]) + "]"


def decode_tree(raw: bytes | memoryview) -> tuple[Node, ...]:
    """Read a tree. Hostile input.

    What Go's reader lets pass is let pass too: unknown members, members that are not there. Never
    a name that could lead out of its directory, nor names that do not rise.

    Raises:
        MalformedError: too long, not JSON, a member of the wrong type or size, a name or link
            target that is not spelt as Go does, or names that do not rise.
    """
    if len(raw) > MAX_TREE_BYTES:
        raise MalformedError("tree", f"longer than {MAX_TREE_BYTES} bytes")
    try:
        wire = _read_tree(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedError("tree", "not the JSON of a tree") from None
    found = wire.nodes or []
    if len(found) > MAX_NODES:
        raise MalformedError("tree", f"more than {MAX_NODES} entries")
    nodes: list[Node] = []
    last = b""
    for one in found:
        node = _node(one)
        if node.name <= last:
            raise MalformedError("tree", "the names do not rise")
        last = node.name
        nodes.append(node)
    return tuple(nodes)


def _node(wire: _WireNode) -> Node:
    name = unquote(wire.name, "node.name")
    if (problem := name_problem(name)) is not None:
        raise MalformedError("node.name", problem)
    try:
        kind = NodeType(wire.type)
    except ValueError:
        raise MalformedError("node.type", "no known type") from None
    mtime_ns = _time(wire.mtime)
    node = Node(
        name=name,
        type=kind,
        mode=wire.mode,
        mtime_ns=mtime_ns,
        atime_ns=mtime_ns if wire.atime == wire.mtime else _time(wire.atime),
        ctime_ns=_time(wire.ctime),
        uid=wire.uid,
        gid=wire.gid,
        user=wire.user,
        group=wire.group,
        inode=wire.inode,
        device_id=wire.device_id,
        size=wire.size,
        links=wire.links,
        linktarget=_read_target(wire),
        extended_attributes=_read_attributes(wire.extended_attributes),
        generic_attributes=_read_generic(wire.generic_attributes),
        device=wire.device,
        content=_read_content(wire.content),
        subtree=None if wire.subtree is None else parse_id(wire.subtree, "node.subtree"),
        error=wire.error,
    )
    _check_numbers(node)
    return node


def _time(text: str | None) -> int:
    return ZERO_NS if text is None else parse_time(text, "node.time")


def _read_target(wire: _WireNode) -> bytes:
    if wire.linktarget_raw:
        target = parse_b64(wire.linktarget_raw, "node.linktarget_raw")
    else:
        target = wire.linktarget.encode("utf-8")
    if len(target) > MAX_TARGET_BYTES or b"\0" in target:
        raise MalformedError("node.linktarget", "too long, or holds a NUL")
    return target


def _read_attributes(wire: list[_WireAttribute] | None) -> tuple[ExtendedAttribute, ...]:
    if not wire:
        return ()
    if len(wire) > MAX_ATTRIBUTES:
        raise MalformedError("node.extended_attributes", f"more than {MAX_ATTRIBUTES}")
    where = "node.extended_attributes.value"
    return tuple(
        ExtendedAttribute(one.name, parse_b64(one.value, where) if one.value else b"")
        for one in wire
    )


def _read_generic(raw: msgspec.Raw) -> bytes:
    """The object as it was spelt, but for blanks and line breaks.

    Raises:
        MalformedError: no object.
    """
    found = bytes(raw)
    if found in {b"", b"null"}:
        return b""
    if found[:1] != b"{":
        raise MalformedError("node.generic_attributes", "not an object")
    return msgspec.json.format(found, indent=-1)


def _read_content(content: list[str] | None) -> tuple[bytes, ...] | None:
    if content is None:
        return None
    return tuple([parse_id(one, "node.content") for one in content])


def parse_id(text: str, where: str) -> bytes:
    """The 32 bytes of an identifier, from 64 hex digits. Hostile input.

    Raises:
        MalformedError: another length or other characters.
    """
    try:
        found = bytes.fromhex(text)  # passes over blanks between digits: the length tells
    except ValueError:
        raise MalformedError(where, "not 64 hex digits") from None
    if len(found) != ID_BYTES or len(text) != 2 * ID_BYTES:
        raise MalformedError(where, "not 64 hex digits")
    return found
