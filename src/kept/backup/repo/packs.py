"""What does a part hold, and how is one filled?

Part: `blob₁ ‖ … ‖ blobₙ ‖ sealed header ‖ u32le length of the sealed header`. A header entry, blobs
in order and without gaps from offset 0: type 0 data, 1 tree: `type ‖ u32le length ‖ id(32)`; type
2, 3 the same compressed: `type ‖ u32le length ‖ u32le plain length ‖ id(32)`.
Rules: data and trees never share a part; what was sealed is opened again, and the header read
back, before a part is given out; lengths must add up to the file's size, or the header is refused.
Source: restic design document, "Pack Format"; `docs/formats/backup.md`, parts.
"""

import hashlib
import mmap
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from kept.backup.repo.blobs import ID_BYTES, BlobKind, Payload, open_blob
from kept.backup.repo.buffers import LET_GO_BYTES, PartBuffer, buffer_of, let_go
from kept.base.errors import MalformedError, TamperedError
from kept.crypto.repo_sealing import (
    SEAL_OVERHEAD_BYTES,
    Buffer,
    RepoKey,
    open_sealed,
    seal,
    seal_into,
)

MAX_HEADER_BYTES = 2**24  # 16 MiB sealed, restic's limit: 409,199 entries
MAX_PART_BYTES = 2**32 - 1
MAX_PART_BLOBS = 50_000  # ours, so that a part never outgrows an index file
LENGTH_BYTES = 4
GROWTH_BYTES = 2**20  # of a part being filled: the system moves so much without a copy
FIRST_TAIL_BYTES = 651  # length, seal and 15 entries: enough for most parts in one request
_PLAIN = struct.Struct(f"<I{ID_BYTES}s")
_COMPRESSED = struct.Struct(f"<II{ID_BYTES}s")
_ENTRY_BYTES = 1 + _COMPRESSED.size  # 41
_MIN_ENTRY_BYTES = 1 + _PLAIN.size  # 37
_LENGTH = struct.Struct("<I")
_WHERE = "part header"
_IS_COMPRESSED = 2  # the bit of a type that says so
_TYPES = {BlobKind.DATA: 0, BlobKind.TREE: 1}
_KINDS = {number: kind for kind, number in _TYPES.items()}


class Entry(NamedTuple):
    """Where a blob lies in its part. There are millions: a tuple is made soonest."""

    kind: BlobKind
    id: bytes  # 32 bytes
    offset: int  # bytes from the start of the part, below 2^32
    length: int  # bytes, sealed: 33 or more
    plain_length: int | None  # bytes before compression; None: not compressed


@dataclass(frozen=True, slots=True)
class Listing:
    """What a part holds, as its header or an index tells."""

    part: bytes  # 32 bytes, SHA-256 of the whole part
    entries: tuple[Entry, ...]  # by rising offset


@dataclass(frozen=True, slots=True)
class Part:
    """A finished part, ready to be put under its name."""

    content: memoryview
    listing: Listing

    @property
    def name(self) -> str:
        """64 hex digits."""
        return self.listing.part.hex()


def encode_header(entries: Iterable[Entry]) -> bytes:
    """The header in clear."""
    return b"".join([_encode_entry(entry) for entry in entries])


def _encode_entry(entry: Entry) -> bytes:
    number = _TYPES[entry.kind]
    if entry.plain_length is None:
        return bytes([number]) + _PLAIN.pack(entry.length, entry.id)
    body = _COMPRESSED.pack(entry.length, entry.plain_length, entry.id)
    return bytes([number | _IS_COMPRESSED]) + body


