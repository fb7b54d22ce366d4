"""Are bad passwords refused, each for its reason?"""

import hashlib

import pytest

from kept.staff.model.breached import BreachedTable, build_table
from kept.staff.model.passwords import FAULT_TEXT, PasswordFault, find_fault, normal_form

KNOWN = "correct horse battery staple"
KNOWN_SHA1 = hashlib.sha1(KNOWN.encode(), usedforsecurity=False).hexdigest()
TABLE = BreachedTable(build_table([f"{KNOWN_SHA1}:1"]))


def fault_of(password: str) -> PasswordFault | None:
    """What is wrong with it, at the Tea Shop, for Marina."""
    return find_fault(password, business="Tea & Shop", email="marina.p@example.org", table=TABLE)


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", "too_short"),
        ("eleven char", "too_short"),
        ("twelve chars", None),
        ("двенадцать б", None),
        ("x" * 256, None),
        ("x" * 257, "too_long"),
        ("my TEA-shop is nice", "holds_business"),
        ("ｔｅａｓｈｏｐ forever", "holds_business"),
        ("I am MarinaP, hello", "holds_email"),
        ("marina.p@example.org", "holds_email"),
        (KNOWN, "breached"),
        (KNOWN.title(), "breached"),
        ("correct horse battery stable", None),
    ],
)
def test_each_rule(password: str, fault: str | None) -> None:
    """The first rule broken is named."""
    found = fault_of(password)
    assert (found and found.value) == fault


def test_length_is_counted_after_folding() -> None:
    """A ligature of one sign is the letters it stands for."""
    assert fault_of("o\ufb03ce table") is None  # 11 signs typed, 13 after NFKC
    assert normal_form("\uff21") == "A"


def test_a_short_business_name_does_not_forbid_words() -> None:
    """A business called "Oh" is inside many a passphrase by chance."""
    assert find_fault("oh what a lovely day", business="Oh", email="x@y.z", table=TABLE) is None


def test_every_fault_has_a_sentence() -> None:
    """The page can always say why."""
    assert FAULT_TEXT.keys() == set(PasswordFault)
