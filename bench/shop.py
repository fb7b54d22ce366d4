"""In which house is measured? Founded in a folder of its own, with a book of 120 fields."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from kept.base.clock import SystemClock
from kept.ledger.model import Actor
from kept.staff.acts.keys import KeyOrder, issue_key
from kept.staff.model.keys import Capability, KeyScope
from kept.vault.model.rules import RevealLimits
from kept.wiring.founding import Founding, found_with_key_file
from kept.wiring.house import House, open_house
from kept.wiring.settings import Settings, read_settings

OWNER = Actor("cli", "bench", "owner")
FIELDS = 120
UNBOUNDED = 1_000_000  # people a day: a key without a reveal limit


def found_shop(folder: Path) -> Path:
    """A new house; its folder."""
    shop = folder / "shop"
    founding = Founding("Bench Shop", "owner@example.org")
    found_with_key_file(shop, founding, folder / "root.key", Settings())
    book = shop / "promises.toml"
    book.write_text(widened(book.read_text(encoding="utf-8")), encoding="utf-8")
    return shop


def widened(book: str) -> str:
    """The default book with as many text fields more as make `FIELDS`; `deliver` covers them."""
    own = len(re.findall(r"^\[category\.\w+\.field\.", book, flags=re.MULTILINE))
    more = ['[category.answers]\nid = 4\nen = "Your answers"\nru = "Ваши ответы"\n']
    more += [
        f'[category.answers.field.answer_{at}]\nid = {100 + at}\nkind = "text"\n'
        f'en = "Answer {at}"\nru = "Ответ {at}"\n'
        'why = { en = "You told us.", ru = "Вы сказали." }\n'
        for at in range(FIELDS - own)
    ]
    wide = book.replace(
        'categories = ["contact", "delivery", "orders"]',
        'categories = ["contact", "delivery", "orders", "answers"]',
        1,
    )
    return wide + "\n" + "\n".join(more)


@contextmanager
def opened_shop(folder: Path) -> Generator[House]:
    """A new house, open, its ledger ready to sign."""
    shop = found_shop(folder)
    house = open_house(shop, read_settings(shop, {}))
    try:
        house.sequencer.start()
        yield house
    finally:
        house.close()


def new_key(house: House) -> str:
    """An API key that may do all the bench does, without a reveal limit."""
    now = SystemClock().now()
    scope = KeyScope(
        frozenset({Capability.READ, Capability.IMPORT, Capability.FIND}),
        frozenset({"deliver"}),
        frozenset({"contact", "delivery", "orders", "answers"}),
        RevealLimits(people=UNBOUNDED, people_a_day=UNBOUNDED),
    )
    order = KeyOrder("Bench", scope, now + timedelta(days=1))
    return house.db.write(
        lambda tx: issue_key(
            tx, house.staff, actor=OWNER, order=order, rules=house.book.rules, now=now
        )
    ).text


def person_row(at: int) -> dict[str, str]:
    """One customer with a value in every field."""
    row = {
        "email": f"customer{at}@example.org",
        "phone": f"+49151{10_000_000 + at}",
        "name": f"Customer Number {at}",
        "address": f"Lindenweg {at % 200}",
        "town": "Berlin",
        "postcode": f"{10_000 + at % 10_000}",
        "country": "Germany",
        "order_no": f"T-{at}",
        "customer_no": f"K-{at}",
        "last_order": "2026-01-31",
        "birth_date": "1980-05-17",
        "note": "likes green tea",
    }
    row |= {f"answer_{n}": f"answer {n} of {at}, in words" for n in range(FIELDS - len(row))}
    return row
