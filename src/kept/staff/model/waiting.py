"""How long must this sign-in wait after failures?

Counted from the rows of failed attempts themselves, no second counter. The first `free` failures
cost nothing, each further one doubles the wait up to `longest`. Failures older than `WINDOW` and
those before the account's last success do not count; an address is not cleared by a success,
or its owner could guess at others between two sign-ins of their own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class WaitRule:
    """`free` failures, then `first`, doubling up to `longest`."""

    free: int
    first: timedelta
    longest: timedelta


PER_ACCOUNT = WaitRule(free=5, first=timedelta(seconds=30), longest=timedelta(hours=1))
# An office shares one address, so it may fail more often than one account.
PER_ADDRESS = WaitRule(free=20, first=timedelta(seconds=30), longest=timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed attempts that count: how many, and the newest. `last_at` is None for none."""

    count: int
    last_at: datetime | None


def wait_until(failures: Failures, rule: WaitRule) -> datetime | None:
    """When the next attempt is looked at; None if there is nothing to wait for."""
    over = failures.count - rule.free
    if failures.last_at is None or over < 0:
        return None
    doubled = rule.first * 2 ** min(over, 20)  # 20 doublings pass any `longest`
    return failures.last_at + min(doubled, rule.longest)


def longest_wait(by_account: Failures, by_address: Failures, now: datetime) -> datetime | None:
    """The later of both waits if it is still to come, else None."""
    waits = [wait_until(by_account, PER_ACCOUNT), wait_until(by_address, PER_ADDRESS)]
    ahead = [at for at in waits if at is not None and at > now]
    return max(ahead, default=None)
