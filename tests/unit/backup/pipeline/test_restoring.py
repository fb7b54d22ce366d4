"""What does a restore do on bad days: a stop, a twin of a damaged piece, a lost list, bad paths?"""

import hashlib
import os
from pathlib import Path

import pytest

from kept.backup.pipeline.loading import load_snapshots
from kept.backup.pipeline.restore_values import LostWhy, Progress, Wish
from kept.backup.pipeline.restoring import restore
from kept.backup.ports import FileKind
from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.repository import Repository
from kept.backup.repo.snapshots import Snapshot
from kept.base.errors import ConflictError, MalformedError, NotFoundError
from repo_yard import MemoryPlace, new_repository
from small_copies import Files, copy, put_part

FILES: Files = {
    "a": b"letter " * 200,
    "folder": {"b": hashlib.shake_256(b"noise").digest(600), "deep": {"c": b"c", "empty": b""}},
}
ALL_FILES = {"a", "folder/b", "folder/deep/c", "folder/deep/empty"}


@pytest.fixture
def place() -> MemoryPlace:
    """Memory."""
    return MemoryPlace()


@pytest.fixture
def repo(place: MemoryPlace) -> Repository:
    """One snapshot of FILES."""
    found = new_repository(place)
    copy(found, FILES)
    return found


def snapshot_of(repo: Repository) -> Snapshot:
    """The newest."""
    return load_snapshots(repo)[0][0].snapshot


def files_in(folder: Path) -> set[str]:
    """Every file's path."""
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}


def part_of(repo: Repository, plain: bytes) -> str:
    """The part that holds a piece of data."""
    at = repo.load_index().find(BlobKind.DATA, hashlib.sha256(plain).digest())
    assert at is not None
    return at.part.hex()


@pytest.mark.parametrize("workers", [1, 8])
def test_all_comes_back_and_progress_ends_at_the_whole(
    repo: Repository, tmp_path: Path, workers: int
) -> None:
    """With one worker and with many."""
    told: list[Progress] = []
    wish = Wish(target=os.fsencode(tmp_path), workers=workers, verify=True)
    restored = restore(repo, snapshot_of(repo), wish, watch=told.append)
    assert files_in(tmp_path) == ALL_FILES
    assert (tmp_path / "a").read_bytes() == FILES["a"]
    assert (restored.files, restored.bytes, restored.folders) == (4, 2001, 2)
    assert (restored.verified, restored.exit_code) == (4, 0)
    last = told[-1]
    assert (last.files_found, last.files_done, last.is_all_found) == (4, 4, True)
    assert (last.bytes_found, last.bytes_done) == (2001, 2001)


def test_a_twin_stands_in_for_a_damaged_piece(
    place: MemoryPlace, repo: Repository, tmp_path: Path
) -> None:
    """Whichever of the two the index sends us to first."""
    first = part_of(repo, b"c")
    repo.save_indexes([put_part(repo, BlobKind.DATA, [b"c", b"other"])])
    first_now = part_of(repo, b"c")
    assert first in place.files[FileKind.DATA]
    raw = place.files[FileKind.DATA][first_now]
    place.files[FileKind.DATA][first_now] = raw[:5] + bytes([raw[5] ^ 1]) + raw[6:]
    restored = restore(repo, snapshot_of(repo), Wish(target=os.fsencode(tmp_path)))
    assert restored.lost == ()
    assert (tmp_path / "folder" / "deep" / "c").read_bytes() == b"c"


def test_a_lost_index_is_made_up_for_without_writing(
    place: MemoryPlace, repo: Repository, tmp_path: Path
) -> None:
    """The parts tell it themselves."""
    place.files[FileKind.INDEX].clear()
    restored = restore(repo, snapshot_of(repo), Wish(target=os.fsencode(tmp_path)))
    assert (files_in(tmp_path), restored.exit_code) == (ALL_FILES, 0)
    assert place.files[FileKind.INDEX] == {}


def test_a_missing_part_loses_its_files_alone(
    place: MemoryPlace, repo: Repository, tmp_path: Path
) -> None:
    """Told alike by a rehearsal and by the run."""
    place.remove(FileKind.DATA, part_of(repo, b"c"))
    wish = Wish(target=os.fsencode(tmp_path))
    rehearsal = Wish(target=os.fsencode(tmp_path), dry_run=True)
    for one in (rehearsal, wish):
        restored = restore(repo, snapshot_of(repo), one)
        assert [(lost.path, lost.why) for lost in restored.lost] == [
            (b"/folder/deep/c", LostWhy.MISSING)
        ]
        assert restored.exit_code == 1
    assert files_in(tmp_path) == ALL_FILES - {"folder/deep/c"}


def test_a_lost_list_loses_what_is_below(
    place: MemoryPlace, repo: Repository, tmp_path: Path
) -> None:
    """Here all of it: the trees share a part."""
    index = repo.load_index()
    at = index.find(BlobKind.TREE, snapshot_of(repo).tree)
    assert at is not None
    place.remove(FileKind.DATA, at.part.hex())
    restored = restore(repo, snapshot_of(repo), Wish(target=os.fsencode(tmp_path)))
    assert [(lost.path, lost.why) for lost in restored.lost] == [(b"/", LostWhy.NO_LIST)]


def test_a_stop_leaves_no_half_files(repo: Repository, tmp_path: Path) -> None:
    """And says so."""
    answers = iter([False, False])
    opened = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(ConflictError, match="stopped"):
        restore(
            repo,
            snapshot_of(repo),
            Wish(target=os.fsencode(tmp_path)),
            stop=lambda: next(answers, True),
        )
    assert len(list(Path("/proc/self/fd").iterdir())) == opened
    for name in files_in(tmp_path):
        assert (tmp_path / name).read_bytes() in (FILES["a"], b"")


def test_what_stands_in_the_way_is_kept_and_named(repo: Repository, tmp_path: Path) -> None:
    """A folder where a file should come, even when files may be replaced."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine").write_text("mine", encoding="utf-8")
    wish = Wish(target=os.fsencode(tmp_path), replace=True)
    restored = restore(repo, snapshot_of(repo), wish)
    assert [lost.path for lost in restored.lost] == [b"/a"]
    assert (tmp_path / "a" / "mine").read_text(encoding="utf-8") == "mine"
    assert files_in(tmp_path) >= ALL_FILES - {"a"}


def test_paths_that_are_none_are_refused(repo: Repository, tmp_path: Path) -> None:
    """Nothing is made at the target."""
    target = tmp_path / "new"
    for paths, error in (
        ((b"/none",), NotFoundError),
        ((b"/a/b",), NotFoundError),
        ((b"a",), MalformedError),
        ((b"/folder/../a",), MalformedError),
        ((), MalformedError),
        ((b"/a", b"/a"), MalformedError),
    ):
        with pytest.raises(error):
            restore(repo, snapshot_of(repo), Wish(target=os.fsencode(target), paths=paths))
    assert not target.exists()
