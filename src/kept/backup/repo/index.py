"""Which part holds this blob, and where?

Index file: `{"packs":[{"id","blobs":[{"id","type","offset","length","uncompressed_length"?}]}]}`,
below 8 MiB and with at most 50,000 blobs. Indexes may overlap and name a part twice; a blob may lie
in several parts, any of which will do. `supersedes` is read over and never written.
In memory: a table for each kind, of sorted records `id(32) ‖ part ‖ offset ‖ length ‖ plain
length` (u32 each, 48 bytes), found by the first two bytes of the id; new blobs gather in a
dictionary and become a table when they are many. A million blobs take 48 MB.
Source: restic design document, "Indexing"; `docs/formats/backup.md`, index.
"""

import struct
import threading
from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter
from typing import Annotated, Literal

import msgspec

from kept.backup.repo.blobs import ID_BYTES, BlobKind
from kept.backup.repo.packs import MAX_PART_BLOBS, Entry, Listing
from kept.base.errors import MalformedError
from kept.crypto.repo_sealing import SEAL_OVERHEAD_BYTES

MAX_INDEX_BYTES = 8 * 2**20  # of JSON
MAX_INDEX_BLOBS = MAX_PART_BLOBS
_WHERE = "index"
_FIXED_BYTES = len(b'{"packs":[]}')
_FULL_BLOBS = 2**16  # new blobs in a dictionary before they become a table
_FANS = 2**16
_RECORD = struct.Struct(f">{ID_BYTES}sIIII")
_PLACE = struct.Struct(">IIII")  # a record without its id
_SIZE = _RECORD.size

_Offset = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
_Length = Annotated[int, msgspec.Meta(gt=SEAL_OVERHEAD_BYTES, lt=2**32)]
_PlainLength = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]


