"""Does a house open its door?"""

from houses import IMPORTER, TINA, Home
from kept.base.encoding import b64url
from kept.ledger.acts.counts import acts_waiting
from kept.vault.acts.erase import TOKEN_BYTES, begin_erasure
from kept.wiring.links import follow_link


def test_a_house_answers(any_home: Home) -> None:
    """Founded, opened and served, on each engine."""
    added = any_home.add(contact=TINA)
    assert added.alias
    with any_home.browser() as browser:
        assert browser.get("/healthz").text == "ok\n"
        assert browser.get("/nothing-here").status_code == 404
    any_home.settle()
    assert any_home.read(acts_waiting) == 0


def test_the_terminals_link_leads_to_the_erasure(home: Home) -> None:
    """What the terminal hands out for the person is a page of this house."""
    person, token = home.add(contact=TINA).person, bytes(range(TOKEN_BYTES))
    home.write(
        lambda tx: begin_erasure(
            tx, home.house.vault, actor=IMPORTER, person=person, token=token, now=home.clock.now()
        )
    )
    link = follow_link(home.house.settings, b64url(token))
    assert link.startswith("http://127.0.0.1:8700/")
    with home.browser() as browser:
        assert browser.get(link).status_code == 200
