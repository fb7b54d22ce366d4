"""Which vault keys exist, who can open them, and which keys belong to the house itself?

Pure values: epochs of the vault key, each wrapped twice and independently (operational, recovery),
and the house's own keys wrapped under the newest VK. Nothing here is readable without a root.
Rules: every live epoch has both wraps, or the ring does not open; the provider is asked once per
epoch; an opened key must fit the commitment that stands in the ring.
Source: `docs/formats/keyring.md`; bytes in `keyring_codec`, the file in `keyring_file`.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from kept.base.errors import KeptError, MalformedError, NotFoundError, RefusedError
from kept.crypto.chance import fresh_secret
from kept.crypto.keys import VaultKey, Wrapped, WrapPlace, unwrap_secret, wrap_secret
from kept.crypto.places import ID_BYTES
from kept.crypto.ports import RootProvider, RootWrap
from kept.crypto.root_payload import context_of, unwrap_vk, wrap_vk
from kept.crypto.sealing import KeyMismatchError
from kept.crypto.secret import Secret

WrapRole = Literal["operational", "recovery"]
EpochState = Literal["current", "old", "retired"]
HouseKeyName = Literal["log", "house", "api", "export", "suppression"]

# log: signs checkpoints · house: signs statements · api: keys of tokens and cookies ·
# export: seals exports and shares · suppression: "never contact me again"
HOUSE_KEYS: Final[tuple[HouseKeyName, ...]] = ("log", "house", "api", "export", "suppression")
FIRST_EPOCH = 1
_HOUSE_KEY_VERSION = 1


@dataclass(frozen=True, slots=True)
class HeldWrap:
    """One way to open an epoch's vault key."""

    role: WrapRole
    wrap: RootWrap


@dataclass(frozen=True, slots=True)
class Epoch:
    """One vault key; `number` from 1, `commitment` 32 bytes."""

    number: int
    state: EpochState
    created: datetime
    commitment: bytes
    wraps: tuple[HeldWrap, ...]


@dataclass(frozen=True, slots=True)
class HouseKey:
    """One of the house's own keys, wrapped under the VK of `epoch`."""

    name: HouseKeyName
    epoch: int
    wrapped: Wrapped


@dataclass(frozen=True, slots=True)
class Opened:
    """What a running house holds in memory: vault keys by epoch and its own keys."""

    vault_id: bytes
    vks: Mapping[int, Secret]
    vault_keys: Mapping[int, VaultKey]
    current: VaultKey
    house_keys: Mapping[HouseKeyName, Secret]


@dataclass(frozen=True, slots=True)
class Keyring:
    """The whole ring. `vault_id` 16 bytes; exactly one epoch is current."""

    vault_id: bytes
    epochs: tuple[Epoch, ...]
    house_keys: tuple[HouseKey, ...]

    def __post_init__(self) -> None:
        numbers = [epoch.number for epoch in self.epochs]
        if len(self.vault_id) != ID_BYTES:
            raise MalformedError("keyring", "the vault id must be 16 bytes")
        if numbers != sorted(set(numbers)) or not all(numbers):
            raise MalformedError("keyring", "epochs must ascend, from 1")
        if [epoch.state for epoch in self.epochs].count("current") != 1:
            raise MalformedError("keyring", "exactly one epoch must be current")
        if sorted(key.name for key in self.house_keys) != sorted(HOUSE_KEYS):
            raise MalformedError("keyring", "each house key must stand there once")

    @property
    def current(self) -> Epoch:
        """The epoch under which new secrets are wrapped."""
        return next(epoch for epoch in self.epochs if epoch.state == "current")

    def refuse_one_wrap(self) -> None:
        """Both ways in, for every live epoch, or no service.

        Raises:
            RefusedError: an epoch lacks its operational or its recovery wrap.
        """
        for epoch in self.epochs:
            roles = {held.role for held in epoch.wraps}
            if epoch.state != "retired" and roles != {"operational", "recovery"}:
                raise RefusedError(
                    "one_wrap_only",
                    "There is only one way left to open the keys. Losing it would lose "
                    "everything, so nothing is served until there are two.",
                )