class _Blob(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    id: str
    type: Literal["data", "tree"]
    offset: _Offset
    length: _Length
    uncompressed_length: _PlainLength = 0


class _Pack(msgspec.Struct, frozen=True):
    id: str
    blobs: list[_Blob] | None = None  # restic's language writes an empty list as null


class _Index(msgspec.Struct, frozen=True):
    packs: list[_Pack] | None = None


_decode = msgspec.json.Decoder(_Index).decode
_encode = msgspec.json.Encoder().encode
_offset_of = attrgetter("offset")


@dataclass(frozen=True, slots=True)
class Location:
    """Where a blob lies."""

    part: bytes  # 32 bytes
    offset: int  # bytes from the start of the part
    length: int  # bytes, sealed
    plain_length: int | None  # bytes before compression; None: not compressed


def encode_indexes(listings: Iterable[Listing]) -> Iterator[bytes]:
    """The documents of as many index files as these parts need, none of them empty.

    A part is never divided: one of more than 50,000 blobs, which only others write, fills a
    document of its own.
    """
    packs: list[bytes] = []
    size_bytes, count = _FIXED_BYTES, 0
    for listing in listings:
        pack = _encode(_Pack(listing.part.hex(), [_blob_of(entry) for entry in listing.entries]))
        more_bytes, more = len(pack) + 1, len(listing.entries)
        if packs and (size_bytes + more_bytes >= MAX_INDEX_BYTES or count + more > MAX_INDEX_BLOBS):
            yield _document(packs)
            packs, size_bytes, count = [], _FIXED_BYTES, 0
        packs.append(pack)
        size_bytes, count = size_bytes + more_bytes, count + more
    if packs:
        yield _document(packs)


def _document(packs: list[bytes]) -> bytes:
    return b'{"packs":[' + b",".join(packs) + b"]}"


def _blob_of(entry: Entry) -> _Blob:
    return _Blob(
        entry.id.hex(), entry.kind.value, entry.offset, entry.length, entry.plain_length or 0
    )


def decode_index(document: bytes) -> tuple[Listing, ...]:
    """The parts an index file names. Hostile input.

    Raises:
        MalformedError: not JSON of this form, an id that is no SHA-256 in lower-case hex, or a
            number out of range.
    """
    try:
        packs = _decode(document).packs or ()
    except (ValueError, RecursionError, msgspec.MsgspecError):
        raise MalformedError(_WHERE, "not an index") from None
    return tuple(
        Listing(
            _read_id(pack.id),
            tuple(sorted(map(_entry_of, pack.blobs or ()), key=_offset_of)),
        )
        for pack in packs
    )


def _entry_of(blob: _Blob) -> Entry:
    kind = BlobKind.DATA if blob.type == "data" else BlobKind.TREE
    plain_length = blob.uncompressed_length or None
    return Entry(kind, _read_id(blob.id), blob.offset, blob.length, plain_length)


def _read_id(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raise MalformedError(_WHERE, "an id is not hex") from None
    if len(raw) != ID_BYTES or raw.hex() != text:
        raise MalformedError(_WHERE, "an id is not 64 lower-case hex digits")
    return raw


class _Table:
    """Sorted records of one kind, never changed."""

    __slots__ = ("_fans", "_records")

    def __init__(self, records: bytes, fans: "array[int]") -> None:
        self._records = records
        self._fans = fans  # record number at which each pair of first bytes ends

    def __len__(self) -> int:
        return len(self._records) // _SIZE

    def find(self, named: bytes) -> tuple[int, int, int, int] | None:
        """Part, offset, length and plain length."""
        at = self.at(named)
        return None if at < 0 else _PLACE.unpack_from(self._records, at + ID_BYTES)

    def at(self, named: bytes) -> int:
        """Where its record begins; below 0: nowhere."""
        fan = named[0] << 8 | named[1]
        start = self._fans[fan - 1] * _SIZE if fan else 0
        end = self._fans[fan] * _SIZE
        at = self._records.find(named, start, end)
        while at >= 0 and (at - start) % _SIZE:  # it spans two records: nobody's SHA-256 by chance
            at = self._records.find(named, at + 1, end)
        return at

    def pour(self, buckets: list[bytearray]) -> None:
        """Add all records to buckets by their first byte."""
        start = 0
        for first, bucket in enumerate(buckets):
            end = self._fans[first << 8 | 255] * _SIZE
            bucket.extend(self._records[start:end])
            start = end


def _buckets() -> list[bytearray]:
    return [bytearray() for _ in range(256)]


def _table(buckets: list[bytearray]) -> _Table:
    """Sort the buckets into a table and empty them; of a repeated id any record is kept."""
    counts = array("I", bytes(4 * _FANS))
    pieces: list[bytes] = []
    for first, bucket in enumerate(buckets):
        raw = bytes(bucket)
        bucket.clear()
        # By id alone: of two places for one blob, the one that came first stays.
        by_id = {raw[at : at + ID_BYTES]: at for at in range(len(raw) - _SIZE, -1, -_SIZE)}
        order = sorted(by_id)
        pieces.append(b"".join([raw[(at := by_id[name]) : at + _SIZE] for name in order]))
        for name in order:
            counts[first << 8 | name[1]] += 1
    return _Table(b"".join(pieces), array("I", accumulate(counts)))


class _Kind:
    """The blobs of one kind: written under the index's lock, read without it."""

    __slots__ = ("new", "tables")

    def __init__(self) -> None:
        self.tables: tuple[_Table, ...] = ()
        self.new: dict[bytes, bytes] = {}

    def find(self, named: bytes) -> tuple[int, int, int, int] | None:
        """Part, offset, length and plain length."""
        place = self.new.get(named)  # first, as a full dictionary is emptied after its table stands
        if place is not None:
            return _PLACE.unpack(place)
        for table in self.tables:
            if found := table.find(named):
                return found
        return None

    def has(self, named: bytes) -> bool:
        """Whether it is there."""
        if named in self.new:
            return True
        for table in self.tables:  # noqa: SIM110 - asked for every file: a generator takes twice
            if table.at(named) >= 0:
                return True
        return False

    def settle(self, buckets: list[bytearray]) -> None:
        """Turn buckets into a table; tables of like size become one, so that they stay few."""
        tables = [*self.tables, _table(buckets)]
        while len(tables) > 1 and len(tables[-2]) <= 2 * len(tables[-1]):
            second, first = tables.pop(), tables.pop()
            both = _buckets()
            first.pour(both)
            second.pour(both)
            tables.append(_table(both))
        self.tables = tuple(tables)

    def settle_new(self) -> None:
        """Turn the dictionary into a table."""
        buckets = _buckets()
        for named, place in self.new.items():
            buckets[named[0]] += named + place
        self.settle(buckets)
        self.new = {}


class BlobIndex:
    """Every blob of a repository that a part is known to hold. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._data = _Kind()
        self._trees = _Kind()
        self._parts: list[bytes] = []
        self._numbers: dict[bytes, int] = {}

    def load(self, listings: Iterable[Listing], *, among: Collection[bytes] | None = None) -> None:
        """Take in what index files tell, in bulk.

        Args:
            listings: a part may be named more than once, and again after an earlier call.
            among: the parts that exist; what others hold is left out. None: all are believed.
        """
        with self._lock:
            data, trees = _buckets(), _buckets()
            for listing in listings:
                if among is not None and listing.part not in among:
                    continue
                number = self._number(listing.part)
                for kind, named, offset, length, plain_length in listing.entries:
                    buckets = data if kind is BlobKind.DATA else trees
                    buckets[named[0]] += _RECORD.pack(
                        named, number, offset, length, plain_length or 0
                    )
            for table, poured in ((self._data, data), (self._trees, trees)):
                if any(poured):
                    table.settle(poured)

    def add(self, listing: Listing) -> None:
        """Take in one part; call this only after it is durable in its place."""
        with self._lock:
            number = self._number(listing.part)
            for kind, named, offset, length, plain_length in listing.entries:
                table = self._of(kind)
                table.new[named] = _PLACE.pack(number, offset, length, plain_length or 0)
                if len(table.new) >= _FULL_BLOBS:
                    table.settle_new()

    def find(self, kind: BlobKind, named: bytes) -> Location | None:
        """Where a blob of that kind and id lies, or None. The id has 32 bytes."""
        found = self._of(kind).find(named)
        if found is None:
            return None
        number, offset, length, plain_length = found
        return Location(self._parts[number], offset, length, plain_length or None)

    def has(self, kind: BlobKind, named: bytes) -> bool:
        """Whether a blob of that kind and id lies in some part."""
        return (self._data if kind is BlobKind.DATA else self._trees).has(named)

    def parts(self) -> frozenset[bytes]:
        """The ids of every part it knows."""
        with self._lock:
            return frozenset(self._parts)

    def _of(self, kind: BlobKind) -> _Kind:
        return self._data if kind is BlobKind.DATA else self._trees

    def _number(self, part: bytes) -> int:
        number = self._numbers.setdefault(part, len(self._parts))
        if number == len(self._parts):
            self._parts.append(part)
        return number
