"""What did the snapshot before this one hold at a path?

Only what tells whether a file changed is read, so that a run over unchanged files is quick. A tree
that cannot be read counts as nothing: its files are read again. A directory's entries are kept
until it is left. Of a snapshot of ours an unchanged file's node is taken over as it is spelt, when
every fact the walk found is the same; its attributes are then the same too, for whoever changes
them changes ctime.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from kept.backup.model.nodes import Node, NodeType, clamp_ns
from kept.backup.pipeline.loading import DAMAGE, NamedSnapshot, TreeReader
from kept.backup.pipeline.run_plan import TAG
from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.index import BlobIndex
from kept.backup.repo.names import unquote
from kept.backup.repo.times import parse_time, time_text
from kept.backup.repo.trees import parse_id
from kept.backup.sources.stat_nodes import file_facts
from kept.backup.sources.walk import KnowsFile
from kept.base.errors import MalformedError


class OldEntry(msgspec.Struct, frozen=True, gc=False):
    """What a tree tells of one entry, unchecked; Go reads a missing member as its zero value."""

    name: str
    type: str
    mode: int = 0
    mtime: str = ""
    atime: str = ""
    ctime: str = ""
    uid: int = 0
    gid: int = 0
    user: str = ""
    group: str = ""
    inode: int = 0
    device_id: int = 0
    size: int = 0
    links: int = 0
    error: str = ""
    content: list[str] | None = None
    subtree: str | None = None


class _OldTree(msgspec.Struct, gc=False):
    nodes: list[OldEntry] | None


class _OldTexts(msgspec.Struct, gc=False):
    nodes: list[msgspec.Raw] | None


_Folder: TypeAlias = dict[bytes, tuple[OldEntry, msgspec.Raw]]
_read = msgspec.json.Decoder(_OldTree).decode
_read_texts = msgspec.json.Decoder(_OldTexts).decode
_NOTHING: _Folder = {}
_FILE = NodeType.FILE.value


@dataclass(frozen=True, slots=True)
class Parent:
    """The snapshot that a run is compared with."""

    name: str  # 64 hex digits
    tree: bytes
    is_ours: bool  # its nodes are spelt as we spell them


def choose_parent(
    snapshots: Iterable[NamedSnapshot], *, hostname: str, paths: tuple[str, ...], until_ns: int
) -> Parent | None:
    """The newest snapshot of the same host and paths that is not of the future.

    Args:
        snapshots: newest first.
        hostname: of this run.
        paths: of this run, sorted.
        until_ns: now, since 1970 UTC.
    """
    for one in snapshots:
        found = one.snapshot
        is_like = found.hostname == hostname and sorted(found.paths) == list(paths)
        if is_like and found.time.ns <= until_ns:
            return Parent(one.name, found.tree, TAG in found.tags)
    return None


class OldTrees:
    """The trees of the parent snapshot, read as they are asked for; for one thread."""

    def __init__(self, reader: TreeReader, index: BlobIndex, parent: Parent | None) -> None:
        """Begin at the root.

        Args:
            reader: of trees.
            index: of the repository.
            parent: whose trees; None: nothing is known of any path.
        """
        self._reader = reader
        self._index = index
        self._is_ours = parent is not None and parent.is_ours
        self._folders = {b"/": _NOTHING if parent is None else self._load(parent.tree)}
        self._is_empty = parent is None

    def entry(self, path: bytes) -> OldEntry | None:
        """What was at this path."""
        if self._is_empty:
            return None
        above, _, name = path.rpartition(b"/")
        found = self._folder(above or b"/").get(name)
        return None if found is None else found[0]

    def subtree(self, path: bytes) -> bytes | None:
        """The tree of the directory at this path."""
        found = self.entry(path)
        if found is None or found.type != NodeType.DIR or found.subtree is None:
            return None
        try:
            return parse_id(found.subtree, "node.subtree")
        except MalformedError:
            return None

    def leave(self, path: bytes) -> None:
        """Forget a directory's entries."""
        self._folders.pop(path, None)

    def knows(self, path: bytes) -> KnowsFile | None:
        """What tells of a file of this directory how it was spelt, if that is right and stored."""
        if not self._is_ours or not (folder := self._folder(path)):
            return None

        def text(name: bytes, found: os.stat_result) -> bytes | None:
            known = folder.get(name)
            if known is None:
                return None
            old, raw = known
            return bytes(raw) if _is_as_found(old, found) and self._is_stored(old) else None

        return text

    def unchanged(self, path: bytes, node: Node) -> tuple[bytes, ...] | None:
        """The blobs of a file that did not change and is stored whole; None: read it."""
        old = self.entry(path)
        if (
            old is None
            or old.inode != node.inode
            or old.size != node.size
            or old.type != NodeType.FILE
            or not _is_at(old.ctime, node.ctime_ns)
            or not _is_at(old.mtime, node.mtime_ns)
        ):
            return None
        return self._stored(old)

    def _stored(self, old: OldEntry) -> tuple[bytes, ...] | None:
        """The blobs of a file of some size, if the index has all of them."""
        has, blobs = self._index.has, list[bytes]()
        try:
            for text in old.content or ():
                blob = parse_id(text, "node.content")
                if not has(BlobKind.DATA, blob):
                    return None
                blobs.append(blob)
        except MalformedError:
            return None
        return tuple(blobs) if bool(blobs) == bool(old.size) else None

    def _is_stored(self, old: OldEntry) -> bool:
        """Whether the index has all blobs of a file of some size."""
        content = old.content or ()
        if len(content) != 1:
            return self._stored(old) is not None
        try:
            return old.size > 0 and self._index.has(
                BlobKind.DATA, parse_id(content[0], "node.content")
            )
        except MalformedError:
            return False

    def _folder(self, path: bytes) -> _Folder:
        known = self._folders.get(path)
        if known is None:
            tree = self.subtree(path)
            known = self._folders[path] = _NOTHING if tree is None else self._load(tree)
        return known

    def _load(self, tree: bytes) -> _Folder:
        try:
            plain = self._reader.plain(tree)
            entries, texts = _read(plain).nodes or (), _read_texts(plain).nodes or ()
            names = [unquote(one.name, "node.name") for one in entries]
            return dict(zip(names, zip(entries, texts, strict=True), strict=True))
        except (*DAMAGE, ValueError, RecursionError, msgspec.MsgspecError):
            return _NOTHING


def _is_as_found(old: OldEntry, found: os.stat_result) -> bool:
    """Whether a file's node, written now, would be the same but for its content."""
    ctime_ns, mtime_ns = clamp_ns(found.st_ctime_ns), clamp_ns(found.st_mtime_ns)
    mtime = time_text(mtime_ns)
    return (
        old.inode == found.st_ino
        and old.size == found.st_size
        and old.mtime == mtime
        and old.atime == mtime
        and old.ctime == (mtime if ctime_ns == mtime_ns else time_text(ctime_ns))
        and old.type == _FILE
        and old.device_id == found.st_dev
        and old.links == found.st_nlink
        and old.uid == found.st_uid
        and old.gid == found.st_gid
        and not old.error
        and (old.mode, old.user, old.group) == file_facts(found.st_mode, found.st_uid, found.st_gid)
    )


def _is_at(text: str, ns: int) -> bool:
    if text == time_text(ns):
        return True
    try:
        return parse_time(text, "node.time") == ns  # restic writes the local time
    except MalformedError:
        return False
