"""What does S3 say in its XML: lists, rules of expiry, errors? Pure; what is read is hostile.

A document with a DOCTYPE is refused, so no entity is ever expanded.
Source: Amazon S3 API reference, ListObjectsV2, GetBucketLifecycleConfiguration, error responses.
"""

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET  # nosec B405

from kept.base.errors import MalformedError

_WHERE = "s3"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: (key, size in bytes), and what asks for the next; empty at the end."""

    entries: tuple[tuple[str, int], ...]
    next_token: str


def read_page(body: bytes) -> Page:
    """A page of ListObjectsV2.

    Raises:
        MalformedError: of another form.
    """
    root = _read(body, "ListBucketResult")
    entries: list[tuple[str, int]] = []
    for row in root.findall("{*}Contents"):
        key, size = row.findtext("{*}Key"), row.findtext("{*}Size") or ""
        if key is None or not re.fullmatch(r"[0-9]{1,18}", size):
            raise MalformedError(_WHERE, "a list of an unknown form")
        entries.append((key, int(size)))
    is_more = root.findtext("{*}IsTruncated") == "true"
    token = root.findtext("{*}NextContinuationToken") or ""
    if is_more and not token:
        raise MalformedError(_WHERE, "a list that goes on without saying where")
    return Page(tuple(entries), token if is_more else "")


def expires(body: bytes, prefix: str) -> bool:
    """Whether a bucket's rules remove current objects that lie below a prefix.

    A rule for objects with a tag does not touch ours, which have none; a rule for old versions or
    for uploads that were never finished removes nothing that counts.

    Raises:
        MalformedError: of another form.
    """
    return any(
        _expires(rule, prefix) for rule in _read(body, "LifecycleConfiguration").findall("{*}Rule")
    )


def locks_all(body: bytes) -> bool:
    """Whether a bucket locks every object that is put there, whoever puts it (Object Lock).

    Raises:
        MalformedError: of another form.
    """
    found = _read(body, "ObjectLockConfiguration")
    return found.find("{*}Rule/{*}DefaultRetention") is not None


def error_code(body: bytes) -> str:
    """The code of an error's answer; empty when it has none."""
    try:
        return _read(body, "Error").findtext("{*}Code") or ""
    except MalformedError:
        return ""


def _expires(rule: ET.Element, prefix: str) -> bool:
    ends = rule.find("{*}Expiration")
    if rule.findtext("{*}Status") != "Enabled" or ends is None:
        return False
    if ends.find("{*}Days") is None and ends.find("{*}Date") is None:
        return False  # it only clears away markers of what was removed
    if (
        rule.find("{*}Filter/{*}Tag") is not None
        or rule.find("{*}Filter/{*}And/{*}Tag") is not None
    ):
        return False
    places = ("{*}Prefix", "{*}Filter/{*}Prefix", "{*}Filter/{*}And/{*}Prefix")
    named = next((text for at in places if (text := rule.findtext(at))), "")
    return prefix.startswith(named) or named.startswith(prefix)


def _read(body: bytes, root_name: str) -> ET.Element:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise MalformedError(_WHERE, "a document with a DOCTYPE")
    try:
        root = ET.fromstring(body)  # noqa: S314  # nosec B314  # no DOCTYPE, so no entities
    except (ET.ParseError, ValueError, LookupError):
        raise MalformedError(_WHERE, "not XML") from None
    if root.tag.rpartition("}")[2] != root_name:
        raise MalformedError(_WHERE, "another document than was asked for")
    return root
