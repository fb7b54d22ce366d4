"""How is one way into the house replaced, while the vault keys and the other way stay?

The new wraps hold the same vault keys; each is proved by the canary of `wrap_vk`, and then the
whole ring is opened by the new way before anybody is told. What the old way opened stays open in
every old copy of the ring: only a new vault key would end that.
Source: `docs/formats/keyring.md`.
"""

from dataclasses import replace

from kept.crypto.keyring import Epoch, HeldWrap, Keyring, Opened, WrapRole, open_with
from kept.crypto.ports import RootProvider
from kept.crypto.root_payload import context_of, wrap_vk
from kept.crypto.sealing import KeyMismatchError


def rewrapped(ring: Keyring, opened: Opened, provider: RootProvider, role: WrapRole) -> Keyring:
    """The ring with `provider` in place of everything that stood in this role, and proved.

    Args:
        ring: as it stands in the file.
        opened: the same ring, opened by any way.
        provider: the new way.
        role: what it is for.

    Raises:
        RefusedError: the provider is unfit: a short phrase, an open file.
        KeyMismatchError: the new ring does not open to the same keys.
        TamperedError: the new ring does not open at all.
    """
    epochs = tuple(_epoch(one, opened, provider=provider, role=role) for one in ring.epochs)
    made = replace(ring, epochs=epochs)
    proof = open_with(made, provider)
    if dict(proof.vks) != dict(opened.vks):
        raise KeyMismatchError("the vault key")
    return made


def _epoch(epoch: Epoch, opened: Opened, *, provider: RootProvider, role: WrapRole) -> Epoch:
    vk = opened.vks.get(epoch.number)
    if vk is None:
        return epoch  # retired: nothing opens it any more
    fresh = HeldWrap(role, wrap_vk(provider, vk, context_of(opened.vault_id, epoch.number)))
    kept = [held for held in epoch.wraps if held.role != role]
    wraps = [fresh, *kept] if role == "operational" else [*kept, fresh]
    return replace(epoch, wraps=tuple(wraps))
