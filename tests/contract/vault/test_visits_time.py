"""Who gets in with a code, what leaves by mail, and what leaves because its time is over?"""

from datetime import timedelta

import pytest

from houses import HOME, TINA, Home
from kept.base.encoding import parse_b64url
from kept.base.errors import NotFoundError, RefusedError
from kept.base.ids import PersonId
from kept.db.jobs import claim
from kept.db.seam import Pending
from kept.flows.expire_data import expire_data
from kept.flows.forget_person import forget_people
from kept.vault.acts import retain, visit
from kept.vault.acts.egress import release_code, release_notice
from kept.vault.acts.visit import ASKS, CODE_JOB, TRIES, Visit
from kept.vault.model.gate import Code, Refused
from vault_cases import (
    begin,
    change,
    correct_own,
    counts,
    faults,
    find,
    forget_parts,
    kinds,
    n_of,
    one,
    openings,
    raw_bytes,
    reopen,
)

ADDRESS = TINA["email"]


def ask(home: Home, address: str = ADDRESS) -> None:
    """Ask for a code."""
    home.write(
        lambda tx: visit.ask_code(
            tx,
            home.house.vault,
            home.house.opened.house_keys["api"],
            address=address,
            lang="en",
            now=home.clock.now(),
        )
    )


def code_for(home: Home, person: PersonId) -> str:
    """The code in the letter."""
    released = home.write(
        lambda tx: release_code(
            tx,
            home.house.vault,
            home.house.opened.house_keys["api"],
            person=person,
            now=home.clock.now(),
        )
    )
    assert released is not None
    assert released.address == ADDRESS
    return released.secret


def enter(home: Home, code: str, address: str = ADDRESS) -> Visit | None:
    """Sign in."""
    return home.write(
        lambda tx: visit.sign_in(
            tx,
            home.house.vault,
            home.house.opened.house_keys["api"],
            address=address,
            code=code,
            now=home.clock.now(),
        )
    )


def who(home: Home, signed_in: Visit) -> PersonId | None:
    """Whose session a cookie is."""
    token = parse_b64url(signed_in.token, "token", size_bytes=visit.TOKEN_BYTES)
    return home.read(lambda tx: visit.visitor(tx, token, now=home.clock.now()))


def wrong(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 10**6:06d}"


def test_a_code_lets_in_once(any_home: Home):
    """Right, within its time, one time; the letter and the visit are acts."""
    tina = any_home.add(contact=TINA)
    ask(any_home)
    (job,) = any_home.write(lambda tx: claim(tx, (CODE_JOB,), now=any_home.clock.now()))
    assert job.body == {"person": str(tina.person), "lang": "en"}
    code = code_for(any_home, tina.person)
    assert enter(any_home, wrong(code)) is None
    inside = enter(any_home, f" {code} ")
    assert inside is not None
    assert who(any_home, inside) == tina.person
    assert enter(any_home, code) is None
    found = kinds(any_home)
    assert (found["egress.mail"], found["person.signed_in"]) == (1, 1)
    assert openings(any_home) == 1


def test_five_wrong_codes_end_it_and_a_new_one_begins(any_home: Home):
    """Then even the right one is wrong; a code asked for anew works."""
    tina = any_home.add(contact=TINA)
    code = code_for(any_home, tina.person)
    for _ in range(TRIES):
        assert enter(any_home, wrong(code)) is None
    assert enter(any_home, code) is None
    assert enter(any_home, code_for(any_home, tina.person)) is not None


def test_a_code_is_over_after_ten_minutes(home: Home):
    """One microsecond before it is good."""
    tina = home.add(contact=TINA)
    code = code_for(home, tina.person)
    home.later(minutes=10)
    assert enter(home, code) is None
    code = code_for(home, tina.person)
    home.later(minutes=9, seconds=59)
    assert enter(home, code) is not None


def test_an_unknown_address_gets_the_same_answers(home: Home):
    """No error, no job, no session; asks are bounded for both alike."""
    home.add(contact=TINA)
    for address in (ADDRESS, "nobody@example.org", "not an address"):
        for _ in range(ASKS):
            ask(home, address)
        with pytest.raises(RefusedError, match="Wait a quarter hour"):
            ask(home, address)
    assert enter(home, "000000", "nobody@example.org") is None
    assert one(home, "select count(*) from jobs") == ASKS
    home.later(minutes=16)
    ask(home)
    home.write(lambda tx: visit.drop_old(tx, now=home.clock.now() + timedelta(hours=1)))
    assert one(home, "select count(*) from signin_ask") == 0


def test_a_session_ends_idle_absolute_and_by_leaving(home: Home):
    """Thirty minutes without use, twelve hours with, at once when left."""
    tina = home.add(contact=TINA)
    inside = enter(home, code_for(home, tina.person))
    assert inside is not None
    token = parse_b64url(inside.token, "token", size_bytes=visit.TOKEN_BYTES)
    for _ in range(24):
        home.later(minutes=30)
        assert who(home, inside) == tina.person
        home.write(lambda tx: visit.touch(tx, token, now=home.clock.now()))
    home.later(seconds=1)
    assert who(home, inside) is None
    again = enter(home, code_for(home, tina.person))
    assert again is not None
    home.later(minutes=30, seconds=1)
    assert who(home, again) is None
    third = enter(home, code_for(home, tina.person))
    assert third is not None
    left = parse_b64url(third.token, "token", size_bytes=visit.TOKEN_BYTES)
    home.write(lambda tx: visit.leave(tx, left))
    assert who(home, third) is None


