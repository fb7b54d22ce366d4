"""How are a place's credentials kept, so that data.db alone opens no door?

Wrapped under the vault key for their place; 32 random bytes stand beside them, so that the public
commitment says nothing about a short password. The repository's own password is kept nowhere: it
is derived from the house's key, so that the copy of the keys and the recovery words lead to it.
"""

import json
from typing import cast

from kept.backup.model.places import PlaceSecrets
from kept.base.encoding import b64url
from kept.base.errors import KeptError, TamperedError
from kept.crypto import labels
from kept.crypto.chance import draw
from kept.crypto.keys import VaultKey, Wrapped, WrapPlace, expand, unwrap_secret, wrap_secret
from kept.crypto.secret import Secret

_SALT_BYTES = 32
_VERSION = 1
_WHAT = "the credentials of a place"


def repository_password(house_key: Secret) -> Secret:
    """The password under which this house's repositories open: 43 characters, one line.

    Args:
        house_key: `house` of the keyring's house keys.
    """
    return Secret(b64url(expand(house_key, labels.BACKUP_PASSWORD)).encode())


def seal_secrets(
    key: VaultKey, secrets: PlaceSecrets, /, *, vault_id: bytes, place_id: bytes
) -> Wrapped:
    """Wrap credentials for the place with this id (16 bytes)."""
    plain = json.dumps({
        "user": secrets.user,
        "password": secrets.password,
        "s3_key_id": secrets.s3_key_id,
        "s3_secret": secrets.s3_secret,
        "s3_token": secrets.s3_token,
        "ca": secrets.ca,
        "salt": draw(_SALT_BYTES).hex(),
    })
    return wrap_secret(key, Secret(plain.encode()), _place(vault_id, place_id))


def open_secrets(
    key: VaultKey, wrapped: Wrapped, /, *, vault_id: bytes, place_id: bytes
) -> PlaceSecrets:
    """The credentials again.

    Raises:
        TamperedError: changed, or of another place.
    """
    try:
        plain = unwrap_secret(key, wrapped, _place(vault_id, place_id))
        held = cast("dict[str, str]", json.loads(plain.reveal()))
        names = ("user", "password", "s3_key_id", "s3_secret", "s3_token")
        # an older Kept kept no certificate
        return PlaceSecrets(*(held[name] for name in names), ca=held.get("ca", ""))
    except (KeptError, ValueError, KeyError):
        raise TamperedError(_WHAT) from None


def _place(vault_id: bytes, place_id: bytes) -> WrapPlace:
    return WrapPlace(vault_id, None, f"backup.place.{place_id.hex()}", _VERSION)
