"""Does a passkey open the desk for its owner, once for each challenge, and for nobody else?"""

import json

import pytest

from kept.base.errors import ConflictError, MalformedError, NotFoundError, RefusedError
from kept.staff.acts.passkeys import (
    add_passkey,
    drop_passkey,
    list_passkeys,
    offer_passkey,
    offer_sign_in,
    sign_in_with_passkey,
)
from kept.staff.acts.sessions import SignedIn, find_session
from kept.staff.acts.sign_in import SignInRefused
from kept.staff.acts.team import disable
from kept.staff.model.session import Session
from kept.vault.model.rules import Role
from staff_authenticator import PRESENT, Authenticator
from staff_desk import Desk, Member

UNRECOGNISED = SignInRefused("unrecognised")


def session_of(desk: Desk, member: Member) -> Session:
    """The member's living session."""
    found = desk.read(lambda tx: find_session(tx, member.signed_in.token, now=desk.now))
    assert found is not None
    return found


def options_for(desk: Desk, member: Member) -> str:
    """What the page hands the browser to make a passkey."""
    session = session_of(desk, member)
    return desk.read(lambda tx: offer_passkey(tx, desk.parts, session=session, now=desk.now))


def enrol(desk: Desk, member: Member, device: Authenticator) -> None:
    """Add the device to the member's account."""
    answer = device.create(options_for(desk, member))
    desk.write(add_passkey, session=session_of(desk, member), label="Blue key", answer=answer)


def sign_in(desk: Desk, answer: str) -> SignedIn | SignInRefused:
    """Present a passkey's answer."""
    return desk.write(sign_in_with_passkey, answer=answer, address=desk.address)


def test_a_passkey_signs_in_without_password(desk: Desk, owner: Member) -> None:
    """Added once, it opens a session of its own account and leaves an act."""
    device = Authenticator()
    enrol(desk, owner, device)
    answer = sign_in(desk, device.get(offer_sign_in(desk.parts, now=desk.now)))
    assert isinstance(answer, SignedIn)
    assert answer.account.id == owner.id
    assert desk.kinds()[-2:] == ["staff.passkey_added", "staff.signed_in"]
    [kept] = desk.read(lambda tx: list_passkeys(tx, session=session_of(desk, owner)))
    assert (kept.label, kept.sign_count, kept.used_at) == ("Blue key", 1, desk.now)


def test_an_answer_works_once(desk: Desk, owner: Member) -> None:
    """The same answer again is refused, also by an authenticator that does not count."""
    device = Authenticator()
    enrol(desk, owner, device)
    device.count = -1  # the next answer carries 0: "I do not count"
    answer = device.get(offer_sign_in(desk.parts, now=desk.now))
    assert isinstance(sign_in(desk, answer), SignedIn)
    assert sign_in(desk, answer) == UNRECOGNISED


def test_a_challenge_dies_after_five_minutes(desk: Desk, owner: Member) -> None:
    """An answer that comes too late is refused."""
    device = Authenticator()
    enrol(desk, owner, device)
    answer = device.get(offer_sign_in(desk.parts, now=desk.now))
    desk.later(minutes=5)
    assert sign_in(desk, answer) == UNRECOGNISED


@pytest.mark.parametrize("wrong", ["origin", "site", "unverified", "key", "stranger", "challenge"])
def test_every_broken_answer_is_refused(desk: Desk, owner: Member, wrong: str) -> None:
    """A phishing site, another site, no user verification, another key, unknown, own challenge."""
    device = Authenticator()
    enrol(desk, owner, device)
    offer = offer_sign_in(desk.parts, now=desk.now)
    if wrong == "origin":
        device.origin = "http://localhost.evil.example"
    elif wrong == "site":
        device.rp_id = "evil.example"
    elif wrong == "unverified":
        device.flags = PRESENT
    elif wrong == "key":
        device.key = Authenticator().key
    elif wrong == "stranger":
        device.credential_id = b"somebody else's"
    else:
        offer = json.dumps({"challenge": "A" * 54})
    assert sign_in(desk, device.get(offer)) == UNRECOGNISED


