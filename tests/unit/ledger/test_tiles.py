"""Are tiles named, cut and filled as C2SP tlog-tiles says?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rfc6962
from kept.base.errors import MalformedError
from kept.ledger import merkle
from kept.ledger.tiles import (
    Edge,
    Tile,
    became_full,
    cut,
    decode_bundle,
    encode_bundle,
    hashes_of,
    node_reader,
    partials,
    width_at,
)

LEAVES = [rfc6962.leaf(b"%d" % at) for at in range(70_000)]


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/x000/000",
        "tile/0/x1/000", "tile/0/001/000", "tile/0/x001", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000/", "/tile/0/000", "tile/entry/000",
        "tile/0/000\n", "tile/0/٠٠٠", "tile/0/000.p/1.p/1", "tile/8/0/000", "tile/0/../000", "",
    ],
)  # fmt: skip
def test_other_spellings_are_refused(path: str) -> None:
    """A tile has one path."""
    with pytest.raises(MalformedError):
        Tile.parse(path)


@given(
    level=st.none() | st.integers(0, 63), index=st.integers(0, 10**18), width=st.integers(1, 256)
)
def test_path_round_trip(level: int | None, index: int, width: int) -> None:
    """Every tile is read back from its path."""
    tile = Tile(level, index, width)
    assert Tile.parse(tile.path) == tile


@pytest.mark.parametrize(
    ("level", "index", "width"), [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)]
)
def test_impossible_tiles(level: int, index: int, width: int) -> None:
    """No tile stands outside the format's limits."""
    with pytest.raises(MalformedError):
        Tile(level, index, width)


@given(old=st.integers(0, 70_000), more=st.integers(0, 70_000))
@settings(max_examples=60, deadline=None)
def test_what_became_full(old: int, more: int) -> None:
    """Exactly the tiles whose width reaches 256 between the two sizes are named."""
    new = min(old + more, 70_000)
    expected = {
        Tile(level, index)
        for level in (None, 0, 1, 2)
        for index in range(300)
        if width_at(level, index, old) < 256 == width_at(level, index, new)
    }
    assert set(became_full(old, new)) == expected


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 65_535, 65_536, 65_537, 70_000])
def test_edge_is_made_of_the_right_hashes(size: int) -> None:
    """Tiles from any batching hold the hashes that the format defines; the root is the RFC's."""
    edge, full = Edge(), dict[Tile, bytes]()
    for at in range(0, size, 10_007):
        edge, fresh = edge.extend(LEAVES[at : min(size, at + 10_007)])
        full.update(fresh)
    assert set(full) == {tile for tile in became_full(0, size) if tile.level is not None}
    stored = full | {tile: edge.read(tile) for tile in partials(size) if tile.level is not None}
    for tile, data in list(stored.items())[-4:]:
        span = 256 ** (tile.level or 0)
        first = tile.index * 256 * span
        starts = range(first, first + tile.width * span, span)
        assert hashes_of(data) == tuple(rfc6962.mth(LEAVES[at : at + span]) for at in starts)
    assert edge.root == rfc6962.mth(LEAVES[:size])
    assert merkle.root_of(size, node_reader(stored.__getitem__, size)) == edge.root


def test_edge_refuses_what_is_not_in_it() -> None:
    """The edge answers for its own cut tiles alone, and holds what its size demands."""
    edge, _ = Edge().extend(LEAVES[:300])
    assert edge.read(Tile(0, 1, 44)) == b"".join(LEAVES[256:300])
    assert edge.read(Tile(0, 1, 3)) == b"".join(LEAVES[256:259])
    for tile in [Tile(0, 0), Tile(0, 1, 45), Tile(None, 1, 1), Tile(1, 1, 1), Tile(2, 0, 1)]:
        with pytest.raises(MalformedError):
            edge.read(tile)
    for size, levels in [(1, ()), (0, (bytes(32),)), (256, (b"",)), (256, (bytes(32), bytes(32)))]:
        with pytest.raises(MalformedError):
            Edge(size, levels)


@given(width=st.integers(1, 255), wider=st.integers(1, 256), long=st.booleans())
@settings(deadline=None)
def test_cut_is_a_prefix(width: int, wider: int, long: bool) -> None:
    """Any width is cut from any wider tile or bundle; from a narrower one it is refused."""
    entries = [b"%0256d" % at if long else b"%d" % at for at in range(wider)]
    bundle, tile = encode_bundle(entries), b"".join(LEAVES[:wider])
    if width > wider:
        for kind, data in [(None, bundle), (0, tile)]:
            with pytest.raises(MalformedError):
                cut(Tile(kind, 0, width), data)
        return
    assert cut(Tile(None, 0, width), bundle) == encode_bundle(entries[:width])
    assert cut(Tile(0, 0, width), tile) == b"".join(LEAVES[:width])


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundle_round_trip(entries: list[bytes]) -> None:
    """A bundle gives back its entries, of whatever length."""
    assert decode_bundle(encode_bundle(entries)) == tuple(entries)


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\x00\x02a", b"\x00\x00" * 257, b"\x01\x00" + bytes(255)]
)
def test_bundle_refuses(data: bytes) -> None:
    """A torn, empty or overlong bundle is refused."""
    with pytest.raises(MalformedError):
        decode_bundle(data)


@pytest.mark.parametrize("entries", [[b""] * 257, [bytes(65_536)]])
def test_bundle_has_limits(entries: list[bytes]) -> None:
    """No bundle is written that the format cannot hold."""
    with pytest.raises(MalformedError):
        encode_bundle(entries)


def test_needs_size() -> None:
    """A tile may be served once the log is so large that all of it is published."""
    assert Tile(0, 0, 1).needs_size == 1
    assert Tile(None, 2, 5).needs_size == 517
    assert Tile(1, 0, 1).needs_size == 256
    assert Tile(1, 1, 17).needs_size == (256 + 17) * 256
