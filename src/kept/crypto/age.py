# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportMissingTypeStubs=false
"""How does Kept speak age, so that anybody's age tool can open what it wrote?

The only file that touches pyrage, which ships without types. X25519 only: recipients with a pass
phrase (scrypt) are refused both ways, since a phrase has its own provider with known cost.
Source: age-encryption.org/v1; BIP 173 for the text of keys.
"""

from collections.abc import Sequence
from typing import Any

import pyrage

from kept.base.errors import MalformedError, RefusedError, TamperedError
from kept.crypto.bech32 import bech32
from kept.crypto.sealing import KeyMismatchError
from kept.crypto.secret import SECRET_BYTES, Secret

MOST_RECIPIENTS = 16
_SCRYPT_STANZA = b"\n-> scrypt "  # age-encryption.org/v1, "scrypt recipient type"
_HEADER_END = b"\n---"


def identity_text(identity: Secret) -> Secret:
    """The line `AGE-SECRET-KEY-1…` that other age tools read, from the identity's 32 bytes.

    Raises:
        MalformedError: not 32 bytes.
    """
    if len(identity) != SECRET_BYTES:
        raise MalformedError("identity", "must be 32 bytes")
    return Secret(bech32("age-secret-key-", identity.reveal()).upper().encode("ascii"))


def recipient_of(identity: Secret) -> str:
    """The public recipient `age1…` of an identity."""
    return str(_identity(identity).to_public())


def encrypt(plain: Secret, recipients: Sequence[str]) -> bytes:
    """A binary age file that each of the recipients opens.

    Raises:
        MalformedError: none or too many recipients, or one that is not `age1…`.
    """
    if not 1 <= len(recipients) <= MOST_RECIPIENTS:
        raise MalformedError("recipients", f"must be 1 to {MOST_RECIPIENTS}")
    try:
        parsed = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    except pyrage.RecipientError:
        raise MalformedError("recipients", "one is no X25519 recipient (age1…)") from None
    return pyrage.encrypt(plain.reveal(), parsed)


def decrypt(blob: bytes, identity: Secret, *, what: str) -> Secret:
    """What stands in an age file. Hostile input; `what` is named in the error.

    Raises:
        RefusedError: it was made for a pass phrase.
        KeyMismatchError: it was made for other recipients.
        TamperedError: no age file, or changed.
    """
    if _SCRYPT_STANZA in blob.partition(_HEADER_END)[0]:
        raise RefusedError("scrypt_recipient", "A recovery wrap may not use a passphrase.")
    try:
        return Secret(pyrage.decrypt(blob, [_identity(identity)]))
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error):
            raise KeyMismatchError(what) from None
        raise TamperedError(what) from None


def _identity(identity: Secret) -> Any:  # noqa: ANN401 - pyrage ships without types
    return pyrage.x25519.Identity.from_str(identity_text(identity).reveal().decode("ascii"))
