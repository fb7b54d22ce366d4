"""Do changes in the team take effect at once, and does the house always keep an owner?"""

import threading

import pytest

from kept.base.errors import ConflictError, NotFoundError, RefusedError
from kept.base.ids import StaffId
from kept.db.seam import Pending, Tx
from kept.ledger.model import Actor
from kept.staff.acts.evidence import team_figures
from kept.staff.acts.links import Colleague, invite, join, look_at_link
from kept.staff.acts.passwords import note_refused_password
from kept.staff.acts.sessions import SignedIn, find_session
from kept.staff.acts.sign_in import SignInRefused
from kept.staff.acts.team import change_role, disable, list_team, reset_factor, review_access
from kept.staff.model.account import AccountState
from kept.staff.model.passwords import PasswordFault
from kept.vault.model.rules import Role
from staff_desk import GOOD, TERMINAL, Desk, Member


def is_in(desk: Desk, signed_in: SignedIn) -> bool:
    """Whether the session still lives."""
    return desk.read(lambda tx: find_session(tx, signed_in.token, now=desk.now)) is not None


def test_disabling_ends_every_session_at_once(desk: Desk, owner: Member) -> None:
    """Two sessions of the leaver die in the transaction; the owner's lives."""
    member = desk.member(Role.OPERATOR)
    desk.later(minutes=1)
    second = desk.sign_in(member.email, GOOD, member.totp.at(desk.now))
    assert isinstance(second, SignedIn)
    left = desk.write(disable, actor=owner.actor, staff=member.id)
    assert left.sessions_ended == 2
    assert left.account.state is AccountState.DISABLED
    assert not is_in(desk, member.signed_in)
    assert not is_in(desk, second)
    assert is_in(desk, owner.signed_in)
    assert desk.kinds()[-1] == "staff.disabled"


def test_a_leaver_keeps_nothing_that_lets_in(desk: Desk, owner: Member) -> None:
    """Password and second factor are gone from the row."""
    member = desk.member(Role.OPERATOR)
    desk.write(disable, actor=owner.actor, staff=member.id)
    kept = desk.read(
        lambda tx: tx.rows(
            "select password, totp_env from staff_account where id = :id", id=member.id.raw
        )
    )
    assert kept == [(None, None)]


def test_a_change_of_role_ends_sessions(desk: Desk, owner: Member) -> None:
    """The next session has the new role; the detail of the act says from what to what."""
    member = desk.member(Role.OPERATOR)
    changed = desk.write(change_role, actor=owner.actor, staff=member.id, role=Role.SENIOR)
    assert changed.role is Role.SENIOR
    assert not is_in(desk, member.signed_in)
    assert desk.kinds()[-1] == "staff.role_changed"


def test_a_role_there_and_back_revives_no_session(desk: Desk, owner: Member) -> None:
    """A session that was ended stays ended, also when the old role returns."""
    member = desk.member(Role.OPERATOR)
    for role in (Role.SENIOR, Role.OPERATOR):
        desk.write(change_role, actor=owner.actor, staff=member.id, role=role)
    assert not is_in(desk, member.signed_in)


@pytest.mark.parametrize("change", ["role = 'auditor'", "state = 'disabled'"])
def test_a_session_is_bound_when_used(desk: Desk, owner: Member, change: str) -> None:
    """Even a change of the row behind the verbs' back ends the session."""

    def by_hand(tx: Tx) -> Pending[int]:
        return Pending(tx.run(f"update staff_account set {change}"))

    assert is_in(desk, owner.signed_in)
    desk.database.write(by_hand)
    assert not is_in(desk, owner.signed_in)


def test_a_reset_gives_a_new_link_and_nothing_else_works(desk: Desk, owner: Member) -> None:
    """Old password, code and session are dead; the link makes a new start."""
    member = desk.member(Role.SENIOR)
    desk.later(minutes=1)
    invited = desk.write(reset_factor, actor=owner.actor, staff=member.id)
    assert not is_in(desk, member.signed_in)
    code = member.totp.at(desk.now)
    assert desk.sign_in(member.email, GOOD, code) == SignInRefused("unrecognised")
    shown = desk.read(lambda tx: look_at_link(tx, desk.parts, invited.token, now=desk.now))
    assert member.totp.secret not in shown.totp_uri
    assert desk.kinds()[-1] == "staff.factor_reset"


def test_nobody_resets_their_own_factor(desk: Desk, owner: Member) -> None:
    """A stolen session of the owner cannot; the terminal of the house can."""
    with pytest.raises(RefusedError) as refused:
        desk.write(reset_factor, actor=owner.actor, staff=owner.id)
    assert refused.value.code == "own_factor"
    assert desk.write(reset_factor, actor=TERMINAL, staff=owner.id).token


