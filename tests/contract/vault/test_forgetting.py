"""Is somebody forgotten whole, whatever breaks on the way, and do they never come back?"""

import hashlib
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import pytest

from houses import HOME, TINA, Home
from kept.base.errors import ConflictError, NotFoundError, RefusedError, UnavailableError
from kept.base.ids import PersonId
from kept.db import sqlite
from kept.db.seam import Database, Pending
from kept.flows.forget_person import ForgetParts, advance, forget_people
from kept.vault.acts.egress import release_notice
from kept.vault.acts.erase import follow, pending_erasures
from kept.vault.acts.keyroom import KeyRoom
from kept.vault.acts.open import open_own
from kept.vault.acts.parts import VaultParts
from kept.vault.model.forgetting import Step
from kept.vault.model.gate import Code, ConsentState, Refused
from kept.vault.model.people import Added
from ledger_yard import DiedError
from vault_cases import (
    TOKEN,
    begin,
    correct_own,
    faults,
    find,
    forget,
    forget_parts,
    keep,
    kinds,
    n_of,
    one,
    put_back,
    raw_bytes,
    reopen,
    say,
    take_in,
)

POINTS = ["write", "bury", "write", "destroy", "write", "write", "scrub", "write"]


@dataclass
class Breaking:
    """Passes everything on, and dies before or after the step that is told."""

    point: int
    is_after: bool
    seen: list[str]

    def step(self, name: str, do: Any) -> Any:
        """One step."""
        self.seen.append(name)
        is_here = len(self.seen) - 1 == self.point
        if is_here and not self.is_after:
            raise DiedError
        done = do()
        if is_here:
            raise DiedError
        return done


class Around:
    """An object whose named methods are steps."""

    def __init__(self, inner: Any, plan: Breaking, *names: str) -> None:
        self._inner, self._plan, self._names = inner, plan, names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._names:
            return found
        return lambda *args, **kw: self._plan.step(name, lambda: found(*args, **kw))


def breaking_parts(home: Home, plan: Breaking) -> ForgetParts:
    """What forgetting needs, with steps that may die."""
    vault = home.house.vault
    keys: KeyRoom = Around(vault.keys, plan, "bury", "destroy")  # type: ignore[assignment]
    db: Database = Around(home.house.db, plan, "write", "scrub")  # type: ignore[assignment]
    parts = VaultParts(vault.rules, vault.origin, keys)
    return ForgetParts(home.clock, db, parts, home.house.tiles)


def secrets_of(home: Home, person: PersonId) -> list[bytes]:
    """Every byte string that must be gone: wraps, envelopes, openings, tags."""
    n = n_of(home, person)
    wraps = home.house.keys_db.read(
        lambda tx: tx.rows("select wrap from person_key where person_id = :id", id=person.raw)
    )
    cells = home.read(lambda tx: tx.rows("select env from cell where person_n = :n", n=n))
    tags = home.read(lambda tx: tx.rows("select tag from find.finder where person_n = :n", n=n))
    sealed = home.read(
        lambda tx: tx.rows(
            "select o.sealed from act_openings o join acts a on a.id = o.act where a.person = :n",
            n=n,
        )
    )
    found = [row[0] for row in [*wraps, *cells, *tags, *sealed]]
    assert len(wraps) == 2
    assert len(cells) == len(tags) == 2
    return found


def rows_left(home: Home, n: int) -> int:
    """Rows that still name the person by row number."""
    tables = ("cell", "consent", "origin", "signin_code", "person_session", "letter", "find.finder")
    left = sum(one(home, f"select count(*) from {t} where person_n = :n", n=n) for t in tables)
    return left + one(home, "select count(*) from acts where person = :n", n=n)


