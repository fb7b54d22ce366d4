"""Killed at any moment, again and again: is anything lost that was answered for, or done twice?

A house imports, opens, corrects and forgets people while it is killed (SIGKILL). After the last
time it goes on to the end, and everything it had said aloud is looked for. KEPT_KILLS sets how
often it is killed in all: 200 in the long form.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from audit import audit
from houses import NAME, OWNER
from kept.base.clock import EPOCH
from kept.base.ids import PersonId
from kept.crypto.providers.file import FileProvider
from kept.crypto.secret import Secret
from kept.ledger.acts.history import acts_of
from kept.ledger.acts.verify import verify_acts, verify_log
from kept.ledger.model import Kind
from kept.vault.acts.check import check_vault
from kept.vault.acts.erase import subject_of
from kept.vault.acts.evidence import openings as openings_of
from kept.vault.acts.trail import subject_of_row
from kept.wiring.founding import Founding, found_house
from kept.wiring.house import House, open_house
from kept.wiring.settings import Settings

CHILD = Path(__file__).parent.parent / "kill_child.py"
KILLS = int(os.environ.get("KEPT_KILLS", "12"))
LISTS, GROUPS = 3, 12  # each group of ten rows ends with one that stands twice


@pytest.mark.parametrize(
    ("engine", "kills"),
    [
        ("sqlite", KILLS * 2 // 3),
        pytest.param("postgres", KILLS - KILLS * 2 // 3, marks=pytest.mark.needs("postgres")),
    ],
)
def test_nothing_answered_is_lost_or_doubled(
    engine: str, kills: int, tmp_path: Path, request: pytest.FixtureRequest
):
    """Acts, counts, records, erasures and the ledger, after every kill and at the end."""
    dsn = ""
    if engine == "postgres":
        fresh: Callable[[], str] = request.getfixturevalue("postgres_database")
        dsn = fresh()
    settings = found(tmp_path, dsn)
    dice = random.Random(f"{engine} {kills}")  # noqa: S311
    said: list[list[str]] = []
    with nursery(tmp_path, settings, dsn) as (tell, lines):
        for _ in range(kills):
            tell("work")
            said += until_killed(lines, dice)
        tell("end")
        said += to_the_end(lines)
    house = open_house(tmp_path / "shop", settings)
    try:
        check(house, said)
    finally:
        house.close()


def found(folder: Path, dsn: str) -> Settings:
    """A new house, and lists to import."""
    key = folder / "root.key"
    settings = Settings(key_file=str(key), dsn=Secret(dsn.encode()) if dsn else None)
    found_house(folder / "shop", Founding(NAME, OWNER), FileProvider.create(key), settings)
    (folder / "lists").mkdir()
    for at in range(LISTS):
        people = [f"p{at}-{n}@example.org,Street {n},Town" for n in range(GROUPS * 9)]
        rows = [row for n, row in enumerate(people) for row in [row] * (2 if n % 9 == 8 else 1)]
        text = "\n".join(["email,address,town", *rows])
        (folder / "lists" / f"{at}.csv").write_text(text, encoding="utf-8")
    return settings


@contextmanager
def nursery(
    folder: Path, settings: Settings, dsn: str
) -> Generator[tuple[Callable[[str], None], Iterator[list[str]]]]:
    """The process that forks houses: how to tell it, and what is said."""
    command = [sys.executable, str(CHILD), str(folder / "shop"), settings.key_file, dsn]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, bufsize=1, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdin is not None
        assert process.stdout is not None

        def tell(word: str) -> None:
            print(word, file=process.stdin, flush=True)

        yield tell, (line.split() for line in process.stdout)
        process.stdin.close()
        process.stdout.read()
    assert process.returncode == 0


def until_killed(lines: Iterator[list[str]], dice: random.Random) -> list[list[str]]:
    """Kill a house while it opens, or after it has said some words; all that it said."""
    child = int(to_a(lines, "born")[-1][1])
    said: list[list[str]] = []
    if dice.random() < 0.75:
        said += to_a(lines, "open")
        for _ in range(dice.randrange(60)):
            said.append(next(lines))
            assert said[-1][0] != "gone", f"it ended by itself: {said[-5:]}"
    time.sleep(dice.uniform(0, 0.05))
    os.kill(child, signal.SIGKILL)
    return said + to_a(lines, "gone")


def to_the_end(lines: Iterator[list[str]]) -> list[list[str]]:
    """Let the last house do all that is left."""
    said = to_a(lines, "gone")
    assert ["ended"] in said
    return said


def to_a(lines: Iterator[list[str]], word: str) -> list[list[str]]:
    """What is said up to a word."""
    said: list[list[str]] = []
    for line in lines:
        said.append(line)
        if line[0] == word:
            return said
    raise AssertionError(f"it ended without a word of {word}: {said[-5:]}")


def check(house: House, said: list[list[str]]) -> None:
    """Compare what was said with what is there."""
    by_word: dict[str, list[list[str]]] = {}
    for word, *rest in said:
        by_word.setdefault(word, []).append(rest)
    assert by_word.get("problem", []) == []
    assert by_word.get("read", []), "nothing was answered: nothing was tried"
    check_ledger(house)
    check_reads(house, by_word)
    check_people(house, by_word)
    check_lists(house)


def check_ledger(house: House) -> None:
    """By the auditor who shares no code with us, and by our own verifier."""
    audited = audit(house)
    assert audited.waiting == 0
    assert audited.entries == audited.acts
    key, mark = house.sequencer.key, house.high_water.read()
    assert verify_log(house.db, house.tiles, (key,), mark=mark) == []
    faults = verify_acts(
        house.db, house.tiles, subject_of=lambda n: subject_of_row(house.db, house.vault, n)
    )
    assert faults == []


def check_reads(house: House, by_word: dict[str, list[list[str]]]) -> None:
    """Each answered look is there once, under its reference; counts and acts are the same."""
    refs: Counter[str] = Counter()
    acts: set[int] = set()
    for raw in living(house):
        person = PersonId(raw)
        subject = house.db.read(lambda tx, person=person: subject_of(tx, house.vault, person))
        seen = house.db.read(
            lambda tx, subject=subject: acts_of(
                tx, house.tiles, subject=subject, after_n=-1, limit=10_000
            )
        )
        assert [act.n for act in seen] == list(range(len(seen)))
        acts |= {act.act_id for act in seen}
        refs.update(str(act.detail["ref"]) for act in seen if act.kind == Kind.PERSON_READ)
    answered = by_word["read"]
    assert set(refs.values()) == {1}, "a look was recorded twice"
    assert {ref for _, _, ref in answered} <= refs.keys(), "an answered look was lost"
    assert {int(act) for act, *_ in [*answered, *by_word.get("fixed", [])]} <= acts
    found = house.db.read(lambda tx: openings_of(tx, since=EPOCH))
    assert found.opened == found.recorded == refs.total()


def check_people(house: House, by_word: dict[str, list[list[str]]]) -> None:
    """Records are the last ones written, keys have owners, the forgotten are gone."""
    faults = [f for page in check_vault(house.db, house.vault, house.tiles) for f in page.faults]
    assert faults == []
    for _, person, rev in by_word.get("fixed", []):
        row = house.db.read(
            lambda tx, person=person: tx.row(
                "select max(rev) from cell c join person p on p.n = c.person_n where p.id = :id"
                " and category_id = 1",
                id=PersonId.parse(person).raw,
            )
        )
        assert row is not None
        assert row[0] >= int(rev)
    for _, person in by_word.get("erase", []):
        assert not house.vault.keys.holds_keys(PersonId.parse(person))
    open_ones = "select count(*) from erasure where done_at is null"
    assert house.db.read(lambda tx: tx.rows(open_ones)) == [(0,)]
    doubled = "select count(*) from acts where kind = 'erased_here'"
    erased = "select count(*) from person where state = 'erased'"
    assert house.db.read(lambda tx: tx.rows(doubled)) == house.db.read(lambda tx: tx.rows(erased))


def check_lists(house: House) -> None:
    """Every list once, every row counted once, nobody twice."""
    runs = house.db.read(
        lambda tx: tx.rows("select name, state, read_count, added, merged, refused from import_run")
    )
    rows = [(f"{at}.csv", "done", GROUPS * 10, GROUPS * 9, GROUPS, 0) for at in range(LISTS)]
    assert sorted(runs) == rows
    added = "select count(*) from acts where kind = 'person.added' and role = 'owner'"
    people = house.db.read(lambda tx: tx.rows(added))
    assert people == [(LISTS * GROUPS * 9,)]


def living(house: House) -> list[bytes]:
    """Raw ids of everybody here."""
    rows = house.db.read(lambda tx: tx.rows("select id from person where state = 'live'"))
    return [row[0] for row in rows]
