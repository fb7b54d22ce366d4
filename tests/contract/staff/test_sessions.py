"""Does a session end when it should, and only for its owner?"""

from datetime import timedelta

import pytest

from kept.base.errors import NotFoundError
from kept.base.ids import StaffId
from kept.staff.acts.own_account import change_password, prove_again
from kept.staff.acts.sessions import (
    SignedIn,
    end_other_sessions,
    end_session,
    find_session,
    own_sessions,
    touch_session,
)
from kept.staff.acts.sign_in import Checked, SignInRefused, check_password, prepare
from kept.staff.model.session import Session
from kept.vault.model.rules import Role
from staff_desk import GOOD, Desk, Member

OTHER = "five brown mugs on a shelf"


def session_of(desk: Desk, signed_in: SignedIn) -> Session:
    """The living session."""
    found = desk.read(lambda tx: find_session(tx, signed_in.token, now=desk.now))
    assert found is not None
    return found


def again(desk: Desk, member: Member) -> SignedIn:
    """Sign in once more."""
    desk.later(minutes=1)
    signed_in = desk.sign_in(member.email, GOOD, member.totp.at(desk.now))
    assert isinstance(signed_in, SignedIn)
    return signed_in


def compared(desk: Desk, login: str, password: str) -> Checked:
    """The first two steps of signing in."""
    trying = desk.read(
        lambda tx: prepare(tx, desk.parts, login=login, address=desk.address, now=desk.now)
    )
    return check_password(desk.parts, trying, password)


def test_an_idle_session_ends_after_an_hour(desk: Desk, owner: Member) -> None:
    """A second before it lives, at the hour it does not."""
    signed_in = again(desk, owner)
    desk.later(minutes=59, seconds=59)
    session_of(desk, signed_in)
    desk.later(seconds=1)
    assert desk.read(lambda tx: find_session(tx, signed_in.token, now=desk.now)) is None


def test_a_used_session_ends_after_twelve_hours(desk: Desk, owner: Member) -> None:
    """However often it is touched."""
    signed_in = again(desk, owner)
    for _ in range(23):
        desk.later(minutes=30)
        session = session_of(desk, signed_in)
        assert session.touch_due
        desk.database.write(lambda tx, s=session: touch_session(tx, s, now=desk.now))
    assert not session_of(desk, signed_in).touch_due
    desk.later(minutes=30)
    assert desk.read(lambda tx: find_session(tx, signed_in.token, now=desk.now)) is None


def test_only_the_hash_of_a_token_is_stored(desk: Desk, owner: Member) -> None:
    """SHA-256 of the cookie's text, and no text."""
    import hashlib

    [(stored,)] = desk.read(lambda tx: tx.rows("select token_hash from staff_session"))
    assert bytes(stored) == hashlib.sha256(owner.signed_in.token.encode()).digest()


@pytest.mark.parametrize("token", ["", "x" * 42, "x" * 43, "x" * 44, "é" * 43, "' or 1=1 --"])
def test_a_foreign_token_finds_nothing(desk: Desk, owner: Member, token: str) -> None:
    """Hostile cookies are simply nobody's."""
    assert desk.read(lambda tx: find_session(tx, token, now=desk.now)) is None


def test_own_sessions_are_listed_and_ended(desk: Desk, owner: Member) -> None:
    """Newest first; one ends by its id; the rest but this one by one verb."""
    second, third = again(desk, owner), again(desk, owner)
    listed = desk.read(lambda tx: own_sessions(tx, owner.id, now=desk.now))
    assert [s.id for s in listed] == [
        third.session_id,
        second.session_id,
        owner.signed_in.session_id,
    ]
    desk.database.write(lambda tx: end_session(tx, staff=owner.id, session_id=second.session_id))
    assert desk.read(lambda tx: find_session(tx, second.token, now=desk.now)) is None
    here = session_of(desk, third)
    assert desk.database.write(lambda tx: end_other_sessions(tx, session=here)) == 1
    assert [s.id for s in desk.read(lambda tx: own_sessions(tx, owner.id, now=desk.now))] == [
        third.session_id
    ]


def test_nobody_ends_anothers_session(desk: Desk, owner: Member) -> None:
    """The id of another's session is no session of mine."""
    member = desk.member(Role.OPERATOR)
    with pytest.raises(NotFoundError):
        desk.database.write(
            lambda tx: end_session(tx, staff=member.id, session_id=owner.signed_in.session_id)
        )
    session_of(desk, owner.signed_in)


def test_a_new_password_ends_the_other_sessions(desk: Desk, owner: Member) -> None:
    """The old one is dead, the new one works, this session stays."""
    here = again(desk, owner)
    ended = desk.write(
        change_password,
        session=session_of(desk, here),
        old=compared(desk, owner.email, GOOD),
        new=desk.chosen(OTHER, owner.email),
    )
    assert ended == 1
    assert desk.kinds()[-1] == "staff.password_changed"
    session_of(desk, here)
    desk.later(minutes=1)
    code = owner.totp.at(desk.now)
    assert desk.sign_in(owner.email, GOOD, code) == SignInRefused("unrecognised")
    assert isinstance(desk.sign_in(owner.email, OTHER, code), SignedIn)


def test_a_wrong_old_password_changes_nothing(desk: Desk, owner: Member) -> None:
    """Neither a wrong one nor a right one of somebody else; it counts as a failure."""
    member = desk.member(Role.OPERATOR)
    session = session_of(desk, owner.signed_in)
    for login, password in ((owner.email, "not it at all"), (member.email, GOOD)):
        answer = desk.write(
            change_password,
            session=session,
            old=compared(desk, login, password),
            new=desk.chosen(OTHER, owner.email),
        )
        assert answer == SignInRefused("unrecognised")
    assert isinstance(desk.sign_in(owner.email, GOOD, owner.totp.at(desk.now)), SignedIn)
    assert desk.read(
        lambda tx: tx.rows("select count(*) from staff_attempt where succeeded = 0")
    ) == [(2,)]


def test_proving_again_takes_a_fresh_code_and_counts_failures(desk: Desk, owner: Member) -> None:
    """Right once; wrong five times, then it waits even for the right one."""
    session = session_of(desk, owner.signed_in)
    code = owner.totp.at(desk.now)
    assert desk.write(prove_again, session=session, code=code) is None
    for _ in range(5):
        refused = desk.write(prove_again, session=session, code=code)
        assert refused == SignInRefused("unrecognised")
    desk.later(seconds=29)
    waiting = desk.write(prove_again, session=session, code=owner.totp.at(desk.now))
    assert waiting == SignInRefused("wait", desk.now + timedelta(seconds=1))


def test_strangers_have_no_sessions(desk: Desk, owner: Member) -> None:
    """An unknown id is said to be unknown."""
    with pytest.raises(NotFoundError):
        desk.read(lambda tx: own_sessions(tx, StaffId(bytes(16)), now=desk.now))


def test_a_sign_in_forgets_what_no_rule_looks_at(desk: Desk, owner: Member) -> None:
    """Attempts of yesterday and sessions past twelve hours leave the tables."""
    desk.sign_in(owner.email, "wrong password", "000000")
    desk.later(hours=25)
    again(desk, owner)
    assert desk.read(lambda tx: tx.rows("select succeeded from staff_attempt")) == [(1,)]
    assert desk.read(lambda tx: tx.rows("select count(*) from staff_session")) == [(1,)]