def test_nothing_is_left_anywhere(any_home: Home):
    """Rows, keys, tags, and on files every byte; the link shows the end and a receipt."""
    tina = any_home.add(contact=TINA, delivery=HOME)
    correct_own(any_home, tina.person, 1, name="Tina Meyer")
    say(any_home, tina.person, ConsentState.GIVEN)
    any_home.look(tina.person)
    n, gone = n_of(any_home, tina.person), secrets_of(any_home, tina.person)
    begun = begin(any_home, tina.person)
    assert any_home.look(tina.person) == Refused(Code.PERSON_GONE)
    assert forget_people(forget_parts(any_home)) == 1  # the beginning is not signed yet
    assert any_home.house.vault.keys.holds_keys(tina.person)
    any_home.house.sequencer.run(now=any_home.clock.now())
    assert forget_people(forget_parts(any_home)) == 0
    assert rows_left(any_home, n) == 0
    assert one(any_home, "select count(*) from acts where actor = :a", a=f"self:{tina.person}") == 0
    assert not any_home.house.vault.keys.holds_keys(tina.person)
    if any_home.house.db.dialect == "sqlite":
        lying = raw_bytes(any_home.house.place.root)
        assert [one for one in gone if one in lying] == []
    shown = any_home.read(lambda tx: follow(tx, TOKEN))
    assert shown.step is Step.DONE
    assert shown.done_at is not None
    assert shown.receipt is not None
    assert one(any_home, "select begun_act from erasure") == begun
    with pytest.raises(NotFoundError):
        any_home.look(tina.person)
    with pytest.raises(NotFoundError):
        any_home.read(lambda tx: follow(tx, bytes(16)))
    assert faults(any_home) == []
    assert kinds(any_home)["erased_here"] == 1


def test_doors_are_shut_from_the_beginning(home: Home):
    """No letter, no own view, no correction, no consent, and no second beginning."""
    tina = home.add(contact=TINA)
    begin(home, tina.person)
    with pytest.raises(ConflictError):
        begin(home, tina.person, bytes(16))
    now, vault = home.clock.now(), home.house.vault
    with pytest.raises(NotFoundError):
        home.write(lambda tx: release_notice(tx, vault, person=tina.person, what="x", now=now))
    with pytest.raises(NotFoundError):
        home.write(lambda tx: open_own(tx, vault, person=tina.person, now=now))
    with pytest.raises(NotFoundError):
        say(home, tina.person, ConsentState.GIVEN)
    with pytest.raises(RefusedError):
        correct_own(home, tina.person, 1, name="x")
    assert find(home, TINA["email"]) == []


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("point", range(len(POINTS)))
def test_killed_at_any_step_it_goes_on(home: Home, point: int, is_after: bool):
    """Before or after each durable step: the next process ends it, once."""
    tina = home.add(contact=TINA, delivery=HOME)
    n, gone = n_of(home, tina.person), secrets_of(home, tina.person)
    begin(home, tina.person)
    home.house.sequencer.run(now=home.clock.now())
    plan = Breaking(point, is_after, [])
    with pytest.raises(DiedError):
        forget_people(breaking_parts(home, plan))
    assert plan.seen[: point + 1] == POINTS[: point + 1]
    assert forget_people(forget_parts(home)) == 0
    assert rows_left(home, n) == 0
    lying = raw_bytes(home.house.place.root)
    assert [one for one in gone if one in lying] == []
    assert kinds(home)["erased_here"] == 1
    assert home.read(lambda tx: follow(tx, TOKEN)).receipt is not None
    assert faults(home) == []


@pytest.mark.parametrize("any_home", ["postgres"], indirect=True)
@pytest.mark.needs("postgres")
def test_killed_between_the_keys_and_the_note_of_it(any_home: Home):
    """The same on the other engine, at its worst place."""
    tina = any_home.add(contact=TINA, delivery=HOME)
    n = n_of(any_home, tina.person)
    begin(any_home, tina.person)
    any_home.house.sequencer.run(now=any_home.clock.now())
    with pytest.raises(DiedError):
        forget_people(breaking_parts(any_home, Breaking(3, True, [])))
    reopen(any_home)
    assert forget_people(forget_parts(any_home)) == 0
    assert rows_left(any_home, n) == 0


def test_find_that_missed_the_commit_is_wiped_again(home: Home):
    """data.db and find.db are two files: what one kept and the other lost does not stop it."""
    tina = home.add(contact=TINA)
    n = n_of(home, tina.person)
    tags = keep(home, "find.finder")
    begin(home, tina.person)
    home.house.sequencer.run(now=home.clock.now())
    with pytest.raises(DiedError):
        forget_people(breaking_parts(home, Breaking(5, True, [])))
    put_back(home, tags)
    assert forget_people(forget_parts(home)) == 0
    assert rows_left(home, n) == 0


