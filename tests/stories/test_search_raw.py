"""Does the search of the raw files find what lies open, and leave the house's locks alone?"""

import subprocess
import sys
from pathlib import Path

import pytest

from houses import HOME, TINA, Home
from kept.base.errors import UnavailableError
from kept.flows import search_raw as flow
from kept.flows.search_files import files_with
from kept.flows.search_raw import plant, planted_text, search_raw
from kept.vault.acts.evidence import searches

VISITOR = """
import apsw, sys
connection = apsw.Connection(sys.argv[1])
connection.execute("select count(*) from person").fetchall()
connection.close()
"""


def look(home: Home) -> list[str]:
    """Plant, then search."""
    house = home.house
    secret, now = house.opened.house_keys["house"], home.clock.now()
    plant(house.db, house.vault, secret, now=now)
    return search_raw(house.db, house.vault, secret, folder=house.place.root, now=now)


def visit(path: Path) -> None:
    """Another program opens the database, looks, and closes it."""
    subprocess.run([sys.executable, "-c", VISITOR, str(path)], check=True)


def test_sealed_values_are_not_found(home: Home):
    """Nothing readable lies in any file, and the search is kept as evidence."""
    home.add(contact=TINA, delivery=HOME)
    assert look(home) == []
    (found,) = home.read(lambda tx: searches(tx, since=home.clock.now()))
    assert found.hits == 0
    assert found.sealed_values > 0


def test_what_lies_open_is_named(home: Home):
    """The planted text in a stray file is a hit, and is counted."""
    look(home)
    secret = home.house.opened.house_keys["house"]
    field = home.house.book.rules.categories["contact"].fields[0]
    stray = home.house.place.root / "left" / "note.txt"
    stray.parent.mkdir()
    stray.write_text("x" * 2_000_000 + planted_text(secret, field), encoding="utf-8")
    assert look(home) == ["left/note.txt"]


def test_the_search_keeps_the_houses_locks(home: Home):
    """Another program that opens and closes the database afterwards leaves its WAL alone."""
    home.add(contact=TINA, delivery=HOME)
    wal = home.house.place.root / "data.db-wal"
    before = wal.stat().st_ino
    look(home)
    visit(home.house.place.data)
    assert wal.stat().st_ino == before
    home.add(contact={"email": "new@example.org"})


def test_reading_in_the_houses_process_would_lose_them(home: Home):
    """Why it is a process of its own: here the same look takes the locks away."""
    home.add(contact=TINA, delivery=HOME)
    files_with(home.house.place.root, [b"something"])
    visit(home.house.place.data)
    assert not (home.house.place.root / "data.db-wal").exists()


def test_a_search_that_cannot_run_is_no_clean_result(home: Home, monkeypatch: pytest.MonkeyPatch):
    """When the reading process fails, nothing is noted."""
    monkeypatch.setattr(flow, "_READER", "kept.flows.no_such_program")
    with pytest.raises(UnavailableError):
        look(home)
    assert home.read(lambda tx: searches(tx, since=home.clock.now())) == []
