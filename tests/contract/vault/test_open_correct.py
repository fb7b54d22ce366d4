"""Is nothing opened without an act, and nothing written over what somebody else wrote?"""

from dataclasses import replace

import pytest

from houses import HOME, TINA, Home
from kept.base.errors import ConflictError, MalformedError, NotFoundError, TamperedError
from kept.db.seam import Pending, Tx
from kept.ledger.model import Actor
from kept.vault.acts.alias import take_alias
from kept.vault.acts.correct import Corrected
from kept.vault.acts.export import ask_export, open_everything
from kept.vault.acts.open import OpenedPerson, ShownCategory, open_own, open_person
from kept.vault.model.gate import Asker, Code, ConsentState, Refused, Request
from kept.vault.model.rules import RevealLimits, Role
from vault_cases import (
    change,
    correct_own,
    counts,
    faults,
    find,
    kinds,
    n_of,
    one,
    openings,
    reopen,
    say,
)


def test_openings_and_acts_are_the_same_number(any_home: Home):
    """Looks, refusals, own views: the tally counts what was handed out and so do the acts."""
    tina = any_home.add(contact=TINA, delivery=HOME)
    opened = any_home.look(tina.person)
    assert isinstance(opened, OpenedPerson)
    assert {f.field.key: f.value for f in opened.categories[0].fields} == HOME
    refused = any_home.look(tina.person, category="profile")
    assert refused == Refused(Code.NOT_FOR_PURPOSE)
    any_home.write(
        lambda tx: open_own(tx, any_home.house.vault, person=tina.person, now=any_home.clock.now())
    )
    find(any_home, TINA["email"])
    found = kinds(any_home)
    assert (found["person.read"], found["person.refused"]) == (1, 1)
    reading = found["person.read"] + found["person.own_view"] + found["person.found"]
    assert openings(any_home) == reading == 3


def test_nothing_is_handed_out_when_the_commit_fails(any_home: Home):
    """The engine breaks at COMMIT, after the data was opened: an error, no value, no act."""
    tina = any_home.add(delivery=HOME)
    change(any_home, "create table parent (n integer primary key)")
    change(
        any_home,
        "create table orphan (n integer references parent (n) deferrable initially deferred)",
    )
    before, opened_before = counts(any_home), openings(any_home)
    actor = Actor("staff", "anna", "operator")
    request = Request(Asker(actor, Role.OPERATOR), "deliver", frozenset({"delivery"}), ref="118")
    handed_out = list[object]()

    def work(tx: Tx) -> Pending[object]:
        pending = open_person(
            tx,
            any_home.house.vault,
            person=tina.person,
            request=request,
            now=any_home.clock.now(),
        )
        tx.run("insert into orphan (n) values (404)")
        return pending.map(lambda found: found)

    with pytest.raises(ConflictError) as error:
        handed_out.append(any_home.write(work))
    assert handed_out == []
    assert HOME["address"] not in f"{error.value!r} {error.value.__cause__!r}"
    assert (counts(any_home), openings(any_home)) == (before, opened_before)


def test_cells_do_not_open_where_they_were_not_written(any_home: Home):
    """Swapped between people, between categories, or flipped in one bit: named, never shown."""
    tina = any_home.add(contact=TINA, delivery=HOME)
    otto = any_home.add(contact={"email": "otto@example.org"}, delivery=HOME)
    a, b = n_of(any_home, tina.person), n_of(any_home, otto.person)
    env = one(any_home, "select env from cell where person_n = :n and category_id = 1", n=a)
    contact = one(any_home, "select env from cell where person_n = :n and category_id = 0", n=a)
    flipped = bytes([*env[:-1], env[-1] ^ 1])
    for target, value in ((b, env), (a, contact), (a, flipped)):
        change(
            any_home,
            "update cell set env = :env where person_n = :n and category_id = 1",
            env=value,
            n=target,
        )
        person = tina.person if target == a else otto.person
        with pytest.raises(TamperedError, match=f"category 1 of person {person}"):
            any_home.look(person)
        assert f"category 1 of person {person}" in faults(any_home)
    assert kinds(any_home)["person.read"] == openings(any_home) == 0


def test_a_row_put_back_from_an_older_copy_is_found(any_home: Home):
    """It opens, for it was true once; the newest act says that it is not the last one."""
    tina = any_home.add(contact=TINA, delivery=HOME)
    n = n_of(any_home, tina.person)
    rev, env = any_home.read(
        lambda tx: tx.rows("select rev, env from cell where person_n = :n and category_id = 1", n=n)
    )[0]
    fixed = correct_own(any_home, tina.person, 1, "delivery", town="Potsdam")
    assert isinstance(fixed, Corrected)
    assert faults(any_home) == []
    change(
        any_home,
        "update cell set rev = :rev, env = :env where person_n = :n and category_id = 1",
        rev=rev,
        env=env,
        n=n,
    )
    assert faults(any_home) == [f"category 1 of person {tina.person} is not what was last written"]
    change(any_home, "delete from cell where person_n = :n and category_id = 0", n=n)
    assert f"category 0 of person {tina.person} is not what was last written" in faults(any_home)


