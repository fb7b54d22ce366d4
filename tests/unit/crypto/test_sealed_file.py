"""Does a sealed file give back what went in, and nothing when a byte of it was touched?"""

import io
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kept.base.errors import MalformedError, TamperedError, UnavailableError
from kept.crypto.sealed_file import CHUNK_BYTES, SealedWriter, open_sealed_file
from kept.crypto.sealing import SealKey
from kept.crypto.secret import Secret

KEY = SealKey(Secret(bytes(range(32))))
VAULT = bytes(range(16))
FILE = bytes(range(16, 32))
SEALED = 65_570  # 64 KiB and the 34 bytes around each envelope


def put(path: Path, *pieces: bytes, object_id: bytes = FILE) -> Path:
    """A sealed file of these pieces."""
    with SealedWriter(path, KEY, vault_id=VAULT, object_id=object_id) as writer:
        for piece in pieces:
            writer.write(piece)
    return path


def read(path: Path, *, object_id: bytes = FILE) -> bytes:
    """All of it."""
    with open_sealed_file(path, KEY, vault_id=VAULT, object_id=object_id) as file:
        return file.read()


@pytest.mark.parametrize(
    ("size", "sealed"),
    [
        (0, 34),
        (1, 35),
        (65_536, 65_570),
        (65_537, 65_570 + 35),
        (131_072, 2 * 65_570),
        (200_000, 3 * 65_570 + 3_392 + 34),
    ],
)
def test_sizes(tmp_path: Path, size: int, sealed: int) -> None:
    """Every length comes back, and takes the room that the format says."""
    plain = os.urandom(size)
    path = put(tmp_path / "list", plain)
    assert path.stat().st_size == sealed
    assert read(path) == plain


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=90_000), max_size=5))
def test_pieces(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    """How the plaintext was cut on its way in does not matter."""
    path = put(tmp_path_factory.mktemp("f") / "list", *pieces)
    assert read(path) == b"".join(pieces)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 210_000), st.integers(0, 70_000)), max_size=6))
def test_seeking(tmp_path_factory: pytest.TempPathFactory, jumps: list[tuple[int, int]]) -> None:
    """It reads from any place like a file in memory."""
    plain = bytes(range(256)) * 800
    path = put(tmp_path_factory.mktemp("f") / "list", plain)
    expected = io.BytesIO(plain)
    with open_sealed_file(path, KEY, vault_id=VAULT, object_id=FILE) as file:
        for at, size in jumps:
            assert file.seek(at) == expected.seek(at)
            assert file.read(size) == expected.read(size)
            assert file.tell() == expected.tell()
        assert file.seek(-5, os.SEEK_END) == len(plain) - 5
        assert file.read() == plain[-5:]


def test_unreadable_on_disk(tmp_path: Path) -> None:
    """The file holds nothing of what went in, and only its owner may open it."""
    path = put(tmp_path / "list", b"ada@example.org;Ada\n" * 9000)
    assert b"ada@example" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("at", [0, 1, 5, 6, 17, 18, 40_000, SEALED - 1, SEALED, SEALED + 900, -1])
def test_flipped_bit(tmp_path: Path, at: int) -> None:
    """One bit anywhere, and the file is refused."""
    path = put(tmp_path / "list", bytes(100_000))
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)
    with pytest.raises(TamperedError):
        read(path)


@pytest.mark.parametrize("kept", [0, 33, 34, 1000, SEALED - 1, SEALED, SEALED + 34, 2 * SEALED])
def test_cut_off(tmp_path: Path, kept: int) -> None:
    """A file without its end is refused when it is opened, before a byte of it is used."""
    path = put(tmp_path / "list", bytes(3 * CHUNK_BYTES))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(TamperedError):
        open_sealed_file(path, KEY, vault_id=VAULT, object_id=FILE)


def test_swapped_chunks(tmp_path: Path) -> None:
    """Chunks in another order are refused."""
    path = put(tmp_path / "list", bytes(3 * CHUNK_BYTES))
    raw = path.read_bytes()
    path.write_bytes(raw[SEALED : 2 * SEALED] + raw[:SEALED] + raw[2 * SEALED :])
    with pytest.raises(TamperedError):
        read(path)


def test_chunk_of_another_file(tmp_path: Path) -> None:
    """A chunk of the same number from another file is refused."""
    one = put(tmp_path / "one", bytes(2 * CHUNK_BYTES))
    other = put(tmp_path / "two", bytes(2 * CHUNK_BYTES), object_id=VAULT)
    one.write_bytes(other.read_bytes()[:SEALED] + one.read_bytes()[SEALED:])
    with pytest.raises(TamperedError):
        read(one)
    with pytest.raises(TamperedError):
        read(other)


def test_more_after_the_end(tmp_path: Path) -> None:
    """Nothing can be added behind the last chunk."""
    path = put(tmp_path / "list", bytes(CHUNK_BYTES))
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(TamperedError):
        read(path)


def test_broken_off_writing(tmp_path: Path) -> None:
    """A writer that did not come to its end leaves nothing that opens."""
    path = tmp_path / "list"
    writer = SealedWriter(path, KEY, vault_id=VAULT, object_id=FILE)
    writer.write(bytes(2 * CHUNK_BYTES + 1))
    with pytest.raises(TamperedError):
        open_sealed_file(path, KEY, vault_id=VAULT, object_id=FILE)
    writer.discard()
    assert not path.exists()


def test_failing_inside(tmp_path: Path) -> None:
    """An exception while writing deletes the file."""
    path = tmp_path / "list"

    def fail() -> None:
        with SealedWriter(path, KEY, vault_id=VAULT, object_id=FILE) as writer:
            writer.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not path.exists()


def test_another_key(tmp_path: Path) -> None:
    """Another key opens nothing."""
    path = put(tmp_path / "list", b"x")
    with pytest.raises(TamperedError):
        open_sealed_file(path, SealKey(Secret(bytes(32))), vault_id=VAULT, object_id=FILE)


def test_occupied_or_gone(tmp_path: Path) -> None:
    """No file is written over, and a missing one is an answer of ours."""
    path = put(tmp_path / "list", b"x")
    with pytest.raises(UnavailableError):
        SealedWriter(path, KEY, vault_id=VAULT, object_id=FILE)
    with pytest.raises(UnavailableError):
        open_sealed_file(tmp_path / "none", KEY, vault_id=VAULT, object_id=FILE)
    assert read(path) == b"x"


def test_wrong_ids(tmp_path: Path) -> None:
    """An id of another length makes no file."""
    with pytest.raises(MalformedError):
        SealedWriter(tmp_path / "list", KEY, vault_id=b"short", object_id=FILE)
    assert not (tmp_path / "list").exists()


def test_disk_full(tmp_path: Path) -> None:
    """A disk that takes no more is told as such, and the failed file can be given up."""
    path = tmp_path / "list"
    writer = SealedWriter(path, KEY, vault_id=VAULT, object_id=FILE)
    with Path("/dev/full").open("wb", buffering=0) as full:
        os.dup2(full.fileno(), writer._file.fileno())
    with pytest.raises(UnavailableError):
        writer.write(bytes(CHUNK_BYTES + 1))
    writer.discard()
    assert not path.exists()
