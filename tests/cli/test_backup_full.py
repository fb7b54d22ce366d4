"""What does a run say and leave when a disk is full, and where does the next one go on?"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from backup_yard import Yard, facts, planted
from small_disks import grow, small_disk
from terminal import Shop

pytestmark = [pytest.mark.needs("root"), pytest.mark.needs("restic")]
MIB = 1 << 20


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    """A repository on a disk of 20 MiB, and 36 MiB to copy."""
    made = planted(tmp_path)
    for number in range(32):
        (made.source / f"film{number:02d}").write_bytes(os.urandom(MIB))
    with small_disk(made.repo, "20m"):
        assert made.kept("init").code == 0
        yield made


def stored(yard: Yard) -> int:
    """Bytes of the parts that lie there whole."""
    return sum(path.stat().st_size for path in yard.parts())


def test_a_full_place_is_told_and_one_with_room_goes_on(yard: Yard) -> None:
    """1 and plain words; no snapshot, lock or half file; nothing that arrived is sent again."""
    said = yard.kept("run", "source", "--part-size", "4")
    assert (said.code, said.out) == (1, ""), said
    assert "full" in said.err
    assert "stays good" in said.err
    assert [yard.names(kind) for kind in ("snapshots", "locks")] == [[], []]
    assert not list(yard.repo.rglob("*-kept-temp-*"))
    arrived = stored(yard)
    assert arrived > 10 * MIB
    yard.restic("check", "--no-lock")
    again = yard.kept("run", "source", "--part-size", "4")
    assert (again.code, stored(yard)) == (1, arrived), "a second try on the full disk does no harm"
    grow(yard.repo, "80m")
    done = yard.done("run", "source", "--part-size", "4")
    assert done["snapshot_id"]
    assert done["data_added_packed"] < 37 * MIB - arrived
    assert "no errors were found" in yard.restic("check", "--read-data")
    assert yard.done("restore", "latest", "--target", "back", "--verify")["lost"] == []
    assert facts(yard.folder / "back" / yard.source.relative_to("/")) == facts(yard.source)


def test_a_copy_that_stands_is_untouched_by_a_full_disk(yard: Yard) -> None:
    """What was copied before comes back from the full disk, without writing a lock there."""
    note = yard.source / "deep"
    first = yard.done("run", note)["snapshot_id"]
    assert yard.kept("run", "source", "--part-size", "4").code == 1
    filler = yard.repo / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass  # until the last block is taken
    assert [one["id"] for one in yard.done("list")] == [first]
    assert yard.done("--no-lock", "check", "--read-data")["num_errors"] == 0
    told = yard.done("--no-lock", "restore", first, "--target", "back", "--verify")
    assert (told["lost"], told["files_restored"]) == ([], 30)
    assert facts(yard.folder / "back" / note.relative_to("/")) == facts(note)
    said = yard.kept("run", note)
    assert said.code == 1
    assert "full" in said.err
    filler.unlink()
    assert yard.done("run", note)["data_blobs"] == 0


def test_a_full_target_of_a_restore_is_told(tmp_path: Path) -> None:
    """1 and plain words; the copy is unharmed, and with room all comes back."""
    made = planted(tmp_path)
    assert made.kept("init").code == 0
    made.done("run", "source")
    with small_disk(tmp_path / "back", "2m") as back:
        said = made.kept("restore", "latest", "--target", back, "--json")
        assert said.code == 1, said
        assert "No space left" in said.error["message"]
        assert "unharmed" in said.error["message"]
        grow(back, "30m")
        told = made.done("restore", "latest", "--target", back, "--replace", "--verify")
        assert told["lost"] == []
        assert facts(back / made.source.relative_to("/")) == facts(made.source)


def test_a_full_staging_folder_makes_no_copy(own_shop: Shop, tmp_path: Path) -> None:
    """The house's database is staged first: no room, no copy, plain words; then all is well."""
    added = own_shop.kept("backup", "add", "closet", str(tmp_path / "closet"), "--same-disk")
    assert added.code == 0, added
    with small_disk(own_shop.folder / "staging", "64k"):
        said = own_shop.kept("backup", "run", "--json")
        assert said.code == 1, said
        assert "room" in said.err or "full" in said.err
        assert own_shop.kept("backup", "list", "--json").json == []
    assert own_shop.kept("backup", "run", "--json").code == 0
    assert own_shop.kept("verify").code == 0
