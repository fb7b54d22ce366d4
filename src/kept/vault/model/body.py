"""Which bytes does a cell hold before it is padded and sealed?

msgpack `[1, {field_id: value}, {field_id: [status, verified_at, method, source]}]`: field ids
ascend, the third element is left out when empty. The law: append only. A field id that the book
no longer knows stays in the body, so a rewrite by an older or newer house loses nothing.

Strict on input: only the one canonical spelling is taken, so a body has exactly one encoding.

Source: docs/formats/cell.md; msgpack specification 2.0.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec

from kept.base.errors import MalformedError

VERSION = 1
MAX_BODY_BYTES = 1 << 20  # 1 MiB: 120 fields of 8 kB
MAX_FIELDS = 1024
MAX_FIELD_ID = 65535
MAX_MARK_CHARS = 200  # method and source of one mark, each

Value = str | int | float | bool  # dates are whole days since 1970-01-01
_VALUE_TYPES = {str, int, float, bool}
_DAY_ZERO = date(1970, 1, 1)


class Status(IntEnum):
    """How sure the house is of a value. Part of the body: append only."""

    CLAIMED = 0  # somebody said so; the state of a field without a mark
    VERIFIED = 1
    MALFORMED = 2  # kept as written, fits no shape of its kind, not indexed


class Mark(NamedTuple):
    """What is known about one value beside the value."""

    status: int  # a `Status`
    verified_at: int | None  # microseconds since 1970
    method: str  # "link", "code", "document", "staff", "delivery", "import"; "" for none
    source: str  # where the value came from; "" for none


@dataclass(frozen=True, slots=True)
class Body:
    """One category of one person in the clear."""

    values: dict[int, Value] = field(default_factory=dict[int, Value])
    marks: dict[int, Mark] = field(default_factory=dict[int, Mark])


class _Wire(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    version: int
    values: dict[int, Value]
    marks: dict[int, Mark] = {}


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Wire)


def encode(values: Mapping[int, Value], marks: Mapping[int, Mark] | None = None) -> bytes:
    """The canonical bytes.

    Raises:
        MalformedError: a field id, a type, a number or a size the format does not allow.
    """
    types = set(map(type, values.values()))
    if not types <= _VALUE_TYPES:
        raise MalformedError("body", "a value is text, a number or yes/no")
    ids = sorted(values)
    _check_ids(ids)
    if float in types:
        _check_finite(values)
    in_order = dict(values) if ids == list(values) else {key: values[key] for key in ids}
    parts: list[Any] = [VERSION, in_order]
    if marks:
        _check_marks(marks, values)
        parts.append({key: marks[key] for key in sorted(marks)})
    try:
        raw = _ENCODER.encode(parts)
    except (OverflowError, UnicodeEncodeError, ValueError) as exc:
        raise MalformedError("body", "a number beyond 64 bits or broken text") from exc
    if len(raw) > MAX_BODY_BYTES:
        raise MalformedError("body", f"more than {MAX_BODY_BYTES} bytes")
    return raw


def decode(raw: bytes) -> Body:
    """Read a body. Hostile input, though it comes out of a seal.

    Raises:
        MalformedError: anything but the canonical bytes of a body.
    """
    if len(raw) > MAX_BODY_BYTES:
        raise MalformedError("body", f"more than {MAX_BODY_BYTES} bytes")
    try:
        wire = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise MalformedError("body", "not msgpack of the shape of a body") from exc
    if wire.version != VERSION:
        raise MalformedError("body", "not a body of version 1")
    body = Body(wire.values, wire.marks)
    if encode(body.values, body.marks) != raw:
        raise MalformedError("body", "not in its canonical form")
    return body


def day_of(at: date) -> int:
    """A date as a body holds it: days since 1970-01-01, negative before."""
    return (at - _DAY_ZERO).days


def date_of(day: int) -> date:
    """The date of a body's day number.

    Raises:
        MalformedError: outside the years 1 to 9999.
    """
    try:
        return _DAY_ZERO + timedelta(days=day)
    except OverflowError as exc:
        raise MalformedError("date", "outside the years 1 to 9999") from exc


def _check_ids(ids: list[int]) -> None:
    """Of ids in ascending order.

    Raises:
        MalformedError: too many, or one out of bounds.
    """
    if ids and (len(ids) > MAX_FIELDS or ids[0] < 1 or ids[-1] > MAX_FIELD_ID):
        raise MalformedError("body", f"at most {MAX_FIELDS} fields, ids from 1 to {MAX_FIELD_ID}")


def _check_finite(values: Mapping[int, Value]) -> None:
    for value in values.values():
        if type(value) is float and not math.isfinite(value):
            raise MalformedError("body", "a number must be finite")


def _check_marks(marks: Mapping[int, Mark], values: Mapping[int, Value]) -> None:
    for key, mark in marks.items():
        if key not in values:
            raise MalformedError("body", "a mark without a value")
        if not 0 <= mark.status <= 255:
            raise MalformedError("body", "a status is a number from 0 to 255")
        if len(mark.method) > MAX_MARK_CHARS or len(mark.source) > MAX_MARK_CHARS:
            raise MalformedError("body", f"method and source have at most {MAX_MARK_CHARS} letters")