def test_the_last_owner_stays(desk: Desk, owner: Member) -> None:
    """Neither leaving nor another role, until there is a second active owner."""
    desk.write(invite, actor=TERMINAL, who=Colleague("two@example.org", "Two", Role.OWNER))
    for verb, more in ((disable, {}), (change_role, {"role": Role.SENIOR})):
        with pytest.raises(RefusedError) as refused:
            desk.write(verb, actor=owner.actor, staff=owner.id, **more)
        assert refused.value.code == "last_owner"
    assert is_in(desk, owner.signed_in)
    desk.member(Role.OWNER, "two@example.org")
    assert desk.write(change_role, actor=owner.actor, staff=owner.id, role=Role.SENIOR)


def test_two_owners_who_leave_at_once_leave_one(desk: Desk, owner: Member) -> None:
    """A race of both: exactly one is let go."""
    other = desk.member(Role.OWNER, "two@example.org")
    gate = threading.Barrier(2)
    refused: list[str] = []

    def leave(member: Member) -> None:
        gate.wait()
        try:
            desk.write(disable, actor=member.actor, staff=member.id)
        except RefusedError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=leave, args=(m,)) for m in (owner, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["last_owner"]


@pytest.mark.parametrize("role", ["senior", "auditor", "service", "share", ""])
def test_only_an_owner_manages_the_team(desk: Desk, owner: Member, role: str) -> None:
    """Every verb of the team refuses every other role, before it looks whether one exists."""
    actor = Actor("staff", "x", role)
    nobody = StaffId(bytes(16))
    for verb, more in (
        (disable, {}),
        (review_access, {}),
        (reset_factor, {}),
        (change_role, {"role": Role.OWNER}),
    ):
        for staff in (owner.id, nobody):
            with pytest.raises(RefusedError):
                desk.write(verb, actor=actor, staff=staff, **more)


def test_strangers_and_repetitions_change_nothing(desk: Desk, owner: Member) -> None:
    """Unknown ids, a role they have, somebody who left already."""
    member = desk.member(Role.OPERATOR)
    with pytest.raises(NotFoundError):
        desk.write(disable, actor=owner.actor, staff=StaffId(bytes(16)))
    with pytest.raises(ConflictError):
        desk.write(change_role, actor=owner.actor, staff=member.id, role=Role.OPERATOR)
    desk.write(disable, actor=owner.actor, staff=member.id)
    before = desk.kinds()
    with pytest.raises(ConflictError):
        desk.write(disable, actor=owner.actor, staff=member.id)
    with pytest.raises(ConflictError):
        desk.write(reset_factor, actor=owner.actor, staff=member.id)
    with pytest.raises(ConflictError):
        desk.write(change_role, actor=owner.actor, staff=member.id, role=Role.SENIOR)
    assert desk.kinds() == before


def test_a_leaver_can_be_taken_back(desk: Desk, owner: Member) -> None:
    """The same account, a new password and factor."""
    member = desk.member(Role.OPERATOR)
    desk.write(disable, actor=owner.actor, staff=member.id)
    back = desk.member(Role.SENIOR, member.email)
    assert back.id == member.id
    assert back.account.role is Role.SENIOR
    assert back.account.disabled_at is None


def test_a_link_of_a_leaver_is_dead(desk: Desk, owner: Member) -> None:
    """Whoever was let go before joining cannot join."""
    who = Colleague("new@example.org", "New", Role.OPERATOR)
    invited = desk.write(invite, actor=owner.actor, who=who)
    desk.write(disable, actor=owner.actor, staff=invited.account.id)
    with pytest.raises(NotFoundError):
        desk.write(join, token=invited.token, password=desk.chosen(GOOD, who.email), code="000000")


def test_a_review_is_due_every_180_days(desk: Desk, owner: Member) -> None:
    """Overdue a second after, fresh again once somebody looked."""
    desk.later(days=180)
    [account] = desk.read(list_team)
    assert account.is_review_overdue(desk.now)
    reviewed = desk.write(review_access, actor=owner.actor, staff=owner.id)
    assert not reviewed.is_review_overdue(desk.now)
    assert desk.kinds()[-1] == "staff.reviewed"


def test_the_acts_of_the_team_name_nobody(desk: Desk, owner: Member) -> None:
    """Openings of house acts are public: no e-mail, no name in them."""
    rows = desk.read(lambda tx: tx.rows("select sealed from act_openings"))
    assert len(rows) == len(desk.kinds())
    assert not any(b"example.org" in bytes(sealed) for (sealed,) in rows)


def test_figures_of_the_team(desk: Desk, owner: Member) -> None:
    """One active with a factor, one invited, one gone, two refused choices, one for being known."""
    member = desk.member(Role.OPERATOR)
    desk.write(disable, actor=owner.actor, staff=member.id)
    desk.write(invite, actor=owner.actor, who=Colleague("n@example.org", "N", Role.AUDITOR))
    for fault in (PasswordFault.BREACHED, PasswordFault.TOO_SHORT):
        desk.database.write(
            lambda tx, fault=fault: note_refused_password(tx, fault=fault, now=desk.now)
        )
    found = desk.read(lambda tx: team_figures(tx, now=desk.now))
    assert (found.active, found.invited, found.disabled) == (1, 1, 1)
    assert (found.with_second_factor, found.with_passkey) == (1, 0)
    assert (found.breached_refused, found.reviews_overdue) == (1, 0)
