"""What do the demo's customers do with their own data? Each visit by the verbs of `/me`."""

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta

from kept.base.clock import SetClock
from kept.base.encoding import canonical_json
from kept.base.ids import PersonId
from kept.crypto.chance import draw
from kept.ledger.model import Actor
from kept.vault.acts import visit
from kept.vault.acts.alias import take_alias
from kept.vault.acts.consent import Answer, record_consent
from kept.vault.acts.correct import Correction, correct
from kept.vault.acts.erase import TOKEN_BYTES, begin_erasure
from kept.vault.acts.export import ask_export, open_everything, take_export
from kept.vault.acts.open import ShownCategory, open_own
from kept.vault.model.gate import ConsentState
from kept.wiring.demo_people import Dice, Made, new_address
from kept.wiring.house import House
from kept.worker.parts import WorkerParts
from kept.worker.tasks.mail import send_mail

_CODE = re.compile(r"\b[0-9]{6}\b")


@dataclass(frozen=True, slots=True)
class Visits:
    """Customers of a house whose clock is set by hand."""

    house: House
    clock: SetClock
    parts: WorkerParts
    dice: Dice

    def come_in(self, customer: Made) -> PersonId | None:
        """Ask for a code, read the letter, type the code; None where it fits nobody any more."""
        house, pepper = self.house, self.parts.pepper
        house.db.write(
            lambda tx: visit.ask_code(
                tx,
                house.vault,
                pepper,
                address=customer.email,
                lang=customer.lang,
                now=self.clock.now(),
            )
        )
        self._wait(seconds=5 + self.dice.below(40))
        send_mail(self.parts)
        code = self._code_for(customer)
        if code is None:
            return None
        self._wait(seconds=20 + self.dice.below(90))
        found = house.db.write(
            lambda tx: visit.sign_in(
                tx, house.vault, pepper, address=customer.email, code=code, now=self.clock.now()
            )
        )
        return found.person if found else None

    def look(self, person: PersonId) -> tuple[ShownCategory, ...]:
        """Look at everything that is held."""
        _, shown = self.house.db.write(
            lambda tx: open_own(tx, self.house.vault, person=person, now=self.clock.now())
        )
        return shown

    def move_house(self, person: PersonId, shown: tuple[ShownCategory, ...]) -> None:
        """Correct the address."""
        rev = next((part.rev for part in shown if part.category.key == "delivery"), 0)
        street, town, postcode = new_address(self.dice)
        change = Correction(
            "delivery", rev, {"address": street, "town": town, "postcode": postcode}
        )
        self.house.db.write(
            lambda tx: correct(
                tx,
                self.house.vault,
                actor=_own(person),
                person=person,
                correction=change,
                now=self.clock.now(),
            )
        )

    def say(self, customer: Made, person: PersonId, state: ConsentState) -> None:
        """Say yes or no to news."""
        lang = "ru" if customer.lang == "ru" else "en"
        text = self.house.book.rules.purposes["marketing"].line.get(lang)
        answer = Answer(state, lang, text, "box", source="my data")
        self.house.db.write(
            lambda tx: record_consent(
                tx,
                self.house.vault,
                actor=_own(person),
                person=person,
                purpose="marketing",
                answer=answer,
                now=self.clock.now(),
            )
        )

    def hide(self, person: PersonId) -> None:
        """Be known by an alias alone."""
        word = self.dice.one_of(("Teatime", "Sencha", "Mint", "Bergamot", "Иван-чай", "Samowar"))
        self.house.db.write(
            lambda tx: take_alias(
                tx,
                self.house.vault,
                actor=_own(person),
                person=person,
                alias=f"{word} {100 + self.dice.below(900)}.{self.dice.below(100)}",
                is_alias_only=True,
                now=self.clock.now(),
            )
        )

    def ask_copy(self, person: PersonId) -> int:
        """Ask for a copy: the clock starts."""
        return self.house.db.write(
            lambda tx: ask_export(
                tx, self.house.vault, actor=_own(person), person=person, now=self.clock.now()
            )
        )

    def take_copy(self, person: PersonId, row: int) -> None:
        """Make the copy and hand it over."""
        house, actor = self.house, _own(person)
        made = house.db.write(
            lambda tx: open_everything(
                tx, house.vault, actor=actor, person=person, row=row, now=self.clock.now()
            )
        )
        self._wait(seconds=4)
        held = {
            part.category.key: {one.field.key: str(one.value) for one in part.fields}
            for part in made.categories
        }
        digest = hashlib.sha256(canonical_json(held)).hexdigest()
        house.db.write(
            lambda tx: take_export(
                tx,
                house.vault,
                actor=actor,
                person=person,
                row=row,
                sha256=digest,
                now=self.clock.now(),
            )
        )

    def ask_to_be_forgotten(self, person: PersonId) -> None:
        """Ask for deletion; the worker goes on with it."""
        self.house.db.write(
            lambda tx: begin_erasure(
                tx,
                self.house.vault,
                actor=_own(person),
                person=person,
                token=draw(TOKEN_BYTES),
                now=self.clock.now(),
            )
        )

    def _code_for(self, customer: Made) -> str | None:
        box = self.house.box
        letters = box.letters() if box else []
        sent = next((letter for letter in letters if letter.to == customer.email), None)
        found = _CODE.search(sent.text) if sent else None
        return found.group() if found else None

    def _wait(self, *, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))


def _own(person: PersonId) -> Actor:
    return Actor("self", str(person), "self")
