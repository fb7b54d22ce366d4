"""What does the file system say of one entry, in a tree's words?

1. Nothing is followed: of a symbolic link its own facts and its target are taken.
2. `atime` is told as `mtime`, so that reading a file does not change its directory's tree.
3. `size` of files alone; `links` of all but directories and fifos; `device_id` of every entry.
4. A socket is nothing that can be put back: no node.
5. An attribute whose name is not UTF-8 cannot be told in a tree; such a node names it in `error`.

What the system refuses raises OSError, for the caller knows the entry's path and reports it.
Source: restic design document, "Trees and Data"; inode(7), xattr(7).
"""

import errno
import grp
import os
import pwd
import stat
from functools import lru_cache
from typing import NamedTuple

from kept.backup.model.nodes import ExtendedAttribute, Node, NodeType, clamp_ns, go_mode

_NO_ATTRIBUTES = {errno.ENOTSUP, errno.EOPNOTSUPP}  # a file system that keeps none
_TYPES = {
    stat.S_IFREG: NodeType.FILE,
    stat.S_IFDIR: NodeType.DIR,
    stat.S_IFLNK: NodeType.SYMLINK,
    stat.S_IFBLK: NodeType.DEV,
    stat.S_IFCHR: NodeType.CHARDEV,
    stat.S_IFIFO: NodeType.FIFO,
}
_WITHOUT_LINKS = {NodeType.DIR, NodeType.FIFO}
_DEVICES = {NodeType.DEV, NodeType.CHARDEV}


def type_of(found: os.stat_result) -> NodeType | None:
    """What an entry is, or None for a socket and what else no tree can hold."""
    return _TYPES.get(stat.S_IFMT(found.st_mode))


def read_node(name: bytes, found: os.stat_result, at: bytes | int) -> Node | None:
    """The node of an entry, without the blobs of its content.

    Args:
        name: in its directory, as the file system spells it.
        found: of lstat or fstat.
        at: the path, or an open file; attributes and target are read from there.

    Returns:
        A file's `content` is empty and to be filled in by whoever reads it, a directory's
        `subtree` is None; None where no tree can hold the entry (`type_of`).

    Raises:
        OSError: the entry is gone, or its attributes or target may not be read.
    """
    kind = type_of(found)
    if kind is None:
        return None
    attributes, error = read_attributes(at)
    mtime_ns = clamp_ns(found.st_mtime_ns)
    return Node(
        name=name,
        type=kind,
        mode=go_mode(kind, stat.S_IMODE(found.st_mode)),
        mtime_ns=mtime_ns,
        atime_ns=mtime_ns,
        ctime_ns=clamp_ns(found.st_ctime_ns),
        uid=found.st_uid,
        gid=found.st_gid,
        user=_user(found.st_uid),
        group=_group(found.st_gid),
        inode=found.st_ino,
        device_id=found.st_dev,
        size=found.st_size if kind is NodeType.FILE else 0,
        links=0 if kind in _WITHOUT_LINKS else found.st_nlink,
        linktarget=_target(at) if kind is NodeType.SYMLINK else b"",
        extended_attributes=attributes,
        device=found.st_rdev if kind in _DEVICES else 0,
        content=() if kind is NodeType.FILE else None,
        error=error,
    )


class FileFacts(NamedTuple):
    """What a node says of a file's kind and owner."""

    mode: int  # Go's os.FileMode
    user: str
    group: str


@lru_cache(maxsize=4096)
def file_facts(mode: int, uid: int, gid: int) -> FileFacts:
    """From `st_mode`, `st_uid` and `st_gid` of a file, as `read_node` tells them."""
    return FileFacts(go_mode(NodeType.FILE, stat.S_IMODE(mode)), _user(uid), _group(gid))


def plain_directory(name: bytes) -> Node:
    """A directory that exists in the snapshot only: always the same node, so its tree dedups."""
    return Node(
        name=name,
        type=NodeType.DIR,
        mode=go_mode(NodeType.DIR, 0o755),
        mtime_ns=0,
        atime_ns=0,
        ctime_ns=0,
    )


def read_attributes(at: bytes | int) -> tuple[tuple[ExtendedAttribute, ...], str]:
    """The extended attributes in the system's order, and what could not be told of them, or "".

    Raises:
        OSError: they may not be read.
    """
    follow = isinstance(at, int)  # an open file is itself; a path's last part is not followed
    try:
        names = os.listxattr(at, follow_symlinks=follow)
    except OSError as refused:
        if refused.errno in _NO_ATTRIBUTES:
            return (), ""
        raise
    found: list[ExtendedAttribute] = []
    untold = 0
    for name in names:
        if not _is_text(name):
            untold += 1
            continue
        try:
            found.append(ExtendedAttribute(name, os.getxattr(at, name, follow_symlinks=follow)))
        except OSError as refused:
            if refused.errno != errno.ENODATA:  # taken away since the list
                raise
    error = f"{untold} extended attributes have names that are not UTF-8" if untold else ""
    return tuple(found), error


def _is_text(name: str) -> bool:
    return not any("\udc80" <= char <= "\udcff" for char in name)


def _target(at: bytes | int) -> bytes:
    """Of a link's path; a link that is open (O_PATH) is read by its empty name."""
    if isinstance(at, int):
        return os.readlink(b"", dir_fd=at)
    return os.readlink(at)  # noqa: PTH115 - Path takes no bytes


@lru_cache(maxsize=1024)
def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


@lru_cache(maxsize=1024)
def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""
