"""What does a backup know about one entry of a directory?

A `Node` is what a tree lists: the name as the file system spells it (raw bytes), times in whole
nanoseconds, the mode as Go's `os.FileMode`, which is what the format stores.
Source: restic design document, "Trees and Data"; Go's `io/fs`, the bits of `FileMode`.
"""

from dataclasses import dataclass
from enum import StrEnum

ID_BYTES = 32  # SHA-256 of a blob's plain bytes
MAX_NAME_BYTES = 4096  # file systems stop at 255; what came over a network may be longer
MAX_TARGET_BYTES = 65_536  # Linux stops at 4095
MIN_NS = -62_167_219_200 * 10**9  # 0000-01-01T00:00:00Z, the first moment a tree can hold
MAX_NS = 253_402_300_800 * 10**9 - 1  # the last nanosecond of year 9999, its last one

GO_DIR = 1 << 31
GO_SYMLINK = 1 << 27
GO_DEVICE = 1 << 26
GO_FIFO = 1 << 25
GO_SOCKET = 1 << 24
GO_SETUID = 1 << 23
GO_SETGID = 1 << 22
GO_CHAR_DEVICE = 1 << 21
GO_STICKY = 1 << 20
GO_IRREGULAR = 1 << 19


class NodeType(StrEnum):
    """What an entry is; the value is the word in the tree."""

    FILE = "file"
    DIR = "dir"
    SYMLINK = "symlink"
    DEV = "dev"
    CHARDEV = "chardev"
    FIFO = "fifo"
    SOCKET = "socket"
    IRREGULAR = "irregular"


_TYPE_BITS = {
    NodeType.FILE: 0,
    NodeType.DIR: GO_DIR,
    NodeType.SYMLINK: GO_SYMLINK,
    NodeType.DEV: GO_DEVICE,
    NodeType.CHARDEV: GO_DEVICE | GO_CHAR_DEVICE,
    NodeType.FIFO: GO_FIFO,
    NodeType.SOCKET: GO_SOCKET,
    NodeType.IRREGULAR: GO_IRREGULAR,
}
_SPECIAL_BITS = ((0o4000, GO_SETUID), (0o2000, GO_SETGID), (0o1000, GO_STICKY))


def go_mode(kind: NodeType, permissions: int) -> int:
    """Go's mode of an entry; only the twelve lowest bits of `permissions` count."""
    mode = _TYPE_BITS[kind] | permissions & 0o777
    for posix, go in _SPECIAL_BITS:
        if permissions & posix:
            mode |= go
    return mode


def posix_permissions(mode: int) -> int:
    """What chmod takes, 0 to 0o7777, from Go's mode."""
    permissions = mode & 0o777
    for posix, go in _SPECIAL_BITS:
        if mode & go:
            permissions |= posix
    return permissions


@dataclass(frozen=True, slots=True)
class ExtendedAttribute:
    """One attribute, with its namespace in the name (`user.comment`)."""

    name: str
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One entry of a tree.

    `name` never is empty, `.` or `..`, and holds neither `/` nor NUL (`name_problem`); a decoded
    tree is checked for that. The identifiers in `content` and `subtree` are 32 raw bytes.
    """

    name: bytes
    type: NodeType
    mode: int = 0  # Go's os.FileMode, 32 bits; `permissions` is what chmod takes
    mtime_ns: int  # nanoseconds since 1970 UTC, of years 0 to 9999
    atime_ns: int  # the same
    ctime_ns: int  # the same
    uid: int = 0  # 32 bits
    gid: int = 0  # 32 bits
    user: str = ""  # name of the owner where it was known
    group: str = ""
    inode: int = 0  # 64 bits
    device_id: int = 0  # st_dev of the file system, 64 bits
    size: int = 0  # bytes, of files only
    links: int = 0  # hard links, of everything but directories and fifos
    linktarget: bytes = b""  # of symbolic links, as the file system spells it
    extended_attributes: tuple[ExtendedAttribute, ...] = ()  # in the file system's own order
    generic_attributes: bytes = b""  # JSON object of another system's attributes, kept as it was
    device: int = 0  # st_rdev of device files, 64 bits
    content: tuple[bytes, ...] | None = None  # blobs of a file in order; None for all others
    subtree: bytes | None = None  # tree blob of a directory
    error: str = ""  # what kept the writer from reading everything

    @property
    def permissions(self) -> int:
        """What chmod takes, 0 to 0o7777."""
        return posix_permissions(self.mode)


def clamp_ns(time_ns: int) -> int:
    """The nearest moment that a tree can hold: a file system may tell any time."""
    return time_ns if MIN_NS <= time_ns <= MAX_NS else min(max(time_ns, MIN_NS), MAX_NS)


def name_problem(name: bytes) -> str | None:
    """Why a name can be no entry of a directory, or None. Hostile input."""
    if name in {b"", b".", b".."}:
        return "names no entry of its own"
    if b"/" in name or b"\0" in name:
        return "holds a slash or a NUL"
    if len(name) > MAX_NAME_BYTES:
        return f"longer than {MAX_NAME_BYTES} bytes"
    return None
