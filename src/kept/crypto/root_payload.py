"""What exactly does a root provider wrap, and is what came back the vault key we asked for?

`VK(32) ‖ commitment(32) ‖ vault_id(16) ‖ epoch(u32be)`, 84 bytes; the last 20 are the context.
Checked after every unwrap, because a provider may drop the context it was given without a word.
Source: `docs/formats/keyring.md`.
"""

import hmac

from kept.base.encoding import u32
from kept.base.errors import KeptError, RefusedError, TamperedError
from kept.crypto.keys import vault_key
from kept.crypto.ports import RootProvider, RootWrap
from kept.crypto.sealing import KeyMismatchError
from kept.crypto.secret import SECRET_BYTES, Secret

PAYLOAD_BYTES = 84
_WHAT = "the wrap of the vault key"


def context_of(vault_id: bytes, epoch: int) -> bytes:
    """The 20 bytes that bind a wrap to one vault and one epoch."""
    return vault_id + u32(epoch)


def wrap_vk(provider: RootProvider, vk: Secret, context: bytes) -> RootWrap:
    """Wrap a vault key, after a canary: what opens in a wrong context is not used.

    Raises:
        RefusedError: the provider opens its wrap in another context.
        KeyMismatchError: the provider gave back another key than it was given.
        TamperedError: the provider gave back another payload than it was given.
    """
    payload = Secret(vk.reveal() + vault_key(vk).commitment + context)
    made = provider.wrap(payload, context)
    if unwrap_vk(provider, made, context) != vk:
        raise KeyMismatchError(_WHAT)
    wrong = bytes([context[0] ^ 1]) + context[1:]
    try:
        provider.unwrap(made, wrong)
    except KeptError:
        return made
    raise RefusedError(
        "provider_ignores_context",
        "This key provider opens a wrap in the wrong place, so it is not used. Nothing was kept.",
    )


def unwrap_vk(provider: RootProvider, wrap: RootWrap, context: bytes) -> Secret:
    """The vault key, if the payload says so itself. Hostile input.

    Raises:
        KeyMismatchError: the key does not fit its own commitment.
        TamperedError: the payload is of another size, vault or epoch.
    """
    raw = provider.unwrap(wrap, context).reveal()
    if len(raw) != PAYLOAD_BYTES or not hmac.compare_digest(raw[2 * SECRET_BYTES :], context):
        raise TamperedError(_WHAT)
    vk = Secret(raw[:SECRET_BYTES])
    commitment = raw[SECRET_BYTES : 2 * SECRET_BYTES]
    if not hmac.compare_digest(vault_key(vk).commitment, commitment):
        raise KeyMismatchError(_WHAT)
    return vk
