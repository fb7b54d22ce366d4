"""What may anybody read of the log, and up to where?

Rules: nothing beyond the newest published checkpoint, so that no entry shows before the beat; a
tile or bundle of any width is cut from the full one or from the edge; an opening is public only
for acts of the house, told by their kind, never by a row that erasure emptied.
Source: `docs/formats/ledger.md`, tiles; C2SP tlog-tiles.
"""

from dataclasses import dataclass

from kept.base.errors import MalformedError, TamperedError
from kept.db.seam import Tx
from kept.ledger.acts.tail import read_tile
from kept.ledger.entry import Entry, Opening, UnknownVersion
from kept.ledger.merkle import NodeReader, consistency_proof
from kept.ledger.model import Head
from kept.ledger.notes import Note, Signature
from kept.ledger.ports import TileStore
from kept.ledger.store import act_rows, checkpoint_rows, tree_rows
from kept.ledger.tiles import TILE_WIDTH, Tile, cut, decode_bundle, node_reader, width_at

_HOUSE = (
    "backup.",
    "book.",
    "erased_",
    "checkup.",
    "drill.",
    "import.",
    "key.",
    "key_copy.",
    "keys.",
    "ledger.",
    "nobody.",
    "promise.",
    "staff.",
    "witness.",
)
_PERSON = (
    "alias.",
    "consent.",
    "egress.",
    "erasure_",
    "export.",
    "person.",
    "retention.",
    "share.",
)


@dataclass(frozen=True, slots=True)
class Log:
    """Which log, and where its full tiles lie."""

    origin: str
    tiles: TileStore


def is_of_the_house(kind: str) -> bool:
    """Whether acts of this kind concern no person, so that their opening is public."""
    return kind.startswith(_HOUSE)


def is_of_a_person(kind: str) -> bool:
    """Whether acts of this kind concern one person, so that only they read the opening."""
    return kind.startswith(_PERSON)


def published_size(tx: Tx, log: Log, /) -> int:
    """How many entries are public: 0 before the first publication."""
    found = checkpoint_rows.published(tx, log.origin)
    return found[0] if found else 0


def checkpoint(tx: Tx, log: Log, /) -> bytes | None:
    """The newest published checkpoint with its cosignatures; None before the first."""
    found = checkpoint_rows.newest_checkpoint(tx, log.origin, published=True)
    return with_cosignatures(tx, log.origin, size=found[0], note=found[1]) if found else None


def with_cosignatures(tx: Tx, origin: str, /, *, size: int, note: bytes) -> bytes:
    """A stored checkpoint with the lines that witnesses gave for it.

    Raises:
        MalformedError: a stored line or note was changed.
    """
    lines = checkpoint_rows.cosignatures(tx, origin, size)
    if not lines:
        return note
    return Note.parse(note).plus(*(Signature.parse(line) for line in lines)).encode()


def tile(tx: Tx, log: Log, path: str, /) -> bytes | None:
    """The tile or bundle at a C2SP path; None (404) where it is no path, or not published.

    Raises:
        UnavailableError: the tile store cannot be read.
        TamperedError: the stored file is narrower than it was.
    """
    try:
        asked = Tile.parse(path)
    except MalformedError:
        return None
    head = tree_rows.head(tx, log.origin)
    if head is None or asked.needs_size > min(published_size(tx, log), head.size):
        return None
    found = read_tile(tx, log.tiles, head, asked)
    if found is None:
        raise TamperedError(f"ledger file {asked.full.path}")
    try:
        return cut(asked, found)
    except MalformedError:
        raise TamperedError(f"ledger file {asked.full.path}") from None


def consistency(tx: Tx, log: Log, /, *, old: int, new: int) -> tuple[bytes, ...] | None:
    """The hashes that show the log of `new` entries to begin with that of `old`; None (404).

    Raises:
        UnavailableError: the tile store cannot be read.
        TamperedError: a tile that the proof needs is gone.
    """
    head = tree_rows.head(tx, log.origin)
    if head is None or not 0 < old <= new <= published_size(tx, log):
        return None
    return consistency_proof(old, new, nodes(tx, log, head, size=new))


def house_opening(tx: Tx, log: Log, index: int, /) -> Opening | None:
    """The opening of the act of the house at a published place; None (404) for any other.

    Raises:
        UnavailableError: the tile store cannot be read.
        TamperedError: the opening is not the one that the entry commits to.
    """
    head = tree_rows.head(tx, log.origin)
    if head is None or not 0 <= index < published_size(tx, log):
        return None
    row = act_rows.act_at(tx, head.log, index)
    if row is None or row.person is not None or not is_of_the_house(row.kind):
        return None
    sealed = act_rows.openings(tx, [row.id]).get(row.id)
    if sealed is None:
        return None
    opening, entry = Opening.decode(sealed), Entry.decode(entry_at(tx, log, head, index=index))
    if isinstance(entry, UnknownVersion) or entry.commitment != opening.commitment:
        raise TamperedError(f"the opening of act {row.id}")
    return opening


def entry_at(tx: Tx, log: Log, head: Head, /, *, index: int) -> bytes:
    """The 256 bytes at a place of the log.

    Raises:
        UnavailableError: the tile store cannot be read.
        TamperedError: the bundle is gone, cannot be read, or ends before.
    """
    number, at = divmod(index, TILE_WIDTH)
    entries = entries_of(tx, log, head, bundle=number)
    if at >= len(entries):
        raise TamperedError(f"ledger file {Tile(None, number).path}")
    return entries[at]


def entries_of(tx: Tx, log: Log, head: Head, /, *, bundle: int) -> tuple[bytes, ...]:
    """The entries of one bundle, as far as the log goes.

    Raises:
        UnavailableError: the tile store cannot be read.
        TamperedError: the bundle is gone or cannot be read.
    """
    asked = Tile(None, bundle, max(1, width_at(None, bundle, head.size)))
    try:
        return decode_bundle(cut(asked, read_tile(tx, log.tiles, head, asked) or b""))
    except MalformedError:
        raise TamperedError(f"ledger file {asked.full.path}") from None


def nodes(tx: Tx, log: Log, head: Head, /, *, size: int) -> NodeReader:
    """Complete nodes of the first `size` leaves, read from tiles and edge while `tx` lives."""

    def read(asked: Tile) -> bytes:
        found = read_tile(tx, log.tiles, head, asked)
        if found is None:
            raise TamperedError(f"ledger file {asked.full.path}")
        return found

    return node_reader(read, size)
