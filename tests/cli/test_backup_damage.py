"""What do check and restore say of each thing that may be wrong, and what comes back?

The codes are restic's: check 1; restore 1 where something is lost, with all the rest restored.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from backup_yard import PASSWORD, Yard, facts, planted
from kept.backup.places.local import LocalPlace
from kept.backup.repo.config import Config, encode_config
from kept.backup.repo.repository import open_repository
from kept.base.clock import SystemClock
from kept.crypto.secret import Secret

FIRST_BLOB = 40  # an offset inside the first blob of any part


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    """A repository with one snapshot."""
    made = planted(tmp_path)
    assert made.kept("init").code == 0
    made.done("run", "source")
    return made


def flip(path: Path, at: int) -> None:
    """Change one bit of a file."""
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def only(yard: Yard, kind: str) -> Path:
    """The one file of a kind."""
    (name,) = yard.names(kind)
    return yard.repo / kind / name


def problems(yard: Yard, *words: str) -> dict[str, dict[str, str]]:
    """What check finds, by problem; each says the cause, what is lost and what to do."""
    found = yard.done("check", *words, code=1)["findings"]
    assert all(one["cause"] and one["lost"] and one["todo"] for one in found)
    return {one["problem"]: one for one in found}


def restored(yard: Yard, *, code: int) -> tuple[set[str], dict[str, tuple[object, ...]]]:
    """Paths that are lost, and the facts of what came back."""
    told = yard.done("restore", "latest", "--target", "back", code=code)
    source = f"{yard.source}/"
    lost = {one["path"].removeprefix(source) for one in told["lost"]}
    return lost, facts(yard.folder / "back" / yard.source.relative_to("/"))


@pytest.mark.needs("restic")
def test_a_damaged_list_of_a_folder(yard: Yard) -> None:
    """That folder is lost and named; everything beside it comes back, and a new copy is whole."""
    trees = min(yard.parts(), key=lambda path: path.stat().st_size)
    flip(trees, FIRST_BLOB)  # the deepest folder is written first
    found = problems(yard)
    assert found["folder lost"]["name"].endswith("/source/deep/")
    assert "copy again" in found["folder lost"]["todo"]
    damaged = problems(yard, "--read-data")
    assert damaged["part damaged"]["name"] == f"data/{trees.name}"
    lost, back = restored(yard, code=1)
    assert lost == {"deep/"}
    whole = facts(yard.source)
    assert {name: back[name] for name in back if not name.startswith("deep")} == {
        name: whole[name] for name in whole if not name.startswith("deep")
    }
    listed = yard.kept("list", "latest", "--recursive")
    assert listed.code == 1
    assert "LOST" in listed.out
    mended(yard, trees.name)


@pytest.mark.needs("restic")
def test_a_damaged_part(yard: Yard) -> None:
    """The files that lean on the piece are named; all others come back; copying again mends."""
    part = max(yard.parts(), key=lambda path: path.stat().st_size)
    flip(part, part.stat().st_size // 2)
    assert yard.done("check")["num_errors"] == 0  # nothing was read
    found = problems(yard, "--read-data")
    assert found["part damaged"]["name"] == f"data/{part.name}"
    assert "disk" in found["part damaged"]["todo"]
    lost, back = restored(yard, code=1)
    assert lost
    whole = facts(yard.source)
    for name in whole.keys() - lost - {".", "big.bin", "hard"}:
        assert back[name] == whole[name]
    mended(yard, part.name)


def mended(yard: Yard, part: str) -> None:
    """What check says to do works: the part goes, and a run makes all whole again."""
    done = yard.done("adopt", "--read-data", code=1)
    assert done["removed_parts"] == [part]
    assert done["saved_blobs"] > done["lost_blobs"] > 0
    assert part not in {path.name for path in yard.parts()}
    assert yard.done("run", "source")["snapshot_id"]
    assert yard.done("adopt", "--read-data")["removed_parts"] == []
    told = yard.done("restore", "latest", "--target", "mended", "--verify")
    assert told["lost"] == []
    assert facts(yard.folder / "mended" / yard.source.relative_to("/")) == facts(yard.source)
    assert yard.done("check", "--read-data")["num_errors"] == 0
    assert "no errors were found" in yard.restic("check", "--read-data")


@pytest.mark.needs("restic")
def test_a_damaged_index(yard: Yard) -> None:
    """Nothing is lost: all comes back as it is, check says what to do, and that mends it."""
    index = only(yard, "index")
    flip(index, FIRST_BLOB)
    found = problems(yard)
    assert found["index damaged"]["name"] == f"index/{index.name}"
    assert "adopt" in found["index damaged"]["todo"]
    lost, back = restored(yard, code=0)
    assert lost == set()
    assert back == facts(yard.source)
    mended = yard.done("adopt")
    assert mended["removed_indexes"] == [index.name]
    assert yard.done("check", "--read-data")["num_errors"] == 0
    assert "no errors were found" in yard.restic("check", "--read-data")


def test_a_damaged_snapshot(yard: Yard) -> None:
    """It is named and cannot be chosen; the other one comes back, and another copy can be made."""
    first = only(yard, "snapshots")
    (yard.source / "new").write_text("new", encoding="utf-8")
    second = yard.done("run", "source")["snapshot_id"]
    flip(first, FIRST_BLOB)
    found = problems(yard)
    assert found["snapshot damaged"]["name"] == f"snapshots/{first.name}"
    listed = yard.kept("list")
    assert listed.code == 1
    assert f"{first.name[:8]} is damaged" in listed.out
    gone = yard.kept("restore", first.name[:8], "--target", "gone")
    assert gone.code == 1
    assert "damaged" in gone.err
    lost, back = restored(yard, code=0)
    assert (lost, back) == (set(), facts(yard.source))
    assert yard.done("run", "source")["parent"] == second
    forgot = yard.kept("forget", "--keep-last", "1", "--yes", "--grace-dir", yard.folder / "g")
    assert forgot.code == 0, forgot
    assert first.name in yard.names("snapshots")


def test_a_damaged_key_and_a_damaged_config(yard: Yard) -> None:
    """Another passphrase still opens; without any, or without the config, it is said plainly."""
    second = yard.folder / "second"
    second.write_text("a second passphrase", encoding="utf-8")
    (mine,) = yard.names("keys")
    yard.done("key", "add", "--new-passphrase-file", second)
    flip(yard.repo / "keys" / mine, FIRST_BLOB)
    said = yard.kept("list")
    assert said.code == 12
    assert "1 key files are damaged" in said.err
    found = yard.kept("check", "--json", password=second)
    assert found.code == 1
    assert {one["problem"] for one in found.json["findings"]} == {"key damaged"}
    flip(yard.repo / "config", FIRST_BLOB)
    said = yard.kept("list", password=second)
    assert said.code == 1
    assert "config was changed after it was written" in said.err


def test_a_missing_and_a_shortened_part(yard: Yard) -> None:
    """Both show without reading a byte of a part."""
    part = max(yard.parts(), key=lambda path: path.stat().st_size)
    content = part.read_bytes()
    part.chmod(0o600)
    part.write_bytes(content[:-100])
    short = problems(yard)["part of another size"]
    assert short["name"] == f"data/{part.name}"
    assert "adopt --read-data" in short["todo"]
    part.unlink()
    assert problems(yard)["part missing"]["name"] == f"data/{part.name}"
    assert "big.bin" in restored(yard, code=1)[0]
    yard.done("run", "source", "--force")  # what still lies on the disk is stored anew
    told = yard.done("restore", "latest", "--target", "whole", "--verify")
    assert told["lost"] == []


def test_a_repository_of_a_newer_version(yard: Yard) -> None:
    """It is refused in plain words before anything is written."""
    place = LocalPlace(yard.repo, clock=SystemClock())
    repository = open_repository(place, Secret(PASSWORD.encode()))
    old = repository.config
    newer = encode_config(repository.key, Config(3, old.id, old.chunker_polynomial))
    (yard.repo / "config").chmod(0o600)
    (yard.repo / "config").write_bytes(newer)
    before = facts(yard.repo)
    for words in (
        ("run", "source"),
        ("check",),
        ("prune",),
        ("restore", "latest", "--target", "x"),
    ):
        said = yard.kept(*words)
        assert said.code == 1
        assert "version 3" in said.err
        assert "Use a newer program" in said.err
    assert facts(yard.repo) == before


@pytest.mark.needs("restic")
class TestClocks:
    """A client's clock that is wrong pushes no good copy out."""

    def test_set_forward(self, yard: Yard) -> None:
        """A copy dated in the future is kept and counted by no rule."""
        real = only(yard, "snapshots").name
        for year in (2097, 2098, 2099):
            yard.restic("backup", "--time", f"{year}-01-01 00:00:00", yard.source)
        told = yard.done("forget", "--keep-last", "1", "--grace-dir", yard.folder / "g")
        assert told["remove"] == []
        reasons = {one["id"]: one["reasons"] for one in told["keep"]}
        assert reasons[real] == ["last snapshot"]
        assert len(reasons) == 4
        assert sum("future" in why for (why,) in reasons.values()) == 3

    def test_set_back(self, yard: Yard) -> None:
        """A copy that came after we looked is not as old as it says: it is not the first to go."""
        grace = ("--grace-dir", yard.folder / "g")
        yard.done("forget", "--keep-last", "5", *grace)  # from now on this machine knows
        (yard.source / "new").write_text("new", encoding="utf-8")
        back = yard.restic("backup", "--json", "--time", "2001-01-01 00:00:00", yard.source)
        (wrong,) = [
            json.loads(line)["snapshot_id"] for line in back.splitlines() if "snapshot_id" in line
        ]
        same = ("forget", "--keep-last", "1", "--yes", *grace)
        told = yard.done(*same, "--dry-run")
        (kept,) = [one for group in [told["keep"]] for one in group if one["id"].startswith(wrong)]
        assert "cannot be true" in " ".join(kept["reasons"])


def test_names_that_are_no_text_are_told_whole(yard: Yard) -> None:
    """A lost file whose name is not UTF-8 is named so that one can find it, on one line."""
    for part in yard.parts():
        part.chmod(0o600)
        part.unlink()
    said = subprocess.run(
        yard.words("restore", "latest", "--target", "back"),
        env=yard.env,
        cwd=yard.folder,
        capture_output=True,
        check=False,
    )
    assert said.returncode == 1
    assert b"Traceback" not in said.stderr
    assert os.fsencode("\n.txt") not in said.stderr
