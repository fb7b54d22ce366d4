"""Was anything of the ledger changed, and what exactly?

Rules, in order: each log's entries lead to its tiles and its head; the high-water mark and every
kept checkpoint is signed and has our root at its size; every act has exactly one entry and every
entry its act, and the two agree; openings open what their entry commits to. Nothing stops at the
first fault. Reading goes by chunks, each its own snapshot, so a running house can be verified.
Source: `docs/formats/ledger.md`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kept.base.encoding import Json
from kept.base.errors import MalformedError, TamperedError
from kept.db.seam import Database, Tx
from kept.ledger.acts.history import disagreements, unseal
from kept.ledger.acts.integrate import runs_of
from kept.ledger.acts.serving import Log, entries_of, is_of_the_house
from kept.ledger.acts.starting import root_at, tree_holds
from kept.ledger.acts.tail import read_tile, stored_path
from kept.ledger.audit import Changed, check_log
from kept.ledger.entry import ENTRY_BYTES, Entry, Opening, UnknownVersion, tag_of
from kept.ledger.merkle import Frontier, NodeReader, frontier_of
from kept.ledger.model import Head, Subject
from kept.ledger.notes import Checkpoint, KeyKind, Note, NotSigned, VerifierKey, check_note
from kept.ledger.ports import TileStore
from kept.ledger.store import act_rows, checkpoint_rows, tree_rows
from kept.ledger.store.act_rows import ActRow
from kept.ledger.tiles import TILE_WIDTH, Tile, node_reader

CHUNK = 16 * TILE_WIDTH  # acts read in one snapshot
SubjectOf = Callable[[int], Subject | None]
"""The keys of a person by row number; None where the person's keys are not at hand."""
MaskOf = Callable[[Sequence[str]], int | None]
"""The mask of categories by their keys; None where the book no longer knows one."""
_UNREADABLE = (TypeError, ValueError, AttributeError, OverflowError)  # a value of another type


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was written: `where` is a file, a table or an act."""

    what: str
    where: str


def verify_log(
    db: Database, tiles: TileStore, keys: tuple[VerifierKey, ...], /, *, mark: bytes | None
) -> list[Fault]:
    """The log's own part: entries, tiles, heads, mark and checkpoints of every log.

    Args:
        db: the house's data.
        tiles: full tiles of all logs.
        keys: every key that signed for this house.
        mark: the high-water mark; None when it is missing.

    Raises:
        UnavailableError: database or tile store cannot be read.
    """
    heads = db.read(tree_rows.heads)
    faults = [fault for head in heads for fault in _tree_faults(db, tiles, head)]
    for head in heads:
        faults += db.read(
            lambda tx, head=head: list(_checkpoint_faults(_now(tx, tiles, keys), tx, head.origin))
        )
    if mark is None:
        return [*faults, Fault("is missing", "high-water")] if heads else faults
    return faults + db.read(
        lambda tx: _note_faults(_now(tx, tiles, keys), tx, mark, where="high-water")
    )


def verify_acts(
    db: Database,
    tiles: TileStore,
    /,
    *,
    subject_of: SubjectOf | None = None,
    mask_of: MaskOf | None = None,
) -> list[Fault]:
    """Acts against entries, one to one, and openings against both.

    Args:
        db: the house's data.
        tiles: full tiles of all logs.
        subject_of: finds people's keys; without it their openings stay sealed and unchecked.
        mask_of: the book's mask of categories; without it the acts' masks stay unchecked.

    Raises:
        UnavailableError: database or tile store cannot be read.
    """
    heads = db.read(tree_rows.heads)
    check = _Check(tiles, [head.origin for head in heads], subject_of, mask_of)
    faults: list[Fault] = []
    for head in heads:
        for start in range(0, head.size, CHUNK):
            end = min(start + CHUNK, head.size)
            faults += db.read(
                lambda tx, head=head, start=start, end=end: list(check.chunk(tx, head, start, end))
            )
    faults += db.read(lambda tx: list(check.waiting(tx)))
    faults += [
        Fault(f"a row of {table} has no act", f"act {act}")
        for table, act in db.read(act_rows.strays)
    ]
    return faults + [
        Fault("does not fit the acts", f"{table} {key}") for table, key in db.read(act_rows.misfits)
    ]


@dataclass(frozen=True, slots=True)
class _House:
    """What a note is compared with: `heads` of the snapshot that the note was read in."""

    tiles: TileStore
    keys: tuple[VerifierKey, ...]
    heads: list[Head]


def _now(tx: Tx, tiles: TileStore, keys: tuple[VerifierKey, ...]) -> _House:
    return _House(tiles, keys, tree_rows.heads(tx))


def _tree_faults(db: Database, tiles: TileStore, head: Head) -> list[Fault]:
    """What `check_log` blames, with the path as it is stored."""

    def read(tile: Tile) -> bytes | None:
        if tile.full.needs_size <= head.stored:
            return tiles.get(stored_path(head.log, tile.full))
        return db.read(lambda tx: _edge_tile(tx, tiles, head, tile))

    if head.size < 0 or head.log < 1:
        return [Fault("no log has such a number or size", f"ledger_head {head.origin}")]
    found = check_log(read, size=head.size, root=head.root)
    if isinstance(found, Changed) and found.path == "checkpoint":
        return [_edge_fault(head, node_reader(lambda tile: read(tile) or b"", head.size))]
    if isinstance(found, Changed):
        return [_named(head, found)]
    if db.read(lambda tx: tree_holds(tx, tiles, tree_rows.head(tx, head.origin) or head)):
        return []
    return [Fault("its frontier or its upper levels were changed", f"ledger_head {head.origin}")]


def _edge_tile(tx: Tx, tiles: TileStore, head: Head, tile: Tile) -> bytes | None:
    """A tile that was not stored when `head` was read: it may be by now."""
    return read_tile(tx, tiles, tree_rows.head(tx, head.origin) or head, tile)


def _edge_fault(head: Head, node: NodeReader) -> Fault:
    """Which newest rows are to blame, when those that became tiles are not.

    The head keeps the roots of its complete subtrees: where they lead to its root, it is whole,
    and the first that is not that of the entries tells their places.
    """
    try:
        kept = Frontier.decode(head.size, head.frontier)
    except MalformedError:
        kept = Frontier()
    found, at = frontier_of(head.size, node), 0
    for one, other in zip(
        found.hashes, kept.hashes if kept.root == head.root else (), strict=False
    ):
        end = at + (1 << (head.size - at).bit_length() - 1)
        if one != other:
            where = f"ledger_outbox entries {at} to {end - 1}"
            return Fault("an entry is not the one that was signed", where)
        at = end
    return Fault("the root is not that of the entries", f"ledger_head {head.origin}")


def _named(head: Head, found: Changed) -> Fault:
    tile = Tile.parse(found.path)
    is_in_tables = tile.full.needs_size > head.stored
    table = "ledger_edge" if tile.level else "ledger_outbox"
    where = table if is_in_tables else stored_path(head.log, tile.full)
    return Fault(found.why, where if found.entry is None else f"{where} entry {found.entry}")


def _checkpoint_faults(house: _House, tx: Tx, origin: str) -> Iterator[Fault]:
    for size, note in checkpoint_rows.checkpoints(tx, origin):
        yield from _note_faults(
            house, tx, note, where=f"ledger_checkpoints {origin} {size}", size=size
        )


def _note_faults(
    house: _House, tx: Tx, note: bytes, /, *, where: str, size: int | None = None
) -> list[Fault]:
    said = _signed(note, house.keys)
    head = next((one for one in house.heads if said and one.origin == said.origin), None)
    if said is None or head is None or size not in {None, said.size}:
        return [Fault("is not a checkpoint that this house signed", where)]
    if said.size > head.size:
        return [Fault("is ahead of this data: an old backup stands over a newer ledger", where)]
    if root_at(tx, house.tiles, head, size=said.size) != said.root:
        return [Fault("names a root that the tree does not have at that size", where)]
    return []


def _signed(note: bytes, keys: tuple[VerifierKey, ...]) -> Checkpoint | None:
    try:
        parsed = Note.parse(note)
        said = Checkpoint.parse(parsed.text)
    except MalformedError:
        return None
    own = [VerifierKey(said.origin, KeyKind.LOG, key.public) for key in keys]
    return None if isinstance(check_note(parsed, own), NotSigned) else said


class _Check:
    """Compares acts with entries."""

    def __init__(
        self,
        tiles: TileStore,
        origins: list[str],
        subject_of: SubjectOf | None,
        mask_of: MaskOf | None,
    ) -> None:
        self._tiles, self._origins = tiles, origins
        self._subject_of, self._mask_of = subject_of, mask_of

    def chunk(self, tx: Tx, head: Head, start: int, end: int) -> Iterator[Fault]:
        """Faults of the places [start, end) of one log; `start` begins a bundle."""
        found = act_rows.placed(tx, head.log, start=start, end=end)
        rows = {row.idx: (row, sealed) for row, sealed in found}
        entries = list[bytes]()
        for number in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
            try:
                log = Log(head.origin, self._tiles)
                entries += entries_of(tx, log, head, bundle=number)
            except TamperedError:
                return  # named by `verify_log`
        for index, raw in enumerate(entries[: end - start], start):
            if index in rows:
                yield from self._act(rows[index][0], rows[index][1], raw)
        for run in runs_of(index for index in range(start, end) if index not in rows):
            where = _told("entry", "entries", run)
            yield Fault("no act stands behind it", f"{where} of {head.origin}")

    def waiting(self, tx: Tx) -> Iterator[Fault]:
        """Faults of the acts that have no place yet."""
        after, lost = 0, list[int]()
        while rows := act_rows.unplaced(tx, after=after, limit=CHUNK):
            for row, sealed, raw in rows:
                if raw is None:
                    lost.append(row.id)
                else:
                    yield from self._act(row, sealed, raw)
            after = rows[-1][0].id
        for run in runs_of(lost):
            yield Fault("has no entry in the ledger and none that waits", _told("act", "acts", run))

    def _act(self, row: ActRow, sealed: bytes | None, raw: bytes) -> Iterator[Fault]:
        try:
            yield from self._compared(row, sealed, raw)
        except _UNREADABLE:
            yield Fault("its row or its opening cannot be read", f"act {row.id}")

    def _compared(self, row: ActRow, sealed: bytes | None, raw: bytes) -> Iterator[Fault]:
        where = f"act {row.id}"
        entry = _decoded(raw)
        if entry is None:
            yield Fault("its entry cannot be read", where)
        elif isinstance(entry, Entry):
            try:
                opening = self._opened(row, sealed, entry)
                detail = opening.read() if opening else None
            except (TamperedError, MalformedError):
                yield Fault("its opening is gone or does not fit its entry", where)
                opening = detail = None
            for name in disagreements(row, entry, detail=detail):
                yield Fault(f"its {name} is not what was recorded", where)
            if detail is not None and not self._mask_fits(row, detail.get("categories")):
                yield Fault("its categories are not what was recorded", where)

    def _mask_fits(self, row: ActRow, said: Json) -> bool:
        if self._mask_of is None:
            return True
        mask = self._mask_of([str(one) for one in said] if isinstance(said, list) else [])
        return mask is None or mask == row.categories

    def _opened(self, row: ActRow, sealed: bytes | None, entry: Entry) -> Opening | None:
        """The opening; None where erasure took it or the person's keys are not at hand.

        Raises:
            TamperedError: gone though nobody was erased, or not the one committed to.
        """
        if row.person is None and not is_of_the_house(row.kind):
            if sealed is not None:
                raise TamperedError(f"the opening of act {row.id}")
            return None
        if sealed is None:
            raise TamperedError(f"the opening of act {row.id}")
        if row.person is None:
            return _public(row, sealed, entry)
        subject = self._subject_of(row.person) if self._subject_of else None
        if subject is None:
            return None
        if row.n is None or tag_of(subject.tag_key.reveal(), row.n) != entry.tag:
            raise TamperedError(f"the count of act {row.id}")
        return unseal(subject, row, sealed, commitment=entry.commitment, origins=self._origins)


def _told(one: str, many: str, run: range) -> str:
    return f"{one} {run.start}" if len(run) == 1 else f"{many} {run.start} to {run.stop - 1}"


def _public(row: ActRow, sealed: bytes, entry: Entry) -> Opening:
    opening = Opening.decode(sealed)
    if opening.commitment != entry.commitment:
        raise TamperedError(f"the opening of act {row.id}")
    return opening


def _decoded(raw: bytes) -> Entry | UnknownVersion | None:
    try:
        return Entry.decode(raw) if len(raw) == ENTRY_BYTES else None
    except MalformedError:
        return None
