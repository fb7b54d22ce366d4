"""Is the right snapshot meant, the right file found and the right change told?"""

import pytest

from kept.backup.pipeline.listing import Change, diff, entries, find, resolve
from kept.backup.pipeline.loading import NamedSnapshot, TreeReader, load_snapshots
from kept.backup.ports import FileKind
from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.repository import Repository
from kept.base.errors import ConflictError, MalformedError, NotFoundError
from repo_yard import MemoryPlace, new_repository
from small_copies import copy

DAY = 24 * 60


@pytest.fixture
def place() -> MemoryPlace:
    """Memory."""
    return MemoryPlace()


@pytest.fixture
def repo(place: MemoryPlace) -> Repository:
    """Three snapshots, at 04:04:05 of three days, an hour east of Greenwich."""
    found = new_repository(place)
    copy(found, {"a": b"one", "same": {"x": b"x"}, "gone": {"y": b"y"}})
    copy(found, {"a": b"two", "same": {"x": b"x"}, "new": b"n"}, minutes=DAY)
    copy(found, {"a": {"x": b"two"}, "same": {"x": b"x"}}, minutes=2 * DAY)
    return found


def snapshots_of(repo: Repository) -> list[NamedSnapshot]:
    """Newest first."""
    return load_snapshots(repo)[0]


def reader(repo: Repository) -> TreeReader:
    """Reads its trees."""
    return TreeReader(repo, repo.load_index())


@pytest.mark.parametrize(
    ("wanted", "place_in_list"),
    [
        ("latest", 0),
        ("2026-11-23", 0),
        ("2026-11-22", 1),
        ("2030-01-01", 0),
        ("2026-11-22T04:04", 2),
        ("2026-11-22T04:05", 1),
        ("2026-11-22T03:04:05Z", 1),
        ("2026-11-22T03:04:04Z", 2),
        ("2026-11-21 23:59", 2),
    ],
)
def test_a_snapshot_is_meant_by_day_or_moment(
    repo: Repository, wanted: str, place_in_list: int
) -> None:
    """Without an offset, by the snapshot's own clock."""
    snapshots = snapshots_of(repo)
    assert resolve(snapshots, wanted) is snapshots[place_in_list]


def test_a_snapshot_is_meant_by_the_start_of_its_name(repo: Repository) -> None:
    """One that fits several names is refused, as is what has no known form."""
    snapshots = snapshots_of(repo)
    for one in snapshots:
        assert resolve(snapshots, one.name[:12]) is one
    twins = [NamedSnapshot("abcd" + 60 * end, snapshots[0].snapshot) for end in "01"]
    with pytest.raises(ConflictError):
        resolve(twins, "abcd")
    for absent in ("0000000000", "1999-01-01"):
        with pytest.raises(NotFoundError):
            resolve(snapshots, absent)
    for wrong in ("", "abc", "newest", "2026-13-01", "ABCD"):
        with pytest.raises(MalformedError):
            resolve(snapshots, wrong)
    with pytest.raises(NotFoundError):
        resolve([], "latest")


def test_a_folder_is_listed(repo: Repository) -> None:
    """By name; deep ones with what is below; a file lists itself."""
    first = snapshots_of(repo)[2].snapshot
    assert [one.path for one in entries(reader(repo), first)] == [b"/a", b"/gone", b"/same"]
    deep = [one.path for one in entries(reader(repo), first, deep=True)]
    assert deep == [b"/a", b"/gone", b"/gone/y", b"/same", b"/same/x"]
    assert [one.path for one in entries(reader(repo), first, b"/same/")] == [b"/same/x"]
    assert [one.path for one in entries(reader(repo), first, b"/same/x")] == [b"/same/x"]
    for absent in (b"/none", b"/a/x", b"/same/x/y"):
        with pytest.raises(NotFoundError):
            list(entries(reader(repo), first, absent))
    with pytest.raises(MalformedError):
        list(entries(reader(repo), first, b"same"))


def test_a_lost_list_is_told(place: MemoryPlace, repo: Repository) -> None:
    """Its folder is there, with nothing known of it."""
    first = snapshots_of(repo)[2].snapshot
    node = next(one.node for one in entries(reader(repo), first) if one.path == b"/same")
    assert node is not None
    assert node.subtree is not None
    index = repo.load_index()
    at = index.find(BlobKind.TREE, node.subtree)
    assert at is not None
    name = at.part.hex()
    raw = bytearray(place.files[FileKind.DATA][name])
    raw[at.offset + 20] ^= 1
    place.files[FileKind.DATA][name] = bytes(raw)
    told = {one.path: one.node for one in entries(reader(repo), first, deep=True)}
    assert told[b"/same/"] is None
    assert b"/gone/y" in told


def test_files_are_found_by_name_and_by_path(repo: Repository) -> None:
    """In every snapshot."""
    snapshots = snapshots_of(repo)

    def places(pattern: str) -> list[tuple[int, bytes]]:
        return [
            (snapshots.index(hit.snapshot), hit.path)
            for hit in find(reader(repo), snapshots, pattern)
        ]

    assert places("y") == [(2, b"/gone/y")]
    assert places("?") == [
        (0, b"/a"),
        (0, b"/a/x"),
        (0, b"/same/x"),
        (1, b"/a"),
        (1, b"/same/x"),
        (2, b"/a"),
        (2, b"/gone/y"),
        (2, b"/same/x"),
    ]
    assert places("/same/*") == [(number, b"/same/x") for number in range(3)]
    assert places("Y") == []
    with pytest.raises(MalformedError):
        places("")


def test_changes_are_told_by_kind(repo: Repository) -> None:
    """And nothing of what stayed the same."""
    third, second, first = (one.snapshot for one in snapshots_of(repo))

    def changes(one: int) -> list[tuple[bytes, Change]]:
        before, after = [(first, second), (second, third), (first, first)][one]
        return [(found.path, found.change) for found in diff(reader(repo), before, after)]

    assert changes(0) == [
        (b"/a", Change.CONTENT),
        (b"/gone", Change.REMOVED),
        (b"/new", Change.ADDED),
        (b"/gone/y", Change.REMOVED),
    ]
    assert changes(1) == [
        (b"/a", Change.TYPE),
        (b"/new", Change.REMOVED),
        (b"/a/x", Change.ADDED),
    ]
    assert changes(2) == []
