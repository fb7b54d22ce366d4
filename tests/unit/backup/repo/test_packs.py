"""Do parts hold what their headers say, and is every other header refused?"""

import hashlib
import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.repo import packs
from kept.backup.repo.blobs import BlobKind, Payload, open_blob, prepare
from kept.backup.repo.packs import (
    Entry,
    Part,
    PartBuilder,
    decode_header,
    encode_header,
    open_header,
    tail_bytes,
)
from kept.base.errors import MalformedError, TamperedError
from kept.crypto.repo_sealing import fresh_repo_key, open_sealed, seal

KEY = fresh_repo_key()
DATA, TREE = BlobKind.DATA, BlobKind.TREE
IDS = st.binary(min_size=32, max_size=32)
LENGTHS = st.integers(33, 2**24)
SHAPES = st.lists(
    st.tuples(st.sampled_from(BlobKind), IDS, LENGTHS, st.none() | st.integers(1, 2**32 - 1)),
    min_size=1,
    max_size=20,
)


def laid_out(shapes) -> tuple[Entry, ...]:
    """Entries one after the other."""
    entries: list[Entry] = []
    at = 0
    for kind, named, length, plain_length in shapes:
        entries.append(Entry(kind, named, at, length, plain_length))
        at += length
    return tuple(entries)


def built(*plains: bytes, kind: BlobKind = DATA) -> Part:
    """A part of these blobs."""
    builder = PartBuilder(KEY, kind)
    for plain in plains:
        builder.add(prepare(kind, plain))
    return builder.finish()


def opened(raw: bytes | bytearray) -> list[bytes]:
    """Every blob of a part."""
    return [
        open_blob(
            KEY,
            raw[entry.offset : entry.offset + entry.length],
            entry.id,
            plain_length=entry.plain_length,
        )
        for entry in open_header(KEY, raw, part_bytes=len(raw))
    ]


@given(SHAPES)
def test_headers_come_back(shapes) -> None:
    """Entry for entry."""
    entries = laid_out(shapes)
    body = entries[-1].offset + entries[-1].length
    header = encode_header(entries)
    assert decode_header(header, body_bytes=body) == entries
    for other in (body - 1, body + 1):
        with pytest.raises(MalformedError):
            decode_header(header, body_bytes=other)


def test_the_bytes_of_a_header() -> None:
    """The four types as the design document draws them."""
    entries = laid_out([
        (DATA, b"a" * 32, 0x102, None),
        (TREE, b"b" * 32, 40, None),
        (DATA, b"c" * 32, 41, 0x01020304),
        (TREE, b"d" * 32, 42, 5),
    ])
    assert encode_header(entries) == (
        b"\x00\x02\x01\x00\x00" + b"a" * 32 + b"\x01\x28\x00\x00\x00" + b"b" * 32
        + b"\x02\x29\x00\x00\x00\x04\x03\x02\x01" + b"c" * 32
        + b"\x03\x2a\x00\x00\x00\x05\x00\x00\x00" + b"d" * 32
    )  # fmt: skip


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\x04" + struct.pack("<I32s", 100, b"x"),
        b"\xff" + struct.pack("<I32s", 100, b"x"),
        b"\x00" + struct.pack("<I31s", 100, b"x"),
        b"\x02" + struct.pack("<I32s", 100, b"x"),  # the plain length is missing
        b"\x00" + struct.pack("<I32s", 32, b"x") + b"\x00" + struct.pack("<I32s", 68, b"x"),
        b"\x00" + struct.pack("<I32s", 0, b"x") + b"\x00" + struct.pack("<I32s", 100, b"x"),
        b"\x02" + struct.pack("<II32s", 100, 0, b"x"),
        b"\x00" + struct.pack("<I32s", 100, b"x") + b"\x00",
        b"\x00" + struct.pack("<I32s", 2**32 - 1, b"x"),
    ],
)
def test_hostile_headers_are_refused(header: bytes) -> None:
    """Under the right seal too."""
    with pytest.raises(MalformedError):
        decode_header(header, body_bytes=100)
    if header:
        sealed = seal(KEY, header)
        tail = sealed + struct.pack("<I", len(sealed))
        with pytest.raises(MalformedError):
            open_header(KEY, tail, part_bytes=100 + len(tail))


@given(st.binary(max_size=200), st.integers(0, 300))
def test_any_header_is_read_or_refused(header: bytes, body: int) -> None:
    """What is read encodes to the same bytes."""
    try:
        entries = decode_header(header, body_bytes=body)
    except MalformedError:
        return
    assert encode_header(entries) == header


@pytest.mark.parametrize("length", [0, 1, 68, 997, 2**24 + 1, 2**32 - 1])
def test_a_header_length_that_cannot_be_is_refused(length: int) -> None:
    """Longer than the part, or shorter than one entry: before anything else is asked for."""
    with pytest.raises(MalformedError):
        tail_bytes(struct.pack("<I", length), part_bytes=1000)
    assert tail_bytes(struct.pack("<I", 996), part_bytes=1000) == 1000
    with pytest.raises(MalformedError):
        tail_bytes(b"\x00\x01", part_bytes=1000)


@given(st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=12, unique=True))
def test_a_part_is_read_from_its_bytes_alone(plains: list[bytes]) -> None:
    """Length, header, offsets, seals and hashes, put together by the test itself."""
    part = built(*plains)
    raw = bytes(part.content)
    assert part.name == hashlib.sha256(raw).hexdigest()
    (sealed_bytes,) = struct.unpack("<I", raw[-4:])
    entries = open_header(KEY, raw[-4 - sealed_bytes :], part_bytes=len(raw))
    assert entries == open_header(KEY, raw, part_bytes=len(raw)) == part.listing.entries
    at = 0
    for entry, plain in zip(entries, plains, strict=True):
        assert (entry.offset, entry.kind, entry.id) == (at, DATA, hashlib.sha256(plain).digest())
        sealed = raw[at : at + entry.length]
        assert open_blob(KEY, sealed, entry.id, plain_length=entry.plain_length) == plain
        at += entry.length
    assert at == len(raw) - 4 - sealed_bytes


