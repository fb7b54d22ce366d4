"""What proves to a customer, for ever and without us, that one act stands in the ledger?

Rules: the checkpoint is the first published one that covers the act, so that downloading twice
gives the same bytes; before that, the newest signed one. The proof is checked before it is handed
out. An act that is only waiting has no receipt yet.
Source: `docs/formats/ledger.md`, receipts; C2SP tlog-proof.
"""

from dataclasses import dataclass

from kept.base.errors import NotFoundError, TamperedError
from kept.db.seam import Tx
from kept.ledger.acts.serving import Log, entry_at, nodes, with_cosignatures
from kept.ledger.entry import Entry, Opening, UnknownVersion
from kept.ledger.merkle import inclusion_proof, leaf_hash, proves_inclusion
from kept.ledger.model import Head
from kept.ledger.notes import Checkpoint, Note
from kept.ledger.ports import TileStore
from kept.ledger.proof import Extra, Receipt
from kept.ledger.store import act_rows, checkpoint_rows, tree_rows


@dataclass(frozen=True, slots=True)
class NotYet:
    """The act is recorded but not signed for: ask again in a second."""

    act_id: int


def receipt(tx: Tx, tiles: TileStore, /, *, act_id: int, opening: Opening | None) -> bytes | NotYet:
    """The `.tlog-proof` file of one act, in whichever of the house's logs it stands.

    Args:
        tx: a snapshot.
        tiles: full tiles of all logs.
        act_id: the act; whether the asker may have it was decided before.
        opening: what opens the commitment, None to prove the entry alone.

    Raises:
        NotFoundError: no such act.
        TamperedError: tiles, entry or opening are not what was signed.
        UnavailableError: the tile store cannot be read.
    """
    if act_rows.act(tx, act_id) is None:
        raise NotFoundError("There is no such act.")
    place = tree_rows.place(tx, act_id)
    head = next((one for one in tree_rows.heads(tx) if place and one.log == place[0]), None)
    found = checkpoint_rows.checkpoint_for(tx, head.origin, place[1]) if head and place else None
    if head is None or place is None or found is None:
        return NotYet(act_id)
    note = with_cosignatures(tx, head.origin, size=found[0], note=found[1])
    return _proved(tx, Log(head.origin, tiles), head, note=note, index=place[1], opening=opening)


def _proved(
    tx: Tx, log: Log, head: Head, *, note: bytes, index: int, opening: Opening | None
) -> bytes:
    """The encoded receipt, checked.

    Raises:
        TamperedError: the proof does not lead to the signed root, or the opening is another's.
    """
    parsed, entry = Note.parse(note), entry_at(tx, log, head, index=index)
    signed = Checkpoint.parse(parsed.text)
    hashes = inclusion_proof(index, signed.size, nodes(tx, log, head, size=signed.size))
    leaf = leaf_hash(entry)
    if not proves_inclusion(leaf, hashes, index=index, size=signed.size, root=signed.root):
        raise TamperedError(f"the ledger at entry {index}")
    if opening is not None and not _fits(entry, opening):
        raise TamperedError(f"the opening of entry {index}")
    return Receipt(index, hashes, parsed, Extra(entry, opening).encode()).encode()


def _fits(entry: bytes, opening: Opening) -> bool:
    read = Entry.decode(entry)
    return not isinstance(read, UnknownVersion) and read.commitment == opening.commitment
