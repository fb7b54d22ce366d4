"""Does the bucket slow one network down, and nobody else?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar import Request
from litestar.exceptions import TooManyRequestsException

from houses import Home
from kept.web import buckets
from kept.web.buckets import Buckets, place_of
from kept.web.staff_session import address_of, network_of
from kept.wiring.serving import web_parts

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_burst_then_one_at_a_time() -> None:
    """Three at once, then one more for each minute, never more than three."""
    found = Buckets(burst=3, refill=timedelta(minutes=1))
    for _ in range(3):
        found.take("192.0.2.1", now=NOW)
    with pytest.raises(TooManyRequestsException):
        found.take("192.0.2.1", now=NOW + timedelta(seconds=59))
    found.take("192.0.2.1", now=NOW + timedelta(seconds=60))
    with pytest.raises(TooManyRequestsException):
        found.take("192.0.2.1", now=NOW + timedelta(seconds=61))
    for _ in range(3):
        found.take("192.0.2.1", now=NOW + timedelta(days=1))
    with pytest.raises(TooManyRequestsException):
        found.take("192.0.2.1", now=NOW + timedelta(days=1))


def test_others_are_not_slowed() -> None:
    """Each network has its own bucket."""
    found = Buckets(burst=1, refill=timedelta(minutes=1))
    found.take("192.0.2.1", now=NOW)
    found.take("192.0.2.2", now=NOW)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nonsense", "nowhere"),
        ("", "nowhere"),
    ],
)
def test_a_network(address: str, place: str) -> None:
    """An IPv6 household is one place; what is no address shares one bucket."""
    assert place_of(address) == place


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many addresses push the oldest out."""
    monkeypatch.setattr(buckets, "ADDRESSES_MOST", 2)
    found = Buckets(burst=1, refill=timedelta(days=1))
    for host in (1, 2, 3):
        found.take(f"192.0.2.{host}", now=NOW)
    found.take("192.0.2.1", now=NOW)
    with pytest.raises(TooManyRequestsException):
        found.take("192.0.2.3", now=NOW)


@pytest.mark.parametrize(
    ("lines", "trusted", "address"),
    [
        (["6.6.6.6", "203.0.113.7"], True, "203.0.113.7"),
        (["6.6.6.6, 203.0.113.7"], True, "203.0.113.7"),
        (["203.0.113.7"], True, "203.0.113.7"),
        (["6.6.6.6"], False, "192.0.2.1"),
        ([], True, "192.0.2.1"),
    ],
)
def test_only_the_proxys_own_word_counts(
    home: Home, lines: list[str], trusted: bool, address: str
) -> None:
    """Whatever a visitor says of their address, in one line or two: the last is the proxy's."""
    parts = replace(web_parts(home.house, lambda: None), trusts_proxy=trusted)
    headers = [(b"x-forwarded-for", line.encode()) for line in lines]
    scope: Any = {"type": "http", "headers": headers, "client": ("192.0.2.1", 5)}
    assert address_of(Request(scope), parts) == address


def test_a_household_is_one_place_at_the_desk(home: Home) -> None:
    """Who owns an IPv6 network has more addresses than a wait could ever count."""
    parts = web_parts(home.house, lambda: None)
    scope: Any = {"type": "http", "headers": [], "client": ("2001:db8:1:2:3:4:5:6", 5)}
    assert network_of(Request(scope), parts) == "2001:db8:1:2::/64"
