"""What is there to copy, in which order, and what is not?

1. Every entry below a root is told: as found, left, skipped or unread. Nothing is silently absent;
   a directory that cannot be listed is unread, never empty. Of a cache both is told: that it was
   skipped, and that its directory is left with nothing but the tag in it.
2. Within a directory by raw name, then the files that the listener knows, then directories, each
   told when all it holds was told (`Left`), so whoever listens can close its tree.
3. Symbolic links are told and never followed, so no loop can catch us. A directory that became a
   link meanwhile is unread.
4. Of a file that the listener knows by its facts nothing else is read, nor told but its node, many
   files at a time.
5. The parents of the roots follow with nothing but the roots in them, `/` last.

Source: restic design document, "Trees and Data" ("the tree begins at `/`").
"""

import errno
import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from kept.backup.model.nodes import Node, NodeType, name_problem
from kept.backup.sources.excludes import CACHE_SIGNATURE, CACHE_TAG, Excludes
from kept.backup.sources.opening import open_to_read
from kept.backup.sources.stat_nodes import plain_directory, read_node, type_of
from kept.base.errors import MalformedError


class SkipReason(StrEnum):
    """Why an entry is left out on purpose."""

    PATTERN = "pattern"
    CACHE = "cache"
    SIZE = "size"
    SOCKET = "socket"  # and whatever else no tree can hold


@dataclass(frozen=True, slots=True)
class Root:
    """One thing to copy."""

    at: bytes  # absolute path in the snapshot, without `.`, `..` or doubled slashes
    source: bytes  # absolute path where it is read; the same for an owner's folder


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that is no directory. A file's content is yet to be read from `source`."""

    path: bytes  # in the snapshot
    source: bytes
    node: Node


class Known(NamedTuple):
    """Files of one directory that the listener knew: they are as they were."""

    path: bytes  # of the directory, in the snapshot
    texts: list[tuple[bytes, bytes]]  # raw name, and its node as a tree spells it
    size: int  # bytes of all of them


@dataclass(frozen=True, slots=True)
class Left:
    """A directory all of whose entries were told; `node` lacks its subtree, and is None for `/`."""

    path: bytes  # in the snapshot
    node: Node | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry left out by a rule, with all below it."""

    path: bytes
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Unread:
    """An entry that should have been copied and was not, with all below it."""

    path: bytes
    code: int  # errno
    is_root: bool = False  # what the owner named is missing altogether

    @property
    def why(self) -> str:
        """The system's words."""
        return os.strerror(self.code)


Event = Found | Known | Left | Skipped | Unread

# Given a file's name and its facts: its node as a tree spells it, or None.
KnowsFile: TypeAlias = Callable[[bytes, os.stat_result], bytes | None]
# Given a directory's path in the snapshot: what is known of the files in it; None: nothing.
Knows: TypeAlias = Callable[[bytes], KnowsFile | None]
MOST_KNOWN = 1024  # files told at once


def nothing_known(_path: bytes) -> None:
    """A `Knows` of a listener who knows no file."""


def plain_root(path: bytes) -> Root:
    """A folder or file of the owner, at its own absolute path.

    Raises:
        MalformedError: not absolute.
    """
    if not path.startswith(b"/"):
        raise MalformedError("root", "not an absolute path")
    clean = b"/" + os.path.normpath(path).lstrip(b"/")
    return Root(clean, clean)


def walk(
    roots: Iterable[Root], excludes: Excludes, knows: Knows = nothing_known
) -> Iterator[Event]:
    """Tell everything below the roots, lazily.

    A root inside another one is told with it; of two at one path with different sources neither
    is right.

    Args:
        roots: what to copy.
        excludes: what to leave out of it.
        knows: asked of every directory once all before it was told; what it gives, of its files.

    Raises:
        MalformedError: no root, a path that is not absolute and clean, or roots that contradict.
    """
    plan = _Branch()
    for root in _outermost(roots):
        plan.add(root)
    return _told(plan, b"/", _Rules(excludes, knows))


