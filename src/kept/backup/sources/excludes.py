"""Is this entry left out, and by which rule of the owner?

A pattern is parts between slashes: `*` any characters, `?` one, `[a-z]` one of some, `**` any
number of whole parts. With a slash in front it begins at `/`; without one its parts may stand
anywhere in a path. A directory that is left out takes everything in it along.
Source: restic manual, "Excluding Files" (its forms, without `!`); Cache Directory Tagging
Specification 0.6.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from kept.base.errors import MalformedError

CACHE_TAG = b"CACHEDIR.TAG"
CACHE_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
MAX_PATTERNS = 10_000
MAX_PATTERN_CHARS = 4096
_SET = re.compile(r"\[(\^?)([^\]]+)\]")
_RANGE = re.compile("(.)-(.)|(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Excludes:
    """The owner's rules, checked."""

    caches: bool = True  # of a directory with a valid CACHEDIR.TAG only the tag is kept
    max_size: int | None = None  # bytes; larger files are left out
    _matches: re.Pattern[str] | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls, patterns: Iterable[str] = (), *, caches: bool = True, max_size: int | None = None
    ) -> Self:
        """From patterns as the owner wrote them.

        Raises:
            MalformedError: an empty, overlong or unfinished pattern, too many, or a size below 0.
        """
        given = list(patterns)
        if len(given) > MAX_PATTERNS:
            raise MalformedError("excludes", f"more than {MAX_PATTERNS} patterns")
        if max_size is not None and max_size < 0:
            raise MalformedError("excludes", "a size below 0")
        spelt = [_expression(pattern) for pattern in given]
        matches = re.compile("|".join(spelt), re.DOTALL) if spelt else None
        return cls(caches, max_size, matches)

    @property
    def has_patterns(self) -> bool:
        """Whether `hides` can say yes."""
        return self._matches is not None

    def hides(self, path: bytes) -> bool:
        """Whether a pattern names this entry; those above it were asked before. Absolute path."""
        if self._matches is None:
            return False
        return self._matches.fullmatch(path.decode("utf-8", "surrogateescape")) is not None


def _expression(pattern: str) -> str:
    """A regular expression for the whole path.

    Raises:
        MalformedError: empty, overlong, or with an unfinished set or a backward range.
    """
    if not pattern.strip("/") or len(pattern) > MAX_PATTERN_CHARS:
        raise MalformedError("excludes", "an empty or overlong pattern")
    start = "" if pattern.startswith("/") else "(?:/[^/]*)*?"
    parts = [part for part in pattern.split("/") if part]
    spelt = ["(?:/[^/]*)*" if part == "**" else "/" + _part(part) for part in parts]
    return f"(?:{start}{''.join(spelt)})"


def _part(part: str) -> str:
    pieces: list[str] = []
    at = 0
    while at < len(part):
        char = part[at]
        if char == "[":
            found = _SET.match(part, at)
            if found is None:
                raise MalformedError("excludes", "a set without its closing bracket")
            pieces.append(f"(?!/)[{found[1]}{_members(found[2])}]")
            at = found.end()
            continue
        pieces.append({"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char))
        at += 1
    return "".join(pieces)


def _members(members: str) -> str:
    """The inside of a set, such that only its ranges mean more than themselves.

    Raises:
        MalformedError: a range that runs backwards.
    """
    spelt: list[str] = []
    for first, last, single in _RANGE.findall(members):
        if first > last:
            raise MalformedError("excludes", "a range that runs backwards")
        spelt.append(f"{re.escape(first)}-{re.escape(last)}" if first else re.escape(single))
    return "".join(spelt)
