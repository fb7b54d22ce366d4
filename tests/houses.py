"""How does a test live in a real house? Founded and opened in a folder, with a clock set by hand.

The root key lies in a file, so no pass phrase is stretched; staff passwords cost next to nothing.
`settle()` does at once what the worker does by itself: sequence, sign, publish, do the tasks.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from litestar import Litestar
from litestar.testing import TestClient

from kept.base.clock import SetClock, SystemClock
from kept.base.ids import PersonId, StaffId
from kept.conversations.channels.email.demo_box import DemoBox
from kept.crypto.argon import Cost
from kept.crypto.passwords import Passwords
from kept.crypto.providers.file import FileProvider
from kept.crypto.secret import Secret
from kept.db.seam import Pending, Tx
from kept.ledger.model import Actor
from kept.vault.acts.add import add_people
from kept.vault.acts.open import OpenedPerson, open_person
from kept.vault.model.body import Value
from kept.vault.model.gate import Asker, Refused, Request
from kept.vault.model.intake import IndexKey, MergeKey, NewPerson
from kept.vault.model.normalise import normalise
from kept.vault.model.people import Added, Provenance
from kept.vault.model.rules import Basis, Role
from kept.wiring.founding import Founded, Founding, found_house
from kept.wiring.house import House, open_house
from kept.wiring.serving import app_of, worker_of
from kept.wiring.settings import Settings
from kept.worker.beat import Worker
from kept.worker.tasks.forget import forget

T = TypeVar("T")

CHEAP = Cost(passes=1, memory_kib=64, lanes=1)
NAME, OWNER = "Tea Shop", "owner@example.org"
IMPORTER = Actor("cli", "anna", "owner")
TINA = {"email": "tina@example.org", "phone": "+49 30 901820", "name": "Tina Berg"}
HOME = {"address": "Lindenweg 7", "town": "Berlin", "postcode": "10115"}


@dataclass
class Home:
    """A house at work, and what a test wants of it."""

    house: House
    founded: Founded
    clock: SetClock
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.worker = worker_of(self.house)

    def app(self) -> Litestar:
        """The web application."""
        return app_of(self.house, self.worker)

    @contextmanager
    def browser(self, base_url: str = "http://127.0.0.1:8700") -> Generator[TestClient[Litestar]]:
        """Somebody at the door: cookies are kept, redirects are not followed."""
        with TestClient(self.app(), base_url=base_url, raise_server_exceptions=False) as client:
            client.follow_redirects = False
            yield client

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**by))

    def read(self, look: Callable[[Tx], T]) -> T:
        """Run a reading verb."""
        return self.house.db.read(look)

    def write(self, verb: Callable[[Tx], Pending[T]]) -> T:
        """Run a writing verb."""
        return self.house.db.write(verb)

    def settle(self) -> None:
        """Sequence and sign what waits, make it public, go on with erasures."""
        for _ in range(2):
            self.house.sequencer.run(now=self.clock.now())
            self.house.sequencer.publish(now=self.clock.now())
            forget(self.worker.parts)

    def add(self, **values: Mapping[str, str]) -> Added:
        """Take in one person: `add(contact={"email": …}, delivery={…})`."""
        vault, now = self.house.vault, self.clock.now()
        newcomer, reserved = self.newcomer(**values), vault.keys.take(1, now=now)
        why = Provenance("deliver", Basis.CONTRACT, "the till")
        (found,) = self.write(
            lambda tx: add_people(
                tx,
                vault,
                actor=IMPORTER,
                newcomers=[newcomer],
                reserved=reserved,
                provenance=why,
                now=now,
            )
        )
        assert isinstance(found, Added)
        return found

    def newcomer(self, **values: Mapping[str, str]) -> NewPerson:
        """Somebody ready to be taken in."""
        rules, sealed, keys = self.house.book.rules, dict[int, dict[int, Value]](), list[IndexKey]()
        for name, fields in values.items():
            category = rules.categories[name]
            shapes = {f.key: f for f in category.fields}
            sealed[category.id] = {}
            for key, text in fields.items():
                field_, normal = shapes[key], normalise(shapes[key].kind, text, region="DE")
                sealed[category.id][field_.id] = normal.value
                if field_.indexed and normal.index_key is not None:
                    keys.append(IndexKey(field_.kind, field_.id, normal.index_key))
        return NewPerson(1, sealed, {}, tuple(keys), MergeKey(None, b"one row"), ())

    def look(
        self,
        person: PersonId,
        *,
        category: str = "delivery",
        purpose: str = "deliver",
        ref: str = "118",
        role: Role = Role.OPERATOR,
    ) -> OpenedPerson | Refused:
        """A member of the team opens a category."""
        actor = Actor("staff", str(StaffId(bytes(16))), role.value)
        request = Request(
            Asker(actor, role), purpose=purpose, categories=frozenset({category}), ref=ref
        )
        return self.write(
            lambda tx: open_person(
                tx, self.house.vault, person=person, request=request, now=self.clock.now()
            )
        )


@contextmanager
def living(folder: Path, *, dsn: str = "", is_demo: bool = False) -> Generator[Home]:
    """Found and open a house in `folder/shop`; with a DSN its data lies in PostgreSQL.

    Without a demo's box letters go to a box all the same: `home.house.mail`.
    """
    key = folder / "root.key"
    settings = Settings(
        key_file=str(key), dsn=Secret(dsn.encode()) if dsn else None, mail_from="shop@example.org"
    )
    founding = Founding(NAME, OWNER, is_demo=is_demo)
    founded = found_house(folder / "shop", founding, FileProvider.create(key), settings)
    clock = SetClock(SystemClock().now())
    house = open_house(folder / "shop", settings, clock=clock)
    try:
        staff = replace(house.staff, passwords=Passwords(CHEAP))
        home = Home(replace(house, staff=staff, mail=house.mail or DemoBox()), founded, clock)
        home.house.sequencer.start()
        yield home
    finally:
        house.close()
