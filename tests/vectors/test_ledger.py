"""Do hashes, notes, tiles, entries and receipts equal the published examples?"""

import json
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kept.crypto.keys import opening_key, tag_key
from kept.crypto.secret import Secret
from kept.ledger import merkle
from kept.ledger.entry import Entry, Opening, encode_detail, hour_of, tag_of
from kept.ledger.notes import (
    Checkpoint,
    KeyKind,
    Note,
    NotSigned,
    Signer,
    VerifierKey,
    check_note,
    sign_checkpoint,
)
from kept.ledger.policy import Policy
from kept.ledger.proof import Extra, Proven, Receipt, SignedOnly, verify_receipt
from kept.ledger.tiles import Tile, became_full, partials

VECTORS: dict[str, Any] = json.loads(
    Path(__file__).with_name("ledger.json").read_text(encoding="utf-8")
)
ENTRY, LOG = VECTORS["entry"], VECTORS["log"]
TRAIL = Secret(bytes.fromhex(ENTRY["trail"]))
AT = datetime(2026, 11, 21, 17, 4, 9, tzinfo=UTC)
WHY = "Где моя посылка? → reply"


def opening(n: int) -> Opening:
    """The opening of act `n` of the example's person."""
    detail = encode_detail(actor="st_7Q2M", at=AT, categories=["contact", "delivery"], n=n, why=WHY)
    return Opening(bytes.fromhex(LOG["salts"][n]), detail)


def entry(n: int) -> bytes:
    """The entry of act `n` of the example's person."""
    return Entry(
        kind="person.read",
        purpose="answer",
        role="operator",
        hour=hour_of(AT),
        tag=tag_of(tag_key(TRAIL).reveal(), n),
        commitment=opening(n).commitment,
    ).encode()


def test_hashes() -> None:
    """Leaf, node and empty root are those of RFC 6962."""
    hashes = VECTORS["hashes"]
    assert b64encode(merkle.EMPTY_ROOT).decode() == hashes["empty_root_base64"]
    assert merkle.Frontier().root == merkle.EMPTY_ROOT
    for text, expected in hashes["leaves"]:
        assert merkle.leaf_hash(text.encode()).hex() == expected
        assert merkle.leaf_hashes([text.encode()])[0].hex() == expected
    for left, right, expected in hashes["nodes"]:
        assert merkle.node_hash(left.encode(), right.encode()).hex() == expected


def test_signed_note_example() -> None:
    """The specification's verifier key and signature are read and hold."""
    example = VECTORS["note_example"]
    key = VerifierKey.parse(example["vkey"])
    assert (key.kind, key.public.hex()) == (KeyKind.LOG, example["public"])
    assert key.id.hex() == example["key_id"]
    assert str(key) == example["vkey"]
    note = Note.parse(f"{example['text']}\n{example['line']}\n".encode())
    assert len(note.signatures[0].key_id + note.signatures[0].value) == 68
    assert not isinstance(check_note(note, [key]), NotSigned)
    assert isinstance(check_note(Note("other\n", note.signatures), [key]), NotSigned)


def test_tile_paths() -> None:
    """Numbers are grouped as the specification shows."""
    for index, groups in VECTORS["tiles"]["groups"]:
        for level, name in [(0, "0"), (None, "entries"), (63, "63")]:
            assert Tile(level, index).path == f"tile/{name}/{groups}"
            assert Tile.parse(f"tile/{name}/{groups}.p/7") == Tile(level, index, 7)


@pytest.mark.parametrize("case", VECTORS["tiles"]["sizes"], ids=lambda case: str(case["size"]))
def test_tiles_of_a_size(case: dict[str, Any]) -> None:
    """A log of that size has exactly these tiles and bundles."""
    full = [tile.path for tile in became_full(0, case["size"])]
    assert sorted(tile.path for tile in partials(case["size"])) == case["partial"]
    if "full" in case:
        assert sorted(full) == case["full"]
        return
    counts = {name: sum(f"tile/{name}/" in path for path in full) for name in ("entries", "0", "1")}
    assert counts == case["full_counts"]
    assert len(full) == sum(counts.values())
    assert {"tile/0/272", "tile/entries/272", "tile/1/000"} <= set(full)