def test_a_correction_names_the_revision_it_was_made_from(any_home: Home):
    """The second of two gets a conflict and changes nothing."""
    tina = any_home.add(contact=TINA)
    assert correct_own(any_home, tina.person, 1, email="tina@new.example").rev == 2
    before = counts(any_home)
    for stale in (0, 1, 3):
        with pytest.raises(ConflictError):
            correct_own(any_home, tina.person, stale, email="lost@example.org")
    assert counts(any_home) == before
    assert [found.person for found in find(any_home, "tina@new.example")] == [tina.person]
    assert find(any_home, TINA["email"]) == []
    assert correct_own(any_home, tina.person, 0, "delivery", town="Berlin").rev == 1
    assert correct_own(any_home, tina.person, 2, phone=None, name=" ").rev == 3
    assert find(any_home, TINA["phone"]) == []
    for wrong in ({"nothing": "x"}, {"name": "x" * 8001}):
        with pytest.raises(MalformedError):
            correct_own(any_home, tina.person, 3, **wrong)
    assert faults(any_home) == []


def test_a_yes_opens_and_a_no_closes_at_once(any_home: Home):
    """The last word counts; without one, after a refusal and after a withdrawal: no."""
    tina = any_home.add(contact=TINA)

    def may() -> bool:
        found = any_home.look(
            tina.person, category="contact", purpose="marketing", role=Role.SENIOR
        )
        return isinstance(found, OpenedPerson)

    assert not may()
    for state in (
        ConsentState.GIVEN,
        ConsentState.WITHDRAWN,
        ConsentState.GIVEN,
        ConsentState.REFUSED,
    ):
        any_home.later(seconds=1)
        say(any_home, tina.person, state)
        assert may() == (state is ConsentState.GIVEN)
    with pytest.raises(MalformedError):
        say(any_home, tina.person, ConsentState.GIVEN, purpose="deliver")
    reopen(any_home)
    assert not may()
    assert kinds(any_home)["consent.withdrawn"] == 2


def test_who_opens_many_different_people_is_stopped(any_home: Home):
    """The same person again is no other person; the refusal is an act."""
    people = [any_home.add(delivery=HOME).person for _ in range(3)]
    actor = Actor("staff", "anna", "operator")
    asker = replace(Asker(actor, Role.OPERATOR), limits=RevealLimits(people=2, people_a_day=3))

    def look(person: object) -> object:
        request = Request(asker, "deliver", frozenset({"delivery"}))
        return any_home.write(
            lambda tx: open_person(
                tx,
                any_home.house.vault,
                person=person,  # type: ignore[arg-type]
                request=request,
                now=any_home.clock.now(),
            )
        )

    assert isinstance(look(people[0]), OpenedPerson)
    assert isinstance(look(people[1]), OpenedPerson)
    assert look(people[2]) == Refused(Code.TOO_MANY_PEOPLE, Role.OWNER)
    assert isinstance(look(people[0]), OpenedPerson)
    any_home.later(minutes=11)
    assert isinstance(look(people[2]), OpenedPerson)


def test_an_alias_is_the_persons_to_choose(any_home: Home):
    """Nobody has another's; with it alone, staff see no name."""
    tina, otto = any_home.add(contact=TINA), any_home.add(contact={"email": "o@example.org"})

    def choose(alias: str, *, alone: bool = False) -> str:
        return any_home.write(
            lambda tx: take_alias(
                tx,
                any_home.house.vault,
                actor=Actor("self", str(tina.person), "self"),
                person=tina.person,
                alias=alias,
                is_alias_only=alone,
                now=any_home.clock.now(),
            )
        )

    assert choose("  Blue   Teapot ", alone=True) == "Blue Teapot"
    opened = any_home.look(tina.person, category="contact", purpose="answer")
    names = [f.value for f in opened.categories[0].fields if f.field.key == "name"]  # type: ignore[union-attr]
    assert names == ["Blue Teapot"]
    with pytest.raises(ConflictError):
        choose(otto.alias)
    for wrong in ("", "ab", "erased 12345", "x" * 41, "<script>", "a\nb\x00c"):
        with pytest.raises(MalformedError):
            choose(wrong)


def test_an_alias_hides_no_name_from_its_owner(any_home: Home):
    """On their own page and in their copy stands the name that is held, not the alias."""
    tina, house = any_home.add(contact=TINA), any_home.house
    own = Actor("self", str(tina.person), "self")

    def told(categories: tuple[ShownCategory, ...]) -> list[object]:
        return [f.value for part in categories for f in part.fields if f.field.key == "name"]

    any_home.write(
        lambda tx: take_alias(
            tx,
            house.vault,
            actor=own,
            person=tina.person,
            alias="Blue Teapot",
            is_alias_only=True,
            now=any_home.clock.now(),
        )
    )
    _, page = any_home.write(
        lambda tx: open_own(tx, house.vault, person=tina.person, now=any_home.clock.now())
    )
    row = any_home.write(
        lambda tx: ask_export(
            tx, house.vault, actor=own, person=tina.person, now=any_home.clock.now()
        )
    )
    copy = any_home.write(
        lambda tx: open_everything(
            tx, house.vault, actor=own, person=tina.person, row=row, now=any_home.clock.now()
        )
    )
    assert told(page) == told(copy.categories) == [TINA["name"]]


def test_nobody_is_not_told_from_who_may_not(any_home: Home):
    """An id that nobody has is not found, with nothing recorded."""
    tina = any_home.add(contact=TINA)
    before = counts(any_home)
    stranger = type(tina.person)(bytes(16))
    with pytest.raises(NotFoundError):
        any_home.look(stranger)
    with pytest.raises(NotFoundError):
        correct_own(any_home, stranger, 1, name="x")
    assert counts(any_home) == before