def test_a_reader_with_an_old_snapshot_is_waited_for(home: Home, monkeypatch: pytest.MonkeyPatch):
    """While it reads nothing is called gone; the problem is noted; afterwards it is gone."""
    monkeypatch.setattr(sqlite, "SCRUB_TRIES", 3)
    tina = home.add(contact=TINA, delivery=HOME)
    gone = secrets_of(home, tina.person)
    begin(home, tina.person)
    home.house.sequencer.run(now=home.clock.now())
    other = apsw.Connection(str(home.house.place.data))
    other.execute("begin").fetchall()
    other.execute("select count(*) from cell").fetchall()
    assert forget_people(forget_parts(home)) == 1
    (row,) = home.read(pending_erasures)
    assert row.step == Step.DATA_GONE
    assert row.problem is not None
    assert "erased_here" not in kinds(home)
    other.execute("rollback").fetchall()
    other.close()
    assert forget_people(forget_parts(home)) == 0
    lying = raw_bytes(home.house.place.root)
    assert [one for one in gone if one in lying] == []


def test_two_workers_at_once_end_it_once(home: Home):
    """Both go through the steps; the second finds each one done."""
    tina = home.add(contact=TINA)
    begin(home, tina.person)
    home.house.sequencer.run(now=home.clock.now())
    (row,) = home.read(pending_erasures)
    failed = list[BaseException]()

    def work() -> None:
        try:
            advance(forget_parts(home), row)
        except BaseException as error:  # noqa: BLE001  # told by the main thread
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert kinds(home)["erased_here"] == 1


def test_somebody_forgotten_may_come_again_as_somebody_new(any_home: Home):
    """Another id, another alias, nothing of before."""
    tina = any_home.add(contact=TINA, delivery=HOME)
    forget(any_home, tina.person)
    (again,) = take_in(any_home, any_home.newcomer(contact=TINA))
    assert isinstance(again, Added)
    assert (again.person, again.alias) != (tina.person, tina.alias)
    (found,) = find(any_home, TINA["email"])
    assert found.person == again.person
    assert one(any_home, "select count(*) from cell") == 1
    assert faults(any_home) == []


OLD = ("person", "cell", "consent", "origin", "erasure", "find.finder", "find.finder_mark")


def test_old_data_over_newer_keys_brings_nobody_back(any_home: Home):
    """The erased are erased again before anything is served, and the old yes is taken back."""
    tina, otto = any_home.add(contact=TINA), any_home.add(contact={"email": "otto@example.org"})
    say(any_home, otto.person, ConsentState.GIVEN)
    any_home.later(minutes=1)
    n, old = n_of(any_home, tina.person), keep(any_home, *OLD)
    forget(any_home, tina.person)
    say(any_home, otto.person, ConsentState.WITHDRAWN)
    put_back(any_home, old)
    assert one(any_home, "select count(*) from cell") == 2
    reopen(any_home)
    assert rows_left(any_home, n) == 0
    assert find(any_home, TINA["email"]) == []
    assert any_home.read(lambda tx: follow(tx, TOKEN)).step is Step.DONE
    assert one(any_home, "select state from consent order by n desc limit 1") == "withdrawn"
    assert [found.person for found in find(any_home, "otto@example.org")] == [otto.person]
    # the acts were not put back: they still tell of the withdrawal whose row is gone
    assert faults(any_home) == [f"the consents of person {otto.person}"]
    before = kinds(any_home)
    reopen(any_home)
    assert kinds(any_home) == before


