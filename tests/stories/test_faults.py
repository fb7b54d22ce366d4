"""Which durable write may break, what is the caller told, and what does the next start do?

A day of a house is lived once to learn every durable write; each has a row in TABLE, or the walk
fails. Then each row breaks three ways: failed and not stored, failed but stored, killed right
after. Whatever the caller was told, the next process goes on and all is whole and there once.
Source: style guide §7, fault table.
"""

import itertools
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from audit import audit
from houses import HOME, TINA, Home, living
from kept.base.clock import EPOCH, SetClock
from kept.base.errors import UnavailableError
from kept.base.ids import PersonId
from kept.conversations.model import Letter
from kept.crypto import keyring_file
from kept.db.seam import Pending, Tx
from kept.flows.forget_person import forget_people
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind
from kept.ledger.sequencer import LogKeys, Sequencer
from kept.vault.acts import visit
from kept.vault.acts.erase import pending_erasures
from kept.vault.acts.evidence import openings as openings_of
from kept.vault.model.gate import ConsentState
from kept.wiring.house import open_house
from kept.wiring.serving import worker_of
from kept.worker.tasks.mail import send_mail
from ledger_yard import DiedError
from pretend_copies import (
    Numbered,
    Pretend,
    a_day_of_copies,
    check_copies,
    copies_go_on,
    parts_of,
)
from vault_cases import begin, faults, forget_parts, kinds, one, reopen, say, take_in

TOLD, QUIET = "told", "quiet"  # the caller gets an error; a task tries again by itself
TABLE = {
    # stage and write: (failed, not stored · failed, but stored): what the caller meets.
    # Killed after: nobody is told; the next start goes on in each.
    "people come: commit": (TOLD, TOLD),  # again: added, or merged with nothing new
    "people come: keys commit": (TOLD, TOLD),  # nobody came; unused keys go after a day
    "somebody is looked at: commit": (TOLD, TOLD),  # no value; an act at most too many, never few
    "consent is taken back: commit": (TOLD, TOLD),
    "consent is taken back: keys commit": (TOLD, TOLD),  # the next start takes it back
    "a code is asked for: commit": (TOLD, TOLD),
    "letters go: commit": (TOLD, TOLD),  # the claim; it runs out and another takes the job
    "letters go: send": (QUIET, QUIET),  # postponed; a letter may come twice, with an act each
    "the ledger goes on: commit": (TOLD, TOLD),
    "the ledger goes on: tiles": (TOLD, TOLD),
    "the ledger goes on: mark": (TOLD, TOLD),
    "the checkpoint is published: commit": (TOLD, TOLD),
    "somebody is forgotten: commit": (TOLD, TOLD),
    "somebody is forgotten: keys commit": (QUIET, QUIET),  # noted, tried again
    "somebody is forgotten: keys scrub": (QUIET, QUIET),
    "somebody is forgotten: scrub": (QUIET, QUIET),
    "the keyring is saved: keyring": (TOLD, TOLD),
    "the closet is named: commit 1": (TOLD, TOLD),  # again: named, or there already
    "the shelf is named: commit 1": (TOLD, TOLD),
    "keys are copied: commit 1": (TOLD, TOLD),  # the new ones lie there; replaced and noted again
    "keys are copied: commit 2": (TOLD, TOLD),  # who is erased everywhere, told by the next
    "a copy is made: commit 1": (TOLD, TOLD),  # who died before; nothing has begun
    "a copy is made: commit 2": (TOLD, TOLD),  # begun; told failed by the next look
    "a copy is made: commit 3": (TOLD, TOLD),  # it lies there; told failed, what is sent stays
    "a copy is tried: commit 1": (TOLD, TOLD),  # no drill was; the next one is noted
    "a copy is tried: commit 2": (TOLD, TOLD),  # the try without the key goes with the next drill
}
WAYS = ("not stored", "stored", "killed")


@dataclass
class Plan:
    """Where the day breaks: the first write of a row, and how. Remembers every row it passed."""

    row: str = ""
    how: str = ""
    stage: str = ""
    seen: list[str] = field(default_factory=list)

    def around(self, what: str, write: Any) -> Any:
        """Do a write, or break it."""
        row = f"{self.stage}: {what}"
        is_here = row == self.row and row not in self.seen
        self.seen.append(row)
        if is_here and self.how == "not stored":
            raise UnavailableError("this write was made to fail")
        done = write()
        if isinstance(done, Future):
            wait([done])
        if is_here:
            raise DiedError if self.how == "killed" else UnavailableError("stored, but who knows")
        return done


@dataclass
class Around:
    """An object some of whose methods are durable writes."""

    inner: Any
    plan: Plan
    names: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name not in self.names:
            return found
        return lambda *a, **k: self.plan.around(self.names[name], lambda: found(*a, **k))


