"""Do people come in once, are they found by what they said, and by nothing else?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from houses import HOME, TINA, Home
from kept.base.errors import MalformedError, RefusedError
from kept.ledger.model import Actor
from kept.vault.acts.retag import begin_retagging
from kept.vault.model.gate import Asker
from kept.vault.model.people import Added, Ambiguous, Merged
from kept.vault.model.rules import RevealLimits, Role
from vault_cases import (
    ANNA,
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
    take_in,
)


def test_somebody_is_found_by_mail_and_phone_however_written(any_home: Home):
    """Each find shows the alias and masks, never a value, and is an act and an opening."""
    tina = any_home.add(contact=TINA, delivery=HOME)
    for text in ("tina@example.org", " TINA@Example.ORG ", "030 901820", "+49 (30) 90 18 20"):
        (found,) = find(any_home, text)
        assert (found.person, found.alias) == (tina.person, tina.alias)
        shown = repr(found.masked)
        assert "901820" not in shown
        assert "tina@example.org" not in shown
        assert {part.category.key for part in found.masked} == {"contact"}
    assert kinds(any_home)["person.found"] == openings(any_home) == 4


def test_nobody_found_is_an_act_without_a_person(any_home: Home):
    """What was looked for is not in it, and nothing was opened."""
    any_home.add(contact=TINA)
    assert find(any_home, "nobody@example.org") == []
    assert kinds(any_home)["nobody.found"] == 1
    assert openings(any_home) == 0
    row = one(any_home, "select count(*) from acts where kind = 'nobody.found' and person is null")
    assert row == 1


def test_a_second_run_changes_nothing(any_home: Home):
    """The same people again: merged without an act, not one row more."""
    new = [
        any_home.newcomer(contact={"email": f"p{i}@example.org"}, delivery=HOME) for i in range(3)
    ]
    first = take_in(any_home, *new)
    assert all(isinstance(out, Added) for out in first)
    before = counts(any_home)
    again = take_in(any_home, *new)
    assert [out.person for out in again] == [out.person for out in first]  # type: ignore[union-attr]
    assert {out.act_id for out in again} == {None}  # type: ignore[union-attr]
    assert counts(any_home) == before


def test_a_merge_fills_what_was_empty_and_keeps_what_stood(any_home: Home):
    """The phone is new, the name stays; both keys find the one person."""
    tina = any_home.add(contact={"email": TINA["email"], "name": "Tina Berg"})
    new = any_home.newcomer(contact={**TINA, "name": "Somebody Else"}, delivery=HOME)
    (merged,) = take_in(any_home, new)
    assert isinstance(merged, Merged)
    assert merged.person == tina.person
    assert merged.act_id is not None
    assert [found.person for found in find(any_home, TINA["phone"])] == [tina.person]
    opened = any_home.look(tina.person, category="contact", purpose="answer")
    assert {f.field.key: f.value for f in opened.categories[0].fields} == {  # type: ignore[union-attr]
        "email": "tina@example.org",
        "name": "Tina Berg",
        "phone": "+4930901820",
    }
    assert counts(any_home, "person", "cell") == {"person": 1, "cell": 2}
    assert faults(any_home) == []


def test_values_of_two_people_are_refused(any_home: Home):
    """An address that two have: nobody is touched, the row says why."""
    any_home.add(contact={"email": "a@example.org"})
    otto = any_home.add(contact={"phone": "+49 30 901821"})
    correct_own(any_home, otto.person, 1, email="a@example.org")
    assert len(find(any_home, "a@example.org")) == 2
    before = counts(any_home)
    new = any_home.newcomer(contact={"email": "a@example.org", "name": "Tina"})
    (out,) = take_in(any_home, new)
    assert isinstance(out, Ambiguous)
    assert counts(any_home) == before


def test_a_forged_tag_row_finds_nobody(any_home: Home):
    """A tag is a hint: the opened value decides."""
    tina = any_home.add(contact=TINA)
    otto = any_home.add(contact={"email": "otto@example.org"})
    change(
        any_home,
        "insert into find.finder (kind, ver, tag, person_n, field_id)"
        " select kind, ver, tag, :otto, field_id from find.finder where person_n = :tina",
        otto=n_of(any_home, otto.person),
        tina=n_of(any_home, tina.person),
    )
    assert [found.person for found in find(any_home, TINA["email"])] == [tina.person]
    assert faults(any_home) == [f"the blind tags of person {otto.person}"]


def test_who_may_look_people_up(any_home: Home):
    """Not an auditor, not who left, not whose access is overdue; a key asks its categories."""
    any_home.add(contact=TINA, orders={"order_no": "A-118"})
    for asker in (
        Asker(Actor("staff", "a", "auditor"), Role.AUDITOR),
        Asker(Actor("staff", "a", "owner"), Role.OWNER, is_live=False),
        Asker(Actor("staff", "a", "owner"), Role.OWNER, is_review_overdue=True),
    ):
        with pytest.raises(RefusedError):
            find(any_home, TINA["email"], asker)
    service = Asker(
        Actor("service", "shop", "service"), Role.SERVICE, categories=frozenset({"orders"})
    )
    (found,) = find(any_home, "A-118", service)
    assert [part.category.key for part in found.masked] == ["orders"]
    assert find(any_home, TINA["email"], service) == []
    with pytest.raises(MalformedError):
        find(any_home, "@")


def test_nobody_leafs_through_everybody(any_home: Home):
    """Order numbers count up: after as many others as may be opened, looking up stops too."""
    for n in range(4):
        any_home.add(orders={"order_no": f"A-{n}"})
    few = replace(ANNA, limits=RevealLimits(3, timedelta(minutes=10), 200))
    for n in (0, 1, 2, 2, 1, 0):
        assert len(find(any_home, f"A-{n}", few)) == 1
    with pytest.raises(RefusedError) as refused:
        find(any_home, "A-3", few)
    assert refused.value.code == "too_many_people"
    assert find(any_home, "A-99", few) == []
    any_home.later(minutes=11)
    assert len(find(any_home, "A-3", few)) == 1
    by_day = replace(ANNA, limits=RevealLimits(100, timedelta(minutes=10), 4))
    any_home.add(orders={"order_no": "A-4"})
    with pytest.raises(RefusedError):
        find(any_home, "A-4", by_day)


def test_tags_are_made_again_when_find_is_lost_or_older(any_home: Home):
    """Missing, or behind by one person, or with tags of somebody who never came to be."""
    tina = any_home.add(contact=TINA)
    change(any_home, "delete from find.finder")
    change(any_home, "delete from find.finder_mark")
    assert find(any_home, TINA["email"]) == []
    reopen(any_home)
    assert [found.person for found in find(any_home, TINA["email"])] == [tina.person]
    any_home.later(seconds=1)
    otto = any_home.add(contact={"email": "otto@example.org"})
    change(any_home, "delete from find.finder where person_n = :n", n=n_of(any_home, otto.person))
    change(
        any_home,
        "insert into find.finder (kind, ver, tag, person_n, field_id)"
        " select kind, ver, tag, 4711, field_id from find.finder",
    )
    reopen(any_home)
    assert [found.person for found in find(any_home, "otto@example.org")] == [otto.person]
    assert faults(any_home) == []
    assert any_home.write(lambda tx: begin_retagging(tx, any_home.house.vault)) is None


def test_reserved_keys_of_people_become_theirs_and_others_go(any_home: Home):
    """A start marks used keys; what was left lying for a day goes, and no living key."""
    house = any_home.house
    tina = any_home.add(contact=TINA)
    assert tina.person.raw in house.vault.keys.reserved_ids(limit=5000)
    reopen(any_home)
    keys = any_home.house.vault.keys
    assert tina.person.raw not in keys.reserved_ids(limit=5000)
    assert len(keys.reserved_ids(limit=5000)) == 1023
    any_home.later(days=2)
    reopen(any_home)
    assert any_home.house.vault.keys.reserved_ids(limit=5000) == []
    assert len(find(any_home, TINA["email"])) == 1


def test_a_reserve_that_lay_too_long_is_not_used(any_home: Home):
    """Another server may have cleared it away: fresh keys are made instead."""
    keys = any_home.house.vault.keys
    (old,) = keys.take(1, now=any_home.clock.now())
    keys.give_back([old])
    any_home.later(hours=13)
    (new,) = keys.take(1, now=any_home.clock.now())
    assert new.id != old.id
    assert new.made_at == any_home.clock.now()
