"""Is the whole log what was signed, and if not, what was changed first?

Rules, in order: every bundle is read and its leaves are hashed anew; the tiles must hold these
hashes at every level; the root must be the signed one; each entry must be of this format. What is
named is the first thing that the signed root does not vouch for.
Source: `docs/formats/ledger.md` §10.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kept.base.errors import MalformedError
from kept.ledger.entry import are_entries, is_entry
from kept.ledger.merkle import HASH_BYTES, leaf_hash, leaf_hashes, root_of, root_of_complete
from kept.ledger.tiles import (
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Edge,
    Tile,
    decode_bundle,
    hashes_of,
    node_reader,
    partials,
    width_at,
)


@dataclass(frozen=True, slots=True)
class Whole:
    """Every entry and every tile leads to the signed root."""

    size: int


@dataclass(frozen=True, slots=True)
class Changed:
    """The first thing found that is not what was signed."""

    path: str  # of the bundle or tile; "checkpoint" when all of them agree with each other
    entry: int | None  # index in the log, where one entry is to blame
    why: str  # one constant sentence


Reader = Callable[[Tile], bytes | None]
"""The bytes of a tile or bundle, at the width asked or wider; None when it is missing."""


def check_log(read: Reader, *, size: int, root: bytes) -> Whole | Changed:
    """Re-derive a whole log from its entries and compare with its tiles and its signed root."""
    edge, odd, strange = Edge(), list[Tile](), list[Changed]()
    for bundle in _bundles(size):
        entries = _entries(read, bundle)
        if isinstance(entries, Changed):
            return entries
        strange += _not_entries(entries, bundle)
        edge, full = edge.extend(leaf_hashes(entries))
        odd += [tile for tile, hashes in full if _hashes(read, tile) != hashes]
    cuts = [tile for tile in partials(size) if tile.level is not None]
    odd += [tile for tile in cuts if _hashes(read, tile) != edge.read(tile)]
    if edge.root != root:
        return _blame(read, odd, size=size, root=root)
    if odd:
        return Changed(odd[0].path, None, _why_odd(read, odd[0]))
    return strange[0] if strange else Whole(size)


def _blame(read: Reader, odd: list[Tile], *, size: int, root: bytes) -> Changed:
    """What was changed, when the entries do not lead to the signed root.

    A tile that the signed root vouches for convicts the entry beside it; one that it does not
    vouch for was changed itself.
    """
    for tile in sorted(odd, key=lambda odd: (odd.level or 0, odd.index)):
        stored = _hashes(read, tile)
        if stored is not None and tile.level == 0 and _is_vouched(read, tile, size=size, root=root):
            bundle = Tile(None, tile.index, tile.width)
            entries = decode_bundle(read(bundle) or b"")
            at = next(i for i, h in enumerate(hashes_of(stored)) if h != leaf_hash(entries[i]))
            index = tile.index * TILE_WIDTH + at
            return Changed(bundle.path, index, "the entry is not the one that was signed")
        if stored is not None and tile.level == 1 and _is_vouched(read, tile, size=size, root=root):
            return _below(read, tile, hashes_of(stored))
    if odd:
        return Changed(odd[0].path, None, _why_odd(read, odd[0]))
    return Changed("checkpoint", None, "the root is not that of the entries")


def _below(read: Reader, tile: Tile, hashes: tuple[bytes, ...]) -> Changed:
    """Which bundle is to blame when the tile above is vouched for, and the one below is not odd.

    So it is where hashes of entries are not stored: they agree with whatever entries stand there.
    """
    first = tile.index * TILE_WIDTH
    below = [
        root_of_complete(_hashes(read, Tile(0, first + at)) or b"") for at in range(len(hashes))
    ]
    at = next(at for at, root in enumerate(below) if root != hashes[at])
    return Changed(Tile(None, first + at).path, None, "an entry is not the one that was signed")


def _why_odd(read: Reader, tile: Tile) -> str:
    if _hashes(read, tile) is None:
        return "the tile is missing or too short"
    return "the tile does not hold the hashes of what it stands for"


def _is_vouched(read: Reader, tile: Tile, *, size: int, root: bytes) -> bool:
    """Whether the signed root leads, tile by tile, down to this one as it is stored."""

    def stored(asked: Tile) -> bytes:
        found = read(asked)
        if found is None:
            raise MalformedError("tile", "missing")
        return found

    try:
        node = node_reader(stored, size)
        if root_of(size, node) != root:
            return False
        level = tile.level or 0
        index = tile.index
        while width_at(level, index, size) == TILE_WIDTH:
            whole = root_of_complete(stored(Tile(level, index))[:TILE_BYTES])
            if whole != node(TILE_HEIGHT * (level + 1), index):
                return False
            level, index = level + 1, index // TILE_WIDTH
    except MalformedError:
        return False
    return True


def _bundles(size: int) -> Iterator[Tile]:
    for index in range(0, size, TILE_WIDTH):
        yield Tile(None, index // TILE_WIDTH, min(TILE_WIDTH, size - index))


def _entries(read: Reader, bundle: Tile) -> tuple[bytes, ...] | Changed:
    data = read(bundle)
    if data is None:
        return Changed(bundle.path, None, "the bundle is missing")
    try:
        entries = decode_bundle(data)[: bundle.width]
    except MalformedError:
        return Changed(bundle.path, None, "the bundle cannot be read")
    if len(entries) < bundle.width:
        return Changed(bundle.path, None, "the bundle is too short")
    return entries


def _hashes(read: Reader, tile: Tile) -> bytes | None:
    data = read(tile)
    if data is None or len(data) < tile.width * HASH_BYTES:
        return None
    return data[: tile.width * HASH_BYTES]


def _not_entries(entries: Sequence[bytes], bundle: Tile) -> list[Changed]:
    """The entries that are not of this format."""
    if are_entries(entries):
        return []
    first = bundle.index * TILE_WIDTH
    return [
        Changed(bundle.path, first + at, "the entry is not of this format")
        for at, entry in enumerate(entries)
        if not is_entry(entry)
    ]
