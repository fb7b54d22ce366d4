"""Which file holds this hash or entry, what stands in it, and when is it full?

Rules: a tile is 256 hashes, a bundle 256 entries; a partial one is a prefix of every wider one,
so only full ones are stored and any width is cut. A partial tile is never hashed upward. Paths
and bundles have one spelling each.
Source: C2SP tlog-tiles; `docs/formats/ledger.md` §6.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from kept.base.errors import MalformedError
from kept.ledger.entry import ENTRY_BYTES
from kept.ledger.merkle import (
    HASH_BYTES,
    NodeReader,
    root_of,
    root_of_complete,
)

TILE_WIDTH = 256  # C2SP tlog-tiles
TILE_HEIGHT = 8  # 2^8 hashes
TILE_BYTES = TILE_WIDTH * HASH_BYTES  # 8,192
MAX_LEVEL = 63  # of a path
MAX_ENTRY_BYTES = 65_535  # a bundle's u16 length
_LENGTH = ENTRY_BYTES.to_bytes(2, "big")  # of an entry of ours
_RECORD_BYTES = len(_LENGTH) + ENTRY_BYTES
_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """One tile, or one bundle of entries, full or cut."""

    level: int | None  # 0 to 63; None is the bundle beside level 0
    index: int  # 0 to 2^63-1
    width: int = TILE_WIDTH  # 1 to 256

    def __post_init__(self) -> None:
        if self.level is not None and not 0 <= self.level <= MAX_LEVEL:
            raise MalformedError("tile", "a level is 0 to 63")
        if self.index < 0 or not 0 < self.width <= TILE_WIDTH:
            raise MalformedError("tile", "an index from 0, a width of 1 to 256")

    @classmethod
    def parse(cls, path: str) -> Self:
        """Read `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`. Hostile input.

        Raises:
            MalformedError: another spelling, or a number out of range.
        """
        found = _PATH.fullmatch(path)
        if found is None:
            raise MalformedError("tile path", "not a path of tlog-tiles")
        level, groups, width = found.groups()
        tile = cls(
            None if level == "entries" else int(level),
            int(groups.replace("x", "").replace("/", "")),
            int(width or TILE_WIDTH),
        )
        if tile.path != path:  # padded with x000, or .p/256
            raise MalformedError("tile path", "not the one spelling of this tile")
        return tile

    @property
    def path(self) -> str:
        """Where it is served and stored, below the log's prefix."""
        groups = f"{self.index % 1000:03}"
        rest = self.index // 1000
        while rest:
            groups = f"x{rest % 1000:03}/{groups}"
            rest //= 1000
        kind = "entries" if self.level is None else self.level
        part = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{kind}/{groups}{part}"

    @property
    def full(self) -> "Tile":
        """The same tile at full width."""
        return Tile(self.level, self.index)

    @property
    def needs_size(self) -> int:
        """The smallest log that has all of it: serve it only when that much is published."""
        return (self.index * TILE_WIDTH + self.width) << (TILE_HEIGHT * (self.level or 0))


