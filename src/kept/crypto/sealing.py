"""What are the sealed bytes of this plaintext, and may these sealed bytes be opened?

Envelope v1 (offset, size, content): 0, 1 version `01` · 1, 1 algorithm `01` AES-256-GCM ·
2, 4 key version, big-endian · 6, 12 nonce, drawn for every call · 18, n ciphertext · 18+n, 16 tag.
Rules: an unknown version or algorithm is refused, never guessed, never passed through; every
envelope is bound to a place (`kept.crypto.places`); nothing is compressed before sealing.
Source: `docs/formats/envelope.md`; NIST SP 800-38D §8.3 (random nonces, at most 2^32 per key);
ISO/IEC 7816-4 (padding).
"""

import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kept.base.errors import MalformedError, TamperedError
from kept.crypto.chance import draw
from kept.crypto.secret import Secret

VERSION = 1
AES_256_GCM = 1
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 6
BODY_AT = HEADER_BYTES + NONCE_BYTES
OVERHEAD_BYTES = BODY_AT + TAG_BYTES
_HEADER = struct.Struct(">BBI")
_SMALL_STEP = 64  # padding step up to 1 KiB
_LARGE_STEP = 256  # and above
_SMALL_MOST = 1024


class KeyMismatchError(TamperedError):
    """The key at hand is not the one this was made for; trying again never helps."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.args = (f"{what}: the key at hand is not the one it was sealed with",)


class SealKey:
    """A key made ready for sealing: the cipher is set up once, then used for many calls."""

    __slots__ = ("_aead",)

    def __init__(self, secret: Secret) -> None:
        raw = secret.reveal()
        if len(raw) != KEY_BYTES:
            raise MalformedError("key", "a sealing key has 32 bytes")
        self._aead = AESGCM(raw)

    def encrypt(self, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
        """Ciphertext and tag; for `seal` alone."""
        return self._aead.encrypt(nonce, plain, aad)

    def decrypt(self, nonce: bytes, body: bytes, aad: bytes) -> bytes:
        """Plaintext; for `open_sealed` alone."""
        return self._aead.decrypt(nonce, body, aad)

    def __reduce_ex__(self, protocol: object) -> str:
        """Refuse pickling and copying.

        Raises:
            TypeError: always.
        """
        raise TypeError("a sealing key is not copied or pickled")


def seal(key: SealKey, plain: bytes, aad: bytes, *, key_version: int, pad: bool = True) -> bytes:
    """Seal `plain` for the place `aad`, under a fresh nonce.

    Args:
        key: used for at most 2^32 calls in its life; rotated long before.
        plain: any length.
        aad: of `kept.crypto.places`.
        key_version: 0 to 2^32-1; of the person's key in a cell, the epoch in a wrap.
        pad: hide the exact length; off for secrets of fixed length.

    Raises:
        MalformedError: the key version does not fit.
    """
    if not 0 <= key_version < 2**32:
        raise MalformedError("key version", "does not fit 32 bits")
    nonce = draw(NONCE_BYTES)
    body = key.encrypt(nonce, padded(plain) if pad else plain, aad)
    return _HEADER.pack(VERSION, AES_256_GCM, key_version) + nonce + body


def open_sealed(
    key: SealKey,
    envelope: bytes,
    aad: bytes,
    *,
    key_version: int,
    pad: bool = True,
    what: str = "a sealed record",
) -> bytes:
    """Open an envelope that must have been sealed for the place `aad`. Hostile input.

    Args:
        key: the key of `key_version`.
        envelope: as stored.
        aad: of `kept.crypto.places`.
        key_version: the version the key at hand has; another one in the envelope is a mismatch.
        pad: as it was sealed.
        what: named in the error, never its content.

    Raises:
        KeyMismatchError: sealed with another version of the key.
        TamperedError: unknown version or algorithm, a bit changed, another place, bad padding.
    """
    if key_version_of(envelope, what=what) != key_version:
        raise KeyMismatchError(what)
    try:
        plain = key.decrypt(envelope[HEADER_BYTES:BODY_AT], envelope[BODY_AT:], aad)
    except InvalidTag:
        raise TamperedError(what) from None
    return _stripped(plain, what) if pad else plain


def key_version_of(envelope: bytes, *, what: str = "a sealed record") -> int:
    """With which key version was this sealed? Not yet authenticated: only good to find the key.

    Raises:
        TamperedError: too short, or a version or algorithm this program does not know.
    """
    if len(envelope) < OVERHEAD_BYTES:
        raise TamperedError(what)
    version, algorithm, key_version = _HEADER.unpack_from(envelope)
    if version != VERSION or algorithm != AES_256_GCM:
        raise TamperedError(what)
    return key_version


def padded(plain: bytes) -> bytes:
    """`plain ‖ 80 ‖ 00…` up to the next multiple of 64 bytes, of 256 above 1 KiB."""
    least = len(plain) + 1
    step = _SMALL_STEP if least <= _SMALL_MOST else _LARGE_STEP
    return plain + b"\x80" + bytes(-least % step)


def _stripped(body: bytes, what: str) -> bytes:
    plain = body.rstrip(b"\x00")
    if not plain.endswith(b"\x80") or len(padded(plain[:-1])) != len(body):
        raise TamperedError(what)
    return plain[:-1]
