"""Is room made, nothing needed lost, and nothing touched where it cannot be known?"""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kept.backup.pipeline.checking import ALL, check
from kept.backup.pipeline.findings import Problem
from kept.backup.pipeline.forgetting import bring_back, candidates, forget
from kept.backup.pipeline.grace import GraceFolder
from kept.backup.pipeline.loading import load_snapshots
from kept.backup.pipeline.prune_plan import PartUse, plan
from kept.backup.pipeline.pruning import PruneLimits, prune
from kept.backup.ports import FileKind
from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.locking import Surroundings
from kept.backup.repo.processes import own_facts, start_time_of
from kept.backup.repo.repository import Repository
from kept.base.errors import NotFoundError, RefusedError
from repo_yard import NOW, MemoryPlace, new_repository
from small_copies import Files, copy, put_part


class Clock:
    """Set by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        """As it was set."""
        return self.at


def around(repo: Repository, clock: Clock | None = None) -> Surroundings:
    """What a lock needs, without waiting."""
    return Surroundings(
        repo.place, repo, clock or Clock(), lambda _s: None, own_facts(), start_time_of
    )


def noise(seed: int, size: int = 64) -> bytes:
    """Bytes that do not compress."""
    return hashlib.shake_256(bytes([seed])).digest(size)


FOLDERS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.lists(st.integers(0, 12), min_size=1, max_size=6).map(
        lambda seeds: b"".join(map(noise, seeds))
    ),
    max_size=3,
)
TREES = st.dictionaries(st.sampled_from(["x", "y", "z"]), FOLDERS, min_size=1, max_size=3)


@settings(deadline=None, max_examples=60)
@given(
    states=st.lists(TREES, min_size=1, max_size=4),
    kept=st.sets(st.integers(0, 3)),
    slice_bytes=st.sampled_from([1, 10**9]),
    part_bytes=st.sampled_from([100, 10**9]),
)
def test_what_is_kept_stays_whole_and_the_rest_goes(
    states: list[Files], kept: set[int], slice_bytes: int, part_bytes: int
) -> None:
    """Whatever was copied and whatever is forgotten."""
    place = MemoryPlace()
    repo = new_repository(place)
    names = [copy(repo, state, minutes=number) for number, state in enumerate(states)]
    for number, name in enumerate(names):
        if number not in kept:
            place.remove(FileKind.SNAPSHOT, name)
    limits = PruneLimits(slice_bytes=slice_bytes, part_bytes=part_bytes)
    pruned = prune(repo, around=around(repo), limits=limits)
    checked = check(repo, reading=ALL)
    assert checked.findings == ()
    assert checked.snapshots == len([number for number in range(len(names)) if number in kept])
    assert pruned.left_to_repack == 0
    assert not (checked.parts and not checked.snapshots)
    assert place.files[FileKind.LOCK] == {}
    again = prune(repo, around=around(repo), limits=limits)
    assert (again.removed, again.repacked, again.freed_bytes) == (0, 0, 0)


def test_a_part_without_index_is_used_or_removed() -> None:
    """One that nobody needs goes; one cut short goes too; one that is needed gets its index."""
    place = MemoryPlace()
    repo = new_repository(place)
    copy(repo, {"a": noise(1)})
    needed = set(place.files[FileKind.INDEX])
    place.files[FileKind.INDEX].clear()
    put_part(repo, BlobKind.DATA, [noise(2)])
    place.put(FileKind.DATA, "ab" * 32, b"cut short")
    assert needed
    pruned = prune(repo, around=around(repo))
    assert pruned.removed == 2
    assert [broken.name for broken in pruned.broken] == ["ab" * 32]
    assert check(repo, reading=ALL).findings == ()
    assert len(place.files[FileKind.DATA]) == 2


def test_the_only_sound_copy_of_a_blob_is_never_removed() -> None:
    """It lies in two parts; the one that counts is damaged."""
    for spoiled in (0, 1):
        place = MemoryPlace()
        repo = new_repository(place)
        copy(repo, {"a": noise(1), "b": noise(2)})
        second = put_part(repo, BlobKind.DATA, [noise(1), noise(2), noise(3)])
        repo.save_indexes([second])
        twins = sorted({
            listing.part.hex()
            for _, listing in repo.read_indexes()
            if listing.entries[0].kind is BlobKind.DATA
        })
        raw = place.files[FileKind.DATA][twins[spoiled]]
        place.files[FileKind.DATA][twins[spoiled]] = raw[:20] + bytes([raw[20] ^ 1]) + raw[21:]
        prune(repo, around=around(repo))
        problems = {finding.problem for finding in check(repo, reading=ALL).findings}
        assert Problem.FILE_LOST not in problems


def test_limits_end_a_run_and_the_next_goes_on() -> None:
    """By bytes and by time."""
    for limits in (PruneLimits(max_repack=1), PruneLimits(max_time=timedelta(), slice_bytes=1)):
        place = MemoryPlace()
        repo = new_repository(place)
        full: Files = {n: {"f": noise(i), "g": noise(i + 50)} for i, n in enumerate("abcd")}
        first = copy(repo, full)
        copy(repo, {n: {"f": noise(i)} for i, n in enumerate("abcd")}, minutes=1)
        place.remove(FileKind.SNAPSHOT, first)
        clock = Ticking()
        left = prune(repo, around=around(repo, clock), limits=limits).left_to_repack
        assert left > 0
        assert check(repo, reading=ALL).findings == ()
        assert prune(repo, around=around(repo, clock)).left_to_repack == 0
        assert check(repo, reading=ALL).findings == ()


class Ticking(Clock):
    """A second later each time it is asked."""

    def now(self) -> datetime:
        """Later."""
        self.at += timedelta(seconds=1)
        return self.at


def test_a_forgotten_snapshot_waits_14_days(tmp_path: Path) -> None:
    """It can be brought back so long, with all it leans on."""
    place = MemoryPlace()
    repo, clock = new_repository(place), Clock()
    grace = GraceFolder(tmp_path / "grace")
    name = copy(repo, {"a": noise(1)})
    sealed = place.files[FileKind.SNAPSHOT][name]
    assert forget(repo, [name], grace=grace, around=around(repo), dry_run=True).names == (name,)
    assert place.files[FileKind.SNAPSHOT] == {name: sealed}
    forget(repo, [name], grace=grace, around=around(repo, clock))
    assert place.files[FileKind.SNAPSHOT] == {}
    clock.at += timedelta(days=14)
    prune(repo, around=around(repo, clock), grace=grace)
    bring_back(repo, name, grace=grace, around=around(repo, clock))
    assert place.files[FileKind.SNAPSHOT] == {name: sealed}
    assert (check(repo, reading=ALL).findings, grace.waiting()) == ((), [])
    forget(repo, [name], grace=grace, around=around(repo, clock))
    clock.at += timedelta(days=14, seconds=2)
    assert prune(repo, around=around(repo, clock), grace=grace).grace_over == (name,)
    assert place.files[FileKind.DATA] == {}
    with pytest.raises(NotFoundError):
        bring_back(repo, name, grace=grace, around=around(repo, clock))


def test_a_place_that_only_adds_is_left_alone(tmp_path: Path) -> None:
    """In plain words, before any lock is written."""
    place = MemoryPlace()
    repo = new_repository(place)
    name = copy(repo, {"a": noise(1)})
    place.can_remove = False
    files = {kind: dict(found) for kind, found in place.files.items()}
    with pytest.raises(RefusedError, match="only takes copies"):
        prune(repo, around=around(repo))
    with pytest.raises(RefusedError, match="only takes copies"):
        forget(repo, [name], grace=GraceFolder(tmp_path), around=around(repo))
    assert place.files == files


def test_snapshots_are_candidates_in_their_own_offset() -> None:
    """An hour east of Greenwich, and nothing known of the size."""
    repo = new_repository()
    copy(repo, {"a": b"a"}, tags=("kept:cut1",))
    (one,) = candidates(load_snapshots(repo)[0])
    assert one.time.utcoffset() == timedelta(hours=1)
    assert one.time == NOW.astimezone(UTC)
    assert (one.host, one.paths, one.tags, one.size) == ("shop", ("/",), ("kept:cut1",), None)


def test_the_plan_keeps_five_percent() -> None:
    """The most wasteful part is packed anew first."""
    parts = [
        PartUse(b"a", 100, 0),
        PartUse(b"b", 0, 70),
        PartUse(b"c", 90, 4),
        PartUse(b"d", 10, 90),
        PartUse(b"e", 60, 40),
    ]
    found = plan(parts)
    assert [one.part for one in found.remove] == [b"b"]
    assert [one.part for one in found.repack] == [b"d", b"e"]
    assert found.kept_unused == 4
    assert plan([]).repack == ()
