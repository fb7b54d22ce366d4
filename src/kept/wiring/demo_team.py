"""Who works in the demo's shop? Invited, joined and signed in like anybody else.

Their passwords are random and forgotten at once: a visitor of the demo picks a role and needs none.
So hashing them may cost next to nothing.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from pyotp.totp import TOTP

from kept.base.encoding import b64url
from kept.crypto.argon import Cost
from kept.crypto.chance import draw
from kept.crypto.passwords import Passwords
from kept.staff.acts.links import Colleague, Invited, invite, join, look_at_link
from kept.staff.acts.parts import StaffParts
from kept.staff.acts.passwords import ChosenPassword, choose_password
from kept.staff.acts.sessions import SignedIn
from kept.staff.acts.sign_in import check_password, finish, prepare
from kept.staff.acts.team import review_access
from kept.staff.acts.trace import actor_of
from kept.staff.model.account import Account
from kept.vault.model.gate import Asker
from kept.vault.model.rules import Role
from kept.wiring.house import House

OWNER = Colleague("owner@example.org", "Marlene Tiedemann", Role.OWNER)
OTHERS = (
    Colleague("ruth@example.org", "Ruth Achterberg", Role.SENIOR),
    Colleague("jannis@example.org", "Jannis Ohlendorf", Role.OPERATOR),
    Colleague("darya@example.org", "Дарья Снежкова", Role.OPERATOR),
    Colleague("audit@example.org", "Helge Brinkmann", Role.AUDITOR),
)
_NEARLY_FREE = Cost(passes=1, memory_kib=64, lanes=1)


@dataclass(frozen=True, slots=True, repr=False)
class Member:
    """Somebody of the team, with what they type to come in."""

    account: Account
    password: str
    totp: TOTP

    def asker(self, house: House) -> Asker:
        """This member before the gate."""
        limits = house.book.rules.limits
        return Asker(actor_of(self.account), self.account.role, limits=limits)


def cheap(house: House) -> StaffParts:
    """The staff's parts with passwords that are hashed at once."""
    return replace(house.staff, passwords=Passwords(_NEARLY_FREE))


def gather_team(house: House, invited: Invited) -> dict[str, Member]:
    """Let the owner join, invite the others and let them join; by e-mail, the owner first."""
    parts, clock = cheap(house), house.clock
    owner = _join(house, parts, invited)
    team = {owner.account.email: owner}
    for colleague in OTHERS:
        link = house.db.write(
            lambda tx, who=colleague: invite(
                tx, parts, actor=actor_of(owner.account), who=who, now=clock.now()
            )
        )
        member = _join(house, parts, link)
        team[member.account.email] = member
    return team


def sign_in(house: House, member: Member) -> SignedIn:
    """A member signs in with password and code.

    Raises:
        RuntimeError: the house does not let them in; the demo is not built.
    """
    parts, now = cheap(house), house.clock.now()
    trying = house.db.read(
        lambda tx: prepare(tx, parts, login=member.account.email, address="192.0.2.7", now=now)
    )
    checked = check_password(parts, trying, member.password)
    done = house.db.write(lambda tx: finish(tx, parts, checked, code=member.totp.at(now), now=now))
    if not isinstance(done, SignedIn):
        raise RuntimeError("the demo's team cannot sign in")  # noqa: TRY004  # no wrong type
    return done


def review_team(house: House, team: dict[str, Member]) -> None:
    """The owner looks through all accounts."""
    owner = next(iter(team.values()))
    for member in team.values():
        house.db.write(
            lambda tx, staff=member.account.id: review_access(
                tx,
                house.staff,
                actor=actor_of(owner.account),
                staff=staff,
                now=house.clock.now(),
            )
        )


def _join(house: House, parts: StaffParts, invited: Invited) -> Member:
    now = house.clock.now()
    shown = house.db.read(lambda tx: look_at_link(tx, parts, invited.token, now=now))
    totp = TOTP(shown.totp_text.replace(" ", ""))
    password = b64url(draw(24))
    chosen = choose_password(parts, password=password, email=shown.account.email)
    if not isinstance(chosen, ChosenPassword):
        raise RuntimeError("the demo's team has a password nobody may choose")  # noqa: TRY004
    code = totp.at(now - timedelta(seconds=30))  # the next code is for signing in at once
    done = house.db.write(
        lambda tx: join(tx, parts, token=invited.token, password=chosen, code=code, now=now)
    )
    return Member(done.account, password, totp)
