"""Does the index find each blob where it lies, and refuse what is no index?"""

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.repo import index as index_module
from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.index import BlobIndex, Location, decode_index, encode_indexes
from kept.backup.repo.packs import Entry, Listing
from kept.base.errors import MalformedError

DATA, TREE = BlobKind.DATA, BlobKind.TREE
U32 = st.integers(0, 2**32 - 1)
# Few first bytes, so that ids share a fan and even most of their bytes.
IDS = st.binary(min_size=32, max_size=32) | st.integers(0, 9).map(lambda n: n.to_bytes(32, "big"))
ENTRIES = st.builds(
    Entry,
    kind=st.sampled_from(BlobKind),
    id=IDS,
    offset=U32,
    length=st.integers(33, 2**32 - 1),
    plain_length=st.none() | st.integers(1, 2**32 - 1),
)
LISTINGS = st.lists(
    st.builds(
        Listing,
        part=IDS,
        entries=st.lists(ENTRIES, max_size=12).map(
            lambda entries: tuple(sorted(entries, key=lambda entry: entry.offset))
        ),
    ),
    max_size=8,
)


def digest(*number: int) -> bytes:
    """Some SHA-256."""
    return hashlib.sha256(repr(number).encode()).digest()


def places(listings: list[Listing]) -> dict[tuple[BlobKind, bytes], set[Location]]:
    """All places of each blob, by the plainest means."""
    found: dict[tuple[BlobKind, bytes], set[Location]] = {}
    for listing in listings:
        for entry in listing.entries:
            at = Location(listing.part, entry.offset, entry.length, entry.plain_length)
            found.setdefault((entry.kind, entry.id), set()).add(at)
    return found


@given(LISTINGS)
def test_documents_come_back(listings: list[Listing]) -> None:
    """Part for part."""
    documents = list(encode_indexes(listings))
    read = [listing for document in documents for listing in decode_index(document)]
    assert read == listings


@given(LISTINGS, LISTINGS, LISTINGS)
def test_every_blob_is_found_where_it_lies(
    loaded: list[Listing], added: list[Listing], again: list[Listing]
) -> None:
    """By kind and id; in any of its places; and nothing that was never told."""
    index = BlobIndex()
    index.load(loaded)
    for listing in added:
        index.add(listing)
    index.load(again)
    known = places(loaded + added + again)
    for number in range(11):
        known.setdefault((DATA, number.to_bytes(32, "big")), set())
        known.setdefault((TREE, number.to_bytes(32, "big")), set())
    for (kind, named), at in known.items():
        found = index.find(kind, named)
        assert found in (at or {None})
        assert index.has(kind, named) == bool(at)
    assert index.parts() == {listing.part for listing in loaded + added + again}


def test_an_id_is_not_found_across_two_records() -> None:
    """Bytes that stand in the table, but not at the start of a record."""
    index = BlobIndex()
    index.load([Listing(b"p" * 32, (Entry(DATA, bytes(31) + b"\x01", 0, 33, None),))])
    index.load([Listing(b"p" * 32, (Entry(DATA, bytes(31) + b"\x02", 0, 2**16, None),))])
    assert index.has(DATA, bytes(31) + b"\x01")
    assert not index.has(DATA, bytes(32))
    assert not index.has(TREE, bytes(31) + b"\x01")


def test_many_new_blobs_settle_and_stay_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """While other threads look them up: what was found once is always found."""
    monkeypatch.setattr(index_module, "_FULL_BLOBS", 50)
    index = BlobIndex()
    done: list[int] = []
    start = threading.Barrier(3)

    def add() -> None:
        start.wait()
        for part in range(200):
            entries = tuple(Entry(DATA, digest(part, at), at, 40, None) for at in range(10))
            index.add(Listing(digest(part), entries))
            done.append(part)

    def look() -> bool:
        start.wait()
        good = True
        while len(done) < 200:
            for part in done[-20:]:
                at = index.find(DATA, digest(part, 7))
                good = good and at == Location(digest(part), 7, 40, None)
        return good

    with ThreadPoolExecutor(3) as pool:
        looks = [pool.submit(look), pool.submit(look)]
        pool.submit(add).result()
        assert all(look.result() for look in looks)
    for part in range(200):
        for at in range(10):
            assert index.find(DATA, digest(part, at)) == Location(digest(part), at, 40, None)


