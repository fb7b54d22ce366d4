"""Are the old files of the log still what was written? Read again slowly, all of them in a day.

Start-up reads no more than it needs to trust the root; nobody reads an old file until somebody
asks for it. So each is read again about once a day: a bundle must give the hashes of its tile, a
tile the hash that stands above it. The top of that is what start-up checks. What is found is
looked at again each time, and forgotten once it is put right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from kept.base.errors import MalformedError
from kept.db.seam import Database, Tx
from kept.ledger.acts.tail import read_tile, stored_path
from kept.ledger.merkle import leaf_hashes, root_of_complete
from kept.ledger.model import Head
from kept.ledger.ports import TileStore
from kept.ledger.store import tree_rows
from kept.ledger.tiles import (
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    decode_bundle,
    node_reader,
)

TURNS_A_DAY = 1440
TILES_MOST = 64  # in one turn, 80 kB each with its bundle: a huge log takes longer than a day
FOUND_MOST = 100  # kept in memory; `kept verify` names all


@dataclass(slots=True)
class Rereading:
    """How far it came, in this process; `found` are the paths of files that do not fit."""

    at: int | None = None
    found: tuple[str, ...] = ()
    _places: tuple[tuple[int, Tile], ...] = field(default=())

    def turn(self, db: Database, tiles: TileStore, *, now: datetime) -> int:
        """Read the next files again; how many places were looked at.

        The first turn of a process begins where the time of day says, so that a house that is
        started every morning comes to all of them too.

        Raises:
            UnavailableError: database or tile store cannot be read.
        """
        return db.read(lambda tx: self._look(tx, tiles, now))

    def _look(self, tx: Tx, tiles: TileStore, now: datetime) -> int:
        heads = tree_rows.heads(tx)
        total = sum(_count(head) for head in heads)
        if not total:
            return 0
        if self.at is None:
            self.at = total * (now.hour * 60 + now.minute) // TURNS_A_DAY
        size = min(TILES_MOST, -(-total // TURNS_A_DAY))
        turn = [_place(heads, (self.at + step) % total) for step in range(size)]
        self.at = (self.at + size) % total
        by_log = {head.log: head for head in heads}
        bad = dict[str, tuple[int, Tile]]()
        for log, tile in dict.fromkeys([*self._places, *turn]):
            for path in _odd(tx, tiles, by_log[log], tile):
                bad[path] = (log, tile)
        kept = dict(islice(bad.items(), FOUND_MOST))
        self.found, self._places = tuple(kept), tuple(dict.fromkeys(kept.values()))
        return size


def _count(head: Head) -> int:
    """How many full tiles of all levels are stored."""
    count, whole = 0, head.stored // TILE_WIDTH
    while whole:
        count, whole = count + whole, whole // TILE_WIDTH
    return count


def _place(heads: Sequence[Head], number: int) -> tuple[int, Tile]:
    """The tile of a running number: log by log, level by level.

    Raises:
        MalformedError: no tile has this number.
    """
    for head in heads:
        level, whole = 0, head.stored // TILE_WIDTH
        while whole:
            if number < whole:
                return head.log, Tile(level, number)
            number, level, whole = number - whole, level + 1, whole // TILE_WIDTH
    raise MalformedError("number", "beyond the last tile")


def _odd(tx: Tx, tiles: TileStore, head: Head, tile: Tile) -> list[str]:
    """Paths of the files at one place that do not fit; empty when all do."""

    def read(asked: Tile) -> bytes:
        found = read_tile(tx, tiles, head, asked)
        if found is None:
            raise MalformedError("tile", "missing")
        return found

    level, files = tile.level or 0, [tile]
    if level == 0:
        files.append(Tile(None, tile.index))
    stored = {file: tiles.get(stored_path(head.log, file)) for file in files}
    try:
        above = node_reader(read, head.size)(TILE_HEIGHT * (level + 1), tile.index)
    except MalformedError:
        above = b""  # then this is not known to be whole either
    return [
        stored_path(head.log, file) for file, data in stored.items() if _root(file, data) != above
    ]


def _root(file: Tile, data: bytes | None) -> bytes | None:
    """The hash that a full tile or bundle stands for; None where it cannot be read."""
    try:
        if data is None:
            return None
        hashes = b"".join(leaf_hashes(decode_bundle(data))) if file.level is None else data
        return root_of_complete(hashes) if len(hashes) == TILE_BYTES else None
    except MalformedError:
        return None
