"""What are the sealed bytes of a restic repository, and may these sealed bytes be opened?

Sealed: `IV(16) ‖ AES-256-CTR(plain) ‖ MAC(16)`, always 32 bytes more than the plain. The IV is the
whole first counter block and the nonce of the MAC. MAC = Poly1305-AES over the ciphertext alone,
its one-time key `r(16) ‖ AES-128-ECB(k, IV)(16)`.
Rules: a fresh random IV for every sealing, never all zero; the MAC is compared in constant time
before anything is decrypted; `r` is kept as drawn, for Poly1305 clamps it itself, so that clamped
and unclamped spellings of one `r` seal alike. Nothing is bound to a place: names are hashes.
Source: restic design document, "Keys, Encryption and MAC"; Bernstein, "The Poly1305-AES
message-authentication code"; RFC 8439 §2.5 (clamping); RFC 7914 (scrypt).
"""

import hashlib
import threading
from dataclasses import dataclass, field
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import AEADEncryptionContext, Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB
from cryptography.hazmat.primitives.poly1305 import Poly1305

from kept.base.errors import MalformedError, TamperedError
from kept.crypto.chance import draw
from kept.crypto.secret import Secret

IV_BYTES = 16
MAC_BYTES = 16
SEAL_OVERHEAD_BYTES = IV_BYTES + MAC_BYTES
ENCRYPT_BYTES = 32
MAC_K_BYTES = 16
MAC_R_BYTES = 16
KEY_BYTES = ENCRYPT_BYTES + MAC_K_BYTES + MAC_R_BYTES
SALT_BYTES = 64  # restic design document, "Keys, Encryption and MAC"
MAX_SCRYPT_MEMORY_BYTES = 2**30
MAX_SCRYPT_WORK_BYTES = 2**34  # 128·N·r·p; about a minute, a hundred times what restic and we write
_NO_IV = bytes(IV_BYTES)

Buffer: TypeAlias = "bytes | bytearray | memoryview"


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """What one guess of a password costs: 128·n·r bytes of memory, p times over."""

    n: int  # a power of two, 2 or more
    r: int  # 1 or more
    p: int  # 1 or more

    def __post_init__(self) -> None:
        """Refuse what is no scrypt, or would eat this machine: a key file is hostile input.

        Raises:
            MalformedError: out of range, more than 1 GiB of memory, or a minute of work.
        """
        if self.n < 2 or self.n & (self.n - 1) or self.r < 1 or self.p < 1:
            raise MalformedError("scrypt", "parameters out of range")
        memory_bytes = 128 * self.n * self.r
        if memory_bytes > MAX_SCRYPT_MEMORY_BYTES:
            raise MalformedError("scrypt", "asks for more than 1 GiB of memory")
        if memory_bytes * self.p > MAX_SCRYPT_WORK_BYTES:
            raise MalformedError("scrypt", "asks for more than a minute of work")


SCRYPT_COST = ScryptCost(n=32768, r=8, p=5)  # 32 MiB, half a second; OWASP Password Storage


class _Ciphers(threading.local):
    """The ciphers of one key in one thread: set up once, as none of them may be shared."""

    block: CipherContext | None = None
    stream: AEADEncryptionContext | CipherContext | None = None


