"""Old data is put back over newer keys: does who left, and a revoked key, stay out?"""

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from houses import Home
from kept.base.errors import NotFoundError, UnavailableError
from kept.db.seam import Pending
from kept.flows.replay_leavers import replay_leavers
from kept.staff.acts.closings import Closings
from kept.staff.acts.keys import KeyOrder, find_key, issue_key, revoke_key
from kept.staff.acts.links import Colleague, invite, look_at_link
from kept.staff.acts.sessions import SignedIn, find_session
from kept.staff.acts.team import disable, list_team
from kept.staff.model.account import AccountState
from kept.staff.model.keys import Capability, KeyScope
from kept.vault.model.rules import RevealLimits, Role
from staff_desk import GOOD, TERMINAL, Desk, Member
from vault_cases import keep, kinds, put_back, reopen

OLD = ("staff_session", "staff_passkey", "staff_invitation", "staff_account", "api_key")
FIRST = ("staff_account", *(table for table in OLD if table != "staff_account"))
SCOPE = KeyScope(
    frozenset({Capability.READ}),
    frozenset({"answer"}),
    frozenset({"contact"}),
    RevealLimits(5, timedelta(minutes=10), 50),
)


def desk_of(home: Home) -> Desk:
    """The team of a house."""
    return Desk(home.house.db, home.house.staff, now=home.clock.now())


def state_of(home: Home, member: Member) -> AccountState:
    """How an account stands."""
    return next(a.state for a in home.read(list_team) if a.id == member.id)


def restore(home: Home, old: dict[str, list[tuple[object, ...]]]) -> None:
    """Put the team's tables back as they were; referring ones go first and come last."""
    for table in OLD:
        home.write(lambda tx, table=table: Pending(tx.run(f"delete from {table}")))
    for table in FIRST:
        put_back(home, {table: old[table]})


def issued(home: Home, name: str) -> str:
    """A key's secret text."""
    order = KeyOrder(name, SCOPE, home.clock.now() + timedelta(days=30))
    rules = home.house.book.rules
    return desk_of(home).write(issue_key, actor=TERMINAL, order=order, rules=rules).text


def is_live(home: Home, text: str) -> bool:
    """Whether a key opens something."""
    return home.read(lambda tx: find_key(tx, text, now=home.clock.now())) is not None


def revoke(home: Home, text: str) -> None:
    """End a key."""
    found = home.read(lambda tx: find_key(tx, text, now=home.clock.now()))
    assert found is not None
    desk_of(home).write(revoke_key, actor=TERMINAL, key=found.id)


def test_a_leaver_and_a_revoked_key_stay_out(any_home: Home) -> None:
    """Session, password and key of before work in the old data; after the start none does."""
    desk_of(any_home).member(Role.OWNER)
    leaver, stays = (
        desk_of(any_home).member(Role.SENIOR, f"{name}@example.org") for name in ("lea", "sam")
    )
    bad, good = issued(any_home, "Old shop"), issued(any_home, "New shop")
    old = keep(any_home, *OLD)
    any_home.later(minutes=1)
    desk_of(any_home).write(disable, actor=TERMINAL, staff=leaver.id)
    revoke(any_home, bad)
    restore(any_home, old)
    assert state_of(any_home, leaver) is AccountState.ACTIVE
    assert is_live(any_home, bad)
    before = kinds(any_home)
    reopen(any_home)
    assert state_of(any_home, leaver) is AccountState.DISABLED
    token, now = leaver.signed_in.token, any_home.clock.now()
    assert any_home.read(lambda tx: find_session(tx, token, now=now)) is None
    tried = desk_of(any_home).later(minutes=1).sign_in(leaver.email, GOOD, leaver.totp.at(now))
    assert not isinstance(tried, SignedIn)
    assert (is_live(any_home, bad), is_live(any_home, good)) == (False, True)
    assert state_of(any_home, stays) is AccountState.ACTIVE
    assert kinds(any_home) - before == {"staff.disabled": 1, "key.revoked": 1}
    after = kinds(any_home)
    reopen(any_home)
    assert kinds(any_home) == after