def decode_header(header: bytes, *, body_bytes: int) -> tuple[Entry, ...]:
    """The entries of a header in clear. Hostile input.

    Args:
        header: opened.
        body_bytes: of the part before the header; the blobs must fill them exactly.

    Raises:
        MalformedError: no entry, an unknown type, cut off, a blob shorter than a seal, or lengths
            that do not add up.
    """
    entries = tuple(_decode_entries(header))
    end_bytes = entries[-1].offset + entries[-1].length if entries else 0
    if not entries or end_bytes != body_bytes:
        raise MalformedError(_WHERE, "its lengths do not add up to the size of the part")
    return entries


def _decode_entries(header: bytes) -> Iterator[Entry]:
    at, offset = 0, 0
    while at < len(header):
        number, at = header[at], at + 1
        kind = _KINDS.get(number & ~_IS_COMPRESSED)
        form = _COMPRESSED if number & _IS_COMPRESSED else _PLAIN
        if kind is None or at + form.size > len(header):
            raise MalformedError(_WHERE, "an entry is cut off or of an unknown type")
        length, *plain_length, name = form.unpack_from(header, at)
        if length <= SEAL_OVERHEAD_BYTES or plain_length == [0]:
            raise MalformedError(_WHERE, "holds an empty blob")
        yield Entry(kind, name, offset, length, plain_length[0] if plain_length else None)
        at, offset = at + form.size, offset + length


def tail_bytes(tail: Buffer, *, part_bytes: int) -> int:
    """How many bytes at the end of a part are header and length together. Hostile input.

    Args:
        tail: the last 4 bytes of the part, or more of its end.
        part_bytes: the size of the whole part.

    Raises:
        MalformedError: too short for a part, or a length that cannot be.
    """
    if len(tail) < LENGTH_BYTES:
        raise MalformedError(_WHERE, "too short for a part")
    (sealed_bytes,) = _LENGTH.unpack(bytes(tail[-LENGTH_BYTES:]))
    least_bytes = SEAL_OVERHEAD_BYTES + _MIN_ENTRY_BYTES
    most_bytes = min(MAX_HEADER_BYTES, part_bytes - LENGTH_BYTES)
    if not least_bytes <= sealed_bytes <= most_bytes:
        raise MalformedError(_WHERE, "has a length that cannot be")
    return sealed_bytes + LENGTH_BYTES


def open_header(
    key: RepoKey, tail: Buffer, *, part_bytes: int, what: str = _WHERE
) -> tuple[Entry, ...]:
    """The entries of a part. Hostile input.

    Args:
        key: of the repository.
        tail: the end of the part, `tail_bytes` or more.
        part_bytes: the size of the whole part.
        what: named in the error.

    Raises:
        TamperedError: the MAC does not match.
        MalformedError: cut off, or as `decode_header` and `tail_bytes`.
    """
    size = tail_bytes(tail, part_bytes=part_bytes)
    if size > len(tail):
        raise MalformedError(_WHERE, "cut off")
    start = len(tail) - size
    header = open_sealed(key, memoryview(tail)[start : len(tail) - LENGTH_BYTES], what=what)
    return decode_header(header, body_bytes=part_bytes - size)


