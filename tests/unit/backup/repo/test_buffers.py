"""Is a large part the same in a file as in memory?"""

import hashlib
import mmap
import os

import pytest

from kept.backup.places.throttle import Pace
from kept.backup.repo import buffers
from kept.backup.repo.blobs import BlobKind, prepare
from kept.backup.repo.buffers import LARGE_BYTES, SPARE_BYTES, buffer_of, let_go
from kept.backup.repo.packs import PartBuilder
from kept.crypto.repo_sealing import fresh_repo_key

MIB = 2**20


def test_only_a_large_one_lies_in_a_file() -> None:
    """With room to spare for the blob that fills it and for the header."""
    assert buffer_of(0) == bytearray()
    assert buffer_of(LARGE_BYTES) == bytearray(LARGE_BYTES)
    large = buffer_of(LARGE_BYTES + 1)
    assert isinstance(large, mmap.mmap)
    assert len(large) == LARGE_BYTES + 1 + SPARE_BYTES


def test_what_was_let_go_is_read_again() -> None:
    """From any offset to any other; and of memory nothing is let go."""
    large = buffer_of(40 * MIB)
    content = os.urandom(9 * MIB)
    large[: len(content)] = content
    assert let_go(large, 0, 4 * MIB + 17) == 4 * MIB
    assert let_go(large, 4 * MIB + 1, 9 * MIB) == 9 * MIB
    assert let_go(large, 5, 6) <= 6
    assert let_go(large, 0, 2**40) == len(large)
    assert large[: len(content)] == content
    small = bytearray(b"small")
    assert let_go(small, 0, 5) == 5
    assert small == b"small"


def test_a_full_disk_leaves_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part is filled all the same."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(buffers.os, "posix_fallocate", full)
    assert isinstance(buffer_of(33 * MIB), bytearray)


@pytest.mark.parametrize("foreseen", [0, 33 * MIB])
def test_a_part_is_whole_wherever_it_was_filled(foreseen: int) -> None:
    """Its name is the hash of what is sent, in memory, in a file, and beyond what was foreseen."""
    builder = PartBuilder(fresh_repo_key(), BlobKind.DATA, capacity_bytes=foreseen)
    blobs = [os.urandom(4 * MIB - 100) for _ in range(16)]
    for blob in blobs:
        builder.add(prepare(BlobKind.DATA, blob))
    part = builder.finish()
    sent = b"".join(map(bytes, Pace().sending(part.content)))
    assert hashlib.sha256(sent).digest() == part.listing.part
    assert bytes(part.content) == sent
    assert len(part.listing.entries) == 16