def _outermost(roots: Iterable[Root]) -> list[Root]:
    """The roots by path, without those that lie in another one.

    Raises:
        MalformedError: as `walk`.
    """
    kept: list[Root] = []
    for root in sorted(set(roots), key=lambda root: _parts(root.at)):
        above = next(
            (one for one in kept if _parts(root.at)[: _depth(one)] == _parts(one.at)), None
        )
        if above is None:
            kept.append(root)
        elif root.source != _join(above.source, *_parts(root.at)[_depth(above) :]):
            raise MalformedError("roots", "one lies within another but is read from elsewhere")
    if not kept:
        raise MalformedError("roots", "there is none")
    return kept


def _parts(path: bytes) -> tuple[bytes, ...]:
    """The names in an absolute path; none for `/`.

    Raises:
        MalformedError: not absolute, or not clean.
    """
    if not path.startswith(b"/"):
        raise MalformedError("root", "not an absolute path")
    parts = tuple(path[1:].split(b"/")) if path != b"/" else ()
    if any(name_problem(part) is not None for part in parts):
        raise MalformedError("root", "not a clean path")
    return parts


def _depth(root: Root) -> int:
    return len(_parts(root.at))


def _join(path: bytes, *names: bytes) -> bytes:
    return b"/".join([path.rstrip(b"/"), *names]) or b"/"


class _Rules(NamedTuple):
    """What is told of an entry, if it is."""

    excludes: Excludes
    knows: Knows

    def is_wanted_file(self, found: os.stat_result) -> bool:
        """Whether it is a file, and none that is too large."""
        most = self.excludes.max_size
        return stat.S_ISREG(found.st_mode) and (most is None or found.st_size <= most)


class _Branch:
    """A parent of roots: what is named below it."""

    def __init__(self) -> None:
        self.below: dict[bytes, _Branch] = {}
        self.root: Root | None = None
        self.is_real = True  # whether every root below is read at its own path

    def add(self, root: Root) -> None:
        """Hang a root in at its place; none of two lies in the other."""
        branch = self
        branch.is_real &= root.at == root.source
        for name in _parts(root.at):
            branch = branch.below.setdefault(name, _Branch())
            branch.is_real &= root.at == root.source
        branch.root = root


def _told(branch: _Branch, path: bytes, rules: _Rules) -> Iterator[Event]:
    """Calls itself once for each part of a root's path, which people write by hand."""
    name = path.rpartition(b"/")[2]
    if branch.root is not None:
        yield from _root(branch.root, name, rules)
        return
    for below in sorted(branch.below):
        yield from _told(branch.below[below], _join(path, below), rules)
    if path == b"/":
        yield Left(path, None)
        return
    yield Left(path, (_parent(name, path) if branch.is_real else None) or plain_directory(name))


def _parent(name: bytes, path: bytes) -> Node | None:
    """A parent as it stands, through links too: the snapshot has a directory there."""
    try:
        found = os.stat(path)  # noqa: PTH116 - Path takes no bytes
        return read_node(name, found, os.path.realpath(path)) if _is_directory(found) else None
    except OSError:
        return None


def _is_directory(found: os.stat_result) -> bool:
    return stat.S_ISDIR(found.st_mode)


def _root(root: Root, name: bytes, rules: _Rules) -> Iterator[Event]:
    try:
        found = os.lstat(root.source)
    except OSError as refused:
        yield Unread(root.at, refused.errno or errno.EIO, is_root=True)
        if root.at == b"/":
            yield Left(root.at, None)
        return
    if _is_directory(found):
        yield from _below(_Open(root.at, root.source, name), rules)
    else:
        yield _alone(root, name, found, rules)


def _alone(root: Root, name: bytes, found: os.stat_result, rules: _Rules) -> Event:
    """A root that is no directory."""
    above = root.at.rpartition(b"/")[0] or b"/"
    knows = rules.knows(above)
    if knows is not None and rules.is_wanted_file(found):
        text = knows(name, found)
        if text is not None:
            return Known(above, [(name, text)], found.st_size)
    return _entry(root.at, root.source, found, rules)


