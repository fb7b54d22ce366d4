"""Does the desk open for the right person only, and tell others nothing?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from kept.base.errors import NotFoundError
from kept.crypto.argon import Cost
from kept.crypto.passwords import Passwords
from kept.db.seam import Pending, Tx
from kept.staff.acts.sessions import SignedIn, find_session
from kept.staff.acts.sign_in import SignInRefused, check_password, enter_demo, finish, prepare
from kept.staff.acts.team import disable
from kept.staff.store.accounts import by_id, take_step
from kept.vault.model.rules import Role
from staff_desk import CHEAP, GOOD, CountingPasswords, Desk, Member

UNRECOGNISED = SignInRefused("unrecognised")


def test_password_and_code_open_a_session(desk: Desk, owner: Member) -> None:
    """The right pair lets in, however the address is typed, and leaves an act."""
    answer = desk.sign_in(" OWNER@Example.org", GOOD, owner.totp.at(desk.now))
    assert isinstance(answer, SignedIn)
    assert desk.read(lambda tx: find_session(tx, answer.token, now=desk.now)) is not None
    assert desk.kinds()[-1] == "staff.signed_in"


def test_another_width_of_letters_is_the_same_password(desk: Desk, owner: Member) -> None:
    """NFKC: full-width letters of another keyboard fit."""
    wide = GOOD.replace("four", "ｆｏｕｒ")
    assert isinstance(desk.sign_in(owner.email, wide, owner.totp.at(desk.now)), SignedIn)


@pytest.mark.parametrize(
    ("login", "password", "shift"),
    [
        ("owner@example.org", "four brown mugs on a shelF", 0),
        ("owner@example.org", GOOD, -3600),
        ("nobody@example.org", GOOD, 0),
        ("no address at all", GOOD, 0),
        ("\udcff@example.org", GOOD, 0),
    ],
)
def test_whatever_is_wrong_the_answer_is_one(
    desk: Desk, owner: Member, login: str, password: str, shift: int
) -> None:
    """A wrong password, an old code and an unknown account cannot be told apart."""
    code = owner.totp.at(desk.now + timedelta(seconds=shift))
    assert desk.sign_in(login, password, code) == UNRECOGNISED
    assert desk.kinds()[-1] == "staff.joined"


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "１２３４５６", "1234567"])
def test_a_malformed_code_is_a_wrong_code(desk: Desk, owner: Member, code: str) -> None:
    """The form of the code changes nothing of the answer."""
    assert desk.sign_in(owner.email, GOOD, code) == UNRECOGNISED


def test_an_unknown_account_costs_a_hash(desk: Desk, owner: Member) -> None:
    """One comparison each, against a dummy for the unknown: the time is the same."""
    passwords = desk.parts.passwords
    assert isinstance(passwords, CountingPasswords)
    desk.sign_in(owner.email, "wrong", "000000")
    desk.sign_in("nobody@example.org", "wrong", "000000")
    known, unknown = passwords.compared
    assert known is not None
    assert unknown is None


def test_a_code_works_once(desk: Desk, owner: Member) -> None:
    """The same code, still valid by the clock, is refused the second time."""
    code = owner.totp.at(desk.now)
    assert isinstance(desk.sign_in(owner.email, GOOD, code), SignedIn)
    desk.later(seconds=1)
    assert desk.sign_in(owner.email, GOOD, code) == UNRECOGNISED


def test_an_older_code_does_not_work_after_a_newer_one(desk: Desk, owner: Member) -> None:
    """The step before a used one is inside the window of drift, and still dead."""
    before = owner.totp.at(desk.now - timedelta(seconds=30))
    assert isinstance(desk.sign_in(owner.email, GOOD, owner.totp.at(desk.now)), SignedIn)
    assert desk.sign_in(owner.email, GOOD, before) == UNRECOGNISED


def test_the_code_of_joining_is_used_up(desk: Desk) -> None:
    """Whoever watched somebody join cannot sign in with that code."""
    member = desk.member(Role.SENIOR)
    code = member.totp.at(desk.now)
    assert desk.sign_in(member.email, GOOD, code) == UNRECOGNISED


def test_the_sixth_attempt_waits(desk: Desk, owner: Member) -> None:
    """Five failures are free; then even the right pair waits 30 seconds, then it works."""
    for _ in range(5):
        assert desk.sign_in(owner.email, "wrong password", "000000") == UNRECOGNISED
    failed_at = desk.now
    refused = desk.sign_in(owner.email, GOOD, owner.totp.at(desk.now))
    assert refused == SignInRefused("wait", failed_at + timedelta(seconds=30))
    desk.later(seconds=30)
    assert isinstance(desk.sign_in(owner.email, GOOD, owner.totp.at(desk.now)), SignedIn)


def test_the_wait_doubles_up_to_an_hour(desk: Desk, owner: Member) -> None:
    """30 s, 1 min, 2, 4, 8, 16, 32, 60, 60 minutes."""
    waits: list[float] = []
    for _ in range(13):
        while (
            isinstance(
                refused := desk.sign_in(owner.email, "wrong password", "000000"), SignInRefused
            )
            and refused.until
        ):
            waits.append((refused.until - desk.now).total_seconds())
            desk.now = refused.until
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600]


def test_an_unknown_account_waits_alike(desk: Desk, owner: Member) -> None:
    """Waiting does not tell that an account exists."""
    for _ in range(5):
        desk.sign_in("nobody@example.org", "wrong password", "000000")
    assert desk.sign_in("nobody@example.org", GOOD, "000000") == SignInRefused(
        "wait", desk.now + timedelta(seconds=30)
    )


def test_a_success_clears_the_account(desk: Desk, owner: Member) -> None:
    """Four failures, a success, four failures: no wait."""
    for code in ("000000", owner.totp.at(desk.now)):
        for _ in range(4):
            assert desk.sign_in(owner.email, "wrong password", "000000") == UNRECOGNISED
        if code != "000000":
            break
        desk.sign_in(owner.email, GOOD, owner.totp.at(desk.now))
        desk.later(minutes=1)
    assert isinstance(desk.sign_in(owner.email, GOOD, owner.totp.at(desk.now)), SignedIn)


def test_an_address_waits_over_all_accounts(desk: Desk, owner: Member) -> None:
    """Twenty failures from one address, each for another name: then it waits, others do not."""
    for i in range(20):
        desk.sign_in(f"guess{i}@example.org", "wrong password", "000000")
    code = owner.totp.at(desk.now)
    refused = desk.sign_in(owner.email, GOOD, code)
    assert refused == SignInRefused("wait", desk.now + timedelta(seconds=30))
    desk.address = "198.51.100.4"
    assert isinstance(desk.sign_in(owner.email, GOOD, code), SignedIn)


def test_neither_login_nor_address_of_an_attempt_is_stored(desk: Desk, owner: Member) -> None:
    """The rows of attempts hold keyed tags."""
    desk.sign_in("nobody@example.org", "wrong password", "000000")
    rows = desk.read(lambda tx: tx.rows("select login_tag, address_tag from staff_attempt"))
    assert rows
    assert not any(b"nobody" in bytes(t) or b"192.0" in bytes(t) for row in rows for t in row)


def test_a_disabled_account_is_an_unknown_account(desk: Desk, owner: Member) -> None:
    """Right password, right code, same answer, same hash work against the dummy."""
    member = desk.member(Role.OPERATOR)
    desk.later(minutes=1)
    desk.write(disable, actor=owner.actor, staff=member.id)
    assert desk.sign_in(member.email, GOOD, member.totp.at(desk.now)) == UNRECOGNISED
    passwords = desk.parts.passwords
    assert isinstance(passwords, CountingPasswords)
    assert passwords.compared == [None]


def test_a_hash_of_old_parameters_is_renewed(desk: Desk, owner: Member) -> None:
    """After a sign-in with the dearer hasher the stored hash is of the new parameters."""
    dearer = Cost(passes=CHEAP.passes + 1, memory_kib=CHEAP.memory_kib, lanes=1)
    desk.parts = replace(desk.parts, passwords=Passwords(dearer))
    assert isinstance(desk.sign_in(owner.email, GOOD, owner.totp.at(desk.now)), SignedIn)
    [(stored,)] = desk.read(lambda tx: tx.rows("select password from staff_account"))
    assert "$m=64,t=2,p=1$" in stored


def test_the_second_factor_is_sealed(desk: Desk, owner: Member) -> None:
    """Neither the secret nor its base32 text stands in the row."""
    [(env,)] = desk.read(lambda tx: tx.rows("select totp_env from staff_account"))
    assert owner.totp.byte_secret() not in bytes(env)
    assert owner.totp.secret.encode() not in bytes(env)


def test_nothing_is_hashed_during_a_wait(desk: Desk, owner: Member) -> None:
    """Whoever hammers one account does not keep the hasher from others."""
    for _ in range(8):
        desk.sign_in(owner.email, "wrong password", "000000")
    passwords = desk.parts.passwords
    assert isinstance(passwords, CountingPasswords)
    assert len(passwords.compared) == 5


def test_a_password_changed_meanwhile_lets_nobody_in(desk: Desk, owner: Member) -> None:
    """Between comparing and finishing the password became another: refused."""
    trying = desk.read(
        lambda tx: prepare(tx, desk.parts, login=owner.email, address=desk.address, now=desk.now)
    )
    checked = check_password(desk.parts, trying, GOOD)
    assert checked.is_right

    def by_hand(tx: Tx) -> Pending[int]:
        fresh = desk.chosen("five brown mugs on a shelf", owner.email)
        return Pending(tx.run("update staff_account set password = :p", p=fresh.hash))

    desk.database.write(by_hand)
    assert desk.write(finish, checked, code=owner.totp.at(desk.now)) == UNRECOGNISED


def test_a_step_is_taken_once(desk: Desk, owner: Member) -> None:
    """The row itself refuses a step twice: two processes cannot both read the old one."""
    stored = desk.read(lambda tx: by_id(tx, owner.id))
    assert stored is not None
    n, step = stored.n, stored.totp_step + 1
    taken = [
        desk.database.write(lambda tx, s=s: Pending(take_step(tx, n, s)))
        for s in (step, step, step - 1, step + 1)
    ]
    assert taken == [True, False, False, True]


def test_only_a_demo_lets_visitors_pick_somebody(desk: Desk, owner: Member) -> None:
    """A real house answers as if nobody were there; a demo opens, but not for leavers."""
    with pytest.raises(NotFoundError):
        desk.write(enter_demo, staff=owner.id)
    desk.parts = replace(desk.parts, is_demo=True)
    assert desk.write(enter_demo, staff=owner.id).account.id == owner.id
    member = desk.member(Role.OPERATOR)
    desk.write(disable, actor=owner.actor, staff=member.id)
    with pytest.raises(NotFoundError):
        desk.write(enter_demo, staff=member.id)
