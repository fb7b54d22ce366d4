"""How are things named outside? By random 128-bit ids that say nothing.

Minting takes bytes, so values stay pure; only `crypto` and `wiring` draw them. The text form is
26 characters of lower-case base32 (RFC 4648 §6, no padding). Row numbers never leave the process.
"""

import re
from dataclasses import dataclass
from typing import Self

from kept.base.errors import MalformedError

ID_BYTES = 16
_TEXT = re.compile(r"[a-z2-7]{25}[aeimquy4]")  # the last digit carries 3 bits
# base64.b32encode works digit by digit in Python (16 µs); an id is written on every request.
_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(first + second for first in _DIGITS for second in _DIGITS)
_SPARE_BITS = 2  # 26 digits hold 130 bits
_SHIFTS = tuple(range(120, -1, -10))  # of the 13 pairs, from the left
_AS_BASE_32 = str.maketrans(_DIGITS, "0123456789abcdefghijklmnopqrstuv")  # what int() reads


@dataclass(frozen=True, slots=True, order=True)
class RandomId:
    """Sixteen random bytes that name one thing."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != ID_BYTES:
            raise MalformedError("id", "an id has 16 bytes")

    @classmethod
    def from_random(cls, raw: bytes) -> Self:
        """Mint an id from 16 fresh random bytes.

        Raises:
            MalformedError: not 16 bytes.
        """
        return cls(raw)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the 26-character form. Hostile input.

        Raises:
            MalformedError: anything but the one canonical spelling.
        """
        if not _TEXT.fullmatch(text):
            raise MalformedError("id", "not an id of this house")
        return cls((int(text.translate(_AS_BASE_32), 32) >> _SPARE_BITS).to_bytes(ID_BYTES))

    def __str__(self) -> str:
        number = int.from_bytes(self.raw) << _SPARE_BITS
        return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


class PersonId(RandomId):
    """A customer."""

    __slots__ = ()


class StaffId(RandomId):
    """Somebody who works here."""

    __slots__ = ()


class KeyId(RandomId):
    """An API key, never the key itself."""

    __slots__ = ()
