"""What lay at a place, in 32 bytes, so that a part or snapshot taken away shows?

A line for each file but locks, which come and go: `<kind>/<name> <size>` and a line feed, sorted;
the config, which has no name, is `config <size>`. Each line is a leaf; the root is theirs.
Anybody can make the list from a directory with `find` and `sort`.
Source: RFC 6962 §2.1; `docs/formats/backup.md`, "Inventory".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from kept.base.errors import MalformedError
from kept.ledger.merkle import Frontier, leaf_hashes

CONFIG = "config"
KINDS = (CONFIG, "data", "index", "keys", "snapshots")
LOCKS = "locks"
MOST_SIZE = 1 << 63
_NAME = re.compile(r"[0-9a-f]{64}")
_LINE = re.compile(
    rb"(?:(?P<config>config)|(?P<kind>data|index|keys|snapshots)/(?P<name>[0-9a-f]{64}))"
    rb" (?P<size>0|[1-9][0-9]{0,18})"
)


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """A file at a place: the kind is its folder, the name "" (config) or 64 hex digits, bytes."""

    kind: str
    name: str
    size: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise MalformedError("inventory", "an unknown kind of file")
        if not (self.name == "" if self.kind == CONFIG else _NAME.fullmatch(self.name)):
            raise MalformedError("inventory", "a name of another form")
        if not 0 <= self.size < MOST_SIZE:
            raise MalformedError("inventory", "a size out of range")

    @property
    def key(self) -> tuple[str, str]:
        """What no two files share."""
        return self.kind, self.name

    @property
    def path(self) -> str:
        """Where it lies."""
        return f"{self.kind}/{self.name}" if self.name else self.kind

    def encode(self) -> bytes:
        """Its line, which is its leaf."""
        return f"{self.path} {self.size}\n".encode()


def inventory(files: Iterable[tuple[str, str, int]]) -> tuple[Item, ...]:
    """The (kind, name, size) of a place, in any order, without its locks, sorted.

    Raises:
        MalformedError: an unknown kind, a name of another form, or the same file twice.
    """
    items = sorted(Item(*file) for file in files if file[0] != LOCKS)
    if len({item.key for item in items}) != len(items):
        raise MalformedError("inventory", "a file stands in it twice")
    return tuple(items)


def inventory_root(items: tuple[Item, ...]) -> bytes:
    """The root (32 bytes) over the lines of a sorted inventory; of none, RFC 6962's empty root."""
    return Frontier().extend(leaf_hashes(item.encode() for item in items)).root


def encode(items: tuple[Item, ...]) -> bytes:
    """The list itself, to be kept beside its root."""
    return b"".join(item.encode() for item in items)


def decode(raw: bytes) -> tuple[Item, ...]:
    """Read a list. Hostile.

    Raises:
        MalformedError: a line of another form, not sorted, or the same file twice.
    """
    lines = raw.split(b"\n")
    if lines.pop():
        raise MalformedError("inventory", "the last line has no end")
    items = tuple(_item(line) for line in lines)
    if any(one.key >= other.key for one, other in pairwise(items)):
        raise MalformedError("inventory", "not sorted")
    return items


def _item(line: bytes) -> Item:
    found = _LINE.fullmatch(line)
    if not found:
        raise MalformedError("inventory", "a line of another form")
    if found["config"]:
        return Item(CONFIG, "", int(found["size"]))
    return Item(found["kind"].decode(), found["name"].decode(), int(found["size"]))


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from an earlier inventory; `resized` as it is now."""

    gone: tuple[Item, ...]
    added: tuple[Item, ...]
    resized: tuple[Item, ...]


def compare(before: tuple[Item, ...], now: tuple[Item, ...]) -> Changes:
    """What went, came, or has another size."""
    old, new = {item.key: item for item in before}, {item.key: item for item in now}
    return Changes(
        gone=tuple(item for item in before if item.key not in new),
        added=tuple(item for item in now if item.key not in old),
        resized=tuple(item for item in now if item.key in old and old[item.key] != item),
    )
