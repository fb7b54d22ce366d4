"""What stands in the database, right of the last full tile on disk?

Rules: entries at places [stored, size) still lie in the outbox; each level from 1 keeps the hashes
after its last stored full tile in `ledger_edge`. What became full waits here until its file was
written and read back. `read_tile` answers any tile or bundle of a log, from its file or from these
tables.
Source: `docs/formats/ledger.md`, tiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Self

from kept.db.seam import Tx
from kept.ledger.merkle import HASH_BYTES, Frontier, leaf_hashes
from kept.ledger.model import Head
from kept.ledger.ports import TileStore
from kept.ledger.store import tree_rows
from kept.ledger.tiles import (
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    became_full,
    encode_bundle,
    width_at,
)


def stored_path(log: int, tile: Tile) -> str:
    """Where a full tile lies in the tile store: later logs below their number."""
    return tile.path if log == 1 else f"{log}/{tile.path}"


@dataclass(frozen=True, slots=True)
class Tail:
    """The right edge of one log, with what is full but not yet known to be on disk."""

    head: Head
    runs: tuple[range, ...]  # numbers of the acts at places [stored, size)
    entries: tuple[bytes, ...]  # theirs
    leaves: tuple[bytes, ...]  # their hashes
    uppers: tuple[bytes, ...]  # per level from 1: hashes after its last stored full tile
    closed: tuple[range, ...] = ()  # acts of closed logs whose entries lie in no full tile

    @classmethod
    def load(cls, tx: Tx, head: Head) -> Self:
        """Read it from the tables."""
        runs = tuple(tree_rows.places(tx, head.log, start=head.stored, end=head.size))
        entries = tuple(tree_rows.leaves(tx, head.log, start=head.stored, end=head.size))
        edges = tree_rows.edges(tx, head.log)
        uppers = tuple(edges[level][1] for level in sorted(edges))
        closed = tuple(
            run
            for one in tree_rows.heads(tx)
            if one.log != head.log
            for run in tree_rows.places(tx, one.log, start=one.stored, end=one.size)
        )
        return cls(head, runs, entries, tuple(leaf_hashes(entries)), uppers, closed)

    def grown(self, acts: Sequence[range], entries: Sequence[bytes]) -> "Tail":
        """The tail after appending acts and their entries, with the head that belongs to it."""
        fresh = leaf_hashes(entries)
        old, leaves = self.head, (*self.leaves, *fresh)
        frontier, finished = Frontier.decode(old.size, old.frontier).grown(fresh)
        head = replace(old, size=frontier.size, root=frontier.root, frontier=frontier.encode())
        full = finished[TILE_HEIGHT::TILE_HEIGHT]  # roots of the tiles that became full
        above = [b"".join(roots) for roots in full if roots]
        uppers = tuple(map(b"".join, zip_longest(self.uppers, above, fillvalue=b"")))
        runs, entries = joined(self.runs, acts), (*self.entries, *entries)
        return Tail(head, runs, entries, leaves, uppers, self.closed)

    def first(self, level: int) -> int:
        """The index of the first hash that this tail holds of a level."""
        return (self.head.stored >> TILE_HEIGHT * (level + 1)) * TILE_WIDTH

    @property
    def full_size(self) -> int:
        """The size up to which every tile of the lowest level is full."""
        return self.head.size // TILE_WIDTH * TILE_WIDTH

    @property
    def waiting_tiles(self) -> int:
        """How many tiles of the lowest level are full but not yet known to be on disk."""
        return (self.head.size - self.head.stored) // TILE_WIDTH

    def full(self) -> list[tuple[Tile, bytes]]:
        """Bundles and tiles that are full but not yet known to be on disk."""
        return [
            (tile, self._content(tile)) for tile in became_full(self.head.stored, self.head.size)
        ]

    def _content(self, tile: Tile) -> bytes:
        at = tile.index * TILE_WIDTH - self.first(tile.level or 0)
        if tile.level is None:
            return encode_bundle(self.entries[at : at + TILE_WIDTH])
        if tile.level == 0:
            return b"".join(self.leaves[at : at + TILE_WIDTH])
        return self.uppers[tile.level - 1][at * HASH_BYTES :][:TILE_BYTES]

    def trimmed(self, stored: int) -> "Tail":
        """The tail once everything full up to `stored`, a multiple of 256, is on disk."""
        new = replace(self, head=replace(self.head, stored=stored))
        at = stored - self.head.stored
        uppers = tuple(
            hashes[(new.first(level) - self.first(level)) * HASH_BYTES :]
            for level, hashes in enumerate(self.uppers, 1)
        )
        runs, entries = _after(self.runs, at), self.entries[at:]
        return Tail(new.head, runs, entries, self.leaves[at:], uppers, self.closed)


def joined(runs: Sequence[range], more: Sequence[range]) -> tuple[range, ...]:
    """Runs in order of place, those that go on one from another made one."""
    if runs and more and runs[-1].stop == more[0].start:
        return (*runs[:-1], range(runs[-1].start, more[0].stop), *more[1:])
    return (*runs, *more)


def _after(runs: Sequence[range], count: int) -> tuple[range, ...]:
    """The runs without their first `count` acts."""
    left = list[range]()
    for run in runs:
        left.append(run[count:])
        count = max(count - len(run), 0)
    return tuple(run for run in left if run)


def write_edges(tx: Tx, old: Tail, new: Tail) -> None:
    """Bring the upper levels in the database from one tail to the next."""
    for level, hashes in enumerate(new.uppers, 1):
        if level > len(old.uppers) or old.uppers[level - 1] != hashes:
            tree_rows.put_edge(tx, new.head.log, level=level, first=new.first(level), hashes=hashes)


def read_tile(tx: Tx, tiles: TileStore, head: Head, tile: Tile) -> bytes | None:
    """A tile or bundle at the width asked or wider; None beyond the log, or where it is lost.

    Raises:
        UnavailableError: the tile store cannot be read.
    """
    if tile.needs_size > head.size:
        return None
    if tile.full.needs_size <= head.stored:
        return tiles.get(stored_path(head.log, tile.full))
    if tile.level:
        first, hashes = tree_rows.edges(tx, head.log).get(tile.level, (0, b""))
        at = (tile.index * TILE_WIDTH - first) * HASH_BYTES
        return hashes[at : at + TILE_BYTES] if at >= 0 else None
    start = tile.index * TILE_WIDTH
    end = start + width_at(tile.level, tile.index, head.size)
    entries = tree_rows.leaves(tx, head.log, start=start, end=end)
    return encode_bundle(entries) if tile.level is None else b"".join(leaf_hashes(entries))
