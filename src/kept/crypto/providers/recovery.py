"""How is the vault key opened when everything but a sheet of paper is lost?

By an age identity (X25519, 32 random bytes) that `init` shows once as words and never stores.
Its wrap is an ordinary age file: Debian's `age` opens it to exactly the payload. age takes no
associated data, so the context is compared with the payload's end.
Source: age-encryption.org/v1; `docs/formats/keyring.md`.
"""

import hmac
from collections.abc import Sequence
from typing import Self

from kept.base.errors import RefusedError, TamperedError
from kept.crypto import age
from kept.crypto.ports import Description, Retirement, RootWrap
from kept.crypto.secret import Secret

_WHAT = "the recovery wrap of the vault key"


class RecoveryProvider:
    """Wraps to age recipients; unwraps only where an identity is at hand."""

    def __init__(self, recipients: Sequence[str], *, identity: Secret | None = None) -> None:
        self._recipients = tuple(recipients)
        self._identity = identity

    @classmethod
    def of(cls, identity: Secret) -> Self:
        """From the identity's 32 bytes (`kept.crypto.words.from_words`)."""
        return cls([age.recipient_of(identity)], identity=identity)

    def wrap(self, payload: Secret, context: bytes) -> RootWrap:
        """See the port."""
        _check_context(payload, context)
        blob = age.encrypt(payload, self._recipients)
        return RootWrap("age", {"recipients": " ".join(self._recipients)}, blob)

    def unwrap(self, wrap: RootWrap, context: bytes) -> Secret:
        """See the port.

        Raises:
            RefusedError: no identity at hand.
        """
        if self._identity is None:
            raise RefusedError("identity_needed", "The recovery words are needed to open this.")
        payload = age.decrypt(wrap.blob, self._identity, what=_WHAT)
        _check_context(payload, context)
        return payload

    def retire(self, epoch: int) -> Retirement:
        """Nothing can be destroyed here: the words are on paper, with their owner."""
        del epoch
        return Retirement(is_final=False, remains="identity")

    def describe(self) -> Description:
        """See the port."""
        return Description("age", can_retire=False, where=" ".join(self._recipients))


def _check_context(payload: Secret, context: bytes) -> None:
    if not hmac.compare_digest(payload.reveal()[-len(context) :], context):
        raise TamperedError(_WHAT)
