"""What does the public log hold of one act? 256 bytes, and how are they made and read?

Rules, in order: an entry is the RFC 8785 form of seven members, then spaces up to 256 bytes; every
key comes from a closed list and none names anybody; `tag` is an HMAC that only the person and the
house can compute; `c` commits to the salted detail. Decoding accepts exactly what encoding writes;
an unknown version is `UnknownVersion`, not broken.
Source: `docs/formats/ledger.md` §3 and §4.
"""

import re
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from hmac import digest as hmac
from typing import Self

from kept.base.encoding import Json, canonical_json, parse_b64url, parse_canonical_json, u64
from kept.base.errors import MalformedError

ENTRY_BYTES = 256
VERSION = 1
TAG_BYTES, SALT_BYTES, COMMITMENT_BYTES, KEY_BYTES = 16, 32, 32, 32
MAX_DETAIL_BYTES = 16_384
TAG_LABEL = b"tag"
COMMIT_LABEL = b"kept/commit/v1\x00"
ENTRY_PATTERN = re.compile(  # used with fullmatch; groups: at, c, kind, purpose, role, tag
    rb'\{"at":"([0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3])Z)",'
    rb'"c":"([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])","kind":"([a-z0-9._-]{1,48})",'
    rb'"purpose":"([a-z0-9._-]{1,32})","role":"([a-z0-9._-]{1,24})",'
    rb'"tag":"([A-Za-z0-9_-]{21}[AQgw])","v":1\} *'
)

# at most 104 characters together; the rest of an entry takes 143 of the 256
_KEYS = re.compile(r"([a-z0-9._-]{1,48}) ([a-z0-9._-]{1,32}) ([a-z0-9._-]{1,24})")
_HOUR = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T(?:[01][0-9]|2[0-3])Z")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act as the public log shows it."""

    kind: str  # 1 to 48 of a-z 0-9 . _ -
    purpose: str  # 1 to 32 of the same
    role: str  # 1 to 24 of the same
    hour: str  # UTC hour of recording, YYYY-MM-DDTHHZ
    tag: bytes  # 16
    commitment: bytes  # 32

    def __post_init__(self) -> None:
        _keys(self.kind, self.purpose, self.role)
        _hour(self.hour)
        if len(self.tag) != TAG_BYTES or len(self.commitment) != COMMITMENT_BYTES:
            raise MalformedError("entry", "tag has 16 bytes, c has 32")

    def encode(self) -> bytes:
        """The 256 bytes. On the path of every act: keys and hour are checked once, then cached."""
        c = b2a_base64(self.commitment, newline=False).translate(_URL_SAFE)[:43]
        tag = b2a_base64(self.tag, newline=False).translate(_URL_SAFE)[:22]
        keys = _keys(self.kind, self.purpose, self.role)
        return (b'%b%b%b%b","v":1}' % (_hour(self.hour), c, keys, tag)).ljust(ENTRY_BYTES)

    @classmethod
    def decode(cls, data: bytes) -> "Self | UnknownVersion":
        """Read 256 hostile bytes.

        Raises:
            MalformedError: neither what `encode` writes nor an entry of another version.
        """
        if len(data) != ENTRY_BYTES:
            raise MalformedError("entry", "an entry has 256 bytes")
        found = ENTRY_PATTERN.fullmatch(data)
        if found is None:
            return _other_version(data)
        hour, c, kind, purpose, role, tag = (part.decode("ascii") for part in found.groups())
        return cls(
            kind=kind,
            purpose=purpose,
            role=role,
            hour=hour,
            tag=parse_b64url(tag, "entry tag", size_bytes=TAG_BYTES),
            commitment=parse_b64url(c, "entry c", size_bytes=COMMITMENT_BYTES),
        )


@dataclass(frozen=True, slots=True)
class UnknownVersion:
    """An entry that a later Kept wrote: whole, but not readable here."""

    version: int


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment: the salt and the detail, as stored."""

    salt: bytes  # 32 random
    detail: bytes  # RFC 8785; hashed as stored, never written anew

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_BYTES or len(self.detail) > MAX_DETAIL_BYTES:
            raise MalformedError("opening", "32 bytes of salt and at most 16 KiB of detail")

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read salt ‖ detail.

        Raises:
            MalformedError: shorter than a salt, or too long.
        """
        return cls(data[:SALT_BYTES], data[SALT_BYTES:])

    def encode(self) -> bytes:
        """Salt ‖ detail, ready to be sealed."""
        return self.salt + self.detail

    @property
    def commitment(self) -> bytes:
        """The `c` of the entry that this opens."""
        return sha256(COMMIT_LABEL + self.salt + self.detail).digest()

    def read(self) -> Mapping[str, Json]:
        """The members of the detail.

        Raises:
            MalformedError: not the canonical form of one object.
        """
        members = parse_canonical_json(self.detail, "detail", max_bytes=MAX_DETAIL_BYTES)
        if not isinstance(members, dict):
            raise MalformedError("detail", "not an object")
        return members