class PartBuilder:
    """A part being filled, in one growing buffer; for one thread at a time."""

    def __init__(self, key: RepoKey, kind: BlobKind, *, capacity_bytes: int = 0) -> None:
        """An empty part for blobs of one kind.

        Args:
            key: of the repository.
            kind: of every blob in it.
            capacity_bytes: the size it is likely to reach, if that is known.
        """
        self._key = key
        self._kind = kind
        self._buffer: PartBuffer = buffer_of(capacity_bytes)
        self._let_go_to = 0  # what lies before is not held in memory
        self._end = 0
        self._entries: list[Entry] = []

    @property
    def size_bytes(self) -> int:
        """The size of the part if it were finished now, at most."""
        return self._end + _around(len(self._entries))

    @property
    def count(self) -> int:
        """How many blobs it holds."""
        return len(self._entries)

    def has_room(self, sealed_bytes: int) -> bool:
        """Whether another blob of that sealed size may be added without breaking the format."""
        count = len(self._entries) + 1
        fits = self._end + sealed_bytes + _around(count) <= MAX_PART_BYTES
        return fits and count <= MAX_PART_BLOBS

    def add(self, payload: Payload) -> Entry:
        """Seal a blob into the part, and open it again to see that it is what its name says.

        Raises:
            MalformedError: of the other kind, or there is no room.
            TamperedError: what was sealed does not open to the same bytes: the machine errs.
        """
        with self._reserve(payload.kind, payload.sealed_bytes) as view:
            seal_into(self._key, payload.content, view)
            what = "a blob sealed just now"
            open_blob(self._key, view, payload.id, plain_length=payload.plain_length, what=what)
        return self._keep(payload.id, payload.sealed_bytes, payload.plain_length)

    def add_sealed(
        self, kind: BlobKind, named: bytes, plain_length: int | None, sealed: Buffer
    ) -> Entry:
        """Take over a blob sealed with the same key, from another part; it is opened first.

        After a refusal the part is as it was and may be filled on.

        Raises:
            MalformedError: of the other kind, there is no room, or another length.
            TamperedError: the blob is damaged.
        """
        self._check(kind, len(sealed))
        # Not in our own buffer: an error that is kept for a report would keep that from growing.
        open_blob(self._key, sealed, named, plain_length=plain_length)
        with self._reserve(kind, len(sealed)) as view:
            view[:] = sealed
        return self._keep(named, len(sealed), plain_length)

    def finish(self) -> Part:
        """The whole part, its header read back; the builder is not used afterwards.

        Raises:
            MalformedError: it holds nothing.
            TamperedError: the header does not open to what was written: the machine errs.
        """
        if not self._entries:
            raise MalformedError("part", "holds no blob")
        sealed = seal(self._key, encode_header(self._entries))
        tail = sealed + _LENGTH.pack(len(sealed))
        end = self._end + len(tail)
        self._grow_to(end)
        self._buffer[self._end : end] = tail
        content = memoryview(self._buffer)[:end].toreadonly()
        entries = tuple(self._entries)
        if open_header(self._key, content[self._end :], part_bytes=end) != entries:
            raise TamperedError("the header of a new part")
        digest = hashlib.sha256()
        for start in range(0, end, LET_GO_BYTES):
            digest.update(content[start : start + LET_GO_BYTES])
            let_go(self._buffer, start, start + LET_GO_BYTES)
        return Part(content, Listing(digest.digest(), entries))

    def _check(self, kind: BlobKind, sealed_bytes: int) -> None:
        if kind is not self._kind:
            raise MalformedError("part", "data and trees never share a part")
        if not self.has_room(sealed_bytes):
            raise MalformedError("part", "has no room for this blob")

    def _reserve(self, kind: BlobKind, sealed_bytes: int) -> memoryview:
        self._check(kind, sealed_bytes)
        end = self._end + sealed_bytes
        self._grow_to(end)
        return memoryview(self._buffer)[self._end : end]

    def _grow_to(self, end: int) -> None:
        missing = end - len(self._buffer)
        if missing <= 0:
            return
        if isinstance(self._buffer, mmap.mmap):  # more than was foreseen: go on in memory
            self._buffer = bytearray(self._buffer[: self._end]) + bytes(end - self._end)
        else:
            # In steps, so that small blobs do not grow it each time, and no more than it needs.
            self._buffer.extend(bytes(max(missing, GROWTH_BYTES)))

    def _keep(self, named: bytes, length: int, plain_length: int | None) -> Entry:
        entry = Entry(self._kind, named, self._end, length, plain_length)
        self._entries.append(entry)
        self._end += length
        if self._end - self._let_go_to > LET_GO_BYTES:
            self._let_go_to = let_go(self._buffer, self._let_go_to, self._end)
        return entry


def _around(count: int) -> int:
    return SEAL_OVERHEAD_BYTES + LENGTH_BYTES + count * _ENTRY_BYTES
