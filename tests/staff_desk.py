"""How does a test act as a team? A desk over a real database with a clock that is set by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pyotp

from kept.base.ids import StaffId
from kept.crypto.argon import Cost
from kept.crypto.passwords import Passwords
from kept.db.seam import Database, Pending, Tx
from kept.ledger.model import Actor
from kept.staff.acts.links import Colleague, invite, join, look_at_link
from kept.staff.acts.parts import StaffParts
from kept.staff.acts.passwords import ChosenPassword, choose_password
from kept.staff.acts.sessions import SignedIn
from kept.staff.acts.sign_in import SignInRefused, check_password, finish, prepare
from kept.staff.model.account import Account
from kept.vault.model.rules import Role

T = TypeVar("T")

START = datetime(2026, 3, 2, 9, 0, 10, tzinfo=UTC)
TERMINAL = Actor("cli", "anna", "owner")
GOOD = "four brown mugs on a shelf"
CHEAP = Cost(passes=1, memory_kib=64, lanes=1)


@dataclass
class Member:
    """Somebody who joined, with what they carry in head and pocket."""

    email: str
    account: Account
    totp: pyotp.TOTP
    signed_in: SignedIn

    @property
    def id(self) -> StaffId:
        """Their id."""
        return self.account.id

    @property
    def actor(self) -> Actor:
        """Who they are to a verb."""
        return Actor("staff", str(self.id), self.account.role.value)


@dataclass
class Desk:
    """The pillar over a real database, with a clock that stands where it is put."""

    database: Database
    parts: StaffParts
    now: datetime = START
    address: str = "192.0.2.7"

    def later(self, **by: float) -> "Desk":
        """Let time pass."""
        self.now += timedelta(**by)
        return self

    def write(self, verb: Callable[..., Pending[T]], *args: Any, **kwargs: Any) -> T:
        """Run a verb that takes the parts and `now`."""
        return self.database.write(lambda tx: verb(tx, self.parts, *args, now=self.now, **kwargs))

    def read(self, look: Callable[[Tx], T]) -> T:
        """Run a reading verb."""
        return self.database.read(look)

    def kinds(self) -> list[str]:
        """Kinds of all acts recorded, oldest first."""
        return [
            row[0] for row in self.read(lambda tx: tx.rows("select kind from acts order by id"))
        ]

    def chosen(self, password: str, email: str) -> ChosenPassword:
        """A password that keeps the rules."""
        chosen = choose_password(self.parts, password=password, email=email)
        assert isinstance(chosen, ChosenPassword)
        return chosen

    def member(self, role: Role, email: str | None = None, password: str = GOOD) -> Member:
        """Invite somebody and let them join."""
        who = Colleague(email or f"{role.value}@example.org", role.value.title(), role)
        token = self.write(invite, actor=TERMINAL, who=who).token
        shown = self.read(lambda tx: look_at_link(tx, self.parts, token, now=self.now))
        totp = pyotp.parse_uri(shown.totp_uri)
        assert isinstance(totp, pyotp.TOTP)
        signed_in = self.write(
            join,
            token=token,
            password=self.chosen(password, who.email),
            code=totp.at(self.now),
        )
        return Member(who.email, signed_in.account, totp, signed_in)

    def sign_in(self, login: str, password: str, code: str) -> SignedIn | SignInRefused:
        """All three steps of signing in."""
        trying = self.read(
            lambda tx: prepare(tx, self.parts, login=login, address=self.address, now=self.now)
        )
        checked = check_password(self.parts, trying, password)
        return self.write(finish, checked, code=code)


class CountingPasswords(Passwords):
    """Real hashes, and a note of each comparison."""

    def __init__(self) -> None:
        super().__init__(CHEAP)
        self.compared: list[str | None] = []

    def is_right(self, stored: str | None, password: str) -> bool:
        """Compare, and note against what."""
        self.compared.append(stored)
        return super().is_right(stored, password)
