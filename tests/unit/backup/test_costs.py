"""Do the sums add up, and is it said when prices are old?"""

from datetime import date
from decimal import Decimal

import pytest

from kept.backup.model.costs import EXAMPLE, Prices, Use, compare, in_the_closet, in_the_cloud
from kept.base.errors import MalformedError

PRICES = Prices.parse(EXAMPLE)
USE = Use(stored_gb=Decimal(500), fetched_gb=Decimal(20), requests=30_000)


def test_a_month_in_the_cloud() -> None:
    """500 GB at 0.006, 20 GB fetched at 0.01, 30,000 requests at 0.005 a thousand."""
    found = in_the_cloud(PRICES, USE)
    assert (found.stored, found.fetched, found.requests) == (3, Decimal("0.2"), Decimal("0.15"))
    assert found.total == Decimal("3.35")


def test_what_is_removed_too_soon_is_paid_to_the_end() -> None:
    """60 GB removed after 10 of 30 days cost 20 days more; after 30 nothing."""
    soon = Use(Decimal(0), Decimal(0), 0, removed_gb=Decimal(60), removed_days=10)
    assert in_the_cloud(PRICES, soon).total == Decimal("0.24")
    for days in (30, 400):
        late = Use(Decimal(0), Decimal(0), 0, removed_gb=Decimal(60), removed_days=days)
        assert in_the_cloud(PRICES, late).total == 0


def test_a_month_in_the_closet() -> None:
    """120 over 48 months and 4 years of breaking at 1.5 %; 8 W are 5.84 kWh; half an hour."""
    found = in_the_closet(PRICES)
    assert found.disk == Decimal("2.65")
    assert found.power == Decimal("1.752")
    assert found.work == 10


def test_when_each_wins() -> None:
    """The gigabytes at which both cost the same, from which on the closet is cheaper."""
    found = compare(PRICES, USE)
    assert found.is_cloud_cheaper
    assert found.closet_wins_from_gb is not None
    more = Use(found.closet_wins_from_gb, USE.fetched_gb, USE.requests)
    assert in_the_cloud(PRICES, more).total == in_the_closet(PRICES).total
    assert not compare(PRICES, Use(Decimal(3000), Decimal(0), 0)).is_cloud_cheaper


def test_a_cloud_that_costs_nothing() -> None:
    """Where storage is free, only what is fetched can make the closet cheaper."""
    free = Prices.parse(EXAMPLE.replace("0.006", "0"))
    assert compare(free, USE).closet_wins_from_gb is None
    assert compare(free, Use(Decimal(1), Decimal(5000), 0)).closet_wins_from_gb == 0


@pytest.mark.parametrize(
    ("as_of", "today", "is_old"),
    [
        ("2026-11-21", date(2027, 11, 21), False),
        ("2026-11-21", date(2027, 11, 22), True),
        ("2024-02-29", date(2025, 2, 28), False),
        ("2024-02-29", date(2025, 3, 1), True),
        ("2026-11-21", date(2026, 11, 21), False),
        ("2020-12-31", date(2026, 1, 1), True),
    ],
)
def test_prices_grow_old(as_of: str, today: date, *, is_old: bool) -> None:
    """Twelve months by the calendar, not a day more."""
    prices = Prices.parse(EXAMPLE.replace("2026-11-21", as_of))
    assert prices.is_out_of_date(today) is is_old


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("disk = 120", ""),
        ("disk = 120", "disk = 120\ntape = 3"),
        ("disk = 120", "disk = -1"),
        ("disk = 120", 'disk = "120"'),
        ("disk = 120", "disk = true"),
        ("disk = 120", "disk = nan"),
        ("disk = 120", "disk = inf"),
        ("disk_months = 48", "disk_months = 0"),
        ("2026-11-21", '"2026"'),
        ("2026-11-21", "2026-11-21T00:00:00"),
        ("kwh = 0.30", "kwh = = 1"),
    ],
)
def test_a_file_that_is_no_price_list(old: str, new: str) -> None:
    """A price that is missing, unknown or no number is named, never taken for 0."""
    assert old in EXAMPLE
    with pytest.raises(MalformedError):
        Prices.parse(EXAMPLE.replace(old, new, 1))
