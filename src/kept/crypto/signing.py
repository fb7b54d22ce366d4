"""Who said this? Ed25519 over exact bytes.

Deterministic: the same key and message give the same signature, so a crash between signing and
storing never makes two. A public key that is no point of the curve verifies nothing.
Source: RFC 8032 §5.1.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from kept.base.errors import MalformedError
from kept.crypto.secret import SECRET_BYTES, Secret

PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64


class SigningKey:
    """A private key made ready from its 32-byte seed."""

    __slots__ = ("_key", "public")

    def __init__(self, seed: Secret) -> None:
        if len(seed) != SECRET_BYTES:
            raise MalformedError("signing key", "a seed has 32 bytes")
        self._key = Ed25519PrivateKey.from_private_bytes(seed.reveal())
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Does the signature fit message and public key? Hostile input; wrong lengths are a no."""
    if len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
