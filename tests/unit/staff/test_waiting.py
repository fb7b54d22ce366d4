"""Do waits grow, end, and never shrink with more failures?"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.staff.model.waiting import PER_ACCOUNT, PER_ADDRESS, Failures, longest_wait, wait_until

NOW = datetime(2026, 3, 2, tzinfo=UTC)
NONE = Failures(0, None)


@pytest.mark.parametrize(
    ("count", "seconds"),
    [(4, None), (5, 30), (6, 60), (7, 120), (11, 1920), (12, 3600), (10**9, 3600)],
)
def test_the_wait_of_an_account(count: int, seconds: int | None) -> None:
    """Five are free, then it doubles up to an hour."""
    until = wait_until(Failures(count, NOW), PER_ACCOUNT)
    assert until == (None if seconds is None else NOW + timedelta(seconds=seconds))


@given(st.integers(0, 60), st.integers(0, 60))
def test_more_failures_never_wait_less(fewer: int, more: int) -> None:
    """Failing again is never of use."""
    fewer, more = sorted((fewer, more))
    for rule in (PER_ACCOUNT, PER_ADDRESS):
        first = wait_until(Failures(fewer, NOW), rule) or NOW
        assert first <= (wait_until(Failures(more, NOW), rule) or NOW)


def test_the_longer_of_both_waits_counts() -> None:
    """And one that is over counts no more."""
    account, address = Failures(6, NOW), Failures(20, NOW)
    assert longest_wait(account, address, NOW) == NOW + timedelta(seconds=60)
    assert longest_wait(NONE, address, NOW) == NOW + timedelta(seconds=30)
    assert longest_wait(account, address, NOW + timedelta(seconds=60)) is None
    assert longest_wait(NONE, NONE, NOW) is None
