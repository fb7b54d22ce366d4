"""Which snapshots are there, what is in one, where is this file, what changed between two?

Paths are raw bytes, absolute in the snapshot. A list that is missing or damaged is told and passed
over: the rest is listed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from kept.backup.model.nodes import Node, NodeType
from kept.backup.pipeline.loading import DAMAGE, NamedSnapshot, TreeReader
from kept.backup.pipeline.restore_choice import node_at
from kept.backup.repo.snapshots import Snapshot
from kept.base.errors import ConflictError, MalformedError, NotFoundError

LATEST = "latest"
_PREFIX = re.compile(r"[0-9a-f]{4,64}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of a snapshot with its path; `node` is None where a folder's list is lost."""

    path: bytes
    node: Node | None


def resolve(snapshots: Sequence[NamedSnapshot], wanted: str) -> NamedSnapshot:
    """The snapshot that is meant.

    Args:
        snapshots: newest first.
        wanted: `latest`; 4 or more hex digits its name begins with; or a day or moment, ISO 8601:
            the newest made by the end of that day or by that moment. Without an offset, in the
            snapshot's own.

    Raises:
        NotFoundError: none is meant.
        ConflictError: several names begin so.
        MalformedError: none of these forms.
    """
    if wanted == LATEST:
        found = list(snapshots[:1])
    elif _DATE.fullmatch(wanted):
        found = _by_time(snapshots, wanted)
    elif _PREFIX.fullmatch(wanted):
        found = [one for one in snapshots if one.name.startswith(wanted)]
        if len(found) > 1:
            raise ConflictError(f"{len(found)} snapshots begin with {wanted}. Give more digits.")
    else:
        raise MalformedError("snapshot", "must be `latest`, the start of a name, or a date")
    if not found:
        raise NotFoundError(f"No snapshot is meant by {wanted}.")
    return found[0]


def _by_time(snapshots: Sequence[NamedSnapshot], wanted: str) -> list[NamedSnapshot]:
    try:
        until = datetime.fromisoformat(wanted)
    except ValueError:
        raise MalformedError("snapshot", "no such day or time") from None
    is_day = len(wanted) == len("2026-11-21")
    for one in snapshots:
        own = datetime.fromisoformat(_whole_seconds(one.snapshot.time.text()))
        limit = until if until.tzinfo else until.replace(tzinfo=own.tzinfo)
        if own.date() <= limit.date() if is_day else own <= limit:
            return [one]
    return []


def _whole_seconds(text: str) -> str:
    return re.sub(r"\.\d+", "", text)


def entries(
    reader: TreeReader, snapshot: Snapshot, path: bytes = b"/", *, deep: bool = False
) -> Iterator[Listed]:
    """What is in a folder, by name; of anything else, itself. With `deep` all below it too.

    Raises:
        NotFoundError: the path is not in the snapshot.
        MalformedError: the path is none.
        TamperedError: a list on the way to it is damaged.
        UnavailableError: the place cannot be reached or read.
    """
    node = node_at(reader, snapshot, path)
    clean = b"/" + b"/".join(filter(None, path.split(b"/")))
    if node is not None and node.type is not NodeType.DIR:
        yield Listed(clean, node)
        return
    tree = snapshot.tree if node is None else node.subtree
    yield from _below(reader, clean.rstrip(b"/") + b"/", tree, deep=deep)


def _below(reader: TreeReader, path: bytes, tree: bytes | None, *, deep: bool) -> Iterator[Listed]:
    """Each folder is followed by what is in it; a stack, as trees may be very deep."""
    stack: list[Iterator[Listed]] = [_list(reader, path, tree)]
    while stack:
        listed = next(stack[-1], None)
        if listed is None:
            stack.pop()
            continue
        yield listed
        if deep and listed.node is not None and listed.node.type is NodeType.DIR:
            stack.append(_list(reader, listed.path + b"/", listed.node.subtree))