def test_neither_code_nor_token_lies_in_the_files(home: Home):
    """Only hashes are kept; the address asked for is not there in any form."""
    tina = home.add(contact=TINA)
    ask(home)
    code = code_for(home, tina.person)
    inside = enter(home, code)
    assert inside is not None
    lying = raw_bytes(home.house.place.root)
    token = parse_b64url(inside.token, "token", size_bytes=visit.TOKEN_BYTES)
    assert token not in lying
    assert inside.token.encode() not in lying
    for text in (ADDRESS, TINA["phone"], "Tina"):
        assert text.encode() not in lying


def test_without_an_address_nothing_leaves(home: Home):
    """No letter, no act, no opening; who is being forgotten is nobody."""
    otto = home.add(contact={"phone": TINA["phone"]})
    vault, now = home.house.vault, home.clock.now()

    def notice(person: PersonId) -> object:
        return home.write(lambda tx: release_notice(tx, vault, person=person, what="x", now=now))

    assert notice(otto.person) is None
    assert kinds(home)["egress.mail"] == openings(home) == 0
    begin(home, otto.person)
    with pytest.raises(NotFoundError):
        notice(otto.person)


@pytest.mark.parametrize(
    "text", ["tina@example.org,eve@example.org", "tina@example.org\nBcc: eve@example.org", "a@b"]
)
def test_no_letter_goes_to_what_is_no_address(home: Home, text: str):
    """Text that was kept as written could name others, or write into the letter's head."""
    odd = home.add(contact={"email": text})
    vault, now = home.house.vault, home.clock.now()
    assert (
        home.write(lambda tx: release_notice(tx, vault, person=odd.person, what="x", now=now))
        is None
    )
    correct_own(home, odd.person, 1, email="tina@example.org")
    assert one(home, "select count(*) from letter") == 0


def test_what_is_past_its_time_goes_and_the_empty_are_forgotten(any_home: Home):
    """A category alone, with an act; who has nothing left is erased by the same transaction."""
    tina = any_home.add(contact=TINA, delivery=HOME)
    otto = any_home.add(delivery=HOME)
    any_home.later(days=1094)
    house = any_home.house
    assert expire_data(house.db, house.vault, now=any_home.clock.now())[0].categories == 0
    any_home.later(days=2)
    late = any_home.look(tina.person)
    assert late == Refused(Code.TOO_OLD)
    (swept,) = expire_data(house.db, house.vault, now=any_home.clock.now())
    assert (swept.categories, swept.empty, swept.failed) == (2, (otto.person,), ())
    assert any_home.look(otto.person) == Refused(Code.PERSON_GONE)
    house.sequencer.run(now=any_home.clock.now())
    assert forget_people(forget_parts(any_home)) == 0
    assert one(any_home, "select state from person where id = :id", id=otto.person.raw) == "erased"
    assert len(find(any_home, ADDRESS)) == 1
    found = kinds(any_home)
    assert (found["retention.expired"], found["erasure_begun"], found["erased_here"]) == (2, 1, 1)
    assert faults(any_home) == []


def test_one_with_broken_keys_keeps_nobody_else_waiting(home: Home):
    """It is named, and the others' time is over all the same."""
    tina, otto = home.add(delivery=HOME), home.add(delivery=HOME)
    home.house.keys_db.write(
        lambda tx: Pending(
            tx.run(
                "update person_key set commitment = :c where person_id = :id",
                c=bytes(32),
                id=tina.person.raw,
            )
        )
    )
    home.later(days=1096)
    (swept,) = expire_data(home.house.db, home.house.vault, now=home.clock.now())
    assert (swept.categories, swept.empty, swept.failed) == (1, (otto.person,), (tina.person,))
    assert f"the keys of person {tina.person}" in faults(home)


def test_a_sweep_is_bounded_and_goes_on(home: Home, monkeypatch: pytest.MonkeyPatch):
    """More than fits one transaction is done in several."""
    from kept.flows import expire_data as flow

    monkeypatch.setattr(retain, "AT_ONCE", 2)
    monkeypatch.setattr(flow, "AT_ONCE", 2)
    people = [home.add(delivery=HOME) for _ in range(5)]
    home.later(days=1096)
    done = expire_data(home.house.db, home.house.vault, now=home.clock.now())
    assert [swept.categories for swept in done] == [2, 2, 1]
    assert counts(home, "cell") == {"cell": 0}
    assert kinds(home)["erasure_begun"] == len(people)


def test_an_expired_record_that_comes_back_is_named(home: Home):
    """Its last act says that it was taken out."""
    tina = home.add(contact=TINA, delivery=HOME)
    n = n_of(home, tina.person)
    kept = home.read(
        lambda tx: tx.row("select rev, env from cell where person_n = :n and category_id = 1", n=n)
    )
    home.later(days=1096)
    expire_data(home.house.db, home.house.vault, now=home.clock.now())
    assert kept is not None
    change(
        home,
        "insert into cell (person_n, category_id, rev, env, written_at)"
        " values (:n, 1, :rev, :env, 0)",
        n=n,
        rev=kept[0],
        env=kept[1],
    )
    reopen(home)
    assert faults(home) == [f"category 1 of person {tina.person} is not what was last written"]