def test_the_only_owner_of_old_data_left_too(home: Home) -> None:
    """Nobody is kept in for want of another; the terminal invites the next one."""
    first = desk_of(home).member(Role.OWNER)
    old = keep(home, *OLD)
    home.later(minutes=1)
    desk_of(home).member(Role.OWNER, "second@example.org")
    desk_of(home).write(disable, actor=TERMINAL, staff=first.id)
    restore(home, old)
    reopen(home)
    assert state_of(home, first) is AccountState.DISABLED
    desk_of(home).member(Role.OWNER, "second@example.org")


def test_who_was_invited_again_is_not_shut_out(home: Home) -> None:
    """Coming back counts from the invitation on, over any number of starts."""
    member = desk_of(home).member(Role.OPERATOR)
    desk_of(home).write(disable, actor=TERMINAL, staff=member.id)
    home.later(minutes=1)
    back = desk_of(home).member(Role.OPERATOR, member.email)
    assert back.id == member.id
    reopen(home)
    reopen(home)
    assert state_of(home, back) is AccountState.ACTIVE


def test_an_open_invitation_of_old_data_is_shut_too(home: Home) -> None:
    """Somebody invited, never joined, then disabled: the old link lets nobody in."""
    desk = desk_of(home)
    invited = desk.write(
        invite, actor=TERMINAL, who=Colleague("new@example.org", "New", Role.SENIOR)
    )
    old = keep(home, *OLD)
    home.later(minutes=1)
    desk_of(home).write(disable, actor=TERMINAL, staff=invited.account.id)
    restore(home, old)
    reopen(home)
    with pytest.raises(NotFoundError):
        home.read(
            lambda tx: look_at_link(tx, home.house.staff, invited.token, now=home.clock.now())
        )


def test_what_only_the_data_knows_is_noted(home: Home) -> None:
    """keys.db from before it was noted: the start writes it there, and old data is shut out."""
    member, text = desk_of(home).member(Role.OPERATOR), issued(home, "Old shop")
    old = keep(home, *OLD)
    home.later(minutes=1)
    desk_of(home).write(disable, actor=TERMINAL, staff=member.id)
    revoke(home, text)
    home.house.keys_db.write(lambda tx: Pending(tx.run("delete from closing")))
    reopen(home)
    restore(home, old)
    reopen(home)
    assert state_of(home, member) is AccountState.DISABLED
    assert not is_live(home, text)


def test_a_whole_old_data_file_copied_back(home: Home, tmp_path) -> None:
    """data.db as it lay before; keys.db as it is now."""
    member, text = desk_of(home).member(Role.OPERATOR), issued(home, "Old shop")
    place = home.house.place
    home.house.close()
    shutil.copy(place.data, tmp_path / "old.db")
    reopen(home)
    home.later(minutes=1)
    desk_of(home).write(disable, actor=TERMINAL, staff=member.id)
    revoke(home, text)
    home.house.close()
    for stale in place.root.glob(f"{place.data.name}-*"):
        stale.unlink()
    shutil.copy(tmp_path / "old.db", place.data)
    reopen(home)
    assert state_of(home, member) is AccountState.DISABLED
    assert not is_live(home, text)


class Away(Closings):
    """keys.db cannot be written."""

    def note_leaver(self, staff, *, at) -> None:
        """Refuse."""
        raise UnavailableError("away")


def test_what_cannot_be_noted_is_not_done(home: Home) -> None:
    """No leaver whom old data could bring back unnoticed: the verb fails as a whole."""
    member = desk_of(home).member(Role.OPERATOR)
    desk = desk_of(home)
    desk.parts = replace(desk.parts, closings=Away(home.house.keys_db))
    with pytest.raises(UnavailableError):
        desk.write(disable, actor=TERMINAL, staff=member.id)
    assert state_of(home, member) is AccountState.ACTIVE
    assert replay_leavers(home.clock, home.house.db, home.house.staff).people == 0
