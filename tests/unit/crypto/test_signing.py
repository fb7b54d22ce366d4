"""Are signatures those of RFC 8032, and is everything else a plain no?"""

import pytest

from kept.base.errors import KeptError
from kept.crypto.secret import Secret
from kept.crypto.signing import SigningKey, is_signed

# RFC 8032 §7.1, TEST 2
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_published() -> None:
    """The RFC's key signs the RFC's message to the RFC's bytes."""
    key = SigningKey(Secret(SEED))
    assert key.public == PUBLIC
    assert key.sign(b"\x72") == SIGNATURE
    assert is_signed(PUBLIC, b"\x72", SIGNATURE)


def test_every_flipped_bit() -> None:
    """No bit of the signature can change."""
    for bit in range(512):
        turned = bytearray(SIGNATURE)
        turned[bit // 8] ^= 1 << bit % 8
        assert not is_signed(PUBLIC, b"\x72", bytes(turned))


@pytest.mark.parametrize(
    ("public", "signature"),
    [
        (b"", SIGNATURE),
        (PUBLIC + b"\0", SIGNATURE),
        (bytes(32), SIGNATURE),
        (b"\xff" * 32, SIGNATURE),
        (PUBLIC, b""),
        (PUBLIC, SIGNATURE[:-1]),
        (PUBLIC, SIGNATURE + b"\0"),
        (PUBLIC, bytes(64)),
    ],
)
def test_wrong_shapes(public: bytes, signature: bytes) -> None:
    """Wrong lengths and keys that are no point are a no, not a crash."""
    assert not is_signed(public, b"\x72", signature)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_unfit_seed(size: int) -> None:
    """A seed has 32 bytes."""
    with pytest.raises(KeptError):
        SigningKey(Secret(bytes(size)))