def _list(reader: TreeReader, path: bytes, tree: bytes | None) -> Iterator[Listed]:
    try:
        nodes = () if tree is None else reader.read(tree)
    except DAMAGE:
        nodes, tree = (), None
    if tree is None:
        yield Listed(path, None)
    for node in nodes:
        yield Listed(path + node.name, node)


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was looked for, and the snapshot it is in."""

    snapshot: NamedSnapshot
    path: bytes
    node: Node


def find(reader: TreeReader, snapshots: Iterable[NamedSnapshot], pattern: str) -> Iterator[Hit]:
    """Every entry whose name fits, or whose path does where the pattern holds a slash.

    Args:
        reader: of the repository.
        snapshots: where to look, in this order.
        pattern: `*`, `?` and `[…]` as a shell knows them, `*` over slashes too; big and small
            letters differ.

    Raises:
        MalformedError: the pattern is empty.
        UnavailableError: the place cannot be reached or read.
    """
    if not pattern:
        raise MalformedError("pattern", "is empty")
    raw, by_path = pattern.encode("utf-8", "surrogateescape"), "/" in pattern
    for snapshot in snapshots:
        for listed in entries(reader, snapshot.snapshot, deep=True):
            if listed.node is not None and fnmatchcase(
                listed.path if by_path else listed.node.name, raw
            ):
                yield Hit(snapshot, listed.path, listed.node)


class Change(StrEnum):
    """How an entry differs; the value is the sign in a list."""

    ADDED = "+"
    REMOVED = "-"
    CONTENT = "M"
    TYPE = "T"
    FACTS = "U"  # owner, mode, times, attributes
    UNREAD = "?"  # a list is lost on one side: nobody can tell


@dataclass(frozen=True, slots=True)
class Differs:
    """An entry that is not the same in both; `size` in bytes, of files, 0 where it is not there."""

    path: bytes
    change: Change
    size_before: int = 0
    size_after: int = 0


def diff(reader: TreeReader, before: Snapshot, after: Snapshot) -> Iterator[Differs]:
    """What changed, by path. Folders that are the same on both sides are not even read.

    Times of folders alone are no change: they change with what is in them.

    Raises:
        UnavailableError: the place cannot be reached or read.
    """
    stack: list[tuple[bytes, bytes | None, bytes | None]] = [(b"/", before.tree, after.tree)]
    while stack:
        path, old_tree, new_tree = stack.pop()
        if old_tree == new_tree:
            continue
        try:
            old = {} if old_tree is None else {one.name: one for one in reader.read(old_tree)}
            new = {} if new_tree is None else {one.name: one for one in reader.read(new_tree)}
        except DAMAGE:
            yield Differs(path, Change.UNREAD)
            continue
        deeper: list[tuple[bytes, bytes | None, bytes | None]] = []
        for name in sorted(old.keys() | new.keys()):
            one, other = old.get(name), new.get(name)
            if (change := _change(one, other)) is not None:
                yield Differs(
                    path + name,
                    change,
                    0 if one is None else one.size,
                    0 if other is None else other.size,
                )
            trees = [None if side is None else side.subtree for side in (one, other)]
            if any(trees):
                deeper.append((path + name + b"/", trees[0], trees[1]))
        stack.extend(reversed(deeper))


def _change(one: Node | None, other: Node | None) -> Change | None:
    if one is None:
        return Change.ADDED
    if other is None:
        return Change.REMOVED
    if one.type is not other.type:
        return Change.TYPE
    if one.content != other.content or one.linktarget != other.linktarget:
        return Change.CONTENT
    return None if _facts(one) == _facts(other) else Change.FACTS


def _facts(node: Node) -> tuple[object, ...]:
    times = () if node.type is NodeType.DIR else (node.mtime_ns,)
    return (node.mode, node.uid, node.gid, node.extended_attributes, node.device, *times)
