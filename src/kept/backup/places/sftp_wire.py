"""Which bytes does SFTP version 3 speak?

A packet is `uint32 length ‖ byte type ‖ uint32 id ‖ body`; this module makes bodies and reads
answers, and touches no pipe. Paths are bytes. An answer is hostile: each length is checked.
Source: draft-ietf-secsh-filexfer-02; OpenSSH's PROTOCOL file, §4 (the @openssh.com extensions).
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, TypeAlias

from kept.base.errors import MalformedError

VERSION = 3
MOST_PACKET_BYTES = 262_144  # OpenSSH, SFTP_MAX_MSG_LENGTH
LEAST_PACKET_BYTES = 34_000  # draft §3: what every server takes
FSYNC = b"fsync@openssh.com"
LIMITS = b"limits@openssh.com"
POSIX_RENAME = b"posix-rename@openssh.com"

_INIT, _VERSION = 1, 2  # draft §3; the others carry an id
_STATUS, _HANDLE, _DATA, _NAME, _ATTRS, _EXTENDED_REPLY = 101, 102, 103, 104, 105, 201
_HAS_SIZE, _HAS_OWNER, _HAS_MODE, _HAS_TIMES, _HAS_MORE = 1, 2, 4, 8, 0x8000_0000  # draft §5
_U32 = struct.Struct(">I")
_HEAD = struct.Struct(">IBI")
_READ_TAIL = struct.Struct(">QI")
_FOLDER_BITS, _FILE_BITS, _TYPE_BITS = 0o040000, 0o100000, 0o170000


class Code(IntEnum):
    """What a status says (draft §7)."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    BAD_MESSAGE = 5
    NO_CONNECTION = 6
    CONNECTION_LOST = 7
    OP_UNSUPPORTED = 8


class Flag(IntEnum):
    """How a file is opened (draft §6.3); they are added."""

    READ = 1
    WRITE = 2
    CREATE = 8
    EXCLUSIVE = 32


