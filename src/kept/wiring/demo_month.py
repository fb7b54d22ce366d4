"""What happened in the demo's shop? A month of acts, each by the verb that does it in earnest.

Only the clock is simulated: it stands where the next act is to happen. What a house does by itself
(erasures, evidence, the search of the raw files, the ledger's pages) the worker's own tasks do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kept.base.clock import SetClock
from kept.base.ids import PersonId
from kept.vault.acts.open import ShownCategory
from kept.vault.model.gate import ConsentState
from kept.vault.model.rules import Role
from kept.wiring.demo_desk import Desk
from kept.wiring.demo_people import Dice, Made
from kept.wiring.demo_team import Member, review_team, sign_in
from kept.wiring.demo_visits import Visits
from kept.wiring.house import House
from kept.wiring.serving import worker_of
from kept.worker.tasks.collect import collect
from kept.worker.tasks.forget import forget, sweep
from kept.worker.tasks.publish import publish, tend_reserve
from kept.worker.tasks.search import search

OPENS, SHUTS = 8 * 60, 18 * 60  # minutes of the day
SUNDAY = 6
_Deed = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Scale:
    """How much goes on: people at all, how many days, looks and visits on a working day."""

    people: int = 2_000
    days: int = 30  # at least 2
    looks: int = 60
    visits: int = 10


@dataclass(frozen=True, slots=True)
class _Copy:
    """A copy that was asked for, and when it will be handed over."""

    ready_at: datetime
    customer: Made
    person: PersonId
    row: int


@dataclass(slots=True)
class Month:
    """One month of one shop. `live()` does all of it, day by day."""

    house: House
    clock: SetClock
    team: dict[str, Member]
    people: list[Made]
    scale: Scale
    dice: Dice
    _here: list[Made] = field(default_factory=list[Made])
    _news: list[Made] = field(default_factory=list[Made])
    _written: set[str] = field(default_factory=set[str])  # addresses that have this week's letter
    _copies: list[_Copy] = field(default_factory=list[_Copy])

    def live(self, *, until: datetime) -> Iterator[int]:
        """Do everything up to `until`; gives the number of each day that is done."""
        midnight = self.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        for day in range(self.scale.days + 1):
            plan = self._plan(day, midnight + timedelta(days=day))
            for at, deed in sorted(plan, key=lambda planned: planned[0]):
                if at < until:
                    self._stand_at(at)
                    deed()
            yield day
        self._stand_at(until)
        self._hand_over(self._copies)
        self._tend()
        self._search()
        self._tend()

    def _plan(self, day: int, midnight: datetime) -> list[tuple[datetime, _Deed]]:
        """Everything that happens by itself or by somebody on one day."""
        work = 0.25 if midnight.weekday() == SUNDAY else 1.0
        plan = [(hour * 60 + 7, self._tend) for hour in range(1, 24, 3)]
        plan += [(3 * 60, self._search), *self._of_owner(day)]
        plan += [(OPENS - 9 + at, self._signing_in(m)) for at, m in enumerate(self._on_duty(work))]
        plan += [(self._time(), self._look) for _ in range(int(self.scale.looks * work))]
        plan += [(self._time(evening=True), self._visit) for _ in range(self.scale.visits)]
        plan += [(self._time(), self._mistype)] * (1 + self.dice.below(2))
        plan += self._of_senior(midnight)
        return [
            (midnight + timedelta(minutes=minute, seconds=self.dice.below(60)), deed)
            for minute, deed in plan
        ]

    def _of_owner(self, day: int) -> list[tuple[int, _Deed]]:
        """Lists to bring in, the key of the parcel labels, looking through the accounts."""
        found: list[tuple[int, _Deed]] = []
        if day % 7 == 0:
            found.append((7 * 60 + 20, lambda: self._bring(day)))
        if day == 1:
            found.append((9 * 60, lambda: Desk.issue_key(self._desk, self._one(Role.OWNER))))
        if day == min(12, self.scale.days - 1):
            found.append((17 * 60, lambda: review_team(self.house, self.team)))
        return found

    def _of_senior(self, midnight: datetime) -> list[tuple[int, _Deed]]:
        """Letters on Wednesdays, claims on Mondays, deletions asked for by letter."""
        found: list[tuple[int, _Deed]] = []
        if midnight.weekday() == 2:
            self._written.clear()
            found += [(10 * 60 + at, self._write_news) for at in range(20)]
        if midnight.weekday() == 0:
            found.append((15 * 60, self._settle_dispute))
        if midnight.weekday() in {1, 3, 4}:
            found.append((16 * 60 + 30, self._forget_somebody))
        return found

    @property
    def _desk(self) -> Desk:
        return Desk(self.house, self.clock, self.dice)

    @property
    def _visits(self) -> Visits:
        return Visits(self.house, self.clock, worker_of(self.house).parts, self.dice)

    def _one(self, role: Role) -> Member:
        return self.dice.one_of([m for m in self.team.values() if m.account.role is role])

    def _on_duty(self, work: float) -> list[Member]:
        team = list(self.team.values())
        return team if work == 1.0 else [m for m in team if m.account.role is Role.OPERATOR]

    def _time(self, *, evening: bool = False) -> int:
        return OPENS + self.dice.below(SHUTS - OPENS + (3 * 60 if evening else 0))

    def _stand_at(self, at: datetime) -> None:
        self.clock.advance(max(at - self.clock.now(), timedelta(0)))

    def _signing_in(self, member: Member) -> _Deed:
        return lambda: _drop(sign_in(self.house, member))

    def _bring(self, day: int) -> None:
        """Nine tenths of all people with the first list, the others week by week."""
        week, weeks = day // 7, self.scale.days // 7
        first = len(self.people) * 9 // 10 if weeks else len(self.people)
        rest = self.people[first:]
        start, end = (len(rest) * at // max(weeks, 1) for at in (week - 1, week))
        coming = rest[start:end] if week else self.people[:first]
        if coming:
            name = f"customers {self.clock.now():%Y-%m-%d}.csv"
            self._desk.bring(self._one(Role.OWNER), coming, name)
            self._here += coming

    def _look(self) -> None:
        if self._here:
            role = Role.OPERATOR if self.dice.falls(85) else Role.SENIOR
            self._desk.serve(self._one(role), self.dice.one_of(self._here))

    def _mistype(self) -> None:
        self._desk.mistype(self._one(Role.OPERATOR))

    def _write_news(self) -> None:
        """Mostly to those who said yes; now and then the gate has to say no."""
        asked = self._news if self._news and self.dice.falls(92) else self._here
        waiting = [one for one in asked if one.email not in self._written]
        if waiting:
            one = self.dice.one_of(waiting)
            self._written.add(one.email)
            self._desk.write_news(self._one(Role.SENIOR), one)

    def _settle_dispute(self) -> None:
        if self._here:
            self._desk.settle_dispute(self._one(Role.SENIOR), self.dice.one_of(self._here))

    def _forget_somebody(self) -> None:
        if self._here:
            customer = self.dice.one_of(self._here)
            self._gone(customer)
            self._desk.forget(self._one(Role.SENIOR), customer)

    def _visit(self) -> None:
        """A customer comes in, looks, and does one or two things."""
        if not self._here:
            return
        back = bool(self._news) and self.dice.falls(15)  # somebody who said yes before
        customer = self.dice.one_of(self._news if back else self._here)
        visits = self._visits
        person = visits.come_in(customer)
        if person is None:
            return
        shown = visits.look(person)
        self.clock.advance(timedelta(seconds=30 + self.dice.below(120)))
        self._do_something(visits, customer, person, shown=shown)

    def _do_something(
        self,
        visits: Visits,
        customer: Made,
        person: PersonId,
        *,
        shown: tuple[ShownCategory, ...],
    ) -> None:
        throw = self.dice.below(100)
        if throw < 18:
            visits.move_house(person, shown)
        elif throw < 50:
            self._answer(visits, customer, person)
        elif throw < 57:
            visits.hide(person)
        elif throw < 72:
            wait = timedelta(minutes=self.dice.below(45) ** 2)
            row = visits.ask_copy(person)
            self._copies.append(_Copy(self.clock.now() + wait, customer, person, row))
        elif throw < 76:
            self._gone(customer)
            visits.ask_to_be_forgotten(person)

    def _answer(self, visits: Visits, customer: Made, person: PersonId) -> None:
        """Yes to news; those who said so may take it back."""
        if customer in self._news:
            visits.say(customer, person, ConsentState.WITHDRAWN)
            self._news.remove(customer)
        else:
            visits.say(customer, person, ConsentState.GIVEN)
            self._news.append(customer)

    def _gone(self, customer: Made) -> None:
        """Whoever goes gets first what they asked for."""
        self._hand_over([copy for copy in self._copies if copy.customer is customer])
        self._here.remove(customer)
        if customer in self._news:
            self._news.remove(customer)

    def _hand_over(self, copies: list[_Copy]) -> None:
        for copy in list(copies):
            self._copies.remove(copy)
            self._visits.take_copy(copy.person, copy.row)

    def _sequence(self) -> None:
        self.house.sequencer.run(now=self.clock.now())

    def _tend(self) -> None:
        """What the worker does by itself, in its order."""
        parts = worker_of(self.house).parts
        self._hand_over([copy for copy in self._copies if copy.ready_at <= self.clock.now()])
        self._sequence()
        publish(parts)
        forget(parts)
        self._sequence()
        sweep(parts)
        collect(parts)
        tend_reserve(parts)

    def _search(self) -> None:
        search(worker_of(self.house).parts)


def _drop(done: object) -> None:
    del done
