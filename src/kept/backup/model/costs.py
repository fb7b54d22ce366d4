"""What does a copy cost a month in a cloud, and on a disk in the closet?

Cloud: what lies there, what was removed before its shortest time was over, what is fetched for
drills and restores, requests. Closet: the disk over its life and its chance to break, power, and
the owner's own hours. The prices are the owner's, in a dated file; after 12 months they may be out
of date, and that is said. Neither wins alone: three copies, of two kinds, one elsewhere.
Source: guide of the pillar, "Cost comparison"; all sums in one currency, decimal.
"""

import tomllib
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Self

from kept.base.errors import MalformedError

KWH_A_WATT_MONTH = Decimal("0.73")  # 730 hours
MONTHS = 12
DAYS_A_MONTH = 30
PER_REQUESTS = 1000
MOST_PRICE = Decimal(10) ** 9

# Figures to begin with: made up of round numbers, to be replaced by the owner's own.
EXAMPLE = """\
as_of = 2026-11-21
currency = "EUR"
cloud_gb_month = 0.006        # a gigabyte for a month
cloud_egress_gb = 0.01        # a gigabyte fetched
cloud_thousand_requests = 0.005
cloud_least_days = 30         # what is removed sooner is paid to here
disk = 120
disk_months = 48              # how long it will be used
disk_failures_a_year = 0.015  # the share of such disks that break in a year
watts = 8
kwh = 0.30
hours_a_month = 0.5           # of the owner
hour = 20
"""


@dataclass(frozen=True, slots=True)
class Prices:
    """What things cost; each at least 0, in `currency`."""

    as_of: date
    currency: str
    cloud_gb_month: Decimal
    cloud_egress_gb: Decimal
    cloud_thousand_requests: Decimal
    cloud_least_days: Decimal
    disk: Decimal
    disk_months: Decimal
    disk_failures_a_year: Decimal
    watts: Decimal
    kwh: Decimal
    hours_a_month: Decimal
    hour: Decimal

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the owner's file (TOML).

        Raises:
            MalformedError: not TOML, a price missing, unknown, negative or no number.
        """
        try:
            found: dict[str, Any] = tomllib.loads(text, parse_float=Decimal)
        except ValueError as error:
            raise MalformedError("prices", "the file is not TOML") from error
        names = {field.name for field in fields(cls)}
        if found.keys() != names:
            named = min(names.symmetric_difference(found))
            raise MalformedError("prices", f"missing or unknown: {named[:40]!r}")
        for name in names - {"as_of", "currency"}:
            value = found[name]
            if isinstance(value, bool) or not isinstance(value, int | Decimal):
                raise MalformedError(f"prices {name}", "not a number")
            found[name] = amount = Decimal(value)
            if not amount.is_finite() or not 0 <= amount <= MOST_PRICE:
                raise MalformedError(f"prices {name}", "not from 0 to a thousand million")
        if type(found["as_of"]) is not date or not isinstance(found["currency"], str):
            raise MalformedError("prices", "as_of is a day, currency a word")
        if not found["disk_months"]:
            raise MalformedError("prices disk_months", "a disk is used for a month at least")
        return cls(**found)

    def is_out_of_date(self, today: date) -> bool:
        """Whether they are older than 12 months."""
        return (today.year - self.as_of.year, today.month, today.day) > (
            1, self.as_of.month, self.as_of.day,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    """What one copy needs in a month; each at least 0.

    `removed_gb` went away, `removed_days` after it was written on average; `fetched_gb` for drills
    and restores.
    """

    stored_gb: Decimal
    fetched_gb: Decimal
    requests: int
    removed_gb: Decimal = Decimal(0)
    removed_days: int = DAYS_A_MONTH


@dataclass(frozen=True, slots=True)
class Cloud:
    """A month in the cloud, by what it is paid for."""

    stored: Decimal
    removed_early: Decimal
    fetched: Decimal
    requests: Decimal

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.stored + self.removed_early + self.fetched + self.requests


@dataclass(frozen=True, slots=True)
class Closet:
    """A month of a disk in the closet, by what it is paid for."""

    disk: Decimal
    power: Decimal
    work: Decimal

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.disk + self.power + self.work


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both, and the gigabytes stored from which the closet is cheaper; None: it never is."""

    cloud: Cloud
    closet: Closet
    closet_wins_from_gb: Decimal | None

    @property
    def is_cloud_cheaper(self) -> bool:
        """Whether the cloud costs less a month; alike counts as no."""
        return self.cloud.total < self.closet.total


def in_the_cloud(prices: Prices, use: Use) -> Cloud:
    """What the copy costs there in a month."""
    unpaid_days = max(Decimal(0), prices.cloud_least_days - use.removed_days)
    return Cloud(
        stored=use.stored_gb * prices.cloud_gb_month,
        removed_early=use.removed_gb * prices.cloud_gb_month * unpaid_days / DAYS_A_MONTH,
        fetched=use.fetched_gb * prices.cloud_egress_gb,
        requests=prices.cloud_thousand_requests * use.requests / PER_REQUESTS,
    )


def in_the_closet(prices: Prices) -> Closet:
    """What a disk costs in a month, however full it is."""
    years = prices.disk_months / MONTHS
    return Closet(
        disk=prices.disk / prices.disk_months * (1 + prices.disk_failures_a_year * years),
        power=prices.watts * KWH_A_WATT_MONTH * prices.kwh,
        work=prices.hours_a_month * prices.hour,
    )


def compare(prices: Prices, use: Use) -> Comparison:
    """Both sums, and when each wins, if what is fetched and asked stays the same."""
    cloud, closet = in_the_cloud(prices, use), in_the_closet(prices)
    besides = cloud.total - cloud.stored
    if not prices.cloud_gb_month:
        wins = Decimal(0) if besides > closet.total else None
    else:
        wins = max(Decimal(0), (closet.total - besides) / prices.cloud_gb_month)
    return Comparison(cloud, closet, wins)
