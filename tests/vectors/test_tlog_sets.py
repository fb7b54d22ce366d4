"""Do we agree with the vector sets that other transparency logs publish?"""

import json
from base64 import b64decode
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from kept.base.encoding import parse_b64
from kept.ledger import merkle
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
from kept.ledger.tiles import Tile, cut, decode_bundle, hashes_of, node_reader

Case = dict[str, Any]
TESSERA_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
TESSERA_TEST_KEY = "AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"  # published with the set


def cases(vectors: Path, name: str) -> list[Case]:
    """The cases of one list of transparency-dev/merkle."""
    return json.loads((vectors / "merkle" / name).read_text(encoding="utf-8"))


def raw(text: str) -> bytes:
    """A base64 value of the set."""
    return b64decode(text, validate=True)


def inclusion_holds(case: Case) -> bool:
    """Our answer to an inclusion case."""
    return merkle.proves_inclusion(
        raw(case["leafHash"]),
        [raw(part) for part in case["proof"] or []],
        index=case["leafIdx"],
        size=case["treeSize"],
        root=raw(case["root"]),
    )


def consistency_holds(case: Case) -> bool:
    """Our answer to a consistency case."""
    return merkle.proves_consistency(
        [raw(part) for part in case["proof"] or []],
        old=case["size1"],
        old_root=raw(case["root1"]),
        new=case["size2"],
        new_root=raw(case["root2"]),
    )


def test_merkle_inclusion(vectors: Path) -> None:
    """All 98 inclusion cases of transparency-dev/merkle have our answer."""
    found = cases(vectors, "inclusion.json")
    assert len(found) == 98
    assert [one["name"] for one in found if inclusion_holds(one) is one["wantErr"]] == []
    assert any(map(inclusion_holds, found))


def test_merkle_consistency(vectors: Path) -> None:
    """All 98 consistency cases have our answer, because from size 0 we prove nothing."""
    found = cases(vectors, "consistency.json")
    assert len(found) == 98
    assert [one["name"] for one in found if consistency_holds(one) is one["wantErr"]] == []
    assert any(map(consistency_holds, found))


def test_merkle_three_cases_hang_on_size_0(vectors: Path) -> None:
    """Exactly three refused cases are empty proofs from size 0, which a witness would wave through.

    The witness protocol wants an empty proof there; the set calls it an error. So size 0 is decided
    by whoever meets it, and never by the proof.
    """
    waved = [
        one["name"]
        for one in cases(vectors, "consistency.json")
        if one["size1"] == 0
        and not one["proof"]
        and (one["size2"] > 0 or one["root1"] == one["root2"])
    ]
    assert sorted(waved) == [
        "additional/size1-is-zero-and-does-not-equal-size2.json",
        "additional/size1-is-zero-and-size2-is-not-zero.json",
        "additional/sizes-are-equal-zero-and-proof-is-empty.json",
    ]


@pytest.fixture
def tessera(vectors: Path) -> Path:
    """The folder of the Tessera log."""
    return vectors / "tessera-log"


def tessera_signer() -> Signer:
    """The set's published signer."""
    seed = parse_b64(TESSERA_TEST_KEY, "key")[1:]
    return Signer.from_seed("example.com/log/testdata", KeyKind.LOG, seed)


def checkpoint(folder: Path, size: int) -> tuple[Checkpoint, bytes]:
    """One checkpoint of the set, read, and its bytes."""
    data = (folder / f"checkpoint.{size}").read_bytes()
    return Checkpoint.parse(Note.parse(data).text), data


def tessera_leaves(folder: Path) -> list[bytes]:
    """The leaf hashes of all 15 entries, from the widest bundle."""
    data = (folder / Tile(None, 0, 15).path).read_bytes()
    return merkle.leaf_hashes(decode_bundle(data))


def test_tessera_checkpoints(tessera: Path) -> None:
    """All 16 roots are reproduced, and signing again gives the very bytes."""
    signer, leaves = tessera_signer(), tessera_leaves(tessera)
    assert str(signer.key) == TESSERA_KEY
    for size in range(16):
        point, data = checkpoint(tessera, size)
        assert (point.size, point.root) == (size, merkle.Frontier().extend(leaves[:size]).root)
        assert sign_checkpoint(point, signer).encode() == data
        found = check_note(Note.parse(data), [VerifierKey.parse(TESSERA_KEY)])
        assert not isinstance(found, NotSigned)


def test_tessera_tiles(tessera: Path) -> None:
    """Every partial tile and bundle is a prefix of the widest, and holds the leaves."""
    leaves = tessera_leaves(tessera)
    for width in range(1, 16):
        for level in (0, None):
            widest = (tessera / Tile(level, 0, 15).path).read_bytes()
            tile = Tile(level, 0, width)
            assert (tessera / tile.path).read_bytes() == cut(tile, widest)
        assert hashes_of((tessera / Tile(0, 0, width).path).read_bytes()) == tuple(leaves[:width])


def test_tessera_consistency(tessera: Path) -> None:
    """All 105 pairs of sizes from 1, and the 15 from 0, are consistent by proofs from the tiles."""
    points = [checkpoint(tessera, size)[0] for size in range(16)]
    seen = 0
    for old, new in combinations(points, 2):
        node = node_reader(lambda tile: (tessera / tile.path).read_bytes(), new.size)
        proof = merkle.consistency_proof(old.size, new.size, node)
        roots = {"old_root": old.root, "new_root": new.root}
        if old.size:
            assert merkle.proves_consistency(proof, old=old.size, new=new.size, **roots)
            wrong = {"old_root": old.root, "new_root": old.root}
            assert not merkle.proves_consistency(proof, old=old.size, new=new.size, **wrong)
        else:
            assert (proof, old.root) == ((), merkle.EMPTY_ROOT)
        seen += 1
    assert seen == 120
