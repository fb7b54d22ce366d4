"""What may this API key do?

`kept_<keyid>_<secret>`: 26 characters of id and 52 of secret (256 random bits, base32). Only
SHA-256 of the secret is stored: a random 256-bit value needs no slow hash. A key belongs to one
service, is bound to capabilities, purposes and categories, always expires, and is shown once.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from kept.base.errors import MalformedError
from kept.base.ids import KeyId
from kept.vault.model.rules import RevealLimits, Rules

SECRET_BYTES = 32
LONGEST_LIFE = timedelta(days=366)
USED_EVERY = timedelta(hours=1)  # `last_used_at` is no finer
UNBOUNDED = 1_000_000  # people a day: a key issued with as much has no reveal limit at all
UNLIMITED = RevealLimits(people=UNBOUNDED, people_a_day=UNBOUNDED)
_KEY = re.compile(r"kept_([a-z2-7]{26})_([a-z2-7]{51}[aq])")  # the last digit carries one bit


class Capability(StrEnum):
    """What a key can do at all; purposes and categories narrow it further."""

    READ = "read"
    WRITE = "write"
    IMPORT = "import"
    FIND = "find"


@dataclass(frozen=True, slots=True)
class KeyScope:
    """Everything a key is bound to. An empty set allows nothing, it never means "all"."""

    capabilities: frozenset[Capability]
    purposes: frozenset[str]
    categories: frozenset[str]
    limits: RevealLimits = field(default_factory=RevealLimits)

    def allows(self, capability: Capability, *, purpose: str, categories: frozenset[str]) -> bool:
        """True when each of the three is inside the scope."""
        return (
            capability in self.capabilities
            and purpose in self.purposes
            and categories <= self.categories
        )

    @property
    def reveal_limits(self) -> RevealLimits | None:
        """How many people it may open; None for a service's key without such a limit."""
        return None if self.limits.people_a_day >= UNBOUNDED else self.limits

    def check_against(self, rules: Rules) -> None:
        """See that the book knows every word of this scope.

        Raises:
            MalformedError: nothing to do, an unknown purpose, or a category no purpose covers.
        """
        if not self.capabilities or not self.purposes:
            raise MalformedError("scope", "choose at least one thing it may do, and what for")
        if not self.purposes <= rules.purposes.keys():
            raise MalformedError("purposes", "not all of them stand in the book")
        covered = frozenset[str]().union(*(rules.purposes[p].categories for p in self.purposes))
        if not self.categories <= covered:
            raise MalformedError("categories", "none of these purposes may use all of them")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is stored, without its secret. `last_used_at` is coarse (`USED_EVERY`).

    `issued_by` is the actor who saw the secret: when somebody leaves, those keys are changed.
    """

    id: KeyId
    name: str
    scope: KeyScope
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    issued_by: str = ""

    def is_live(self, now: datetime) -> bool:
        """True until it expires or is revoked."""
        return self.revoked_at is None and now < self.expires_at

    def is_use_due(self, now: datetime) -> bool:
        """True when `last_used_at` should be written anew."""
        return self.last_used_at is None or now - self.last_used_at >= USED_EVERY


@dataclass(frozen=True, slots=True, repr=False)
class PresentedKey:
    """A key as a caller shows it. Its secret stands in no repr."""

    id: KeyId
    secret_hash: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `kept_<keyid>_<secret>`. Hostile input.

        Raises:
            MalformedError: any other shape.
        """
        match = _KEY.fullmatch(text)
        if match is None:
            raise MalformedError("key", "not a key of this house")
        return cls(KeyId.parse(match[1]), hash_secret(match[2]))

    def fits(self, stored_hash: bytes) -> bool:
        """True when this is the secret behind `stored_hash`; in constant time."""
        return hmac.compare_digest(self.secret_hash, stored_hash)


def key_text(key: KeyId, secret: bytes) -> str:
    """The text that is shown once. A secret."""
    return f"kept_{key}_{secret_text(secret)}"


def secret_text(secret: bytes) -> str:
    """52 characters of lower-case base32 for 32 random bytes."""
    return base64.b32encode(secret).decode("ascii").rstrip("=").lower()


def hash_secret(text: str) -> bytes:
    """SHA-256 of a secret's text."""
    return hashlib.sha256(text.encode("ascii")).digest()


def check_life(*, now: datetime, expires_at: datetime) -> None:
    """See that a new key lives, and not for ever.

    Raises:
        MalformedError: already over, or longer than `LONGEST_LIFE`.
    """
    if not timedelta(0) < expires_at - now <= LONGEST_LIFE:
        raise MalformedError("expires_at", "a key lives at least a moment and at most 366 days")
