"""Are the cuts of `cut1` the same for ever, and the same however a stream is read?"""

import hashlib
import hmac
import math
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyfastcdc.py import FastCDC as SlowFastCDC

from kept.backup.cutting import KIB, SIZES, SMALL_MOST, Cutter, Kind, choose, seed_of
from kept.base.errors import MalformedError
from kept.crypto.secret import Secret

KEY = Secret(bytes(range(32)))
SEED = 0x28DB5BB6199A8FD0
STREAM = hashlib.shake_256(b"kept cut1 golden").digest(8192 * KIB)
GOLDEN = {
    Kind.TABLE: (2048 * KIB, [
        83487, 162914, 283212, 352774, 388644, 482580, 585910, 762867, 869699, 910690, 978099,
        1081196, 1147123, 1195122, 1341551, 1386995, 1444956, 1578331, 1617148, 1706266, 1781398,
        1845303, 1920429, 2015933, 2097152,
    ]),
    Kind.PLAIN: (8192 * KIB, [
        744093, 1386995, 2418570, 2976176, 3820811, 5157198, 5732036, 6696299, 7361014, 8085194,
        8388608,
    ]),
    Kind.SMALL: (600 * KIB, [262144, 524288, 614400]),
    Kind.PAGES: (300 * KIB, [131072, 262144, 307200]),
    Kind.WIDE_PAGES: (600 * KIB, [262144, 524288, 614400]),
}  # fmt: skip


def read_and_cut(data: bytes, kind: Kind, windows: list[int]) -> list[int]:
    """The cuts of a stream that arrives in pieces of these sizes, as a reader does it."""
    cutter, held, start, found = Cutter(SEED), b"", 0, list[int]()
    for low, high in pairwise([0, *accumulate(windows)]):
        held += data[low:high]
        got = cutter.cuts(held, kind, final=high >= len(data))
        found += [start + at for at in got]
        if got:
            start, held = start + got[-1], held[got[-1] :]
        assert len(held) < SIZES[kind].most
    return found


@pytest.mark.parametrize("kind", Kind)
def test_cuts_are_the_golden_ones(kind: Kind) -> None:
    """A library that cuts elsewhere would re-upload everything: it is noticed here."""
    size, expected = GOLDEN[kind]
    assert Cutter(SEED).cuts(STREAM[:size], kind, final=True) == expected


def test_the_seed_is_hkdf_of_the_encryption_key() -> None:
    """RFC 5869 by hand; 63 bits, or the library overflows."""
    first = hmac.digest(bytes(32), bytes(range(32)), "sha256")
    raw = hmac.digest(first, b"kept cut v1\x01", "sha256")[:8]
    assert seed_of(KEY) == int.from_bytes(raw, "big") // 2 == SEED
    assert seed_of(Secret(bytes(32))) != SEED
    with pytest.raises(MalformedError):
        seed_of(Secret(bytes(31)))
    for seed in (-1, 1 << 63):
        with pytest.raises(MalformedError):
            Cutter(seed)
    Cutter((1 << 63) - 1).cuts(STREAM, Kind.PLAIN, final=True)


def test_another_seed_cuts_elsewhere() -> None:
    """Two shops share no cut of the same file but its end."""
    size, ours = GOLDEN[Kind.TABLE]
    theirs = Cutter(1).cuts(STREAM[:size], Kind.TABLE, final=True)
    assert not set(ours[:-1]) & set(theirs[:-1])


