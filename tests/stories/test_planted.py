"""Is the person who is planted to be looked for in the files ever taken for a customer?"""

import pytest

from houses import IMPORTER, TINA, Home
from kept.base.errors import RefusedError
from kept.db.seam import Pending
from kept.flows.check_up import facts_of
from kept.flows.search_raw import plant
from kept.vault.acts import listing
from kept.vault.acts.add import add_people
from kept.vault.acts.evidence import DRILL_SOURCE
from kept.vault.acts.intake import begin_run
from kept.vault.model.people import Provenance
from kept.vault.model.rules import Basis

DRILL = Provenance("answer", Basis.CONTRACT, DRILL_SOURCE)


def planted(home: Home) -> None:
    """The search plants its person."""
    house = home.house
    secret = house.opened.house_keys["house"]
    assert plant(house.db, house.vault, secret, now=home.clock.now())


def test_a_house_without_customers_has_none(any_home: Home) -> None:
    """Counts and check-up tell 0 people while only the planted one is here."""
    planted(any_home)
    assert any_home.read(listing.count_people) == 0
    assert any_home.read(listing.count_cells) == 0
    assert any_home.read(listing.count_sealed) > 0
    book, now = any_home.house.book, any_home.clock.now()
    facts = any_home.read(lambda tx: facts_of(tx, book, has_mail=False, now=now))
    assert (facts.people, facts.sealed_values) == (0, 0)


def test_customers_are_counted_beside_it(any_home: Home) -> None:
    """Tina is one person with one sealed record, planted person or not."""
    planted(any_home)
    any_home.add(contact=TINA)
    assert any_home.read(listing.count_people) == 1
    assert any_home.read(listing.count_cells) == 1


def test_nobody_hides_customers_as_planted(home: Home) -> None:
    """A list whose origin is the drill's name is not taken: its people would not be counted."""
    vault, now = home.house.vault, home.clock.now()
    with pytest.raises(RefusedError):
        home.write(
            lambda tx: begin_run(
                tx,
                actor=IMPORTER,
                name="a.csv",
                file_sha256=bytes(32),
                total=1,
                provenance=DRILL,
                now=now,
            )
        )
    with pytest.raises(RefusedError):
        home.write(
            lambda tx: add_people(
                tx,
                vault,
                actor=IMPORTER,
                newcomers=[home.newcomer(contact=TINA)],
                reserved=vault.keys.take(1, now=now),
                provenance=DRILL,
                now=now,
            )
        )


def test_lists_without_an_origin_are_told(home: Home) -> None:
    """An import that names no source, such as one of an older release, is counted as such."""
    now = home.clock.now()
    run = home.write(
        lambda tx: begin_run(
            tx,
            actor=IMPORTER,
            name="a.csv",
            file_sha256=bytes(32),
            total=0,
            provenance=Provenance("answer", Basis.CONTRACT, "the till"),
            now=now,
        )
    )
    home.write(lambda tx: Pending(tx.run("update import_run set state = 'done', source = ''")))
    assert run.provenance.source
    facts = home.read(lambda tx: facts_of(tx, home.house.book, has_mail=False, now=now))
    assert (facts.imports, facts.without_origin) == (1, 1)
