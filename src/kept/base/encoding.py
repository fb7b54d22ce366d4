"""Which bytes stand for this value, and is this the only spelling of it?

One codec per form, strict on the way in: what decodes must encode to the same text again, so no
two spellings of one value pass. Nothing here echoes the value it refuses.
Source: RFC 4648 §4, §5, §3.5 (base64, trailing bits); RFC 8785 (canonical JSON, under the limits
of `docs/formats/ledger.md`: ASCII keys, no floats, whole numbers up to 2^53-1, no lone surrogates).
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TypeAlias, cast

from kept.base.errors import MalformedError

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"
RowValue: TypeAlias = "int | str | bytes | None"

MAX_SAFE_INT = 2**53 - 1  # RFC 8785 §3.2.2.3: what every JSON reader keeps exact
MAX_JSON_DEPTH = 32  # nested arrays and objects; ours need 4
MAX_U32 = 2**32 - 1
MAX_U64 = 2**64 - 1
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_URL_SAFE = re.compile(r"[A-Za-z0-9_-]*")
_SHORT = tuple(size.to_bytes(4, "big") for size in range(256))  # of parts that are ids and labels
_write_json = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


def b64url(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def parse_b64url(text: str, where: str, *, size_bytes: int | None = None) -> bytes:
    """Read URL-safe base64 without padding. Hostile input.

    Args:
        text: the spelling; only the one that `b64url` writes is taken.
        where: the place named in the refusal.
        size_bytes: the length the value must have, where it is fixed.

    Raises:
        MalformedError: another alphabet, padding, stray trailing bits or a wrong length.
    """
    if not _URL_SAFE.fullmatch(text) or len(text) % 4 == 1:
        raise MalformedError(where, "not base64url without padding")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64url(raw) != text:
        raise MalformedError(where, "not the canonical base64url spelling")
    return _sized(raw, where, size_bytes)


def b64(raw: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(raw).decode("ascii")


def parse_b64(text: str, where: str, *, size_bytes: int | None = None) -> bytes:
    """Read standard base64 with padding. Hostile input.

    Raises:
        MalformedError: another alphabet, missing padding, stray trailing bits or a wrong length.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError(where, "not base64") from None
    if b64(raw) != text:
        raise MalformedError(where, "not the canonical base64 spelling")
    return _sized(raw, where, size_bytes)


def _sized(raw: bytes, where: str, size_bytes: int | None) -> bytes:
    if size_bytes is not None and len(raw) != size_bytes:
        raise MalformedError(where, f"must be {size_bytes} bytes")
    return raw


def canonical_json(value: Json) -> bytes:
    """The RFC 8785 form, as UTF-8.

    Raises:
        MalformedError: a float, a key that is not ASCII text, a number above 2^53-1, a lone
            surrogate, a type JSON does not have, or nesting deeper than 32.
    """
    _check_json(value, MAX_JSON_DEPTH)
    try:
        return _write_json(value).encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedError("json", "holds a lone surrogate") from None


def parse_canonical_json(raw: bytes, where: str, *, max_bytes: int) -> Json:
    """Read canonical JSON and nothing but: the same bytes must come out again. Hostile input.

    Raises:
        MalformedError: too long, not JSON, not canonical, or outside the limits above.
    """
    if len(raw) > max_bytes:
        raise MalformedError(where, f"longer than {max_bytes} bytes")
    try:
        value: Json = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise MalformedError(where, "not JSON") from None
    if canonical_json(value) != raw:
        raise MalformedError(where, "not in canonical form")
    return value


def _check_json(value: object, depth: int) -> None:
    """On the path of every act: text, which most parts are, costs no call of its own.

    Raises:
        MalformedError: as `canonical_json`, but for surrogates.
    """
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if not -MAX_SAFE_INT <= value <= MAX_SAFE_INT:
            raise MalformedError("json", "a number is beyond 2^53-1")
        return
    if depth == 0:
        raise MalformedError("json", f"nested deeper than {MAX_JSON_DEPTH}")
    for part in _parts(value):
        if type(part) is not str:
            _check_json(part, depth - 1)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        try:
            is_plain = "".join(members).isascii()
        except TypeError:
            is_plain = False
        if not is_plain:
            raise MalformedError("json", "a key is not ASCII text")
        return members.values()
    if isinstance(value, list | tuple):
        return cast("list[object]", value)
    raise MalformedError("json", f"holds a {type(value).__name__}")


def part_list(*parts: bytes) -> bytes:
    """Join parts so that no two lists give the same bytes: `u32be length ‖ bytes` for each."""
    try:
        return b"".join([piece for part in parts for piece in (_SHORT[len(part)], part)])
    except IndexError:
        return b"".join([len(part).to_bytes(4, "big") + part for part in parts])


def u32(number: int) -> bytes:
    """Four bytes, big-endian.

    Raises:
        MalformedError: negative or above 2^32-1.
    """
    if not 0 <= number <= MAX_U32:
        raise MalformedError("number", "does not fit 32 bits")
    return number.to_bytes(4, "big")


def u64(number: int) -> bytes:
    """Eight bytes, big-endian.

    Raises:
        MalformedError: negative or above 2^64-1.
    """
    if not 0 <= number <= MAX_U64:
        raise MalformedError("number", "does not fit 64 bits")
    return number.to_bytes(8, "big")


def parse_decimal(text: str, where: str, *, most: int = 10**19 - 1) -> int:
    """Read a plain decimal: ASCII digits, no sign, no leading zero, at most 19. Hostile input.

    Raises:
        MalformedError: any other spelling, or a number above `most`.
    """
    if not _DECIMAL.fullmatch(text):
        raise MalformedError(where, "not a plain decimal number")
    number = int(text)
    if number > most:
        raise MalformedError(where, f"above {most}")
    return number


def row_bytes(*values: RowValue) -> bytes:
    """Values in order, each with its type, so that no two rows give the same bytes."""
    return part_list(*map(_typed, values))


def row_digest(*values: RowValue) -> str:
    """What an act says of a row that may not stand in it: SHA-256 of `row_bytes`, base64url.

    43 characters. It hides the row only where one of the values cannot be guessed.
    """
    return b64url(sha256(row_bytes(*values)).digest())


def _typed(value: RowValue) -> bytes:
    if value is None:
        return b"n"
    if isinstance(value, bytes):
        return b"b" + value
    if isinstance(value, str):
        return b"t" + value.encode("utf-8", "surrogatepass")
    return b"i%d" % value
