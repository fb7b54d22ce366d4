"""What do the staff verbs need of the house? Wiring fills it once.

Three secrets are derived from the house key, one for each use, so that none can stand for another.
"""

from dataclasses import dataclass

from kept.base.encoding import part_list
from kept.base.ids import StaffId
from kept.crypto import labels
from kept.crypto.keys import expand
from kept.crypto.passwords import Passwords
from kept.crypto.sealing import SealKey, open_sealed, seal
from kept.crypto.secret import Secret
from kept.staff.acts.closings import Closings
from kept.staff.model.breached import BreachedTable

_SEAL_VERSION = 1  # key version in the envelope: the house key does not rotate


@dataclass(frozen=True, slots=True)
class StaffSecrets:
    """Keys of this pillar."""

    seal: SealKey
    tags: Secret
    challenges: Secret

    @classmethod
    def of(cls, house_key: Secret) -> "StaffSecrets":
        """Derive all three from the house key (32 bytes, `housekeys` of the keyring)."""
        return cls(
            SealKey(Secret(expand(house_key, labels.STAFF_SEAL))),
            Secret(expand(house_key, labels.STAFF_TAGS)),
            Secret(expand(house_key, labels.STAFF_CHALLENGES)),
        )


@dataclass(frozen=True, slots=True)
class Site:
    """Where the desk is reached: `rp_id` is the host alone, `origins` are `https://host[:port]`."""

    rp_id: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StaffParts:
    """Everything the verbs share. `origin` is the ledger's, `business` its public name.

    `is_demo` is true for a house of invented people only: its visitors sign in as whom they pick.
    """

    origin: str
    business: str
    secrets: StaffSecrets
    passwords: Passwords
    breached: BreachedTable
    site: Site
    closings: Closings
    is_demo: bool = False


def seal_totp(parts: StaffParts, staff: StaffId, secret: bytes) -> bytes:
    """A TOTP secret sealed for this account."""
    aad = part_list(labels.STAFF_TOTP, staff.raw)
    return seal(parts.secrets.seal, secret, aad, key_version=_SEAL_VERSION, pad=False)


def open_totp(parts: StaffParts, staff: StaffId, envelope: bytes) -> bytes:
    """The TOTP secret of this account.

    Raises:
        TamperedError: changed, or sealed for another account.
    """
    return open_sealed(
        parts.secrets.seal,
        envelope,
        part_list(labels.STAFF_TOTP, staff.raw),
        key_version=_SEAL_VERSION,
        pad=False,
        what="a second factor",
    )
