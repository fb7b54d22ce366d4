"""Does an envelope open to what was sealed, and to nothing else?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import MalformedError, TamperedError
from kept.crypto.sealing import (
    OVERHEAD_BYTES,
    KeyMismatchError,
    SealKey,
    key_version_of,
    open_sealed,
    padded,
    seal,
)
from kept.crypto.secret import Secret

KEY = SealKey(Secret(bytes(range(32))))


@given(st.binary(max_size=3000), st.binary(max_size=100), st.integers(0, 2**32 - 1), st.booleans())
def test_round_trip(plain: bytes, aad: bytes, key_version: int, pad: bool) -> None:
    """Anything sealed opens to itself, and its key version can be read before."""
    envelope = seal(KEY, plain, aad, key_version=key_version, pad=pad)
    assert key_version_of(envelope) == key_version
    assert open_sealed(KEY, envelope, aad, key_version=key_version, pad=pad) == plain


def test_nonces_differ() -> None:
    """The same text sealed twice never looks the same."""
    assert len({seal(KEY, b"x", b"", key_version=1) for _ in range(200)}) == 200


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, 64), (63, 64), (64, 128), (1023, 1024), (1024, 1280), (1279, 1280), (1280, 1536)],
)
def test_padding_steps(size: int, expected: int) -> None:
    """Padded to 64 bytes up to 1 KiB and to 256 above, by `80 00…`."""
    body = padded(b"\x80" * size)
    assert len(body) == expected
    assert body[size:] == b"\x80" + bytes(expected - size - 1)
    assert len(seal(KEY, bytes(size), b"", key_version=1)) == expected + OVERHEAD_BYTES


@pytest.mark.parametrize(
    "body", [b"", bytes(64), b"a" * 64, b"a\x80", b"\x80" + bytes(64), b"\x80" + bytes(127)]
)
def test_bad_padding(body: bytes) -> None:
    """A body without its mark, or padded to another length than the rule's, is a corrupt record."""
    envelope = seal(KEY, body, b"", key_version=1, pad=False)
    with pytest.raises(TamperedError):
        open_sealed(KEY, envelope, b"", key_version=1)


@pytest.mark.parametrize("head", ["0001", "0201", "0100", "0102", "0103", "ff01"])
def test_unknown_version_or_algorithm(head: str) -> None:
    """Versions and algorithms not ours, the reserved one too, are refused unopened."""
    envelope = bytes.fromhex(head) + seal(KEY, b"x", b"", key_version=1)[2:]
    for attempt in (
        lambda: open_sealed(KEY, envelope, b"", key_version=1),
        lambda: key_version_of(envelope),
    ):
        with pytest.raises(TamperedError):
            attempt()


@pytest.mark.parametrize("size", [0, 1, 6, 18, 33])
def test_too_short(size: int) -> None:
    """A stump is refused, not an error of another kind."""
    with pytest.raises(TamperedError):
        open_sealed(KEY, seal(KEY, b"x", b"", key_version=1)[:size], b"", key_version=1)


def test_another_key_version() -> None:
    """Asking with the wrong version of the key is a mismatch, told apart from a change."""
    envelope = seal(KEY, b"x", b"", key_version=1)
    with pytest.raises(KeyMismatchError, match="a cell"):
        open_sealed(KEY, envelope, b"", key_version=2, what="a cell")


def test_unfit_numbers() -> None:
    """Keys of another length and versions beyond 32 bits are refused."""
    for size in (0, 16, 24, 31, 33):
        with pytest.raises(MalformedError):
            SealKey(Secret(bytes(size)))
    for key_version in (-1, 2**32):
        with pytest.raises(MalformedError):
            seal(KEY, b"", b"", key_version=key_version)
