"""Who signed this text, and does every signature that we can check hold?

Rules, in order: a note is a text, an empty line, then signature lines; it is split at the last
empty line; a line of an unknown (name, id) is passed over, a line of a known one must verify, and
one at least must. Decimals and base64 have one spelling each. A checkpoint is three lines, for
ever without extension lines.
Source: C2SP signed-note, tlog-checkpoint, tlog-cosignature; `docs/formats/ledger.md` §5.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from kept.base.encoding import b64, parse_b64, parse_decimal, u64
from kept.base.errors import MalformedError
from kept.ledger.merkle import HASH_BYTES

MAX_NOTE_BYTES = 131_072  # 128 KiB
MAX_SIGNATURES = 64  # the format asks for at least 16
MAX_ORIGIN_BYTES = 255
MAX_SIZE = (1 << 63) - 1
KEY_ID_BYTES, ED25519_BYTES, SIGNATURE_BYTES, TIME_BYTES = 4, 32, 64, 8
COSIGNATURE_LABEL = "cosignature/v1"
_DASH = "\N{EM DASH} "
_HEX_ID = re.compile(r"[0-9a-f]{8}")


class KeyKind(IntEnum):
    """The signature types we speak."""

    LOG = 0x01  # Ed25519 over the text
    WITNESS = 0x04  # Ed25519 over a time and the text


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A name and a public key, as the one line that others pin."""

    name: str
    kind: KeyKind
    public: bytes  # 32

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != ED25519_BYTES:
            raise MalformedError("verifier key", "an Ed25519 key has 32 bytes")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name+id+key`. Hostile input.

        Raises:
            MalformedError: another shape, another signature type, or an id of another key.
        """
        parts = text.split("+", 2)  # the base64 may hold a +
        if len(parts) != 3 or not _HEX_ID.fullmatch(parts[1]):
            raise MalformedError("verifier key", "not name+id+key")
        raw = parse_b64(parts[2], "verifier key")
        if raw[:1] not in {bytes([kind]) for kind in KeyKind}:
            raise MalformedError("verifier key", "a signature type this house does not speak")
        key = cls(parts[0], KeyKind(raw[0]), raw[1:])
        if key.id.hex() != parts[1]:
            raise MalformedError("verifier key", "the id belongs to another key")
        return key

    @property
    def id(self) -> bytes:
        """The four bytes that begin its signatures."""
        stem = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return sha256(stem).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose, and the bytes after the key id."""

    name: str
    key_id: bytes  # 4
    value: bytes

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read one line without its newline. Hostile input.

        Raises:
            MalformedError: not dash, name and base64 of more than a key id.
        """
        name, gap, value = line.removeprefix(_DASH).rpartition(" ")
        if not line.startswith(_DASH) or not gap:
            raise MalformedError("signature line", "not dash, name and base64")
        _check_name(name)
        raw = parse_b64(value, "signature line")
        if len(raw) <= KEY_ID_BYTES:
            raise MalformedError("signature line", "shorter than a key id and a signature")
        return cls(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {b64(self.key_id + self.value)}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the lines under it, none of them believed yet."""

    text: str  # ends with a newline
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a note. Hostile input.

        Raises:
            MalformedError: too long, not UTF-8, a control character, or no signature lines.
        """
        whole = _plain_text(data)
        text, gap, lines = whole.rpartition("\n\n")
        if not gap or not lines.endswith("\n"):
            raise MalformedError("note", "not a text, an empty line and signature lines")
        found = lines[:-1].split("\n")
        if len(found) > MAX_SIGNATURES:
            raise MalformedError("note", f"more than {MAX_SIGNATURES} signatures")
        return cls(text + "\n", tuple(Signature.parse(line) for line in found))

    def encode(self) -> bytes:
        """The bytes of the note."""
        return "\n".join([self.text, *map(str, self.signatures), ""]).encode()

    def plus(self, *more: Signature) -> Self:
        """The same note with these lines added below."""
        return type(self)(self.text, (*self.signatures, *more))


@dataclass(frozen=True, slots=True)
class Signed:
    """One line that was checked and holds. `time` is POSIX seconds, for a cosignature only."""

    key: VerifierKey
    time: int | None


@dataclass(frozen=True, slots=True)
class NotSigned:
    """Why a note is not believed; `key` is the one whose signature does not hold, if any."""

    why: str
    key: VerifierKey | None = None


def check_note(note: Note, keys: Sequence[VerifierKey]) -> tuple[Signed, ...] | NotSigned:
    """Who of `keys` signed the note; a known signature that fails spoils the whole note."""
    known = {(key.name, key.id): key for key in keys}
    held: dict[VerifierKey, Signed] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        signed = check_signature(note.text, line, key)
        if signed is None:
            return NotSigned("a signature of a known key does not hold", key)
        held.setdefault(key, signed)
    return tuple(held.values()) or NotSigned("no signature of a known key")


def check_signature(text: str, line: Signature, key: VerifierKey) -> Signed | None:
    """The checked line if it is this key's over this text, else None."""
    time, message, value = None, text.encode(), line.value
    if (line.name, line.key_id) != (key.name, key.id):
        return None
    if key.kind is KeyKind.WITNESS:
        time, value = int.from_bytes(value[:TIME_BYTES], "big"), value[TIME_BYTES:]
        if not 0 < time <= MAX_SIZE:
            return None
        message = _cosigned(text, time)
    if len(value) != SIGNATURE_BYTES:
        return None
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(value, message)
    except (InvalidSignature, ValueError):
        return None
    return Signed(key, time)


@dataclass(frozen=True, slots=True)
class Signer:
    """A name and the private key that signs under it."""

    name: str
    kind: KeyKind
    private: Ed25519PrivateKey
    key: VerifierKey  # what others need to check its signatures

    @classmethod
    def from_seed(cls, name: str, kind: KeyKind, seed: bytes) -> Self:
        """The signer of a 32-byte seed (RFC 8032 §5.1.5).

        Raises:
            MalformedError: not 32 bytes, or a name that no note can carry.
        """
        _check_name(name)
        if len(seed) != ED25519_BYTES:
            raise MalformedError("seed", "an Ed25519 seed has 32 bytes")
        private = Ed25519PrivateKey.from_private_bytes(seed)
        key = VerifierKey(name, kind, private.public_key().public_bytes_raw())
        return cls(name, kind, private, key)

    def sign(self, text: str) -> Signature:
        """The log's line under `text`.

        Raises:
            MalformedError: this is a witness's key.
        """
        if self.kind is not KeyKind.LOG:
            raise MalformedError("signer", "a witness signs with a time")
        return Signature(self.name, self.key.id, self.private.sign(text.encode()))

    def cosign(self, text: str, *, time: int) -> Signature:
        """The witness's line under `text`.

        Args:
            text: the whole checkpoint text.
            time: POSIX seconds, 1 to 2^63-1.

        Raises:
            MalformedError: this is a log's key, or the time is out of range.
        """
        if self.kind is not KeyKind.WITNESS or not 0 < time <= MAX_SIZE:
            raise MalformedError("signer", "a witness's key and a time after 1970")
        value = u64(time) + self.private.sign(_cosigned(text, time))
        return Signature(self.name, self.key.id, value)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One size of one log, and the root at that size."""

    origin: str
    size: int  # 0 to 2^63-1
    root: bytes  # 32

    def __post_init__(self) -> None:
        _check_name(self.origin)
        if len(self.origin.encode()) > MAX_ORIGIN_BYTES:
            raise MalformedError("origin", "longer than 255 bytes")
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_BYTES:
            raise MalformedError("checkpoint", "size below 2^63, root of 32 bytes")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the three lines. Hostile input.

        Raises:
            MalformedError: another number of lines, or another spelling of one.
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise MalformedError("checkpoint", "not origin, size and root")
        root = parse_b64(lines[2], "root", size_bytes=HASH_BYTES)
        return cls(lines[0], parse_decimal(lines[1], "size", most=MAX_SIZE), root)

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"


def sign_checkpoint(checkpoint: Checkpoint, *signers: Signer) -> Note:
    """The note that the log's keys make of a checkpoint; the same every time (RFC 8032).

    Raises:
        MalformedError: no signer, or a first one whose name is not the origin.
    """
    if not signers or signers[0].name != checkpoint.origin:
        raise MalformedError("signer", "the first key is named as the origin")
    return Note(checkpoint.text, tuple(one.sign(checkpoint.text) for one in signers))


def _cosigned(text: str, time: int) -> bytes:
    return f"{COSIGNATURE_LABEL}\ntime {time}\n{text}".encode()


def _plain_text(data: bytes) -> str:
    if len(data) > MAX_NOTE_BYTES:
        raise MalformedError("note", "longer than 128 KiB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedError("note", "not UTF-8") from None
    if any(char < " " and char != "\n" for char in text):
        raise MalformedError("note", "holds a control character")
    return text


def _check_name(name: str) -> None:
    if not name or not all(map(_fits_a_name, name)):
        raise MalformedError("key name", "empty, or holds a space, a control or a plus")


def _fits_a_name(char: str) -> bool:
    is_surrogate = "\ud800" <= char <= "\udfff"  # what octets that are not UTF-8 were read as
    return char > " " and char != "+" and not char.isspace() and not is_surrogate
