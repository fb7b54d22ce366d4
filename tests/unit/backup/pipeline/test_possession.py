"""Without any key: is what was taken, changed or hidden found, and the sample nobody's choice?"""

import hashlib
from pathlib import Path

import pytest

from kept.backup.model.inventory import Item, inventory_root
from kept.backup.model.sampling import sample
from kept.backup.pipeline.possession import check_possession, inventory_of, keyless
from kept.backup.ports import FileKind
from kept.base.errors import NotFoundError
from repo_yard import FolderPlace, MemoryPlace, new_repository
from small_copies import copy

SEED = hashlib.sha256(b"seed").digest()


def keeper(place: MemoryPlace) -> MemoryPlace:
    """Holds thirty parts or more."""
    place.create()
    copy(new_repository(place), {f"{number}": {"f": b"%d" % number} for number in range(30)})
    return place


def test_a_whole_place_passes() -> None:
    """Every part, and a sample that anybody can draw."""
    place = keeper(MemoryPlace())
    before = inventory_of(place)
    every = check_possession(place, seed=None, picks=0, before=before)
    assert (every.good, every.asked, every.of, every.exit_code) == (31, 31, 31, 0)
    assert every.root == inventory_root(before)
    place.reads.clear()
    some = check_possession(place, seed=SEED, picks=10)
    assert (some.good, some.asked, some.of) == (10, 10, 31)
    names = [name.encode() for name in place.files[FileKind.DATA]]
    drawn = [name.decode() for name in sample(SEED, names, 10)]
    assert [name for kind, name, _ in place.reads if kind is FileKind.DATA] == drawn


def test_one_flipped_byte_is_named_when_its_part_is_drawn() -> None:
    """By its name; nothing else is said."""
    place = keeper(MemoryPlace())
    name, raw = next(iter(place.files[FileKind.DATA].items()))
    place.files[FileKind.DATA][name] = raw[:7] + bytes([raw[7] ^ 64]) + raw[8:]
    checked = check_possession(place, seed=None, picks=0)
    assert checked.bad == (("data", name),)
    assert (checked.good, checked.exit_code) == (30, 1)


def test_a_part_that_is_no_longer_listed_is_still_drawn() -> None:
    """From the list kept from before; without one its absence cannot be seen."""
    place = keeper(MemoryPlace())
    before = inventory_of(place)
    gone = sample(SEED, [i.name.encode() for i in before if i.kind == "data"], 1)[0].decode()
    place.remove(FileKind.DATA, gone)
    checked = check_possession(place, seed=SEED, picks=1, before=before)
    assert checked.missing == (("data", gone),)
    assert checked.changes is not None
    assert [item.name for item in checked.changes.gone] == [gone]
    assert check_possession(place, seed=None, picks=0).exit_code == 0


def test_a_removed_snapshot_shows_in_the_list() -> None:
    """Though no part is missing."""
    place = keeper(MemoryPlace())
    before = inventory_of(place)
    name = place.files[FileKind.SNAPSHOT].popitem()[0]
    checked = check_possession(place, seed=SEED, picks=3, before=before)
    assert checked.changes is not None
    assert [item.key for item in checked.changes.gone] == [("snapshots", name)]
    assert (checked.good, checked.exit_code) == (3, 1)


def test_a_plain_folder_is_enough(tmp_path: Path) -> None:
    """A repository, or its parts alone, in the layout of either or none."""
    place = FolderPlace(tmp_path / "repository")
    keeper(place)
    whole = keyless(place.root)
    stored = sum(len(place.list(kind)) for kind in set(FileKind) - {FileKind.CONFIG})
    assert (whole.good, whole.asked, whole.exit_code) == (stored, stored, 0)
    assert whole.inventory == inventory_of(place)
    parts = keyless(place.root / "data")
    assert (parts.good, parts.exit_code) == (31, 0)
    flat = tmp_path / "flat"
    flat.mkdir()
    for one in place.list(FileKind.DATA):
        (flat / one.name).write_bytes(place.get(FileKind.DATA, one.name))
    assert keyless(flat).root == parts.root
    (flat / "notes.txt").write_text("not ours", encoding="utf-8")
    assert keyless(flat).root == parts.root


def test_a_plain_folder_tells_damage_and_loss(tmp_path: Path) -> None:
    """Against a list from before."""
    place = FolderPlace(tmp_path / "repository")
    keeper(place)
    before = inventory_of(place)
    first, second = place.list(FileKind.DATA)[:2]
    path = place.path(FileKind.DATA, first.name)
    path.write_bytes(path.read_bytes()[:-1] + b"\0\0")
    place.remove(FileKind.DATA, second.name)
    checked = keyless(place.root, before=before)
    assert checked.bad == (("data", first.name),)
    assert checked.missing == (("data", second.name),)
    assert checked.changes is not None
    assert checked.changes.resized == (Item("data", first.name, first.size + 1),)
    assert checked.exit_code == 1


def test_an_empty_folder_proves_nothing(tmp_path: Path) -> None:
    """No file is no good file."""
    with pytest.raises(NotFoundError):
        keyless(tmp_path)


def test_stopping_is_no_proof() -> None:
    """What was not read is not called good."""
    place = keeper(MemoryPlace())
    checked = check_possession(place, seed=SEED, picks=5, stop=lambda: True)
    assert (checked.good, checked.is_whole, checked.exit_code) == (0, False, 1)