def create(
    *, vault_id: bytes, operational: RootProvider, recovery: RootProvider, now: datetime
) -> tuple[Keyring, Opened]:
    """A new ring with its first epoch and fresh house keys, both providers proved by a canary.

    Raises:
        RefusedError: a provider is unfit, or both are one and the same.
    """
    vk = fresh_secret()
    context = context_of(vault_id, FIRST_EPOCH)
    key = VaultKey.of(vk, FIRST_EPOCH)
    wraps = (
        HeldWrap("operational", wrap_vk(operational, vk, context)),
        HeldWrap("recovery", wrap_vk(recovery, vk, context)),
    )
    if operational.describe() == recovery.describe():
        raise RefusedError("wraps_not_independent", "Both ways in would be lost together.")
    epoch = Epoch(FIRST_EPOCH, "current", now, key.derived.commitment, wraps)
    secrets: dict[HouseKeyName, Secret] = {name: fresh_secret() for name in HOUSE_KEYS}
    house_keys = tuple(
        HouseKey(name, FIRST_EPOCH, wrap_secret(key, secret, house_place(vault_id, name)))
        for name, secret in secrets.items()
    )
    ring = Keyring(vault_id, (epoch,), house_keys)
    return ring, Opened(vault_id, {FIRST_EPOCH: vk}, {FIRST_EPOCH: key}, key, secrets)


def open_with(ring: Keyring, provider: RootProvider, *, allow_one_wrap: bool = False) -> Opened:
    """Open every live epoch and the house keys with one provider. The ring is hostile input.

    Args:
        ring: as read from the file.
        provider: any of those that wrapped it.
        allow_one_wrap: only for repair, after one way in was lost.

    Raises:
        RefusedError: an epoch can be opened in one way only, or the provider refuses.
        KeyMismatchError: another root, or a key that does not fit its commitment.
        TamperedError: a wrap was changed.
        NotFoundError: no wrap of this provider.
        UnavailableError: the root cannot be reached now.
    """
    if not allow_one_wrap:
        ring.refuse_one_wrap()
    live = [epoch for epoch in ring.epochs if epoch.state != "retired"]
    vks = {epoch.number: _open_epoch(ring.vault_id, epoch, provider) for epoch in live}
    keys = {number: VaultKey.of(vk, number) for number, vk in vks.items()}
    house_keys: dict[HouseKeyName, Secret] = {
        held.name: _open_house_key(ring.vault_id, held, keys) for held in ring.house_keys
    }
    return Opened(ring.vault_id, vks, keys, keys[ring.current.number], house_keys)


def house_place(vault_id: bytes, name: HouseKeyName) -> WrapPlace:
    """Where a house key's wrap belongs."""
    return WrapPlace(vault_id, None, f"house.{name}", _HOUSE_KEY_VERSION)


def _open_epoch(vault_id: bytes, epoch: Epoch, provider: RootProvider) -> Secret:
    name = provider.describe().provider
    failure: KeptError = NotFoundError(f"no {name} wrap of epoch {epoch.number} in the keyring")
    for held in epoch.wraps:
        if held.wrap.provider != name:
            continue
        try:
            vk = unwrap_vk(provider, held.wrap, context_of(vault_id, epoch.number))
        except KeptError as error:  # several recipients: another wrap may be ours
            failure = error
            continue
        if hmac.compare_digest(VaultKey.of(vk, 0).derived.commitment, epoch.commitment):
            return vk
        failure = KeyMismatchError(f"the vault key of epoch {epoch.number}")
    raise failure


def _open_house_key(vault_id: bytes, held: HouseKey, keys: Mapping[int, VaultKey]) -> Secret:
    key = keys.get(held.epoch)
    if key is None:
        raise KeyMismatchError(f"the house key {held.name}")
    return unwrap_secret(key, held.wrapped, house_place(vault_id, held.name))