def test_person_keys_and_tags() -> None:
    """A trail secret leads to these keys and tags."""
    found = tag_key(TRAIL).reveal(), opening_key(TRAIL).reveal()
    assert [key.hex() for key in found] == [ENTRY["tag_key"], ENTRY["opening_key"]]
    assert [tag_of(found[0], n).hex() for n in (0, 1)] == ENTRY["tags"]


def test_entry_and_opening() -> None:
    """Detail, commitment, entry and leaf are byte for byte those of the example."""
    assert opening(0).detail.decode() == ENTRY["detail"]
    assert len(opening(0).detail) == ENTRY["detail_bytes"]
    assert opening(0).commitment.hex() == ENTRY["c"]
    assert entry(0) == ENTRY["json"].encode() + b" " * (256 - ENTRY["json_bytes"])
    assert merkle.leaf_hash(entry(0)).hex() == ENTRY["leaf"]


def signers() -> tuple[Signer, Signer]:
    """The example's log and witness."""
    log = Signer.from_seed(LOG["log_name"], KeyKind.LOG, bytes.fromhex(LOG["log_seed"]))
    seed = bytes.fromhex(LOG["witness_seed"])
    return log, Signer.from_seed(LOG["witness_name"], KeyKind.WITNESS, seed)


def test_checkpoint_of_three_entries() -> None:
    """Leaves, root, signature and cosignature reproduce the example's checkpoint."""
    leaves = merkle.leaf_hashes(entry(n) for n in range(3))
    assert [leaf.hex() for leaf in leaves] == LOG["leaves"]
    log, witness = signers()
    assert (str(log.key), str(witness.key)) == (LOG["log_vkey"], LOG["witness_vkey"])
    point = Checkpoint(LOG["log_name"], 3, merkle.Frontier().extend(leaves).root)
    note = sign_checkpoint(point, log)
    note = note.plus(witness.cosign(note.text, time=LOG["time"]))
    assert note.encode().decode() == LOG["checkpoint"]
    assert Note.parse(LOG["checkpoint"].encode()) == note


def test_receipts_of_the_example() -> None:
    """Each of the three is proven by the example's policy, and signed by its key alone."""
    leaves = [bytes.fromhex(leaf) for leaf in LOG["leaves"]]
    pair = merkle.node_hash(leaves[0], leaves[1])
    paths = [(leaves[1], leaves[2]), (leaves[0], leaves[2]), (pair,)]
    policy = Policy.parse(LOG["policy"].encode())
    assert policy.encode().decode() == LOG["policy"]
    for n, path in enumerate(paths):
        extra = Extra(entry(n), opening(n)).encode()
        assert len(extra) == LOG["extra_bytes"]
        data = Receipt(n, path, Note.parse(LOG["checkpoint"].encode()), extra).encode()
        assert isinstance(verify_receipt(data, policy), Proven)
        alone = verify_receipt(data, VerifierKey.parse(LOG["log_vkey"]))
        assert isinstance(alone, SignedOnly)
        assert alone.facts.detail is not None
        assert (alone.facts.detail["n"], alone.facts.detail["why"]) == (n, WHY)


def test_receipt_sizes() -> None:
    """A hash and the example's extra add as many bytes as the format's page counts."""
    note = Note.parse(LOG["checkpoint"].encode())
    extra = Extra(entry(0), opening(0)).encode()
    bare, hashed, full = (
        len(Receipt(0, hashes, note, more).encode())
        for hashes, more in [((), None), ((bytes(32),) * 10, None), ((), extra)]
    )
    assert (hashed - bare) / 10 == VECTORS["receipt_bytes"]["per_hash"]
    assert full - bare == VECTORS["receipt_bytes"]["extra"]