def test_every_changed_byte_of_a_part_is_noticed() -> None:
    """By its name always, and by header or blob when they are opened."""
    part = built(b"one", b"two" * 40)
    for at in range(len(part.content)):
        raw = bytearray(part.content)
        raw[at] ^= 0x10
        assert hashlib.sha256(raw).digest() != part.listing.part
        with pytest.raises((MalformedError, TamperedError)):
            opened(raw)


def test_trees_are_compressed_and_data_only_if_it_helps() -> None:
    """Or restic's prune would write our trees again each time."""
    noise = os.urandom(1000)
    assert prepare(DATA, noise).plain_length is None
    assert prepare(TREE, noise).plain_length == 1000
    assert prepare(DATA, bytes(1000)).plain_length == 1000
    assert prepare(DATA, b"x").plain_length is None


def test_a_blob_is_never_empty() -> None:
    """An empty file has no blob at all."""
    with pytest.raises(MalformedError):
        prepare(DATA, b"")


def test_data_and_trees_never_share_a_part() -> None:
    """A must in version 2."""
    builder = PartBuilder(KEY, DATA)
    with pytest.raises(MalformedError):
        builder.add(prepare(TREE, b"{}\n"))
    with pytest.raises(MalformedError):
        builder.finish()
    builder.add(prepare(DATA, b"still usable"))
    assert len(builder.finish().listing.entries) == 1


def test_a_blob_under_another_name_never_gets_into_a_part() -> None:
    """What a broken machine, or a caller in error, would store."""
    builder = PartBuilder(KEY, DATA)
    builder.add(prepare(DATA, b"first"))
    with pytest.raises(TamperedError):
        builder.add(Payload(DATA, bytes(32), b"content", None))
    with pytest.raises(MalformedError):
        builder.add(Payload(DATA, hashlib.sha256(b"content").digest(), b"content", 7))
    builder.add(prepare(DATA, b"second"))
    assert opened(bytes(builder.finish().content)) == [b"first", b"second"]


def test_a_header_that_does_not_open_is_never_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bit that flips in memory between sealing and storing."""
    builder = PartBuilder(KEY, DATA)
    builder.add(prepare(DATA, b"first"))
    real = packs.seal

    def flips(key, plain: bytes) -> bytes:
        sealed = bytearray(real(key, plain))
        sealed[20] ^= 1
        return bytes(sealed)

    monkeypatch.setattr(packs, "seal", flips)
    with pytest.raises(TamperedError):
        builder.finish()


def test_a_header_of_another_blob_is_never_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bit that flips before sealing: MAC and lengths agree, the id does not."""
    builder = PartBuilder(KEY, DATA)
    builder.add(prepare(DATA, b"first"))
    monkeypatch.setattr(packs, "encode_header", lambda entries: encode_header(entries)[:-1] + b"!")
    with pytest.raises(TamperedError):
        builder.finish()


def test_sealed_blobs_move_to_another_part() -> None:
    """As pruning does: the same bytes, but never damaged ones."""
    part = built(b"one" * 50, b"two")
    builder = PartBuilder(KEY, DATA, capacity_bytes=10)
    kept: list[TamperedError] = []
    for entry in part.listing.entries:
        sealed = part.content[entry.offset : entry.offset + entry.length]
        moved = builder.add_sealed(entry.kind, entry.id, entry.plain_length, sealed)
        assert moved == entry
        with pytest.raises(TamperedError) as caught:
            builder.add_sealed(entry.kind, entry.id, entry.plain_length, bytes(sealed[:-1]) + b"!")
        kept.append(caught.value)
    assert len(kept) == 2  # kept for a report, with all that their tracebacks hold
    body = sum(entry.length for entry in part.listing.entries)
    assert builder.finish().content[:body] == part.content[:body]


def test_size_and_room() -> None:
    """The size told is never below what comes out, and limits hold."""
    builder = PartBuilder(KEY, DATA)
    for number in range(1, 30):
        builder.add(prepare(DATA, bytes([number]) * number * 10))
    assert builder.count == 29
    assert builder.size_bytes - 29 * 4 <= len(builder.finish().content) <= builder.size_bytes
    assert builder.has_room(2**32 - 2**16)
    assert not builder.has_room(2**32 - 1000)


def test_no_more_blobs_than_an_index_file_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked first, refused otherwise."""
    monkeypatch.setattr(packs, "MAX_PART_BLOBS", 2)
    builder = PartBuilder(KEY, DATA)
    for plain in (b"1", b"2"):
        assert builder.has_room(33)
        builder.add(prepare(DATA, plain))
    assert not builder.has_room(33)
    with pytest.raises(MalformedError):
        builder.add(prepare(DATA, b"3"))


def test_a_blob_opens_only_to_its_name_and_length() -> None:
    """Whatever an index promises."""
    plain = b"text " * 100
    payload = prepare(DATA, plain)
    sealed = seal(KEY, payload.content)
    assert open_sealed(KEY, sealed) == payload.content
    assert open_blob(KEY, sealed, payload.id, plain_length=500) == plain
    for length in (0, 499, 501, 2**31):
        with pytest.raises(MalformedError):
            open_blob(KEY, sealed, payload.id, plain_length=length)
    with pytest.raises(TamperedError):
        open_blob(KEY, sealed, payload.id, plain_length=None)
    with pytest.raises(TamperedError):
        open_blob(KEY, sealed, bytes(32), plain_length=500)