@dataclass
class Box:
    """A mail server that may break."""

    plan: Plan
    letters: list[Letter] = field(default_factory=list[Letter])

    async def send(self, letter: Letter) -> None:
        """Take a letter, or break."""
        self.plan.around("send", lambda: self.letters.append(letter))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A house with enough entries for full tiles, closed: each test takes a copy."""
    with living(tmp_path_factory.mktemp("faults")) as home:
        act = Act(
            Kind.BOOK_CHANGED, Actor("cli", "anna", "owner"), HOUSE, detail={"change": "a word"}
        )

        def write(tx: Tx) -> Pending[None]:
            for _ in range(300):
                record(tx, home.house.vault.origin, act=act, now=home.clock.now())
            return Pending(None)

        home.write(write)
        home.house.close()
        yield home


@pytest.fixture
def copy(prepared: Home, tmp_path: Path) -> Iterator[Home]:
    """A copy of the prepared house, at work."""
    shutil.copytree(prepared.house.place.root, tmp_path / "shop")
    clock = SetClock(prepared.clock.now())
    house = open_house(tmp_path / "shop", prepared.house.settings, clock=clock)
    home = Home(replace(house, mail=Box(Plan())), prepared.founded, clock)
    yield home
    home.house.close()


def breaking(home: Home, plan: Plan) -> Home:
    """The same house over ports that may break."""
    house = home.house
    db: Any = Around(house.db, plan, {"write": "commit", "submit": "commit", "scrub": "scrub"})
    keys: Any = house.vault.keys
    keys._keys = Around(keys._keys, plan, {"write": "keys commit", "scrub": "keys scrub"})
    tiles: Any = Around(house.tiles, plan, {"put": "tiles"})
    mark: Any = Around(house.high_water, plan, {"swap": "mark"})
    log = LogKeys(house.vault.origin, house.opened.house_keys["log"])
    made = replace(
        house,
        db=db,
        tiles=tiles,
        high_water=mark,
        sequencer=Sequencer(db, tiles=tiles, high_water=mark, keys=log),
        mail=Box(plan),
    )
    return Home(made, home.founded, home.clock)


def a_day(home: Home, plan: Plan, engine: Pretend) -> None:
    """Every kind of durable write, stage by stage."""
    plan.stage = "people come"
    (out,) = take_in(home, home.newcomer(contact=TINA, delivery=HOME))
    tina: PersonId = out.person  # type: ignore[union-attr]
    plan.stage = "somebody is looked at"
    home.look(tina)
    plan.stage = "consent is taken back"
    say(home, tina, ConsentState.WITHDRAWN)
    plan.stage = "a code is asked for"
    ask(home)
    plan.stage = "letters go"
    send_mail(worker_of(home.house).parts)
    plan.stage = "the ledger goes on"
    home.house.sequencer.start()
    for _ in range(2):  # full tiles are stored when nothing else waits
        home.house.sequencer.run(now=home.clock.now())
    plan.stage = "the checkpoint is published"
    home.house.sequencer.publish(now=home.clock.now())
    plan.stage = "somebody is forgotten"
    begin(home, tina)
    plan.stage = "the ledger goes on"
    home.house.sequencer.run(now=home.clock.now())
    plan.stage = "somebody is forgotten"
    forget_people(forget_parts(home))
    plan.stage = "the keyring is saved"
    path = home.house.place.keyring
    ring = keyring_file.load(path)
    plan.around("keyring", lambda: keyring_file.save(path, ring))
    raw = home.house.db.inner if isinstance(home.house.db, Around) else home.house.db
    numbered = Numbered(raw, plan.around, lambda: plan.stage)
    a_day_of_copies(
        home, parts_of(home, engine, numbered), stage=lambda name: setattr(plan, "stage", name)
    )


def ask(home: Home) -> None:
    """Tina asks for a code."""
    pepper = home.house.opened.house_keys["api"]
    home.write(
        lambda tx: visit.ask_code(
            tx, home.house.vault, pepper, address=TINA["email"], lang="en", now=home.clock.now()
        )
    )


def go_on(home: Home) -> None:
    """What the next process does, and what people who were told of a failure do: once more."""
    home.later(minutes=3)
    if not kinds(home)["erasure_begun"]:
        (out,) = take_in(home, home.newcomer(contact=TINA, delivery=HOME))
        tina: PersonId = out.person  # type: ignore[union-attr]
        say(home, tina, ConsentState.WITHDRAWN)
        send_mail(worker_of(home.house).parts)
        begin(home, tina)
    send_mail(worker_of(home.house).parts)
    home.house.sequencer.run(now=home.clock.now())
    assert forget_people(forget_parts(home)) == 0
    home.house.sequencer.run(now=home.clock.now())
    home.house.sequencer.publish(now=home.clock.now())


def test_every_durable_write_of_a_day_has_its_row(copy: Home):
    """Nothing writes that the table does not know, and the table knows nothing that is gone."""
    plan = Plan()
    a_day(breaking(copy, plan), plan, Pretend())
    assert set(plan.seen) == set(TABLE)


@pytest.mark.parametrize(("row", "how"), list(itertools.product(TABLE, WAYS)))
def test_a_break_is_told_and_healed(copy: Home, row: str, how: str):
    """The caller meets what the table says; afterwards everything is whole and there once."""
    plan = Plan(row, how)
    told = how == "killed" or TABLE[row][WAYS.index(how)] == TOLD
    home, engine = breaking(copy, plan), Pretend()
    if told:
        with pytest.raises(DiedError if how == "killed" else UnavailableError):
            a_day(home, plan, engine)
    else:
        a_day(home, plan, engine)
    assert row in plan.seen
    reopen(copy)
    go_on(copy)
    assert one(copy, "select count(*) from person") == 1
    assert one(copy, "select count(*) from jobs") == 0
    assert copy.read(pending_erasures) == []
    found = kinds(copy)
    assert (found["erasure_begun"], found["erased_here"], found["person.added"]) == (1, 1, 1)
    assert faults(copy) == []
    tally = copy.read(lambda tx: openings_of(tx, since=EPOCH))
    assert tally.opened == tally.recorded
    if row[-1].isdigit():  # a numbered write of copies; before the others none was made
        copies_go_on(copy, parts_of(copy, engine))
        copy.house.sequencer.run(now=copy.clock.now())
        check_copies(copy, engine)
    audited = audit(copy.house)
    assert audited.waiting == 0
    assert audited.acts == audited.entries > 300
