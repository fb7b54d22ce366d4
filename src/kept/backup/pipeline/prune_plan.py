"""Which parts go, which are packed anew, and which stay as they are?

A part none of whose blobs is in use goes. One that is partly in use is packed anew, those with the
greatest unused share first, until what is left unused is 5 % of what is in use at most. Pure.
Source: restic manual, "Customize pruning" (`--max-unused 5%`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

MOST_UNUSED = Fraction(5, 100)


@dataclass(frozen=True, slots=True)
class PartUse:
    """A part: its id, and the bytes of blobs in it that are in use and that are not."""

    part: bytes
    used: int
    unused: int


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """What is to be done."""

    remove: tuple[PartUse, ...]
    repack: tuple[PartUse, ...]  # the most wasteful first
    kept_unused: int  # bytes that stay though nobody needs them


def plan(parts: Iterable[PartUse], *, most_unused: Fraction = MOST_UNUSED) -> PrunePlan:
    """What to do with these parts.

    Args:
        parts: all of a repository.
        most_unused: share of the bytes in use that may stay unused.
    """
    found = sorted(parts, key=lambda one: one.part)
    remove = tuple(one for one in found if not one.used)
    partly = [one for one in found if one.used and one.unused]
    partly.sort(key=lambda one: Fraction(one.unused, one.used), reverse=True)
    left = sum(one.unused for one in partly)
    limit = most_unused * sum(one.used for one in found)
    repack = list[PartUse]()
    for one in partly:
        if left <= limit:
            break
        repack.append(one)
        left -= one.unused
    return PrunePlan(remove, tuple(repack), left)
