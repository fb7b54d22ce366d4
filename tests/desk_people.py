"""How do colleagues come to the desk of a test? By their links, as in life, through the browser."""

import re
from contextlib import ExitStack
from dataclasses import dataclass, field

import pyotp
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from houses import Home
from kept.base.ids import StaffId
from kept.ledger.model import Actor
from kept.staff.acts.links import Colleague, invite
from kept.staff.acts.team import list_team
from kept.vault.model.rules import Role

PASSWORD = "four brown mugs on a shelf"
TERMINAL = Actor("cli", "anna", "owner")


@dataclass
class Member:
    """A colleague with their browser and their phone."""

    email: str
    browser: TestClient[Litestar]
    home: Home
    totp: pyotp.TOTP = field(init=False)

    def join(self, token: str) -> Response:
        """Follow the link and fill the form."""
        page = self.browser.get(f"/desk/join/{token}")
        assert page.status_code == 200, page.text
        shown = re.search(r"<code>([A-Z2-7 ]{20,})</code>", page.text)
        assert shown is not None
        self.totp = pyotp.TOTP(shown[1].replace(" ", ""))
        return self.browser.post(
            f"/desk/join/{token}", data={"password": PASSWORD, "code": self.code()}
        )

    def code(self) -> str:
        """What the phone shows now."""
        return self.totp.at(self.home.clock.now())

    def sign_in(self, **other: str) -> Response:
        """Fill the form at the door; the phone's next code."""
        self.home.later(seconds=30)
        form = {"email": self.email, "password": PASSWORD, "code": self.code(), **other}
        return self.browser.post("/desk/sign-in", data=form)


@dataclass
class Colleagues:
    """The team of one test."""

    home: Home
    stack: ExitStack

    def browser(self) -> TestClient[Litestar]:
        """A browser of its own."""
        return self.stack.enter_context(self.home.browser())

    def member(self, role: Role, name: str = "") -> Member:
        """Somebody in this role, joined and signed in. The owner is the one of the founding."""
        email = "owner@example.org" if role is Role.OWNER else f"{name or role.value}@example.org"
        home = self.home
        if role is Role.OWNER:
            token = home.founded.invitation.token
        else:
            who = Colleague(email, (name or role.value).capitalize(), role)
            token = home.write(
                lambda tx: invite(
                    tx, home.house.staff, actor=TERMINAL, who=who, now=home.clock.now()
                )
            ).token
        member = Member(email, self.browser(), home)
        answer = member.join(token)
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
        return member

    def id_of(self, email: str) -> StaffId:
        """A colleague's id."""
        return next(one.id for one in self.home.read(list_team) if one.email == email)
