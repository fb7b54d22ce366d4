"""The machine's clock was set back: does anything that was over begin again?"""

from dataclasses import replace
from datetime import timedelta

from houses import HOME, TINA, Home
from kept.base.clock import EPOCH, SystemClock
from kept.flows.expire_data import expire_data
from kept.ledger.model import Actor
from kept.vault.acts.consent import Answer, record_consent
from kept.vault.model.gate import Code, ConsentState, Refused
from kept.vault.model.rules import Role
from kept.wiring.house import open_house
from vault_cases import say


def test_the_house_goes_on_from_its_newest_act(home: Home):
    """Two days ahead, then the clock is right again: time stands still and never runs back."""
    tina = home.add(contact=TINA, delivery=HOME)
    until = home.clock.now() + timedelta(days=1)
    home.write(
        lambda tx: record_consent(
            tx,
            home.house.vault,
            actor=Actor("self", str(tina.person), "self"),
            person=tina.person,
            purpose="marketing",
            answer=Answer(ConsentState.GIVEN, "en", "May we?", "box", expires_at=until),
            now=home.clock.now(),
        )
    )
    home.later(days=2)
    home.add(contact={"email": "otto@example.org"})
    newest = home.clock.now()
    home.house.close()
    house = open_house(home.house.place.root, home.house.settings)
    assert isinstance(house.clock, SystemClock)
    assert house.clock.now() >= newest
    home.house = replace(house, clock=house.clock)
    home.clock = house.clock  # type: ignore[assignment]
    seen = home.look(tina.person, category="contact", purpose="marketing", role=Role.SENIOR)
    assert seen == Refused(Code.NO_CONSENT)
    say(home, tina.person, ConsentState.WITHDRAWN)
    last = home.read(lambda tx: tx.rows("select max(at), min(at) from acts"))
    assert last[0][0] >= (newest - EPOCH) // timedelta(microseconds=1)
    (swept,) = expire_data(house.db, house.vault, now=house.clock.now())
    assert swept.categories == 0
