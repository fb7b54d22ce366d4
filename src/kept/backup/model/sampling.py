"""How many picks make how sure, and which files are picked, so that nobody can choose them?

A sample can bound a share, never find one bad file. The seed comes from a checkpoint issued after
the snapshot, so whoever made the copy could not know what would be asked; anybody can draw the
same sample again from the checkpoint, the snapshot's name and the sorted list.
Source: `docs/formats/backup.md`, "Samples"; hypergeometric and geometric bounds by hand.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise

from kept.base.errors import MalformedError

SEED_LABEL = b"kept drill v1\n"
SEED_BYTES = 32
SURE = Fraction(95, 100)  # the certainty of every sentence in the report
VERY_SURE = Fraction(99, 100)
_WORD = 1 << 64  # numbers are drawn from 8 bytes
_SNAPSHOT = re.compile(r"[0-9a-f]{64}")
_HUNDRED = 100
_FLOAT_ERROR = 1e-9  # closer than this to a whole number, fractions decide


def picks_for(share: Fraction, certainty: Fraction = SURE) -> int:
    """How many picks find a bad one with this certainty, if this share (0 < share ≤ 1) is bad.

    Of very many things: then each pick misses with the same chance.
    """
    _check(share, certainty)
    if share == 1:
        return 1
    exact = math.log(1 - certainty) / math.log1p(-share)
    near = max(1, round(exact))
    if abs(exact - near) > exact * _FLOAT_ERROR:
        return math.ceil(exact)
    return near if (1 - share) ** near <= 1 - certainty else near + 1


def bad_share_below(good: int, certainty: Fraction = SURE) -> float:
    """The share (0 to 1) that would have shown with this certainty, had it been bad.

    Args:
        good: picks from very many, all of them good; 0 bounds nothing.
        certainty: between 0 and 1.
    """
    if good < 1:
        return 1.0
    return 1.0 - float(1 - certainty) ** (1.0 / good)


def picks_of(total: int, bad: int, certainty: Fraction = SURE) -> int:
    """How many picks of `total` find one of the `bad` (1 to total) with this certainty.

    Raises:
        MalformedError: a number out of range.
    """
    if not 1 <= bad <= total:
        raise MalformedError("sample", "bad ones are 1 to all")
    _check(Fraction(1), certainty)
    high = 1
    while high < total and _misses(total, bad, high) > 1 - certainty:
        high *= 2
    low, high = high // 2, min(high, total)
    while high - low > 1:  # at `low` too few, at `high` enough
        middle = (low + high) // 2
        if _misses(total, bad, middle) > 1 - certainty:
            low = middle
        else:
            high = middle
    return high


def most_bad(total: int, good: int, certainty: Fraction = SURE) -> int:
    """How many of `total` may be bad at most, with this certainty, after `good` picks were good.

    Raises:
        MalformedError: more picks than things.
    """
    if not 0 <= good <= total:
        raise MalformedError("sample", "more picks than things")
    low, high = 0, total - good + 1  # `low` may be so, `high` would have shown
    if good == 0:
        return total
    while high - low > 1:
        middle = (low + high) // 2
        if _misses(total, middle, good) > 1 - certainty:
            low = middle
        else:
            high = middle
    return low


def _misses(total: int, bad: int, picks: int) -> Fraction:
    """The chance C(total-bad, picks) / C(total, picks) that no pick is bad."""
    if picks + bad > total:
        return Fraction(0)
    few, many = sorted((bad, picks))
    above = below = 1
    for step in range(few):
        above *= total - many - step
        below *= total - step
    return Fraction(above, below)


@dataclass(frozen=True, slots=True)
class InWords:
    """`most` in `of`, such as 8 in 100 or 1 in 400; never less than the share it stands for."""

    most: int
    of: int


def in_words(share: float) -> InWords:
    """A share (0 to 1) as people say it, rounded up: in 100, or 1 in so many, two digits."""
    if share <= 0:
        return InWords(0, _HUNDRED)
    hundredths = round(share * _HUNDRED, 9)  # 0.07 is 7 in 100, whatever floats say
    if hundredths > 1:
        return InWords(math.ceil(hundredths), _HUNDRED)
    one_in = int(1 / share)
    unit = 10 ** max(0, len(str(one_in)) - 2)
    return InWords(1, one_in // unit * unit)


def seed_of(checkpoint: bytes, snapshot: str) -> bytes:
    """The seed of the sample from one snapshot: 32 bytes.

    Args:
        checkpoint: the newest cosigned checkpoint issued after the snapshot, as a signed note,
            all its signature lines included.
        snapshot: its name, 64 lower-case hex digits.

    Raises:
        MalformedError: the name is none.
    """
    if not _SNAPSHOT.fullmatch(snapshot):
        raise MalformedError("snapshot", "its name has 64 hex digits")
    return sha256(SEED_LABEL + checkpoint + snapshot.encode()).digest()


def draw(seed: bytes, total: int, picks: int) -> list[int]:
    """Different places below `total` in the order drawn: `picks` of them, or all.

    Steps 0, 1, … of a shuffle from the front: step i swaps place i with place i + r, where r is
    uniform below total - i. Numbers come from SHA-256(seed ‖ counter), counter 0, 1, … as 8 bytes,
    big-endian; each gives its first 8 bytes, big-endian; one that is not below the largest
    multiple of total - i up to 2^64 is passed over; r is the rest of dividing it.

    Raises:
        MalformedError: the seed has not 32 bytes, or a number is negative or 2^63 or more.
    """
    if len(seed) != SEED_BYTES or not (0 <= total < _WORD >> 1) or picks < 0:
        raise MalformedError("sample", "a seed has 32 bytes, sizes are not negative")
    moved: dict[int, int] = {}
    counter, drawn = 0, list[int]()
    for step in range(min(picks, total)):
        left = total - step
        limit = _WORD - _WORD % left
        number = limit
        while number >= limit:
            block = sha256(seed + counter.to_bytes(8, "big")).digest()
            number, counter = int.from_bytes(block[:8], "big"), counter + 1
        other = step + number % left
        drawn.append(moved.get(other, other))
        moved[other] = moved.pop(step, step)
    return drawn


def sample(seed: bytes, names: Sequence[bytes], picks: int) -> list[bytes]:
    """The names drawn, from a list that is first sorted by its bytes.

    Raises:
        MalformedError: a name stands there twice, or the seed is none.
    """
    ordered = sorted(names)
    if any(one == other for one, other in pairwise(ordered)):
        raise MalformedError("sample", "a name stands in the list twice")
    return [ordered[place] for place in draw(seed, len(ordered), picks)]


def _check(share: Fraction, certainty: Fraction) -> None:
    if not 0 < share <= 1 or not 0 < certainty < 1:
        raise MalformedError("sample", "a share or certainty out of range")
