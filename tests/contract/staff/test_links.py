"""Does an invitation let in exactly one person, once, with a second factor?"""

import threading
from datetime import timedelta

import pytest

from kept.base.errors import ConflictError, NotFoundError, RefusedError
from kept.ledger.model import Actor
from kept.staff.acts.links import Colleague, Invited, invite, join, look_at_link
from kept.staff.acts.sessions import find_session
from kept.staff.model.account import AccountState
from kept.vault.model.rules import Role
from staff_desk import GOOD, TERMINAL, Desk, Member

WHO = Colleague(" Olga@Example.org ", "Olga  P.", Role.OPERATOR)


def code_behind(desk: Desk, token: str) -> str:
    """The code an app shows after reading the page's QR code."""
    import pyotp

    shown = desk.read(lambda tx: look_at_link(tx, desk.parts, token, now=desk.now))
    return pyotp.parse_uri(shown.totp_uri).at(desk.now)  # type: ignore[union-attr]


def joined(desk: Desk, invited: Invited, code: str) -> None:
    """Go through the link."""
    password = desk.chosen(GOOD, "olga@example.org")
    desk.write(join, token=invited.token, password=password, code=code)


def test_an_invited_colleague_joins_and_is_signed_in(desk: Desk) -> None:
    """The account is stored tidily, becomes active, and two acts tell of it."""
    invited = desk.write(invite, actor=TERMINAL, who=WHO)
    assert (invited.account.email, invited.account.name) == ("olga@example.org", "Olga P.")
    assert invited.account.state is AccountState.INVITED
    password = desk.chosen(GOOD, "olga@example.org")
    code = code_behind(desk, invited.token)
    signed_in = desk.write(join, token=invited.token, password=password, code=code)
    session = desk.read(lambda tx: find_session(tx, signed_in.token, now=desk.now))
    assert session is not None
    assert session.account.role is Role.OPERATOR
    assert desk.kinds() == ["staff.invited", "staff.joined"]


def test_a_link_works_once(desk: Desk) -> None:
    """A second use finds nothing, and the sealed secret is gone from the row."""
    invited = desk.write(invite, actor=TERMINAL, who=WHO)
    code = code_behind(desk, invited.token)
    joined(desk, invited, code)
    with pytest.raises(NotFoundError):
        joined(desk, invited, code)
    assert desk.read(lambda tx: tx.rows("select totp_env from staff_invitation")) == [(b"",)]


def test_two_who_use_a_link_at_once_are_one(desk: Desk) -> None:
    """Of eight simultaneous joins one succeeds."""
    invited = desk.write(invite, actor=TERMINAL, who=WHO)
    code = code_behind(desk, invited.token)
    gate = threading.Barrier(8)
    outcomes: list[str] = []

    def use() -> None:
        gate.wait()
        try:
            joined(desk, invited, code)
        except NotFoundError:
            outcomes.append("gone")
        else:
            outcomes.append("in")

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["gone"] * 7 + ["in"]


def test_a_link_dies_after_three_days(desk: Desk) -> None:
    """It works one second before 72 hours and not at 72 hours."""
    invited = desk.write(invite, actor=TERMINAL, who=WHO)
    desk.later(hours=71, minutes=59, seconds=59)
    code_behind(desk, invited.token)
    desk.later(seconds=1)
    with pytest.raises(NotFoundError):
        code_behind(desk, invited.token)
    assert invited.expires_at - desk.now == timedelta(0)


def test_a_new_link_replaces_the_old_one(desk: Desk) -> None:
    """Inviting again kills the first link."""
    first = desk.write(invite, actor=TERMINAL, who=WHO)
    second = desk.write(invite, actor=TERMINAL, who=WHO)
    with pytest.raises(NotFoundError):
        code_behind(desk, first.token)
    joined(desk, second, code_behind(desk, second.token))


def test_only_the_hash_of_a_link_is_stored(desk: Desk) -> None:
    """The token's text stands in no column."""
    import hashlib

    invited = desk.write(invite, actor=TERMINAL, who=WHO)
    [(stored,)] = desk.read(lambda tx: tx.rows("select token_hash from staff_invitation"))
    assert bytes(stored) == hashlib.sha256(invited.token.encode()).digest()


def test_a_wrong_code_keeps_the_link(desk: Desk) -> None:
    """Somebody who mistypes may try again."""
    invited = desk.write(invite, actor=TERMINAL, who=WHO)
    code = code_behind(desk, invited.token)
    with pytest.raises(RefusedError):
        joined(desk, invited, f"{(int(code) + 1) % 1_000_000:06}")
    joined(desk, invited, code)


@pytest.mark.parametrize("role", ["senior", "operator", "auditor", "service"])
def test_only_an_owner_invites(desk: Desk, role: str) -> None:
    """Every other role is refused and nothing is stored."""
    with pytest.raises(RefusedError):
        desk.write(invite, actor=Actor("staff", "x", role), who=WHO)
    assert desk.kinds() == []
    assert desk.read(lambda tx: tx.rows("select n from staff_account")) == []


def test_a_colleague_is_not_invited_twice(desk: Desk, owner: Member) -> None:
    """Whoever works here keeps their account as it is."""
    with pytest.raises(ConflictError):
        desk.write(invite, actor=TERMINAL, who=Colleague("OWNER@example.org", "X", Role.AUDITOR))


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "é" * 43])
def test_foreign_links_find_nothing(desk: Desk, token: str) -> None:
    """Nonsense and well-shaped foreign tokens get one answer."""
    with pytest.raises(NotFoundError):
        code_behind(desk, token)
