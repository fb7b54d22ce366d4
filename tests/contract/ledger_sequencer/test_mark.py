"""Does the high-water mark stand, whatever happens to the write that moves it?"""

import threading
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from kept.base.errors import ConflictError, MalformedError, UnavailableError
from kept.ledger.high_water import file
from kept.ledger.high_water.file import FileHighWater

SLOT = 4096
NOTES = [f"shop.example/ledger\n{size}\nroot\n\n- sig {size}\n".encode() for size in range(9)]


def moved(path: Path, times: int) -> FileHighWater:
    """A mark that was moved this many times after its first."""
    mark = FileHighWater(path)
    mark.swap(None, NOTES[0])
    for at in range(times):
        mark.swap(NOTES[at], NOTES[at + 1])
    return mark


def test_the_mark_is_what_was_swapped_in_last(tmp_path: Path):
    """Moved many times, read by another process each time."""
    assert FileHighWater(tmp_path / "high-water").read() is None
    for times in range(6):
        moved(tmp_path / f"mark-{times}", times)
        assert FileHighWater(tmp_path / f"mark-{times}").read() == NOTES[times]


def test_a_slot_is_the_bytes_of_the_format(tmp_path: Path):
    """Text that can be read without a program and checked with `sha256sum`."""
    moved(tmp_path / "mark", 1)
    number = "00000000000000000002"
    digest = sha256(number.encode() + NOTES[1]).hexdigest()
    line = f"kept high-water 1 generation {number} sha256 {digest}\n".encode()
    data = (tmp_path / "mark").read_bytes()
    assert data[:SLOT] == (line + NOTES[1]).ljust(SLOT, b"\n")
    assert len(data) == 2 * SLOT


@pytest.mark.parametrize("times", [1, 2])
def test_a_write_torn_anywhere_leaves_the_old_mark_or_the_new(tmp_path: Path, times: int):
    """Every length of the prefix that reached the disk, over either slot."""
    path = tmp_path / "mark"
    moved(path, times)
    before = path.read_bytes()
    FileHighWater(path).swap(NOTES[times], NOTES[times + 1])
    after = path.read_bytes()
    at = 0 if before[:SLOT] != after[:SLOT] else SLOT
    seen = set[bytes]()
    for long in range(SLOT + 1):
        path.write_bytes(before[:at] + after[at : at + long] + before[at + long :])
        found = FileHighWater(path).read()
        assert found in {NOTES[times], NOTES[times + 1]}, long
        assert found == NOTES[times] or path.read_bytes() == after
        seen.add(found)
    assert seen == {NOTES[times], NOTES[times + 1]}


def test_after_a_torn_write_the_mark_moves_on(tmp_path: Path):
    """The torn slot is the one that is written next."""
    path = tmp_path / "mark"
    mark = moved(path, 4)
    data = path.read_bytes()
    at = 0 if data.find(NOTES[3]) < SLOT else SLOT  # the one that is not the mark
    path.write_bytes(data[: at + 100] + bytes(300) + data[at + 400 :])
    assert mark.read() == NOTES[4]
    mark.swap(NOTES[4], NOTES[5])
    assert mark.read() == NOTES[5]
    mark.swap(NOTES[5], NOTES[6])
    assert FileHighWater(path).read() == NOTES[6]


@pytest.mark.parametrize("rest", [b"", b"\n" * 2 * SLOT, b"\0" * 2 * SLOT, NOTES[1]])
def test_a_file_without_a_whole_slot_is_damage_and_not_absence(tmp_path: Path, rest: bytes):
    """It is never taken for a ledger that signed nothing, and never written over."""
    path = tmp_path / "mark"
    path.write_bytes(rest)
    mark = FileHighWater(path)
    assert mark.read() == b""
    for old in (None, b"", NOTES[1]):
        with pytest.raises(ConflictError):
            mark.swap(old, NOTES[2])
    assert path.read_bytes() == rest


def test_a_slot_in_the_wrong_place_is_not_whole(tmp_path: Path):
    """Slots that changed places say nothing: each generation has one place."""
    path = tmp_path / "mark"
    moved(path, 3)
    data = path.read_bytes()
    path.write_bytes(data[SLOT:] + data[:SLOT])
    assert FileHighWater(path).read() == b""


def test_what_does_not_fit_or_cannot_be_written_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Too long a note, a disk that fails, a folder that is gone."""
    mark = moved(tmp_path / "mark", 2)
    for bad in (b"x" * SLOT + b"\n", b"no newline", b"two\n\n"):
        with pytest.raises(MalformedError):
            mark.swap(NOTES[2], bad)

    def fails(*_: object, **__: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(file, "overwrite", fails)
    with pytest.raises(UnavailableError):
        mark.swap(NOTES[2], NOTES[3])
    assert mark.read() == NOTES[2]
    with pytest.raises(UnavailableError):
        FileHighWater(tmp_path / "gone" / "mark").swap(None, NOTES[0])


def test_of_those_who_swap_at_once_one_wins_each_time(tmp_path: Path):
    """As many generations as successes: comparing and writing are one step."""
    path = tmp_path / "mark"
    FileHighWater(path).swap(None, NOTES[0])
    barrier, won = threading.Barrier(4), list[bytes]()

    def race(name: int) -> None:
        mark = FileHighWater(path)
        barrier.wait()
        for at in range(50):
            note = f"{name} {at}\n".encode()
            with suppress(ConflictError):
                mark.swap(mark.read(), note)
                won.append(note)

    racers = [threading.Thread(target=race, args=[name]) for name in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    slots = [path.read_bytes()[:SLOT], path.read_bytes()[SLOT:]]
    assert max(int(slot.split(b" ")[4]) for slot in slots) == len(won) + 1