def test_parts_that_are_gone_are_left_out() -> None:
    """A blob that lies elsewhere too is found there."""
    gone, here = b"g" * 32, b"h" * 32
    listings = [
        Listing(gone, (Entry(DATA, b"1" * 32, 0, 40, None), Entry(DATA, b"2" * 32, 40, 40, None))),
        Listing(here, (Entry(DATA, b"1" * 32, 7, 40, None),)),
    ]
    index = BlobIndex()
    index.load(listings, among={here})
    assert index.find(DATA, b"1" * 32) == Location(here, 7, 40, None)
    assert not index.has(DATA, b"2" * 32)
    assert index.parts() == {here}


def test_index_files_stay_below_their_limits() -> None:
    """Less than 8 MiB, 50,000 blobs, and nothing lost."""
    few = [Listing(digest(n), (Entry(DATA, digest(n, 1), 0, 33, None),)) for n in range(60_000)]
    many = [
        Listing(
            digest(n), tuple(Entry(TREE, digest(n, at), at * 99, 99, 500) for at in range(30_000))
        )
        for n in range(3)
    ]
    documents = list(encode_indexes([*few, *many]))
    blobs = [
        sum(len(pack["blobs"]) for pack in json.loads(document)["packs"]) for document in documents
    ]
    assert sum(blobs) == 150_000
    assert max(blobs) <= 50_000
    assert max(map(len, documents)) < 8 * 2**20
    assert len(documents) <= 6


def test_the_form_of_an_index() -> None:
    """As the design document shows it; no plain length where nothing is compressed."""
    entries = (Entry(DATA, b"\x11" * 32, 0, 38, None), Entry(DATA, b"\x22" * 32, 38, 112, 511))
    (document,) = encode_indexes([Listing(b"\xab" * 32, entries)])
    assert document.decode() == (
        '{"packs":[{"id":"' + "ab" * 32 + '","blobs":['
        '{"id":"' + "11" * 32 + '","type":"data","offset":0,"length":38},'
        '{"id":"' + "22" * 32 + '","type":"data","offset":38,"length":112,'
        '"uncompressed_length":511}]}]}'
    )
    assert list(encode_indexes([])) == []


def test_what_restic_may_write_is_read() -> None:
    """Nulls for empty lists, `supersedes`, blobs out of order."""
    assert decode_index(b'{"packs":null}') == ()
    assert decode_index(b"{}") == ()
    part = "ab" * 32
    document = {
        "supersedes": ["cd" * 32],
        "packs": [
            {"id": part, "blobs": None},
            {
                "id": part,
                "blobs": [
                    {"id": "11" * 32, "type": "tree", "offset": 40, "length": 50},
                    {"id": "22" * 32, "type": "data", "offset": 0, "length": 40},
                ],
            },
        ],
    }
    first, second = decode_index(json.dumps(document).encode())
    assert first == Listing(bytes.fromhex(part), ())
    assert [entry.offset for entry in second.entries] == [0, 40]


BLOB = {"id": "11" * 32, "type": "data", "offset": 0, "length": 40}


@pytest.mark.parametrize(
    "blob",
    [
        BLOB | {"id": "11" * 31},
        BLOB | {"id": "AB" * 32},
        BLOB | {"id": "zz" * 32},
        BLOB | {"id": " " + "11" * 32},
        BLOB | {"id": 5},
        BLOB | {"type": "blob"},
        BLOB | {"offset": -1},
        BLOB | {"offset": 2**32},
        BLOB | {"offset": 1.5},
        BLOB | {"length": 32},
        BLOB | {"length": 2**32},
        BLOB | {"uncompressed_length": -1},
        BLOB | {"uncompressed_length": 10**400},
        {"id": "11" * 32, "type": "data", "offset": 0},
        None,
        [],
    ],
)
def test_hostile_entries_are_refused(blob: object) -> None:
    """Each of them alone."""
    good = {"packs": [{"id": "ab" * 32, "blobs": [BLOB]}]}
    assert len(decode_index(json.dumps(good).encode())) == 1
    bad = {"packs": [{"id": "ab" * 32, "blobs": [blob]}]}
    with pytest.raises(MalformedError):
        decode_index(json.dumps(bad).encode())


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b"null", b'{"packs":{}}', b'{"packs":[{"blobs":[]}]}', b"[" * 100_000, b"{" * 9],
)
def test_other_documents_are_refused(document: bytes) -> None:
    """An index of restic's first months is a bare list: refused, not guessed."""
    with pytest.raises(MalformedError):
        decode_index(document)


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(document: bytes) -> None:
    """Nothing but our own refusal comes out."""
    with pytest.raises(MalformedError):
        decode_index(b"x" + document)