def test_the_library_in_plain_python_cuts_the_same() -> None:
    """Machines without the compiled part make the same blobs."""
    size, expected = GOLDEN[Kind.TABLE]
    slow = SlowFastCDC(64 * KIB, min_size=32 * KIB, max_size=512 * KIB, seed=SEED)
    assert [c.offset + c.length for c in slow.cut_buf(STREAM[:size])] == expected


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("window", [40_000, 65_536, 300_001, 5_000_000])
def test_cuts_of_a_slow_stream(kind: Kind, window: int) -> None:
    """A buffer that ends before a blob may be full gives no cut at its own end."""
    size, expected = GOLDEN[kind]
    assert read_and_cut(STREAM[:size], kind, [window] * (size // window + 1)) == expected


@settings(max_examples=60)
@given(kind=st.sampled_from(Kind), data=st.data())
def test_cuts_do_not_depend_on_reading(kind: Kind, data: st.DataObject) -> None:
    """Windows of any sizes, any length, give the cuts of the whole."""
    most = SIZES[kind].most
    size = data.draw(st.integers(0, min(3 * most, len(STREAM))))
    stream = STREAM[-size:] if size else b""
    windows = data.draw(st.lists(st.integers(1, max(1, most)), max_size=12))
    windows.append(max(0, size - sum(windows)) + 1)
    assert read_and_cut(stream, kind, windows) == Cutter(SEED).cuts(stream, kind, final=True)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("data", [bytes(9000 * KIB), STREAM, b"\xff" * 9000 * KIB, b"x", b""])
def test_cuts_are_whole_and_bounded(kind: Kind, data: bytes) -> None:
    """They rise, end with the stream, and no blob is empty, too large or (but the last) small."""
    found = Cutter(SEED).cuts(data, kind, final=True)
    sizes = [high - low for low, high in pairwise([0, *found])]
    assert sum(sizes) == len(data)
    assert all(0 < size <= SIZES[kind].most for size in sizes)
    assert all(size >= SIZES[kind].least for size in sizes[:-1])


@pytest.mark.parametrize("kind", [Kind.TABLE, Kind.PLAIN])
def test_an_insertion_moves_few_cuts(kind: Kind) -> None:
    """A byte put in near the start leaves every later cut where it was, shifted by one."""
    before = Cutter(SEED).cuts(STREAM, kind, final=True)
    after = Cutter(SEED).cuts(STREAM[:1000] + b"!" + STREAM[1000:], kind, final=True)
    assert len(set(before) & {at - 1 for at in after}) >= len(before) - 3


@pytest.mark.parametrize(
    ("size", "head", "name", "expected"),
    [
        (0, b"", b"a.sql", Kind.SMALL),
        (SMALL_MOST, b"SQLite format 3\x00", b"data.db", Kind.SMALL),
        (SMALL_MOST + 1, b"SQLite format 3\x00", b"data.db", Kind.PAGES),
        (8 * KIB**3 - 1, b"SQLite format 3\x00", b"data.db", Kind.PAGES),
        (8 * KIB**3, b"SQLite format 3\x00", b"data.db", Kind.WIDE_PAGES),
        (SMALL_MOST + 1, b"SQLite format 3", b"data.db", Kind.PLAIN),
        (10**7, b"--", b"Shop.SQL", Kind.TABLE),
        (10**7, b"--", b"shop.dump", Kind.TABLE),
        (None, b"PGDMP\x01\x0e\x00", b"postgres", Kind.TABLE),
        (None, b"", b"stdin", Kind.PLAIN),
        (10**7, b"\x89PNG", b"a.png", Kind.PLAIN),
    ],
)
def test_the_kind_follows_size_beginning_and_name(
    size: int | None, head: bytes, name: bytes, expected: Kind
) -> None:
    """The table of the format page, row by row."""
    assert choose(size=size, head=head, name=name) is expected


def test_the_owner_may_name_a_database() -> None:
    """What the owner calls a database is cut finely; a small file stays whole."""
    assert choose(size=10**7, head=b"\x00", name=b"x.bin", is_database=True) is Kind.TABLE
    assert choose(size=10, head=b"\x00", name=b"x.bin", is_database=True) is Kind.SMALL


def test_pages_hold_every_page_size() -> None:
    """A page of SQLite, 512 bytes to 64 KiB, never lies across two blobs."""
    pages = SIZES[Kind.PAGES].most
    assert pages % math.lcm(*(512 << step for step in range(8))) == 0
    assert SIZES[Kind.WIDE_PAGES].most % pages == 0
