"""What is known of a place for copies, and what may its owner say of it? Values and limits."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kept.base.errors import MalformedError

MIB = 1 << 20
LEAST_PART, USUAL_PART, MOST_PART = 4 * MIB, 16 * MIB, 128 * MIB  # restic's own limits
MOST_ENTRIES = 1000
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class Holds(StrEnum):
    """What lies at a place. Never both: whoever has one place alone can read nobody."""

    DATA = "data"
    KEYS = "keys"


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """A place as its owner names it.

    Args:
        name: small latin letters, digits, `-`, `_`; at most 40. It stands in the public ledger.
        address: without a password.
        holds: the data, or the keys.
        part_bytes: the size of a part, 4 to 128 MiB.
        folders: absolute paths beside the house's own data.
        excludes: patterns of what is left out.
        via: the interface or address that everything must go through, or "".
        is_near: it lies on the disk of the house; found out when it is added.
    """

    name: str
    address: str
    holds: Holds = Holds.DATA
    part_bytes: int = USUAL_PART
    folders: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    via: str = ""
    is_near: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise MalformedError("name", "small latin letters and digits, at most 40")
        if not LEAST_PART <= self.part_bytes <= MOST_PART:
            raise MalformedError("part size", "4 to 128 MiB")
        if not all(path.startswith("/") and path.isprintable() for path in self.folders):
            raise MalformedError("folders", "each must be a whole path that begins with /")
        if max(len(self.folders), len(self.excludes)) > MOST_ENTRIES:
            raise MalformedError("folders", f"at most {MOST_ENTRIES}")
        if self.holds is Holds.KEYS and self.folders:
            raise MalformedError("folders", "a place of keys holds keys alone")


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place of this house. `n` is its row, `id` 16 random bytes."""

    n: int
    id: bytes
    order: PlaceOrder
    is_enabled: bool
    made_at: datetime


@dataclass(frozen=True, slots=True)
class PlaceChange:
    """What the owner changes of a place; None leaves it."""

    is_enabled: bool | None = None
    part_bytes: int | None = None
    folders: tuple[str, ...] | None = None
    excludes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PlaceSecrets:
    """What a server wants to know of us, and we of it; "" where it is not asked. Never shown."""

    user: str = ""
    password: str = ""
    s3_key_id: str = ""
    s3_secret: str = ""
    s3_token: str = ""
    ca: str = ""  # certificates to trust in place of the usual authorities, PEM

    @property
    def are_any(self) -> bool:
        """Whether there is something to keep."""
        opens = self.user or self.password or self.s3_key_id or self.s3_secret or self.s3_token
        return bool(opens or self.ca)


@dataclass(frozen=True, slots=True)
class Plan:
    """When copies run (minute of the day, 0 to 1439), quiet hours, speed and retention as text."""

    minute: int
    quiet: str = ""
    bandwidth: str = ""
    keep: str = ""
