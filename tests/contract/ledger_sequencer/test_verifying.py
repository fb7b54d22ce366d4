"""Is whatever somebody changed found, and named exactly?"""

from collections.abc import Sequence

import pytest

from kept.db.seam import Pending
from kept.ledger.acts.verify import Fault, verify_acts, verify_log
from kept.ledger.model import Subject
from kept.ledger.store.act_rows import forget_person
from ledger_yard import NOW, Yard, subject

BUNDLE = 258  # bytes of an entry with its length


def faults(yard: Yard) -> list[Fault]:
    """What `kept verify` says, with every person's keys at hand."""
    found = verify_log(yard.db, yard.tiles, (yard.sequencer().key,), mark=yard.mark.read())
    return found + verify_acts(yard.db, yard.tiles, subject_of=known)


def known(person: int) -> Subject | None:
    """The vault's answer."""
    return subject(person)


@pytest.fixture
def full(yard: Yard) -> Yard:
    """A log with full tiles, an edge, acts of people, and two acts that wait."""
    yard.house_acts(300)
    for person in (1, 2):
        yard.read_of(person)
    yard.house_acts(300)
    yard.run()
    yard.house_acts(1)
    yard.read_of(1)
    return yard


def test_a_whole_ledger_has_no_fault(full: Yard):
    """Nothing is named where nothing was changed, and the auditor agrees."""
    assert faults(full) == []
    assert full.audit().waiting == 2