@dataclass(frozen=True, slots=True)
class RepoKey:
    """The three secrets of a repository, or of one key file. May be used from any thread.

    Two that differ only in bits of `mac_r` that Poly1305 clears are not equal, and seal alike:
    restic clears them whenever it writes a key file.
    """

    encrypt: Secret  # 32 bytes, AES-256
    mac_k: Secret  # 16 bytes, AES-128
    mac_r: Secret  # 16 bytes, Poly1305's r, clamped or not
    _ciphers: _Ciphers = field(default_factory=_Ciphers, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a key of the wrong shape.

        Raises:
            MalformedError: a part has the wrong length.
        """
        lengths = (len(self.encrypt), len(self.mac_k), len(self.mac_r))
        if lengths != (ENCRYPT_BYTES, MAC_K_BYTES, MAC_R_BYTES):
            raise MalformedError("repository key", "a part has the wrong length")

    def keystream_at(self, iv: bytes) -> CipherContext:
        """This thread's AES-256-CTR, set to start at `iv`: it seals and opens alike."""
        stream = self._ciphers.stream
        if stream is None:
            stream = Cipher(AES(self.encrypt.reveal()), CTR(iv)).encryptor()
            self._ciphers.stream = stream
        else:
            stream.reset_nonce(iv)
        return stream

    def mac_at(self, iv: bytes) -> Poly1305:
        """A Poly1305-AES for the one message sealed under `iv`."""
        block = self._ciphers.block
        if block is None:
            # One block as a pseudo-random function, which is what Poly1305-AES is made of.
            block = Cipher(AES(self.mac_k.reveal()), ECB()).encryptor()  # noqa: S305  # nosec B305
            self._ciphers.block = block
        return Poly1305(self.mac_r.reveal() + block.update(iv))


def fresh_repo_key() -> RepoKey:
    """A new random key."""
    return _key_of(draw(KEY_BYTES))


def password_key(password: Secret, salt: bytes, cost: ScryptCost) -> RepoKey:
    """The key a password gives: scrypt's 64 bytes are the AES key, `k`, then `r`.

    Raises:
        MalformedError: the salt has not 64 bytes.
    """
    if len(salt) != SALT_BYTES:
        raise MalformedError("salt", f"must be {SALT_BYTES} bytes")
    need_bytes = 128 * cost.r * (cost.n + cost.p + 2)
    raw = hashlib.scrypt(
        password.reveal(),
        salt=salt,
        n=cost.n,
        r=cost.r,
        p=cost.p,
        maxmem=need_bytes + 2**20,
        dklen=KEY_BYTES,
    )
    return _key_of(raw)


def _key_of(raw: bytes) -> RepoKey:
    cut = ENCRYPT_BYTES + MAC_K_BYTES
    return RepoKey(Secret(raw[:ENCRYPT_BYTES]), Secret(raw[ENCRYPT_BYTES:cut]), Secret(raw[cut:]))


def fresh_salt() -> bytes:
    """64 random bytes for a key file."""
    return draw(SALT_BYTES)


def seal(key: RepoKey, plain: Buffer) -> bytes:
    """Seal `plain` under a fresh IV: 32 bytes longer."""
    sealed = bytearray(len(plain) + SEAL_OVERHEAD_BYTES)
    seal_into(key, plain, memoryview(sealed))
    return bytes(sealed)


def seal_into(key: RepoKey, plain: Buffer, out: memoryview) -> int:
    """Seal straight into `out`, without a copy; how many bytes were written.

    Args:
        key: of the repository.
        plain: bytes that do not overlap `out`.
        out: writable, of single bytes; `len(plain) + 32` or longer.

    Raises:
        MalformedError: `out` is too short.
    """
    end = IV_BYTES + len(plain)
    if len(out) < end + MAC_BYTES:
        raise MalformedError("sealing", "the room for the sealed bytes is too short")
    iv = _fresh_iv()
    out[:IV_BYTES] = iv
    # update_into wants 15 bytes to spare: those of the MAC, which is written after it.
    key.keystream_at(iv).update_into(plain, out[IV_BYTES : end + MAC_BYTES])
    mac = key.mac_at(iv)
    mac.update(out[IV_BYTES:end])
    out[end : end + MAC_BYTES] = mac.finalize()
    return end + MAC_BYTES


def open_sealed(key: RepoKey, sealed: Buffer, *, what: str = "a sealed file") -> bytes:
    """Open sealed bytes. Hostile input.

    Args:
        key: the key they were sealed with.
        sealed: as stored.
        what: named in the error, never its content.

    Raises:
        TamperedError: too short, an IV of zeros, a bit changed, or another key.
    """
    end = len(sealed) - MAC_BYTES
    if end < IV_BYTES:
        raise TamperedError(what)
    view = memoryview(sealed)
    iv, body = bytes(view[:IV_BYTES]), view[IV_BYTES:end]
    if iv == _NO_IV:
        raise TamperedError(what)
    mac = key.mac_at(iv)
    mac.update(body)
    try:
        mac.verify(bytes(view[end:]))
    except InvalidSignature:
        raise TamperedError(what) from None
    return key.keystream_at(iv).update(body)


def _fresh_iv() -> bytes:
    while (iv := draw(IV_BYTES)) == _NO_IV:
        pass  # restic refuses an IV of zeros
    return iv
