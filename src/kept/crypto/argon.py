"""How dear is one guess at a password?

Argon2id, version 0x13, with RFC 9106's second recommended option. Costs are values, because they
are stored beside each result and raised one day; what comes from a file is bounded before use.
Source: RFC 9106 §4.
"""

import unicodedata
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret_raw

from kept.base.errors import MalformedError, RefusedError
from kept.crypto.secret import Secret

SALT_BYTES = 16
LEAST_CHARACTERS = 12
MOST_CHARACTERS = 256
MOST_TYPED = 2048  # characters before NFKC, which may join several into one
_MOST_PASSES = 16
_MOST_MEMORY_KIB = 2 * 1024 * 1024  # 2 GiB: RFC 9106's first option
_MOST_LANES = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """Passes, memory in KiB, lanes; bounded, so that a forged file cannot eat the machine."""

    passes: int = 3
    memory_kib: int = 64 * 1024  # 64 MiB
    lanes: int = 4

    def __post_init__(self) -> None:
        fits = (
            1 <= self.passes <= _MOST_PASSES
            and 1 <= self.lanes <= _MOST_LANES
            and 8 * self.lanes <= self.memory_kib <= _MOST_MEMORY_KIB
        )
        if not fits:
            raise MalformedError("argon2 cost", "outside what this program accepts")


RFC9106_SECOND = Cost()


def stretch(phrase: Secret, salt: bytes, cost: Cost) -> Secret:
    """32 bytes from a pass phrase (UTF-8, already normalised)."""
    return Secret(
        hash_secret_raw(
            phrase.reveal(),
            salt,
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=32,
            type=Type.ID,
        )
    )


def normalised(typed: str) -> str:
    """NFKC, so that two keyboards spell one password alike."""
    return unicodedata.normalize("NFKC", typed)


def check_length(typed: str) -> None:
    """Refuse a new password or pass phrase of unfit length; no other rule of composition.

    Raises:
        RefusedError: shorter than 12 or longer than 256 characters after NFKC.
    """
    size = len(normalised(typed[: MOST_TYPED + 1]))
    if size < LEAST_CHARACTERS:
        raise RefusedError("password_short", "It needs at least 12 characters.")
    if size > MOST_CHARACTERS or len(typed) > MOST_TYPED:
        raise RefusedError("password_long", "It may have at most 256 characters.")