def test_a_copied_passkey_is_noticed(desk: Desk, owner: Member) -> None:
    """A counter that goes back means two copies: refused."""
    device = Authenticator(count=7)
    enrol(desk, owner, device)
    device.count = 3
    assert sign_in(desk, device.get(offer_sign_in(desk.parts, now=desk.now))) == UNRECOGNISED


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{}",
        "[]",
        "null",
        "[" * 16_000,
        "{" * 20_000,
        '{"id":"x","rawId":"x","type":"public-key"}',
    ],
)
def test_nonsense_is_refused_not_an_error(desk: Desk, owner: Member, answer: str) -> None:
    """Hostile JSON gets the answer of a wrong passkey."""
    assert sign_in(desk, answer) == UNRECOGNISED


def test_failures_from_an_address_wait(desk: Desk, owner: Member) -> None:
    """The sixth wrong answer from one address waits."""
    for _ in range(5):
        assert sign_in(desk, "{}") == UNRECOGNISED
    refused = sign_in(desk, "{}")
    assert isinstance(refused, SignInRefused)
    assert refused.code == "wait"


def test_a_leaver_cannot_use_a_passkey(desk: Desk, owner: Member) -> None:
    """Disabling takes the passkeys away."""
    member = desk.member(Role.OPERATOR)
    device = Authenticator()
    enrol(desk, member, device)
    desk.write(disable, actor=owner.actor, staff=member.id)
    assert sign_in(desk, device.get(offer_sign_in(desk.parts, now=desk.now))) == UNRECOGNISED
    assert desk.read(lambda tx: tx.rows("select label from staff_passkey")) == []


def test_an_answer_made_for_another_account_adds_nothing(desk: Desk, owner: Member) -> None:
    """A challenge is bound to the account that asked for it."""
    member = desk.member(Role.OPERATOR)
    answer = Authenticator().create(options_for(desk, member))
    with pytest.raises(RefusedError):
        desk.write(add_passkey, session=session_of(desk, owner), label="Key", answer=answer)


def test_a_passkey_belongs_to_one_account(desk: Desk, owner: Member) -> None:
    """The same credential cannot be added twice."""
    device = Authenticator()
    enrol(desk, owner, device)
    with pytest.raises(ConflictError):
        enrol(desk, owner, device)


def test_a_passkey_can_be_taken_away(desk: Desk, owner: Member) -> None:
    """One's own, once; never another's."""
    device = Authenticator()
    enrol(desk, owner, device)
    other = desk.member(Role.SENIOR)
    with pytest.raises(NotFoundError):
        desk.write(
            drop_passkey, session=session_of(desk, other), credential_id=device.credential_id
        )
    desk.write(drop_passkey, session=session_of(desk, owner), credential_id=device.credential_id)
    assert desk.kinds()[-1] == "staff.passkey_dropped"
    assert sign_in(desk, device.get(offer_sign_in(desk.parts, now=desk.now))) == UNRECOGNISED


@pytest.mark.parametrize("answer", ["", "{}", "[" * 16_000, "x" * 20_000])
def test_nonsense_adds_no_passkey(desk: Desk, owner: Member, answer: str) -> None:
    """Hostile JSON is refused when adding, too."""
    with pytest.raises(RefusedError):
        desk.write(add_passkey, session=session_of(desk, owner), label="Key", answer=answer)


def test_an_account_has_at_most_ten_passkeys(desk: Desk, owner: Member) -> None:
    """The eleventh is refused; a label must be readable."""
    for i in range(10):
        enrol(desk, owner, Authenticator(credential_id=b"credential %d" % i))
    with pytest.raises(RefusedError) as refused:
        enrol(desk, owner, Authenticator(credential_id=b"one more"))
    assert refused.value.code == "too_many"
    with pytest.raises(MalformedError):
        desk.write(add_passkey, session=session_of(desk, owner), label=" ", answer="{}")


def test_a_session_of_a_leaver_adds_nothing(desk: Desk, owner: Member) -> None:
    """Even an entrance that still holds the session value cannot use it."""
    member = desk.member(Role.OPERATOR)
    session = session_of(desk, member)
    desk.write(disable, actor=owner.actor, staff=member.id)
    with pytest.raises(NotFoundError):
        desk.write(add_passkey, session=session, label="Key", answer="{}")
