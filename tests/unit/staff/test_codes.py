"""Do codes agree with the standard, and does each work once?"""

from datetime import UTC, datetime, timedelta

import pytest

from kept.base.errors import MalformedError
from kept.staff.model.codes import (
    NEVER_USED,
    enrolment_uri,
    matching_step,
    parse_code,
    shown_secret,
)

SECRET = b"12345678901234567890"
VECTORS = [  # RFC 6238 appendix B, SHA-1, the last six of eight digits
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_published_codes_fit(seconds: int, code: str) -> None:
    """The RFC's own examples, at their time."""
    now = datetime.fromtimestamp(seconds, UTC)
    step = matching_step(SECRET, code, now=now, last_step=NEVER_USED)
    assert step == seconds // 30


@pytest.mark.parametrize(("late", "fits"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_one_step_of_drift_is_accepted(late: int, fits: bool) -> None:
    """A phone half a minute off works, a minute off does not."""
    now = datetime.fromtimestamp(1111111111, UTC) + timedelta(seconds=late)
    found = matching_step(SECRET, "050471", now=now, last_step=NEVER_USED)
    assert (found is not None) is fits


def test_a_used_step_is_dead() -> None:
    """With the step noted, the same code fits no more; with an older one noted it does."""
    now = datetime.fromtimestamp(1111111111, UTC)
    used = 1111111111 // 30
    assert matching_step(SECRET, "050471", now=now, last_step=used) is None
    assert matching_step(SECRET, "050471", now=now, last_step=used - 1) == used


def test_a_code_may_be_typed_with_a_space() -> None:
    """As apps show it."""
    assert parse_code(" 050 471 ") == "050471"


@pytest.mark.parametrize("typed", ["", "05047", "0504711", "05047a", "٠٥٠٤٧١", "-50471"])
def test_other_codes_are_malformed(typed: str) -> None:
    """Six ASCII digits, nothing else."""
    with pytest.raises(MalformedError):
        parse_code(typed)


def test_an_app_can_read_the_secret() -> None:
    """The line and the typed form carry the base32 of the bytes."""
    uri = enrolment_uri(SECRET, login="anna@example.org", issuer="Tea Shop")
    assert uri.startswith("otpauth://totp/Tea%20Shop:anna%40example.org?")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in uri
    assert shown_secret(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
