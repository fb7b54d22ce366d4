"""Does choosing a password give a hash of good ones and a reason for bad ones?"""

from typing import Any, cast

from argon2 import PasswordHasher

from kept.crypto.argon import Cost
from kept.crypto.passwords import Passwords
from kept.crypto.secret import Secret
from kept.staff.acts.closings import Closings
from kept.staff.acts.parts import Site, StaffParts, StaffSecrets
from kept.staff.acts.passwords import ChosenPassword, choose_password, open_table
from kept.staff.model.passwords import PasswordFault

PARTS = StaffParts(
    origin="shop.example/ledger",
    business="Tea Shop",
    secrets=StaffSecrets.of(Secret(bytes(range(32)))),
    passwords=Passwords(Cost(passes=1, memory_kib=64, lanes=1)),
    breached=open_table(),
    site=Site("localhost", ("http://localhost:8700",)),
    closings=Closings(cast("Any", None)),  # a password is chosen without any database
)


def test_a_good_password_becomes_a_hash_nobody_sees() -> None:
    """Argon2id of the NFKC form; the value's repr shows nothing."""
    wide = "ｆｏｕｒ brown mugs"
    chosen = choose_password(PARTS, password=wide, email="a@b.c")
    assert isinstance(chosen, ChosenPassword)
    assert PasswordHasher().verify(chosen.hash, "four brown mugs")
    assert chosen.hash.startswith("$argon2id$")
    assert chosen.hash not in repr(chosen)


def test_a_known_password_is_refused_by_the_shipped_table() -> None:
    """With its reason, and without hashing."""
    answer = choose_password(PARTS, password="Password1234", email="a@b.c")
    assert answer is PasswordFault.BREACHED
