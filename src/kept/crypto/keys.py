"""Which keys come from a secret, and does a stored wrap hold the secret it claims?

The tree: the vault key (VK, one per epoch) wraps every other secret; a person's *seal* secret
seals cells, the *trail* secret gives the ledger's tag and opening keys. All secrets are uniform
random bytes, so HKDF's extract step is not needed and only expand is done.
A commitment stands beside each wrapped secret and inside the wrap's associated data, because
AES-GCM alone does not commit to its key (RFC 9771); it is compared at every unwrap.
Source: RFC 5869 §2.3; `docs/formats/envelope.md`, keys.
"""

import hmac
from dataclasses import dataclass

from kept.base.errors import MalformedError
from kept.crypto import labels, places
from kept.crypto.mac import mac
from kept.crypto.sealing import KeyMismatchError, SealKey, open_sealed, seal
from kept.crypto.secret import SECRET_BYTES, Secret

_BLOCK_BYTES = 32  # SHA-256
_MOST_BLOCKS = 255  # RFC 5869 §2.3


def expand(secret: Secret, label: bytes, size_bytes: int = SECRET_BYTES) -> bytes:
    """HKDF-Expand-SHA256.

    Raises:
        MalformedError: more than 255 blocks, or none, asked for.
    """
    if not 0 < size_bytes <= _MOST_BLOCKS * _BLOCK_BYTES:
        raise MalformedError("key length", "HKDF gives 1 to 8160 bytes")
    block, out = b"", b""
    for count in range(1, -(-size_bytes // _BLOCK_BYTES) + 1):
        block = mac(secret, block + label + bytes((count,)))
        out += block
    return out[:size_bytes]


@dataclass(frozen=True, slots=True)
class Derived:
    """A sealing key and the public commitment (32 bytes) to the secret it came from."""

    key: SealKey
    commitment: bytes


@dataclass(frozen=True, slots=True)
class VaultKey:
    """One epoch's vault key, ready for wrapping."""

    epoch: int
    derived: Derived

    @classmethod
    def of(cls, vk: Secret, epoch: int) -> "VaultKey":
        """Derive the wrapping key of epoch `epoch` (1 to 2^32-1)."""
        return cls(epoch, vault_key(vk))


def vault_key(vk: Secret) -> Derived:
    """Wrapping key and commitment of a vault key."""
    return _derive(vk, labels.VAULT)


def person_key(secret: Secret) -> Derived:
    """Seal key and commitment of a person's seal secret, or of any secret wrapped under a VK."""
    return _derive(secret, labels.PERSON)


def commitment_of(secret: Secret) -> bytes:
    """The commitment that stands beside any secret wrapped under a VK, whatever its kind."""
    return expand(secret, labels.PERSON, 2 * SECRET_BYTES)[SECRET_BYTES:]


def tag_key(trail: Secret) -> Secret:
    """The key of a person's ledger tags."""
    return Secret(expand(trail, labels.TAG))


def opening_key(trail: Secret) -> Secret:
    """The key that seals the openings of a person's acts; make a `SealKey` of it to use it."""
    return Secret(expand(trail, labels.OPENING_KEY))


def _derive(secret: Secret, label: bytes) -> Derived:
    both = expand(secret, label, 2 * SECRET_BYTES)
    return Derived(SealKey(Secret(both[:SECRET_BYTES])), both[SECRET_BYTES:])


@dataclass(frozen=True, slots=True)
class WrapPlace:
    """Where a wrapped secret belongs: `person_id` (16 bytes) or None for the house's own."""

    vault_id: bytes
    person_id: bytes | None
    kind: str
    key_version: int

    def aad(self, commitment: bytes, epoch: int) -> bytes:
        """Associated data of the wrap."""
        return places.wrap(
            vault_id=self.vault_id,
            person_id=self.person_id,
            kind=self.kind,
            key_version=self.key_version,
            commitment=commitment,
            epoch=epoch,
        )


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A secret wrapped under a VK, and its public commitment (32 bytes)."""

    wrap: bytes
    commitment: bytes


def wrap_secret(vk: VaultKey, secret: Secret, place: WrapPlace) -> Wrapped:
    """Wrap `secret` under the vault key for one place."""
    return _wrap(vk, secret, place, commitment_of(secret))


def wrap_key(vk: VaultKey, secret: Secret, place: WrapPlace) -> tuple[SealKey, Wrapped]:
    """The seal key of a new seal secret, and its wrap, without deriving it twice."""
    derived = person_key(secret)
    return derived.key, _wrap(vk, secret, place, derived.commitment)


def _wrap(vk: VaultKey, secret: Secret, place: WrapPlace, commitment: bytes) -> Wrapped:
    aad = place.aad(commitment, vk.epoch)
    envelope = seal(vk.derived.key, secret.reveal(), aad, key_version=vk.epoch, pad=False)
    return Wrapped(envelope, commitment)


def unwrap_secret(vk: VaultKey, wrapped: Wrapped, place: WrapPlace) -> Secret:
    """The secret again, if the wrap is whole, of this epoch, at this place. Hostile input.

    Raises:
        KeyMismatchError: wrapped in another epoch, or the secret is not the one committed to.
        TamperedError: the wrap or its place was changed.
    """
    secret = _opened(vk, wrapped, place)
    _check(commitment_of(secret), wrapped, place)
    return secret


def unwrap_key(vk: VaultKey, wrapped: Wrapped, place: WrapPlace) -> Derived:
    """The seal key of a wrapped seal secret, without deriving it twice. Hostile input.

    Raises:
        KeyMismatchError: wrapped in another epoch, or the secret is not the one committed to.
        TamperedError: the wrap or its place was changed.
    """
    derived = person_key(_opened(vk, wrapped, place))
    _check(derived.commitment, wrapped, place)
    return derived


def _opened(vk: VaultKey, wrapped: Wrapped, place: WrapPlace) -> Secret:
    aad = place.aad(wrapped.commitment, vk.epoch)
    raw = open_sealed(
        vk.derived.key, wrapped.wrap, aad, key_version=vk.epoch, pad=False, what=_what(place)
    )
    return Secret(raw)


def _check(commitment: bytes, wrapped: Wrapped, place: WrapPlace) -> None:
    if not hmac.compare_digest(commitment, wrapped.commitment):
        raise KeyMismatchError(_what(place))


def _what(place: WrapPlace) -> str:
    return f"the wrap of a {place.kind} secret"