@dataclass(slots=True)
class _Open:
    """A directory that was entered."""

    path: bytes
    source: bytes
    name: bytes
    node: Node | None = None
    waiting: list[bytes] | None = None  # directories in it yet to be entered, the last one first


def _below(top: _Open, rules: _Rules) -> Iterator[Event]:
    """A directory and all below it; a stack, for a tree may be deeper than Python's."""
    stack = [top]
    while stack:
        here = stack[-1]
        if here.waiting is None:
            told = yield from _listed(here, rules)
            if not told:
                stack.pop()
                if here.path == b"/":
                    yield Left(here.path, None)
            continue
        if not here.waiting:
            stack.pop()
            yield Left(here.path, None if here.path == b"/" else here.node)
            continue
        name = here.waiting.pop()
        stack.append(_Open(_join(here.path, name), _join(here.source, name), name))


def _listed(here: _Open, rules: _Rules) -> Generator[Event, None, bool]:
    """Tell what is no directory and note what is; False where the directory was not listed."""
    try:
        opened = open_to_read(here.source, directory=True)
    except OSError as refused:
        yield Unread(here.path, refused.errno or errno.EIO)
        return False
    try:
        try:
            here.node = read_node(here.name, os.fstat(opened), opened)
            names = sorted(map(os.fsencode, os.listdir(opened)))  # noqa: PTH208 - by descriptor
        except OSError as refused:
            yield Unread(here.path, refused.errno or errno.EIO)
            return False
        if rules.excludes.caches and CACHE_TAG in names and _is_cache(opened):
            yield Skipped(here.path, SkipReason.CACHE)
            names = [CACHE_TAG]
        here.waiting = yield from _entries(here, names, opened, rules)
    finally:
        os.close(opened)
    return True


def _entries(
    here: _Open, names: list[bytes], opened: int, rules: _Rules
) -> Generator[Event, None, list[bytes]]:
    """Tell what is no directory; the directories' names, the last one first."""
    below: list[bytes] = []
    texts: list[tuple[bytes, bytes]] = []
    size = 0
    knows = rules.knows(here.path)
    hides = rules.excludes.hides if rules.excludes.has_patterns else None
    for name in names:
        if hides is not None and hides(path := _join(here.path, name)):
            yield Skipped(path, SkipReason.PATTERN)
            continue
        try:
            found = os.stat(name, dir_fd=opened, follow_symlinks=False)
        except OSError as refused:
            yield Unread(_join(here.path, name), refused.errno or errno.EIO)
            continue
        if _is_directory(found):
            below.append(name)
        elif knows is None or not rules.is_wanted_file(found) or not (text := knows(name, found)):
            yield _entry(_join(here.path, name), _join(here.source, name), found, rules)
        else:
            texts.append((name, text))
            size += found.st_size
            if len(texts) >= MOST_KNOWN:
                yield Known(here.path, texts, size)
                texts, size = [], 0
    if texts:
        yield Known(here.path, texts, size)
    below.reverse()
    return below


def _entry(path: bytes, source: bytes, found: os.stat_result, rules: _Rules) -> Event:
    kind = type_of(found)
    if kind is None:
        return Skipped(path, SkipReason.SOCKET)
    if kind is NodeType.FILE and not rules.is_wanted_file(found):
        return Skipped(path, SkipReason.SIZE)
    try:
        node = read_node(path.rpartition(b"/")[2], found, source)
    except OSError as refused:
        return Unread(path, refused.errno or errno.EIO)
    return Skipped(path, SkipReason.SOCKET) if node is None else Found(path, source, node)


def _is_cache(opened: int) -> bool:
    """Whether the directory's tag is a true one: any file may bear the name."""
    try:
        tag = os.open(CACHE_TAG, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=opened)
    except OSError:
        return False
    try:
        return os.read(tag, len(CACHE_SIGNATURE)) == CACHE_SIGNATURE
    except OSError:
        return False
    finally:
        os.close(tag)
