"""Is all that is wrong found and named, and nothing else?"""

import hashlib
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kept.backup.pipeline.checking import ALL, Reading, check
from kept.backup.pipeline.findings import HARMLESS, Problem, finding_words
from kept.backup.ports import FileKind, Stored
from kept.backup.repo.repository import Repository, open_repository
from kept.base.errors import KeptError, MalformedError
from repo_yard import PASSWORD, MemoryPlace, new_repository
from small_copies import Files, copy

FILES: Files = {
    "a": b"letter " * 40,
    "folder": {"b": hashlib.shake_256(b"noise").digest(200), "deep": {"c": b"c", "empty": b""}},
}


@pytest.fixture
def place() -> MemoryPlace:
    """Holds two snapshots."""
    found = MemoryPlace()
    repo = new_repository(found)
    copy(repo, FILES)
    copy(repo, FILES | {"new": b"new"}, minutes=5)
    return found


def opened(place: MemoryPlace) -> Repository:
    """The repository there."""
    return open_repository(place, PASSWORD)


def test_a_whole_repository_has_no_findings(place: MemoryPlace) -> None:
    """Everything is counted and every part read."""
    checked = check(opened(place), reading=ALL)
    assert (checked.findings, checked.exit_code, checked.is_whole) == ((), 0, True)
    assert (checked.snapshots, checked.trees) == (2, 4)
    sizes = [stored.size for stored in place.list(FileKind.DATA)]
    assert (checked.parts_read, checked.bytes_read) == (len(sizes), sum(sizes))


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_flipped_byte_of_any_file_is_found(place: MemoryPlace, data: st.DataObject) -> None:
    """By `check`, with the file's name; or by opening, where it keeps anybody from coming in."""
    files = sorted((kind, name) for kind in FileKind for name in place.files[kind])
    kind, name = data.draw(st.sampled_from(files))
    sound = place.files[kind][name]
    at = data.draw(st.integers(0, len(sound) - 1))
    bit = data.draw(st.integers(0, 7))
    repo = opened(place)
    place.files[kind][name] = sound[:at] + bytes([sound[at] ^ 1 << bit]) + sound[at + 1 :]
    try:
        names = {finding.name for finding in check(repo, reading=ALL).findings}
        assert (f"{kind.value}/{name}" if name else "config") in names
        if kind in {FileKind.CONFIG, FileKind.KEY}:
            with pytest.raises(KeptError):
                opened(place)
    finally:
        place.files[kind][name] = sound


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (FileKind.INDEX, Problem.INDEX_DAMAGED),
        (FileKind.SNAPSHOT, Problem.SNAPSHOT_DAMAGED),
        (FileKind.KEY, Problem.KEY_DAMAGED),
        (FileKind.LOCK, Problem.LOCK_DAMAGED),
    ],
)
def test_a_damaged_file_is_told_by_its_kind(
    place: MemoryPlace, kind: FileKind, problem: Problem
) -> None:
    """Cut off; for the lock, bytes that are none."""
    repo = opened(place)
    name = next(iter(place.files[kind]), "ab" * 32)
    place.files[kind][name] = place.files[kind].get(name, b"not a lock at all")[:-1]
    found = {finding.problem: finding.name for finding in check(repo).findings}
    assert found[problem] == f"{kind.value}/{name}"


def test_a_missing_part_names_the_files_that_are_lost(place: MemoryPlace) -> None:
    """Only those; the one that is in both snapshots is named once."""
    repo = opened(place)
    (part,) = {
        listing.part
        for _, listing in repo.read_indexes()
        if any(entry.id == hashlib.sha256(b"c").digest() for entry in listing.entries)
    }
    place.remove(FileKind.DATA, part.hex())
    checked = check(repo)
    assert checked.exit_code == 1
    assert [(one.problem, one.name) for one in checked.findings] == [
        (Problem.PART_MISSING, f"data/{part.hex()}"),
        (Problem.FILE_LOST, "/folder/deep/c"),
    ]


def test_without_reading_a_flip_stays_hidden_and_a_size_does_not(place: MemoryPlace) -> None:
    """What structure alone can see."""
    repo = opened(place)
    stored = min(place.list(FileKind.DATA), key=lambda one: one.size)
    sound = place.files[FileKind.DATA][stored.name]
    place.files[FileKind.DATA][stored.name] = sound + b"x"
    found = [finding.problem for finding in check(repo).findings]
    assert Problem.PART_SIZE in found


def test_a_part_in_no_index_is_told_and_is_no_loss(place: MemoryPlace) -> None:
    """A run that was cut short."""
    repo = opened(place)
    before = set(place.files[FileKind.INDEX])
    copy(repo, {"z": b"later"}, minutes=9)
    snapshots, indexes = place.files[FileKind.SNAPSHOT], place.files[FileKind.INDEX]
    snapshots.popitem()
    for name in set(indexes) - before:
        del indexes[name]
    checked = check(repo, reading=ALL)
    assert {finding.problem for finding in checked.findings} == {Problem.PART_UNLISTED}
    assert checked.exit_code == 0


def test_slices_cover_all_parts_once() -> None:
    """And a share rounds up."""
    parts = [hashlib.sha256(bytes([number])).digest() for number in range(200)]
    slices = [Reading.parse(f"{number}/7").choose(parts) for number in range(1, 8)]
    assert sorted(part for one in slices for part in one) == sorted(parts)
    assert len(Reading.parse("0.6%").choose(parts)) == 2
    assert Reading.parse("5%").share == Fraction(1, 20)
    assert Reading.parse("100%").choose(parts) == sorted(parts)
    for wrong in ("0/3", "4/3", "0%", "101%", "x", "1/", "-1/3"):
        with pytest.raises(MalformedError):
            Reading.parse(wrong)


def test_stopping_is_told(place: MemoryPlace) -> None:
    """Nothing that was not looked at is called whole."""
    assert not check(opened(place), reading=ALL, stop=lambda: True).is_whole


@pytest.mark.parametrize("problem", Problem)
def test_each_problem_has_words_in_both_languages(problem: Problem) -> None:
    """Cause, loss and cure; the Russian ones are not the English ones."""
    english, russian = finding_words(problem, "en"), finding_words(problem, "ru")
    for name in ("cause", "lost", "todo"):
        assert getattr(english, name).endswith(".")
        assert getattr(russian, name) != getattr(english, name)


def test_harmless_means_nothing_is_lost() -> None:
    """So said the words."""
    for problem in HARMLESS:
        assert finding_words(problem, "en").lost.startswith("Nothing is lost")


def test_a_damaged_part_is_read_as_stored(place: MemoryPlace) -> None:
    """A part of no bytes at all has a name of its own."""
    repo = opened(place)
    stored = place.list(FileKind.DATA)[0]
    place.files[FileKind.DATA][stored.name] = b""
    names = {(one.problem, one.name) for one in check(repo, reading=ALL).findings}
    assert (Problem.PART_DAMAGED, f"data/{stored.name}") in names
    assert place.list(FileKind.DATA)[0] == Stored(stored.name, 0)
