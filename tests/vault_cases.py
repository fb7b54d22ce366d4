"""What do the vault's tests ask a house again and again? Rows, acts, openings, raw bytes."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from houses import IMPORTER, Home
from kept.base.ids import PersonId
from kept.db.seam import Pending, Tx
from kept.flows.forget_person import ForgetParts, forget_people
from kept.ledger.model import Actor
from kept.vault.acts.add import add_people
from kept.vault.acts.check import check_vault
from kept.vault.acts.consent import Answer, record_consent
from kept.vault.acts.correct import Corrected, Correction, correct
from kept.vault.acts.erase import begin_erasure
from kept.vault.acts.find import Found, find_people
from kept.vault.acts.parts import VaultParts
from kept.vault.model.gate import Asker, ConsentState
from kept.vault.model.intake import NewPerson
from kept.vault.model.people import Outcome, Provenance
from kept.vault.model.rules import Basis, Role
from kept.wiring.house import open_house

TOKEN = bytes(range(16))
ANNA = Asker(Actor("staff", "anna", "operator"), Role.OPERATOR)
TABLES = ("person", "cell", "consent", "origin", "acts", "find.finder", "ledger_outbox")


def one(home: Home, query: str, **values: Any) -> Any:
    """The first value of a query."""
    row = home.read(lambda tx: tx.row(query, **values))
    return row[0] if row else None


def change(home: Home, statement: str, **values: Any) -> int:
    """Do what only somebody at the database can do; how many rows it changed."""
    return home.write(lambda tx: Pending(tx.run(statement, **values)))


def counts(home: Home, *tables: str) -> dict[str, int]:
    """How many rows tables have."""
    return {table: one(home, f"select count(*) from {table}") for table in tables or TABLES}


def kinds(home: Home) -> Counter[str]:
    """How many acts of each kind there are."""
    return Counter(row[0] for row in home.read(lambda tx: tx.rows("select kind from acts")))


def openings(home: Home) -> int:
    """How often data was opened for somebody, as counted where it is opened."""
    return one(home, "select coalesce(sum(opened), 0) from opening_tally")


def n_of(home: Home, person: PersonId) -> int:
    """A person's row number."""
    return one(home, "select n from person where id = :id", id=person.raw)


def take_in(home: Home, *newcomers: NewPerson) -> list[Outcome]:
    """Add people as one group."""
    vault, now = home.house.vault, home.clock.now()
    reserved = vault.keys.take(len(newcomers), now=now)
    return home.write(
        lambda tx: add_people(
            tx,
            vault,
            actor=IMPORTER,
            newcomers=newcomers,
            reserved=reserved,
            provenance=Provenance("deliver", Basis.CONTRACT, "the till"),
            now=now,
        )
    )


def find(home: Home, value: str, asker: Asker = ANNA) -> list[Found]:
    """Look somebody up."""
    return home.write(
        lambda tx: find_people(tx, home.house.vault, asker=asker, value=value, now=home.clock.now())
    )


def correct_own(
    home: Home, person: PersonId, rev: int, category: str = "contact", **values: str | None
) -> Corrected:
    """The person puts values right."""
    return home.write(
        lambda tx: correct(
            tx,
            home.house.vault,
            actor=Actor("self", str(person), "self"),
            person=person,
            correction=Correction(category, rev, values),
            now=home.clock.now(),
        )
    )


def say(home: Home, person: PersonId, state: ConsentState, purpose: str = "marketing") -> int:
    """The person says yes or no."""
    return home.write(
        lambda tx: record_consent(
            tx,
            home.house.vault,
            actor=Actor("self", str(person), "self"),
            person=person,
            purpose=purpose,
            answer=Answer(state, "en", "May we write to you?", "box"),
            now=home.clock.now(),
        )
    )


def begin(home: Home, person: PersonId, token: bytes = TOKEN) -> int:
    """The person asks to be forgotten."""
    actor = Actor("self", str(person), "self")

    def work(tx: Tx) -> Pending[int]:
        vault = home.house.vault
        return begin_erasure(
            tx, vault, actor=actor, person=person, token=token, now=home.clock.now()
        )

    return home.write(work)


def forget_parts(home: Home, vault: VaultParts | None = None) -> ForgetParts:
    """What forgetting needs."""
    house = home.house
    return ForgetParts(home.clock, house.db, vault or house.vault, house.tiles)


def forget(home: Home, person: PersonId) -> None:
    """Forget somebody from beginning to end."""
    begin(home, person)
    home.house.sequencer.run(now=home.clock.now())
    assert forget_people(forget_parts(home)) == 0


def faults(home: Home) -> list[str]:
    """What the check of the vault finds."""
    house = home.house
    return [f for page in check_vault(house.db, house.vault, house.tiles) for f in page.faults]


def reopen(home: Home, **changes: Any) -> None:
    """Close the house and open it again, as a new process would."""
    home.house.close()
    settings = replace(home.house.settings, **changes)
    opened = open_house(home.house.place.root, settings, clock=home.clock)
    home.house = replace(opened, mail=home.house.mail)
    home.house.sequencer.start()
    home.__post_init__()


def raw_bytes(folder: Path) -> bytes:
    """Every byte that lies in the folder."""
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def keep(home: Home, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    """A copy of tables of the data."""
    return {t: home.read(lambda tx, t=t: tx.rows(f"select * from {t}")) for t in tables}


def put_back(home: Home, kept: dict[str, list[tuple[Any, ...]]]) -> None:
    """Put a copy of tables back over what stands there."""

    def write(tx: Tx) -> Pending[None]:
        for table, rows in kept.items():
            tx.run(f"delete from {table}")
            for row in rows:
                marks = {f"c{chr(97 + at)}": value for at, value in enumerate(row)}
                names = ", ".join(f":{name}" for name in marks)
                tx.run(f"insert into {table} values ({names})", **marks)
        return Pending(None)

    home.write(write)
