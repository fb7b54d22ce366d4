"""What is killed: a house at work, that says aloud what it has answered for.

Run as `python kill_child.py FOLDER KEY_FILE DSN`: loads everything once, then forks a house for
each line it reads (`work` until killed, `end` to the end), telling the number of its process.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kept.base.errors import KeptError
from kept.base.ids import PersonId
from kept.crypto.chance import draw
from kept.crypto.secret import Secret
from kept.db.lead import FolderLock
from kept.flows import import_people
from kept.flows.forget_person import ForgetParts, forget_people
from kept.flows.import_people import ImportParts, Order, preview, provenance_of, run_import
from kept.ledger.acts.counts import acts_waiting
from kept.ledger.model import Actor
from kept.vault.acts.correct import Correction, correct
from kept.vault.acts.erase import TOKEN_BYTES, begin_erasure
from kept.vault.acts.intake import was_done
from kept.vault.acts.open import OpenedPerson, open_person
from kept.vault.model.gate import Asker, Request
from kept.vault.model.rules import Role
from kept.wiring.house import House, open_house
from kept.wiring.serving import worker_of
from kept.wiring.settings import Settings

OPERATOR = Actor("staff", "anna", "operator")
OWNER = Actor("cli", "anna", "owner")
ASKER = Asker(OPERATOR, Role.OPERATOR, limits=None)
FIRST_ERASED, ERASED_EACH = 3, 7  # people by row number: these are forgotten, the others read


def say(*words: object) -> None:
    """One line, whole, at once: what was said is durable."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def is_to_go(n: int) -> bool:
    """Whether this person is one of those to be forgotten."""
    return n % ERASED_EACH == FIRST_ERASED


def living(house: House) -> list[tuple[int, PersonId]]:
    """Everybody who is here."""
    rows = house.db.read(lambda tx: tx.rows("select n, id from person where state = 'live'"))
    return [(row[0], PersonId(row[1])) for row in rows]


def take_lists(house: House) -> None:
    """Import every list that was not imported to its end."""
    parts = ImportParts(house.clock, house.db, house.vault)
    for path in sorted((house.place.root.parent / "lists").glob("*.csv")):
        with path.open("rb") as file:
            seen = preview(file, house.book.rules)
            if house.db.read(lambda tx, sha=seen.survey.sha256: was_done(tx, sha)):
                continue
            why = provenance_of(house.book.rules, purpose=None, basis=None, source="the till")
            order = Order(OWNER, path.name, seen.columns.sources, why)
            done = run_import(
                parts,
                file,
                seen.survey,
                order,
                progress=lambda run: say("import", run.name, run.read, run.added, run.merged),
            )
            say("imported", done.name, done.read, done.added, done.merged, done.refused)


def look(house: House) -> None:
    """Open somebody's delivery under a reference that occurs once."""
    here = [person for n, person in living(house) if not is_to_go(n)]
    if not here:
        return
    person, ref = random.choice(here), draw(8).hex()  # noqa: S311
    request = Request(ASKER, "deliver", frozenset({"delivery"}), ref=ref)
    found = house.db.write(
        lambda tx: open_person(
            tx, house.vault, person=person, request=request, now=house.clock.now()
        )
    )
    assert isinstance(found, OpenedPerson)
    say("read", found.act_id, person, ref)


def fix(house: House) -> None:
    """Put somebody's town right."""
    here = [(n, person) for n, person in living(house) if not is_to_go(n)]
    if not here:
        return
    n, person = random.choice(here)  # noqa: S311
    row = house.db.read(
        lambda tx: tx.row("select rev from cell where person_n = :n and category_id = 1", n=n)
    )
    change = Correction("delivery", row[0] if row else 0, {"town": f"Town {draw(2).hex()}"})
    done = house.db.write(
        lambda tx: correct(
            tx,
            house.vault,
            actor=OWNER,
            person=person,
            correction=change,
            purpose="deliver",
            now=house.clock.now(),
        )
    )
    say("fixed", done.act_id, person, done.rev)


def forget(house: House) -> None:
    """Begin to forget somebody."""
    here = [person for n, person in living(house) if is_to_go(n)]
    if not here:
        return
    person, token = here[0], draw(TOKEN_BYTES)
    act = house.db.write(
        lambda tx: begin_erasure(
            tx, house.vault, actor=OWNER, person=person, token=token, now=house.clock.now()
        )
    )
    say("erase", act, person)


def repeat(deed: Callable[[House], None], house: House, pause: float) -> None:
    """Do it again and again, until killed."""

    def run() -> None:
        while True:
            try:
                deed(house)
            except KeptError as error:
                say("problem", type(error).__name__, error)
            time.sleep(pause)

    threading.Thread(target=run, daemon=True).start()


def work(house: House) -> None:
    """All of it at once."""
    worker_of(house).start()
    for deed, pause in ((look, 0.002), (look, 0.002), (fix, 0.005), (forget, 0.02)):
        repeat(deed, house, pause)
    try:
        take_lists(house)
    except KeptError as error:
        say("problem", type(error).__name__, error)
    say("lists done")
    time.sleep(60)


def end(house: House) -> None:
    """Go on with all that was cut off, until nothing is left to do."""
    house.sequencer.start()
    take_lists(house)
    parts = ForgetParts(house.clock, house.db, house.vault, house.tiles)
    for _ in range(3):
        house.sequencer.run(now=house.clock.now())
        if not forget_people(parts):
            break
    else:
        say("problem", "erasures", "are still open")
    while house.db.read(acts_waiting):
        house.sequencer.run(now=house.clock.now())
    house.sequencer.publish(now=house.clock.now())
    say("ended")
    house.close()


def main(folder: Path, key_file: str, dsn: str) -> None:
    """Fork a house for each line."""
    import_people.GROUP_ROWS = 10
    settings = Settings(key_file=key_file, dsn=Secret(dsn.encode()) if dsn else None)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            with FolderLock(folder / "lock"):
                house = open_house(folder, settings)
                say("open")
                (end if line.strip() == "end" else work)(house)
            os._exit(0)
        say("born", child)
        os.waitpid(child, 0)
        say("gone", child)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