def width_at(level: int | None, index: int, size: int) -> int:
    """How wide this tile is in a log of `size` entries: 0 to 256."""
    hashes = size >> (TILE_HEIGHT * (level or 0))
    return max(0, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def became_full(old: int, new: int) -> Iterator[Tile]:
    """Bundles, then tiles of each level, that are full at size `new` and were not at `old`."""
    for index in range(old // TILE_WIDTH, new // TILE_WIDTH):
        yield Tile(None, index)
    level = 0
    while new >> TILE_HEIGHT * (level + 1):
        shift = TILE_HEIGHT * (level + 1)
        for index in range(old >> shift, new >> shift):
            yield Tile(level, index)
        level += 1


def partials(size: int) -> Iterator[Tile]:
    """The cut bundle and the cut tiles of each level in a log of exactly `size` entries."""
    if size % TILE_WIDTH:
        yield Tile(None, size // TILE_WIDTH, size % TILE_WIDTH)
    level, hashes = 0, size
    while hashes:
        if hashes % TILE_WIDTH:
            yield Tile(level, hashes // TILE_WIDTH, hashes % TILE_WIDTH)
        level, hashes = level + 1, hashes // TILE_WIDTH


def cut(tile: Tile, data: bytes) -> bytes:
    """The first `tile.width` hashes or entries of a wider (or equal) tile or bundle.

    Raises:
        MalformedError: `data` is narrower, or no such tile.
    """
    if tile.level is not None:
        if len(data) % HASH_BYTES or len(data) < tile.width * HASH_BYTES:
            raise MalformedError("tile", "narrower than asked")
        return data[: tile.width * HASH_BYTES]
    at = 0
    for _ in range(tile.width):
        at = _end_of_entry(data, at)
    return data[:at]


def hashes_of(data: bytes) -> tuple[bytes, ...]:
    """The hashes of a tile.

    Raises:
        MalformedError: none, more than 256, or not whole ones.
    """
    if not data or len(data) > TILE_BYTES or len(data) % HASH_BYTES:
        raise MalformedError("tile", "not 1 to 256 hashes")
    return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Each entry behind its u16 length, big-endian.

    Raises:
        MalformedError: more than 256 entries, or one longer than 65,535 bytes.
    """
    if len(entries) > TILE_WIDTH or any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise MalformedError("bundle", "at most 256 entries of 65,535 bytes")
    if {len(entry) for entry in entries} == {ENTRY_BYTES}:
        return _LENGTH + _LENGTH.join(entries)
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def decode_bundle(data: bytes) -> tuple[bytes, ...]:
    """The entries of a bundle. Hostile input.

    Raises:
        MalformedError: cut off inside an entry, empty, or more than 256 entries.
    """
    count, rest = divmod(len(data), _RECORD_BYTES)
    lengths = data[::_RECORD_BYTES] + data[1::_RECORD_BYTES]
    if not rest and lengths == b"\x01" * count + b"\x00" * count:
        entries = [data[at + 2 : at + _RECORD_BYTES] for at in range(0, len(data), _RECORD_BYTES)]
    else:
        entries = _any_entries(data)
    if not 0 < len(entries) <= TILE_WIDTH:
        raise MalformedError("bundle", "not 1 to 256 entries")
    return tuple(entries)


def _any_entries(data: bytes) -> list[bytes]:
    """The entries of a bundle that holds others than of 256 bytes."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        end = _end_of_entry(data, at)
        entries.append(data[at + 2 : end])
        at = end
    return entries


def node_reader(read: Callable[[Tile], bytes], size: int) -> NodeReader:
    """Complete nodes of a log of `size` entries, answered from its tiles.

    A node of level 8·L stands in a tile and costs one read; one between two tile levels is
    hashed from its part of the tile. Tiles read once are kept as long as the reader lives.

    Args:
        read: the bytes of a tile, at the width that `size` gives it or wider.
        size: the log's size; nodes beyond it are never asked for.
    """
    seen: dict[Tile, bytes] = {}

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        number, first = divmod(index << height, TILE_WIDTH)
        tile = Tile(tile_level, number, width_at(tile_level, number, size))
        if tile not in seen:
            seen[tile] = cut(tile, read(tile))
        part = seen[tile][first * HASH_BYTES : (first + (1 << height)) * HASH_BYTES]
        return root_of_complete(part)

    return node


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge as tiles: at each level the hashes after its last full tile."""

    size: int = 0
    levels: tuple[bytes, ...] = ()  # up to 255 hashes each, one after another

    def __post_init__(self) -> None:
        for level, hashes in enumerate(self.levels):
            if len(hashes) != HASH_BYTES * ((self.size >> TILE_HEIGHT * level) % TILE_WIDTH):
                raise MalformedError("edge", f"level {level} does not fit the size")
        if self.size >> TILE_HEIGHT * len(self.levels):
            raise MalformedError("edge", "a level is missing")

    def extend(self, leaves: Sequence[bytes]) -> "tuple[Edge, tuple[tuple[Tile, bytes], ...]]":
        """The edge after appending leaf hashes, and the hash tiles that became full by it."""
        full: list[tuple[Tile, bytes]] = []
        levels, level, size = list(self.levels), 0, self.size + len(leaves)
        fresh = b"".join(leaves)
        while fresh or level < len(levels):
            held = (levels[level] if level < len(levels) else b"") + fresh
            first = self.size >> TILE_HEIGHT * (level + 1)
            whole = len(held) // TILE_BYTES
            cuts = [held[at * TILE_BYTES : (at + 1) * TILE_BYTES] for at in range(whole)]
            full.extend((Tile(level, first + at), tile) for at, tile in enumerate(cuts))
            levels[level : level + 1] = [held[whole * TILE_BYTES :]]
            fresh = b"".join(root_of_complete(tile) for tile in cuts)
            level += 1
        return Edge(size, tuple(levels)), tuple(full)

    def read(self, tile: Tile) -> bytes:
        """The hashes of a cut tile of this edge.

        Raises:
            MalformedError: the tile is not, or not wholly, in the edge.
        """
        level = tile.level or 0
        if tile.level is None or tile.index != self.size >> TILE_HEIGHT * (level + 1):
            raise MalformedError("tile", "not in the edge")
        return cut(tile, self.levels[level] if level < len(self.levels) else b"")

    @property
    def root(self) -> bytes:
        """The root of the whole log."""
        return root_of(self.size, node_reader(self.read, self.size))


def _end_of_entry(data: bytes, at: int) -> int:
    """Where the entry that begins at `at` ends.

    Raises:
        MalformedError: the bundle ends before it.
    """
    end = at + 2 + int.from_bytes(data[at : at + 2], "big")
    if end > len(data) or at + 2 > len(data):
        raise MalformedError("bundle", "ends inside an entry")
    return end
