"""Does a house open its door?"""

from houses import TINA, Home
from kept.ledger.acts.counts import acts_waiting


def test_a_house_answers(any_home: Home) -> None:
    """Founded, opened and served, on each engine."""
    added = any_home.add(contact=TINA)
    assert added.alias
    with any_home.browser() as browser:
        assert browser.get("/healthz").text == "ok\n"
        assert browser.get("/nothing-here").status_code == 404
    any_home.settle()
    assert any_home.read(acts_waiting) == 0
