"""What does a repository say of itself?

`config` is sealed JSON, never compressed: `{"version":2,"id":"<64 hex>","chunker_polynomial":
"<hex>"}`. Rules: a version above 2 is refused, for nobody knows what it means; version 1 is read,
never written. The polynomial is drawn although Kept cuts by other means: restic cuts with it, and
refuses a repository whose polynomial can be factored.
Source: restic design document, "Repository Format" and "Backups and Deduplication"; Rabin,
"Fingerprinting by random polynomials"; Ben-Or, "Probabilistic algorithms in finite fields" (1981).
"""

import re
from dataclasses import dataclass

from kept.backup.repo.unpacked import read_object, write_json
from kept.base.encoding import Json
from kept.base.errors import MalformedError, RefusedError
from kept.crypto.chance import draw
from kept.crypto.repo_sealing import RepoKey, open_sealed, seal

VERSION = 2
OLDEST_VERSION = 1
ID_BYTES = 32
POLYNOMIAL_DEGREE = 53
_WHERE = "config"
_ID = re.compile(r"[0-9a-f]{64}")
_POLYNOMIAL = re.compile(r"[0-9a-f]{1,16}")
_X = 0b10  # the polynomial x: bit i stands for x^i


@dataclass(frozen=True, slots=True)
class Config:
    """What `config` says."""

    version: int  # 1 or 2
    id: str  # 64 hex digits, drawn
    chunker_polynomial: int  # over GF(2), bit i is the coefficient of x^i


def fresh_config() -> Config:
    """The config of a new repository."""
    return Config(VERSION, draw(ID_BYTES).hex(), draw_polynomial())


def encode_config(key: RepoKey, config: Config) -> bytes:
    """The sealed file."""
    members = {
        "version": config.version,
        "id": config.id,
        "chunker_polynomial": f"{config.chunker_polynomial:x}",
    }
    return seal(key, write_json(members))


def decode_config(key: RepoKey, sealed: bytes) -> Config:
    """Read the sealed file. Hostile input.

    Raises:
        TamperedError: the MAC does not match.
        MalformedError: a member is missing or has another form.
        RefusedError: `repository_too_new`: of a version this program does not know.
    """
    members = read_object(open_sealed(key, sealed, what=_WHERE), _WHERE)
    version = members.get("version")
    if type(version) is not int or version < OLDEST_VERSION:
        raise MalformedError(_WHERE, "names no version")
    if version > VERSION:
        raise RefusedError(
            "repository_too_new",
            f"This repository has version {version}; this program knows versions up to {VERSION}."
            " Nothing was changed. Use a newer program.",
        )
    return Config(
        version=version,
        id=_text(members, "id", _ID),
        chunker_polynomial=int(_text(members, "chunker_polynomial", _POLYNOMIAL), 16),
    )


def _text(members: dict[str, Json], name: str, form: re.Pattern[str]) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise MalformedError(_WHERE, f"{name} has not the right form")
    return value


def draw_polynomial() -> int:
    """A random irreducible polynomial of degree 53: one draw in 27 is one."""
    top = 1 << POLYNOMIAL_DEGREE
    while True:
        # A constant term of 0 would make x a factor.
        polynomial = int.from_bytes(draw(8), "big") % top | top | 1
        if is_irreducible(polynomial):
            return polynomial


def is_irreducible(polynomial: int) -> bool:
    """Whether no polynomial over GF(2) but 1 and itself divides it, by Ben-Or's test.

    x^(2^i) - x is the product of all irreducible polynomials whose degree divides i: a factor of
    degree d shows up at i = d, and a reducible polynomial has one of at most half its degree.
    """
    degree = polynomial.bit_length() - 1
    if degree < 1:
        return False
    power = _remainder(_X, polynomial)
    for _ in range(degree // 2):
        power = _remainder(_squared(power), polynomial)
        if _common_factor(polynomial, power ^ _X) != 1:
            return False
    return True


def _squared(polynomial: int) -> int:
    """Over GF(2) squaring spreads the bits: (a+b)² = a²+b²."""
    return int(f"{polynomial:b}", 4)


def _remainder(polynomial: int, divisor: int) -> int:
    length = divisor.bit_length()
    while (shift := polynomial.bit_length() - length) >= 0:
        polynomial ^= divisor << shift
    return polynomial


def _common_factor(first: int, second: int) -> int:
    while second:
        first, second = second, _remainder(first, second)
    return first
