"""Is what a bucket says read rightly, and nothing else believed?"""

import pytest

from kept.backup.places.s3_answers import Page, error_code, expires, read_page
from kept.base.errors import MalformedError

NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
ROW = "<Contents><Key>a/b</Key><Size>12</Size></Contents>"


def listed(inside: str, ns: str = NS) -> bytes:
    """A list."""
    return f"<?xml version='1.0'?><ListBucketResult {ns}>{inside}</ListBucketResult>".encode()


def rules(inside: str) -> bytes:
    """A bucket's rules."""
    return f"<LifecycleConfiguration {NS}>{inside}</LifecycleConfiguration>".encode()


@pytest.mark.parametrize("ns", [NS, ""])
def test_pages(ns: str) -> None:
    """Keys and sizes are read, with and without the namespace; the last page has no token."""
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t+/=</NextContinuationToken>"
    end = "<IsTruncated>false</IsTruncated>"
    assert read_page(listed(ROW + more, ns)) == Page((("a/b", 12),), "t+/=")
    assert read_page(listed(ROW + end, ns)) == Page((("a/b", 12),), "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<html/>",
        listed("<Contents><Key>a</Key></Contents>"),
        listed("<Contents><Size>1</Size></Contents>"),
        listed("<Contents><Key>a</Key><Size>-1</Size></Contents>"),
        listed(f"<Contents><Key>a</Key><Size>{'9' * 5000}</Size></Contents>"),
        listed("<IsTruncated>true</IsTruncated>"),
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + listed(ROW),
        listed(ROW)[:-5],
    ],
)
def test_strange_lists(body: bytes) -> None:
    """A list that cannot be understood is never an empty one."""
    with pytest.raises(MalformedError):
        read_page(body)


ENDS = "<Expiration><Days>9</Days></Expiration>"
DATE = "<Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>"
MARKER = "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"
ON = "<Status>Enabled</Status>"
TAG = "<Tag><Key>k</Key><Value>v</Value></Tag>"


@pytest.mark.parametrize(
    ("rule", "is_ending"),
    [
        (f"<Rule>{ON}<Filter/>{ENDS}</Rule>", True),
        (f"<Rule>{ON}<Prefix/>{DATE}</Rule>", True),
        (f"<Rule>{ON}<Prefix>kept</Prefix>{ENDS}</Rule>", True),
        (f"<Rule>{ON}<Filter><Prefix>kept/shop/locks/</Prefix></Filter>{ENDS}</Rule>", True),
        (f"<Rule>{ON}<Filter><And><Prefix>k</Prefix></And></Filter>{ENDS}</Rule>", True),
        (f"<Rule>{ON}<Filter><Prefix>kept/other/</Prefix></Filter>{ENDS}</Rule>", False),
        (f"<Rule>{ON}<Filter>{TAG}</Filter>{ENDS}</Rule>", False),
        (f"<Rule>{ON}<Filter><And><Prefix/>{TAG}</And></Filter>{ENDS}</Rule>", False),
        (f"<Rule>{ON}<Filter/>{MARKER}</Rule>", False),
        (f"<Rule><Status>Disabled</Status><Filter/>{ENDS}</Rule>", False),
        ("", False),
    ],
)
def test_rules_of_expiry(rule: str, is_ending: bool) -> None:
    """A rule counts when it is on, ends objects, and reaches ours."""
    assert expires(rules(rule), "kept/shop/") is is_ending


def test_codes_of_errors() -> None:
    """The code is read where there is one."""
    assert error_code(b"<Error><Code>NoSuchKey</Code></Error>") == "NoSuchKey"
    assert error_code(b"") == error_code(b"<html/>") == ""