def test_a_whole_old_file_copied_back(home: Home, tmp_path: Path):
    """data.db and find.db as they lay before, keys.db as it is now."""
    tina, otto = home.add(contact=TINA), home.add(contact={"email": "otto@example.org"})
    place = home.house.place
    reopen(home)
    home.house.close()
    for path in (place.data, place.find):
        shutil.copy(path, tmp_path / path.name)
    reopen(home)
    gone = secrets_of_any(home, tina.person)
    forget(home, tina.person)
    home.house.close()
    for path in (place.data, place.find):
        for stale in place.root.glob(f"{path.name}-*"):
            stale.unlink()
        shutil.copy(tmp_path / path.name, path)
    assert any(one in raw_bytes(place.root) for one in gone)
    reopen(home)
    lying = raw_bytes(place.root)
    assert [one for one in gone if one in lying] == []
    assert [found.person for found in find(home, "otto@example.org")] == [otto.person]
    assert find(home, TINA["email"]) == []


def secrets_of_any(home: Home, person: PersonId) -> list[bytes]:
    """Envelopes and tags of somebody with any number of them."""
    n = n_of(home, person)
    cells = home.read(lambda tx: tx.rows("select env from cell where person_n = :n", n=n))
    tags = home.read(lambda tx: tx.rows("select tag from find.finder where person_n = :n", n=n))
    return [row[0] for row in [*cells, *tags]]


def test_lost_keys_are_refused_not_erased(home: Home):
    """A keys.db that does not fit: nothing is opened, nothing is erased, and it says what to do."""
    tina = home.add(contact=TINA)
    kept = home.house.keys_db.read(lambda tx: tx.rows("select * from person_key"))
    home.house.keys_db.write(lambda tx: Pending(tx.run("delete from person_key")))
    with pytest.raises(RefusedError, match=r"1 people are here whose keys are not in keys\.db"):
        reopen(home)
    reopen_keys = sqlite.SqliteDatabase(home.house.place.keys)
    marks = ", ".join(f":c{chr(97 + at)}" for at in range(len(kept[0])))
    rows = [{f"c{chr(97 + at)}": value for at, value in enumerate(row)} for row in kept]
    reopen_keys.write(
        lambda tx: Pending(tx.run_many(f"insert into person_key values ({marks})", rows))
    )
    reopen_keys.close()
    reopen(home)
    assert [found.person for found in find(home, TINA["email"])] == [tina.person]


def test_lost_keys_are_forgotten_when_the_owner_says_so(home: Home):
    """Then nobody's sealed rest stays behind, and the house opens."""
    tina = home.add(contact=TINA)
    n = n_of(home, tina.person)
    home.house.keys_db.write(lambda tx: Pending(tx.run("delete from person_key")))
    reopen(home, forget_keyless=True)
    assert rows_left(home, n) == 0
    assert kinds(home)["erased_here"] == 1
    reopen(home, forget_keyless=False)


@pytest.mark.parametrize("name", ["data", "keys"])
def test_a_missing_file_is_named_and_none_is_made(home: Home, name: str):
    """An empty database in its place would look like a house without people."""
    path = home.house.place.root / f"{name}.db"
    home.house.close()
    hidden = path.rename(path.with_suffix(".away"))
    with pytest.raises(NotFoundError, match=f"{name}.db is missing"):
        reopen(home)
    assert not path.exists()
    hidden.rename(path)
    reopen(home)


def test_the_tombstone_holds_nothing_personal(home: Home):
    """An id, a time, an act and the hash of a random token."""
    tina = home.add(contact=TINA)
    forget(home, tina.person)
    (row,) = home.house.keys_db.read(lambda tx: tx.rows("select * from tombstone"))
    assert row[0] == tina.person.raw
    assert row[3] == hashlib.sha256(TOKEN).digest()
    assert len(row) == 4


def test_a_step_that_fails_is_tried_again(home: Home, monkeypatch: pytest.MonkeyPatch):
    """The bytes of keys that cannot be proven gone keep it from going on, and it says why."""
    tina = home.add(contact=TINA)
    begin(home, tina.person)
    home.house.sequencer.run(now=home.clock.now())
    with monkeypatch.context() as patch:

        def refuse() -> None:
            raise UnavailableError("Nothing is proven gone yet.")

        patch.setattr(home.house.keys_db, "scrub", refuse)
        assert forget_people(forget_parts(home)) == 1
    (row,) = home.read(pending_erasures)
    assert (row.step, row.problem) == (Step.BURIED, "Nothing is proven gone yet.")
    assert forget_people(forget_parts(home)) == 0
