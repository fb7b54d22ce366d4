"""Does Go's own checksum-database code accept our ledger, and refuse a tampered one?

`sumdb/note` and `sumdb/tlog` of golang.org/x/mod share nothing with Kept. They read the files of a
static export as Kept's rooms make them; their proofs must be ours byte for byte.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from kept.ledger.entry import Entry
from kept.ledger.merkle import consistency_proof, inclusion_proof, leaf_hashes
from kept.ledger.notes import Checkpoint, KeyKind, Signer, sign_checkpoint
from kept.ledger.tiles import Edge, Tile, encode_bundle, node_reader, partials

pytestmark = pytest.mark.needs("go")
GO_LIBRARIES = "/usr/share/gocode"  # where Debian's golang-golang-x-mod-dev puts its source
ORIGIN = "shop.example/ledger"
LOG = Signer.from_seed(ORIGIN, KeyKind.LOG, b"\x01" * 32)
WITNESS = Signer.from_seed("friend.example/witness", KeyKind.WITNESS, b"\x02" * 32)


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, compiled without any network."""
    built = tmp_path_factory.mktemp("go") / "check"
    source = Path(__file__).with_name("go") / "main.go"
    env = {"GO111MODULE": "off", "GOPATH": GO_LIBRARIES, "GOPROXY": "off", "GOFLAGS": ""}
    env |= {"GOCACHE": str(built.with_name("cache")), "PATH": os.environ["PATH"]}
    subprocess.run(["go", "build", "-o", built, source], env=env, check=True, timeout=300)
    return built


def entry(at: int) -> bytes:
    """Entry `at` of the log."""
    number = at.to_bytes(16, "big")
    return Entry(
        kind="person.read",
        purpose="answer",
        role="operator",
        hour="2026-11-21T17Z",
        tag=number,
        commitment=number * 2,
    ).encode()


def export(folder: Path, size: int) -> Path:
    """The files of a static export: checkpoint, tiles and bundles, the cut ones too."""
    entries = [entry(at) for at in range(size)]
    edge, full = Edge().extend(leaf_hashes(entries))
    files = {tile.path: data for tile, data in full}
    files |= {tile.path: edge.read(tile) for tile in partials(size) if tile.level is not None}
    for at in range(0, size, 256):
        some = entries[at : at + 256]
        files[Tile(None, at // 256, len(some)).path] = encode_bundle(some)
    note = sign_checkpoint(Checkpoint(ORIGIN, size, edge.root), LOG)
    files["checkpoint"] = note.plus(WITNESS.cosign(note.text, time=1_795_280_700)).encode()
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def check(program: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the program over an export."""
    command = [program, folder, str(LOG.key), str(WITNESS.key)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("size", [1, 256, 1_000, 66_000])
def test_go_accepts_and_proves_the_same(program: Path, tmp_path: Path, size: int) -> None:
    """Go opens note and tiles, and makes exactly our inclusion and consistency proofs."""
    done = check(program, export(tmp_path, size))
    assert (done.returncode, done.stderr.split()) == (0, [ORIGIN, WITNESS.name])
    node = node_reader(lambda tile: (tmp_path / tile.path).read_bytes(), size)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) >= min(2 * size, 150)
    for line in lines:
        if line["kind"] == "record":
            ours = inclusion_proof(line["old"], size, node)
        else:
            ours = consistency_proof(line["old"], size, node)
        assert line["proof"] == [part.hex() for part in ours]


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("checkpoint", 22),  # the size or the root
        ("checkpoint", 120),  # the log's signature
        ("checkpoint", 260),  # the cosignature
        ("tile/0/000", 0),
        ("tile/0/003.p/232", 100),
        ("tile/1/000.p/3", 33),
        ("tile/entries/000", 2),
        ("tile/entries/002", 258 * 16 + 60),  # entry 528, one of those looked at
    ],
)
def test_go_refuses_a_changed_copy(program: Path, tmp_path: Path, path: str, at: int) -> None:
    """One changed byte anywhere is refused by other people's code."""
    changed = export(tmp_path, 1_000) / path
    data = bytearray(changed.read_bytes())
    data[at] ^= 1
    changed.write_bytes(data)
    done = check(program, tmp_path)
    assert done.returncode == 1, done.stdout


def test_go_refuses_entries_that_changed_places(program: Path, tmp_path: Path) -> None:
    """Whole entries in another order are refused."""
    bundle = export(tmp_path, 1_000) / "tile/entries/000"
    data = bundle.read_bytes()
    bundle.write_bytes(data[258:] + data[:258])
    assert check(program, tmp_path).returncode == 1
