"""What does a folder hold, and what happens on its bad days?"""

import hashlib
import os
import resource
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kept.backup.places.layout import folders
from kept.backup.places.local import LocalPlace
from kept.backup.places.trouble import STUCK
from kept.backup.ports import FileKind
from kept.base.clock import SetClock, SystemClock
from kept.base.errors import UnavailableError

BIG = os.urandom(300_000)
BIG_NAME = hashlib.sha256(BIG).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the place lies."""
    return tmp_path / "closet" / "kept"


@pytest.fixture
def place(folder: Path) -> LocalPlace:
    """A new repository in a folder."""
    made = LocalPlace(folder, clock=SystemClock())
    made.create()
    return made


@pytest.fixture
def little_room() -> Iterator[None]:
    """No file may grow beyond 100,000 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_laid_out_as_restic_does(place, folder: Path) -> None:
    """Folders and files stand where restic looks, readable by their owner alone."""
    place.put(FileKind.DATA, BIG_NAME, BIG)
    place.put(FileKind.CONFIG, "", b"c")
    path = folder / "data" / BIG_NAME[:2] / BIG_NAME
    assert path.read_bytes() == BIG
    assert path.stat().st_mode & 0o777 == 0o400
    assert files(folder) == ["config", f"data/{BIG_NAME[:2]}/{BIG_NAME}"]
    assert len(list((folder / "data").iterdir())) == 256
    assert all((folder / below).stat().st_mode & 0o777 == 0o700 for below in folders())


def test_disk_full_leaves_nothing(place, folder: Path, little_room) -> None:
    """What does not fit is not there, under no name, and nobody tries for a quarter hour."""
    with pytest.raises(UnavailableError, match="full") as caught:
        place.put(FileKind.DATA, BIG_NAME, BIG)
    assert caught.value.retry_after == STUCK
    assert files(folder) == []


def test_disk_not_plugged_in(place, folder: Path) -> None:
    """A folder that is away is not an empty one, and is not made again by writing."""
    folder.rename(folder.with_name("elsewhere"))
    for kind in FileKind:
        with pytest.raises(UnavailableError, match="plugged in"):
            place.list(kind)
    with pytest.raises(UnavailableError, match="plugged in"):
        place.put(FileKind.DATA, BIG_NAME, BIG)
    assert not folder.exists()


def test_missing_fan_is_made(place, folder: Path) -> None:
    """Other programs make data/xx only when they need it."""
    (folder / "data" / BIG_NAME[:2]).rmdir()
    place.put(FileKind.DATA, BIG_NAME, BIG)
    assert place.get(FileKind.DATA, BIG_NAME) == BIG


def test_strange_names_are_passed_over(place, folder: Path) -> None:
    """Neither a note nor a folder nor a link is a file of the repository."""
    fan = folder / "data" / "aa"
    (fan / "README").write_text("x", encoding="utf-8")
    (fan / ("A" * 64)).write_text("x", encoding="utf-8")
    (fan / ("a" * 64)).mkdir()
    (fan / ("aa" + "b" * 62)).symlink_to("README")
    (folder / "data" / "stray").write_text("x", encoding="utf-8")
    (folder / "index" / ("a" * 64 + ".tmp")).write_text("x", encoding="utf-8")
    assert place.list(FileKind.DATA) == []
    assert place.list(FileKind.INDEX) == []


def test_left_overs_go_after_a_day(folder: Path) -> None:
    """A half-written file stays while somebody may write it, then goes; others' files stay."""
    clock = SetClock(datetime(2026, 5, 1, tzinfo=UTC))
    place = LocalPlace(folder, clock=clock)
    place.create()
    half = folder / "data" / "aa" / ("a" * 64 + "-kept-temp-0011aabb")
    others = folder / "data" / "aa" / ("a" * 64 + "-tmp-0011aabb")
    for path in (half, others):
        path.write_bytes(b"half")
        os.utime(path, times=(clock.now().timestamp(), clock.now().timestamp()))
    clock.advance(timedelta(hours=24))
    assert place.list(FileKind.DATA) == []
    assert half.exists()
    clock.advance(timedelta(seconds=1))
    assert place.list(FileKind.DATA) == []
    assert not half.exists()
    assert others.exists()


def test_disk_without_hard_links(place, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a stick with FAT the config is written all the same."""

    def refused(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    place.put(FileKind.CONFIG, "", b"config")
    assert place.get(FileKind.CONFIG, "") == b"config"
