"""Are accounts read strictly and reviewed in time?"""

from datetime import UTC, datetime, timedelta

import pytest

from kept.base.errors import MalformedError
from kept.base.ids import StaffId
from kept.staff.model.account import (
    Account,
    AccountState,
    parse_login,
    parse_name,
    parse_staff_role,
)
from kept.vault.model.rules import Role

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Anna@Example.ORG ", "anna@example.org"),
        ("a+b.c@localhost", "a+b.c@localhost"),
        ("jose\u0301@example.org", "jos\u00e9@example.org"),
        ("ПОЧТА@пример.рф", "почта@пример.рф"),
    ],
)
def test_a_login_has_one_form(typed: str, stored: str) -> None:
    """Case, spaces and composition of letters do not make another account."""
    assert parse_login(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "anna",
        "@example.org",
        "anna@",
        "a@b@c",
        "a b@c.d",
        "a@b..c",
        "a@.b",
        "a@b\u0000c",
        "a@b\u202ec",
        f"{'a' * 65}@b.c",
        f"a@{'b' * 253}",
        "a\n@b.c",
        "\udcff@b.c",
    ],
)
def test_what_is_no_address_is_malformed(typed: str) -> None:
    """Nothing is guessed and nothing is echoed."""
    with pytest.raises(MalformedError) as error:
        parse_login(typed)
    assert str(error.value) == "email: not an e-mail address"


@pytest.mark.parametrize("typed", ["", "  ", "x" * 81, "a\u0000b", "a\u202eb"])
def test_what_is_no_name_is_malformed(typed: str) -> None:
    """Empty, endless, or with signs that cannot be seen."""
    with pytest.raises(MalformedError):
        parse_name(typed)


def test_a_name_is_tidied() -> None:
    """Inner spaces are single; 80 characters are the most."""
    assert parse_name(" Анна \t Петрова ") == "Анна Петрова"
    assert parse_name("x" * 80) == "x" * 80


@pytest.mark.parametrize("role", ["owner", "senior", "operator", "auditor"])
def test_the_four_roles_are_read(role: str) -> None:
    """By their word."""
    assert parse_staff_role(role).value == role


@pytest.mark.parametrize("role", ["", "Owner", "service", "self", "worker", "root"])
def test_no_other_role_is_staff(role: str) -> None:
    """Entrances of other kinds cannot be given to a person."""
    with pytest.raises(MalformedError):
        parse_staff_role(role)


@pytest.mark.parametrize(
    ("age", "overdue"), [(timedelta(days=180), False), (timedelta(days=180, seconds=1), True)]
)
def test_a_review_is_overdue_after_180_days(age: timedelta, overdue: bool) -> None:
    """To the second."""
    account = Account(
        StaffId(bytes(16)), "a@b.c", "A", Role.OWNER, AccountState.ACTIVE, NOW - age, NOW - age
    )
    assert account.is_review_overdue(NOW) is overdue


@pytest.mark.parametrize("state", list(AccountState))
def test_only_an_active_account_signs_in(state: AccountState) -> None:
    """Invited and disabled ones do not."""
    account = Account(StaffId(bytes(16)), "a@b.c", "A", Role.OWNER, state, NOW, NOW)
    assert account.may_sign_in() is (state.value == "active")