def encode_detail(
    *,
    actor: str,
    at: datetime,
    categories: Sequence[str] = (),
    why: str = "",
    n: int | None = None,
    more: Mapping[str, Json] | None = None,
) -> bytes:
    """The detail of one act, in canonical form.

    Args:
        actor: a random id or a service's key, never a name.
        at: the exact time, aware UTC; a fraction is written only where there is one.
        categories: keys of what was touched, in the book's order.
        why: free text for the person's eyes; empty is left out.
        n: the person's count of this act; None for an act of the house.
        more: references (batch, case, ...); may not repeat a name above.

    Raises:
        MalformedError: outside the limits of canonical JSON, a repeated name, or too long.
    """
    members: dict[str, Json] = {"actor": actor, "at": exact_time(at)}
    if categories:
        members["categories"] = list(categories)
    if why:
        members["why"] = why
    if n is not None:
        members["n"] = n
    if more:
        if not members.keys().isdisjoint(more):
            raise MalformedError("detail", "a reference repeats a name of the format")
        members.update(more)
    detail = canonical_json(members)
    if len(detail) > MAX_DETAIL_BYTES:
        raise MalformedError("detail", "longer than 16 KiB")
    return detail


@lru_cache(maxsize=64)
def exact_time(at: datetime) -> str:
    """RFC 3339 in UTC with `Z`, microseconds only where there are any."""
    return at.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def hour_of(at: datetime) -> str:
    """The public hour of an act, YYYY-MM-DDTHHZ."""
    return exact_time(at)[: len("YYYY-MM-DDTHH")] + "Z"


def tag_of(tag_key: bytes, n: int) -> bytes:
    """The tag of the person's act number `n` (from 0).

    Raises:
        MalformedError: the key has not 32 bytes, or `n` does not fit 64 bits.
    """
    if len(tag_key) != KEY_BYTES:
        raise MalformedError("tag key", "a tag key has 32 bytes")
    return hmac(tag_key, TAG_LABEL + u64(n), "sha256")[:TAG_BYTES]


def is_entry(data: bytes) -> bool:
    """Whether these bytes are an entry, of whichever version."""
    try:
        Entry.decode(data)
    except MalformedError:
        return False
    return True


def are_entries(many: Sequence[bytes]) -> bool:
    """Whether each of these is an entry; where all are of our version, by one pattern each."""
    of_ours = set(map(len, many)) <= {ENTRY_BYTES} and all(map(ENTRY_PATTERN.fullmatch, many))
    return of_ours or all(map(is_entry, many))


@lru_cache(maxsize=1024)
def _keys(kind: str, purpose: str, role: str) -> bytes:
    """The checked stretch between `c` and `tag`.

    Raises:
        MalformedError: a key outside its alphabet or length.
    """
    if not _KEYS.fullmatch(f"{kind} {purpose} {role}"):
        raise MalformedError("entry", "kind, purpose and role are 48, 32, 24 of a-z 0-9 . _ -")
    return f'","kind":"{kind}","purpose":"{purpose}","role":"{role}","tag":"'.encode("ascii")


@lru_cache(maxsize=64)
def _hour(hour: str) -> bytes:
    """The checked stretch before `c`.

    Raises:
        MalformedError: not an hour that exists.
    """
    found = _HOUR.fullmatch(hour)
    try:
        date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        found = None
    if found is None:
        raise MalformedError("entry", "at is an hour as YYYY-MM-DDTHHZ")
    return f'{{"at":"{hour}","c":"'.encode("ascii")


def _other_version(data: bytes) -> UnknownVersion:
    """The version of a well-formed entry that is not ours.

    Raises:
        MalformedError: not canonical, or it calls itself version 1.
    """
    members = parse_canonical_json(data.rstrip(b" "), "entry", max_bytes=ENTRY_BYTES)
    version = members.get("v") if isinstance(members, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version <= VERSION:
        raise MalformedError("entry", "not an entry")
    return UnknownVersion(version)