class _Growing:
    """A tile store that lets the log grow and be signed while it is being verified."""

    def __init__(self, yard: Yard) -> None:
        self._yard, self._is_done = yard, False

    def get(self, path: str) -> bytes | None:
        """The first look brings another pass."""
        if not self._is_done:
            self._is_done = True
            self._yard.run()
        return self._yard.tiles.get(path)

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Nobody writes here."""
        raise AssertionError(files)


def test_a_log_that_grows_meanwhile_has_no_fault(full: Yard):
    """A checkpoint signed after the head was read is not called ahead of the data."""
    mark, key = full.mark.read(), full.sequencer().key
    size = full.one("select size from ledger_head")
    assert verify_log(full.db, _Growing(full), (key,), mark=mark) == []
    assert full.one("select max(size) from ledger_checkpoints") == size + 2


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ("update acts set kind = 'book.seen' where id = :act", "act", "kind"),
        ("update acts set purpose = 'deliver' where id = :act", "act", "purpose"),
        ("update acts set role = 'senior' where id = :act", "act", "role"),
        ("update acts set actor = 'somebody' where id = :act", "act", "actor"),
        ("update acts set at = at + 1 where id = :act", "act", "at"),
        ("update acts set at = at + 3600000000 where id = :act", "act", "at"),
        ("delete from act_openings where act = :act", "act", "opening"),
        ("delete from acts where id = :act", "act", "no act"),
    ],
)
@pytest.mark.parametrize("index", [7, 301, 590])
def test_a_changed_row_is_named(full: Yard, change: str, where: str, what: str, index: int):
    """In a stored bundle, of a person, and in the edge."""
    act = full.act_at(index)
    full.change(change, act=act)
    found = faults(full)
    assert found
    assert {one.where for one in found} <= {f"act {act}", f"entry {index} of {full.origin}"}
    assert f"{where} {act}" in {one.where for one in found}
    assert any(what in one.what for one in found)


def test_a_changed_waiting_act_is_named(full: Yard):
    """Also before it came into the tree."""
    act = full.one("select max(act) from ledger_outbox")
    full.change("update acts set actor = 'somebody' where id = :act", act=act)
    assert [one.where for one in faults(full)] == [f"act {act}"]


def test_an_act_left_out_of_the_ledger_is_named(full: Yard):
    """A row that neither stands nor waits."""
    act = full.one("select max(act) from ledger_outbox")
    full.change("delete from ledger_outbox where act = :act", act=act)
    assert [one.where for one in faults(full)] == [f"act {act}"]


def test_an_entry_without_an_act_is_named(full: Yard):
    """A place that no act stands behind."""
    act = full.act_at(5)
    full.change("delete from acts where id = :act", act=act)
    assert {one.where for one in faults(full)} == {f"entry 5 of {full.origin}", f"act {act}"}


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ("delete from act_places where idx = 0", 0),
        ("update act_places set n = 500 where idx = 0", 500),
        ("update act_places set n = 1 where idx = 0", 1),
    ],
)
def test_places_that_are_gone_are_named_as_a_range(full: Yard, change: str, first: int):
    """A run cut short leaves entries without acts, and acts without entries: told once each."""
    act = full.act_at(first)
    full.change(change)
    wheres = [one.where for one in faults(full)]
    assert any(where.startswith("act_places ") for where in wheres)
    assert f"acts {act} to {act + 511 - first}" in wheres
    assert len(wheres) < 8


def test_places_moved_or_made_longer_are_named(full: Yard):
    """A run that claims other entries, or acts that wait."""
    where = f"act_places {full.act_at(0)}"
    full.change("update act_places set n = n + 2 where idx = 0")
    assert where in [one.where for one in faults(full)]
    full.change("update act_places set n = n - 2, idx = 1 where idx = 0")
    assert where in [one.where for one in faults(full)]


@pytest.mark.parametrize(
    ("path", "at", "where"),
    [
        ("tile/entries/000", 7 * BUNDLE + 40, "tile/entries/000 entry 7"),
        ("tile/entries/001", 40, "tile/entries/001 entry 256"),
        ("tile/0/001", 99, "tile/0/001"),
    ],
)
def test_a_changed_file_is_named(full: Yard, path: str, at: int, where: str):
    """One flipped bit in a bundle names the entry, in a tile the tile."""
    file = full.folder / "tiles" / path
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)
    assert where in [one.where for one in faults(full)]


def test_a_missing_file_is_named(full: Yard):
    """A bundle that is gone."""
    (full.folder / "tiles/tile/entries/001").unlink()
    assert "tile/entries/001" in [one.where for one in faults(full)]


@pytest.mark.parametrize(
    ("index", "where"),
    [(7, "ledger_outbox"), (300, "ledger_outbox"), (515, "ledger_outbox entries 512 to 575")],
)
def test_a_changed_row_that_is_not_yet_in_a_file_is_named(yard: Yard, index: int, where: str):
    """Entries whose tile is full but not stored, and entries right of it."""
    yard.house_acts(599)
    taken = yard.sequencer().run(now=NOW)
    assert yard.one("select stored from ledger_head") == 0, taken
    assert faults(yard) == []
    change = "update ledger_outbox set entry = :x where act = :act"
    yard.change(change, x=b"x" * 256, act=yard.act_at(index))
    assert any(one.where.startswith(where) for one in faults(yard))
    assert not any(one.where.startswith(("ledger_head", "ledger_edge")) for one in faults(yard))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("update ledger_outbox set entry = :x where act = :a", "ledger_outbox"),
        ("delete from ledger_outbox where act = :a", "ledger_outbox"),
        ("update ledger_edge set hashes = :y where level = 1", "ledger_edge"),
        ("update ledger_head set root = :y", "ledger_head"),
        ("update ledger_head set frontier = :y", "ledger_head"),
        ("update ledger_checkpoints set note = :y", "ledger_checkpoints"),
    ],
)
def test_a_changed_table_is_named(full: Yard, change: str, where: str):
    """Edge, head and checkpoints."""
    values = {"x": b"x" * 256, "y": bytes(32), "a": full.act_at(600)}
    full.change(change, **{name: value for name, value in values.items() if f":{name}" in change})
    assert any(one.where.startswith(where) for one in faults(full))


def test_a_mark_that_is_gone_or_ahead_is_named(full: Yard):
    """The high-water mark is part of what is verified."""
    ahead = full.mark.read()
    full.change("update ledger_head set size = size")
    (full.folder / "high-water").unlink()
    assert [one.where for one in faults(full)] == ["high-water"]
    full.mark.swap(None, (ahead or b"").replace(b"\n603\n", b"\n604\n"))
    assert [one.where for one in faults(full)] == ["high-water"]


def test_an_opening_of_another_person_does_not_pass(full: Yard):
    """With the wrong keys nothing opens, and the tag does not fit either."""
    found = verify_acts(full.db, full.tiles, subject_of=lambda _: subject(9))
    assert len(found) == 3
    assert verify_acts(full.db, full.tiles) == []


def test_an_erased_person_is_no_fault(full: Yard):
    """Erasure takes openings and links; the ledger stays whole."""
    full.db.write(lambda tx: Pending(forget_person(tx, 1)))
    assert faults(full) == []
    full.audit()
