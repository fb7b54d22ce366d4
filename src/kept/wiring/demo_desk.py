"""What does the demo's team do with customers' data? Finds, opens for a purpose, is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from kept.base.clock import SetClock
from kept.base.ids import PersonId
from kept.crypto.chance import draw
from kept.flows.import_people import ImportParts, Order, import_rows, provenance_of
from kept.staff.acts.keys import KeyOrder, issue_key
from kept.staff.acts.trace import actor_of
from kept.staff.model.keys import Capability, KeyScope
from kept.vault.acts.erase import TOKEN_BYTES, begin_erasure
from kept.vault.acts.find import find_people
from kept.vault.acts.intake import Run
from kept.vault.acts.open import open_person
from kept.vault.model.gate import Request
from kept.vault.model.mapping import sources_by_key
from kept.vault.model.rows import Row
from kept.wiring.demo_people import COLUMNS, Dice, Made
from kept.wiring.demo_team import Member
from kept.wiring.house import House


@dataclass(frozen=True, slots=True)
class Desk:
    """The team of a house whose clock is set by hand."""

    house: House
    clock: SetClock
    dice: Dice

    def bring(self, owner: Member, people: Sequence[Made], name: str) -> Run:
        """The owner imports a list."""
        house = self.house
        order = Order(
            actor_of(owner.account),
            name,
            sources_by_key(COLUMNS, house.book.rules),
            provenance_of(house.book.rules, purpose=None, basis=None, source="the shop's till"),
        )
        rows = [Row(at + 2, one.values) for at, one in enumerate(people)]
        parts = ImportParts(self.clock, house.db, house.vault)
        return import_rows(parts, rows, order, digest=draw(32))

    def find(self, member: Member, value: str) -> PersonId | None:
        """Look somebody up by e-mail or order number."""
        found = self.house.db.write(
            lambda tx: find_people(
                tx,
                self.house.vault,
                asker=member.asker(self.house),
                value=value,
                now=self.clock.now(),
            )
        )
        return found[0].person if found else None

    def open(
        self,
        member: Member,
        person: PersonId,
        *,
        purpose: str,
        category: str,
        ref: str = "",
        reason: str = "",
    ) -> None:
        """Ask the gate; opened or refused, it is an act."""
        request = Request(
            member.asker(self.house),
            purpose=purpose,
            categories=frozenset({category}),
            ref=ref,
            reason=reason,
        )
        self.house.db.write(
            lambda tx: open_person(
                tx, self.house.vault, person=person, request=request, now=self.clock.now()
            )
        )

    def serve(self, member: Member, customer: Made) -> None:
        """Somebody wrote or called: find them and open what the matter needs."""
        by_order = self.dice.falls(40)
        person = self.find(member, customer.order_no if by_order else customer.email)
        if person is None:
            return
        self.clock.advance(timedelta(seconds=8 + self.dice.below(50)))
        if self.dice.falls(3):  # one click too far: refused, and the customer sees it
            self.open(member, person, purpose="marketing", category="contact")
        elif self.dice.falls(55):
            self.open(member, person, purpose="deliver", category="delivery", ref=customer.order_no)
        else:
            ref = f"call {self.clock.now():%d%m}-{self.dice.below(90) + 10}"
            self.open(member, person, purpose="answer", category="contact", ref=ref)

    def mistype(self, member: Member) -> None:
        """Look for somebody who is not here."""
        self.find(member, f"T-{90_000 + self.dice.below(9_000)}")

    def write_news(self, senior: Member, customer: Made) -> None:
        """Open an address for news; refused where nobody said yes."""
        person = self.find(senior, customer.email)
        if person is not None:
            self.open(senior, person, purpose="marketing", category="contact", ref="autumn letter")

    def settle_dispute(self, senior: Member, customer: Made) -> None:
        """Open for a claim, with a written reason."""
        person = self.find(senior, customer.order_no)
        if person is None:
            return
        reason = "Parcel said to be lost; the carrier asks for proof of the address."
        self.open(
            senior,
            person,
            purpose="legal_claim",
            category="delivery",
            ref=customer.order_no,
            reason=reason,
        )

    def forget(self, senior: Member, customer: Made) -> bool:
        """Somebody asked by letter to be forgotten; True when it has begun."""
        person = self.find(senior, customer.email)
        if person is None:
            return False
        self.house.db.write(
            lambda tx: begin_erasure(
                tx,
                self.house.vault,
                actor=actor_of(senior.account),
                person=person,
                token=draw(TOKEN_BYTES),
                now=self.clock.now(),
            )
        )
        return True

    def issue_key(self, owner: Member) -> None:
        """The shop's software gets a key for one purpose."""
        now = self.clock.now()
        scope = KeyScope(
            frozenset({Capability.READ, Capability.FIND}),
            frozenset({"deliver"}),
            frozenset({"delivery"}),
        )
        order = KeyOrder("Parcel labels", scope, now + timedelta(days=365))
        self.house.db.write(
            lambda tx: issue_key(
                tx,
                self.house.staff,
                actor=actor_of(owner.account),
                order=order,
                rules=self.house.book.rules,
                now=now,
            )
        )
