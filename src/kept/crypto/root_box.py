"""How do providers that hold a plain 32-byte root wrap with it?

HKDF-Expand(root, "kept/root/v1", 64) = key ‖ commitment. The commitment stands in the wrap's
parameters, so that a wrong root is told from a changed wrap; the context is associated data.
Source: `docs/formats/keyring.md`.
"""

import hmac

from kept.base.encoding import b64url, parse_b64url, part_list
from kept.base.errors import MalformedError, TamperedError
from kept.crypto import labels
from kept.crypto.keys import expand
from kept.crypto.sealing import KeyMismatchError, SealKey, key_version_of, open_sealed, seal
from kept.crypto.secret import SECRET_BYTES, Secret

_WHAT = "the wrap of the vault key"
_KEY_VERSION = 0  # one root has one key


class RootBox:
    """Wraps and unwraps under one root secret."""

    __slots__ = ("_commitment", "_key")

    def __init__(self, root: Secret) -> None:
        both = expand(root, labels.ROOT_WRAP, 2 * SECRET_BYTES)
        self._key = SealKey(Secret(both[:SECRET_BYTES]))
        self._commitment = both[SECRET_BYTES:]

    @property
    def check(self) -> str:
        """The commitment as text, public."""
        return b64url(self._commitment)

    def close(self, payload: Secret, context: bytes) -> bytes:
        """The blob."""
        aad = part_list(labels.ROOT_WRAP, context)
        return seal(self._key, payload.reveal(), aad, key_version=_KEY_VERSION, pad=False)

    def open(self, blob: bytes, context: bytes, *, check: object) -> Secret:
        """The payload; `check` is what stood beside the blob. Hostile input.

        Raises:
            KeyMismatchError: another root made this wrap.
            TamperedError: the blob, its check or its context was changed.
        """
        if not hmac.compare_digest(_parse_check(check), self._commitment):
            raise KeyMismatchError(_WHAT)
        if key_version_of(blob, what=_WHAT) != _KEY_VERSION:
            raise TamperedError(_WHAT)  # the root fits, so this is a change and no mismatch
        aad = part_list(labels.ROOT_WRAP, context)
        return Secret(
            open_sealed(self._key, blob, aad, key_version=_KEY_VERSION, pad=False, what=_WHAT)
        )


def _parse_check(check: object) -> bytes:
    try:
        return parse_b64url(str(check), "check", size_bytes=SECRET_BYTES)
    except MalformedError:
        raise TamperedError(_WHAT) from None