class Ask(NamedTuple):
    """A request without its length and id: the type, then the body in pieces."""

    kind: int
    body: tuple[bytes | memoryview, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """An answer without content; an unknown code counts as failure."""

    code: Code


@dataclass(frozen=True, slots=True)
class Handle:
    """An open file or folder."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of a file."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is known of a file: size in bytes, mode bits, seconds since 1970; None if not said."""

    size: int | None = None
    mode: int | None = None
    modified: int | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file."""
        return self.mode is not None and self.mode & _TYPE_BITS == _FILE_BITS

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.mode is not None and self.mode & _TYPE_BITS == _FOLDER_BITS


@dataclass(frozen=True, slots=True)
class Names:
    """Some of the entries of a folder."""

    entries: tuple[tuple[bytes, Attributes], ...]


@dataclass(frozen=True, slots=True)
class Extended:
    """The answer to an extension."""

    raw: bytes


Answer: TypeAlias = Status | Handle | Data | Attributes | Names | Extended


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest packet, read and write in bytes; 0 where the server names none."""

    packet: int
    read: int
    write: int


def packet(ask: Ask, number: int) -> list[bytes | memoryview]:
    """A request as it is sent, its last piece not copied; `number` (32 bits) comes back."""
    size = 5 + sum(map(len, ask.body))
    *front, last = ask.body
    return [b"".join((_HEAD.pack(size, ask.kind, number), *front)), last]


def hello() -> bytes:
    """What a client says first."""
    return struct.pack(">IBI", 5, _INIT, VERSION)


def read_hello(payload: bytes) -> frozenset[tuple[bytes, bytes]]:
    """The extensions a server offers, as (name, version), from what it says first.

    Raises:
        MalformedError: not a greeting, or another version than 3.
    """
    reader = _Reader(payload)
    if reader.byte() != _VERSION or reader.u32() != VERSION:
        raise MalformedError("sftp", "the server does not speak version 3")
    found: set[tuple[bytes, bytes]] = set()
    while not reader.is_done:
        found.add((reader.text(), reader.text()))
    return frozenset(found)


def read_answer(payload: bytes) -> tuple[int, Answer]:
    """The request's number and the answer to it.

    Raises:
        MalformedError: a length does not fit, or no answer of version 3.
    """
    reader = _Reader(payload)
    kind, number = reader.byte(), reader.u32()
    answer: Answer
    if kind == _STATUS:
        code = reader.u32()  # message and language follow; some servers leave them out
        answer = Status(Code(code) if code <= Code.OP_UNSUPPORTED else Code.FAILURE)
        return number, answer
    if kind == _HANDLE:
        answer = Handle(reader.text())
    elif kind == _DATA:
        answer = Data(reader.text())
    elif kind == _NAME:
        answer = Names(tuple(_entry(reader) for _ in range(reader.count())))
    elif kind == _ATTRS:
        answer = _attributes(reader)
    elif kind == _EXTENDED_REPLY:
        answer = Extended(reader.rest())
    else:
        raise MalformedError("sftp", "an answer of an unknown type")
    if not reader.is_done:
        raise MalformedError("sftp", "an answer is longer than it says")
    return number, answer


def read_limits(raw: bytes) -> Limits:
    """The answer to `ask_limits`.

    Raises:
        MalformedError: too short.
    """
    reader = _Reader(raw)
    return Limits(reader.u64(), reader.u64(), reader.u64())


def ask_open(path: bytes, flags: int, mode: int | None = None) -> Ask:
    """Open a file; `mode` is for a new one."""
    wanted = _U32.pack(0) if mode is None else struct.pack(">II", _HAS_MODE, mode)
    return Ask(3, (_text(path), _U32.pack(flags), wanted))


def ask_close(handle: bytes) -> Ask:
    """Close a file or folder."""
    return Ask(4, (_text(handle),))


def ask_read(handle: bytes, offset: int, size: int) -> Ask:
    """Read a piece."""
    return Ask(5, (_text(handle), _READ_TAIL.pack(offset, size)))


def ask_write(handle: bytes, offset: int, piece: memoryview) -> Ask:
    """Write a piece."""
    return Ask(6, (_text(handle) + _READ_TAIL.pack(offset, len(piece)), piece))


def ask_attributes(handle: bytes) -> Ask:
    """What is known of an open file."""
    return Ask(8, (_text(handle),))


def ask_look(path: bytes) -> Ask:
    """What is known of a path; links are followed."""
    return Ask(17, (_text(path),))


def ask_open_folder(path: bytes) -> Ask:
    """Open a folder for listing."""
    return Ask(11, (_text(path),))


def ask_names(handle: bytes) -> Ask:
    """The next entries of a folder; status EOF after the last."""
    return Ask(12, (_text(handle),))


def ask_remove(path: bytes) -> Ask:
    """Remove a file."""
    return Ask(13, (_text(path),))


def ask_make_folder(path: bytes, mode: int) -> Ask:
    """Make a folder; one that stands is a failure."""
    return Ask(14, (_text(path), struct.pack(">II", _HAS_MODE, mode)))


def ask_rename(old: bytes, new: bytes) -> Ask:
    """Rename; what stands at `new` is a failure (draft §6.5)."""
    return Ask(18, (_text(old), _text(new)))


def ask_replace(old: bytes, new: bytes) -> Ask:
    """Rename over what stands there, atomically."""
    return Ask(200, (_text(POSIX_RENAME), _text(old), _text(new)))


def ask_flush(handle: bytes) -> Ask:
    """Flush an open file to the disk."""
    return Ask(200, (_text(FSYNC), _text(handle)))


def ask_limits() -> Ask:
    """How large packets may be."""
    return Ask(200, (_text(LIMITS),))


def _text(raw: bytes) -> bytes:
    return _U32.pack(len(raw)) + raw


class _Reader:
    """Takes an answer apart from the front."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    @property
    def is_done(self) -> bool:
        return self._at == len(self._raw)

    def take(self, size: int) -> bytes:
        """The next `size` bytes.

        Raises:
            MalformedError: there are fewer.
        """
        if size > len(self._raw) - self._at:
            raise MalformedError("sftp", "an answer is shorter than it says")
        self._at += size
        return self._raw[self._at - size : self._at]

    def byte(self) -> int:
        return self.take(1)[0]

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def u64(self) -> int:
        return int.from_bytes(self.take(8), "big")

    def text(self) -> bytes:
        return self.take(self.u32())

    def rest(self) -> bytes:
        return self.take(len(self._raw) - self._at)

    def count(self) -> int:
        """How many entries follow, each at least 12 bytes long.

        Raises:
            MalformedError: more than can be there.
        """
        count = self.u32()
        if count * 12 > len(self._raw) - self._at:
            raise MalformedError("sftp", "an answer is shorter than it says")
        return count


def _entry(reader: _Reader) -> tuple[bytes, Attributes]:
    name = reader.text()
    reader.text()  # the line `ls -l` would print
    return name, _attributes(reader)


def _attributes(reader: _Reader) -> Attributes:
    flags = reader.u32()
    size = reader.u64() if flags & _HAS_SIZE else None
    if flags & _HAS_OWNER:
        reader.take(8)
    mode = reader.u32() if flags & _HAS_MODE else None
    modified = None
    if flags & _HAS_TIMES:
        reader.take(4)  # when it was read
        modified = reader.u32()
    if flags & _HAS_MORE:
        for _ in range(reader.u32()):
            reader.text()
            reader.text()
    return Attributes(size, mode, modified)
