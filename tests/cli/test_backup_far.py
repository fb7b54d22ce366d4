"""Does `kept backup --repo` do all it does on a disk on every kind of server too?"""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backup_yard import facts
from far_yard import KINDS, OPENERS, Far, far
from terminal import PATIENCE_S

NOWHERE = "wg-kept0"  # an interface that no machine has


@pytest.fixture(params=KINDS)
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Far]:
    """A server of each kind, something to copy, and no repository yet."""
    (tmp_path / "server").mkdir()
    (tmp_path / "yard").mkdir()
    with OPENERS[request.param](tmp_path / "server") as server:
        yield far(tmp_path / "yard", server)


@pytest.fixture
def yard(bare: Far) -> Far:
    """With a new repository."""
    said = bare.kept("init")
    assert said.code == 0, said
    return bare


@pytest.mark.needs("restic")
def test_all_that_is_typed(bare: Far) -> None:
    """Made, written, listed, looked through, checked, restored; and restic agrees."""
    missing = bare.kept("run", "source", "--json")
    assert (missing.code, missing.error["exit"]) == (10, 10), missing
    assert bare.kept("init").code == 0
    assert bare.kept("init").code == 1  # there is one
    first = bare.done("run", "source")
    assert (first["files_new"], first["unread"]) == (35, [])
    again = bare.done("run", "source")
    assert (again["files_unmodified"], again["data_blobs"]) == (35, 0)
    (bare.source / "new").write_text("new", encoding="utf-8")
    second = bare.done("run", "source")["snapshot_id"]
    listed = [one["id"] for one in bare.done("list")]
    assert listed == [second, again["snapshot_id"], first["snapshot_id"]]
    assert f"{bare.source}/new" in bare.kept("list", "latest", bare.source).out
    assert bare.kept("find", "new", "--json").json["snapshot"] == second
    told = bare.kept("diff", first["snapshot_id"], second, "--json").out.splitlines()
    assert {json.loads(line).get("modifier") for line in told} >= {"+"}
    checked = bare.done("check", "--read-data")
    assert (checked["num_errors"], checked["findings"]) == (0, [])
    held = bare.done("possession", "check", "--all")
    assert held["good"] == held["asked"] > 2
    assert bare.done("unlock") == {"removed": 0, "left": 0}
    restored = bare.done("restore", "latest", "--target", "back", "--verify")
    assert restored["lost"] == []
    assert facts(bare.folder / "back" / bare.source.relative_to("/")) == facts(bare.source)
    assert "no errors were found" in bare.restic("check", "--read-data")
    bare.restic("restore", "latest", "--target", bare.folder / "theirs")
    theirs = bare.folder / "theirs" / bare.source.relative_to("/")
    assert facts(theirs) == facts(bare.source)


@pytest.mark.needs("restic")
def test_forget_and_prune_make_room_or_say_that_the_place_only_adds(yard: Far) -> None:
    """Where removing is allowed room is made; where not, nothing is lost and it is said."""
    for number in range(3):
        (yard.source / "big.bin").write_bytes(os.urandom(2_000_000 + number))
        yard.done("run", "source", "--part-size", "4")
    before = [one["id"] for one in yard.done("list")]
    grace = ("--grace-dir", yard.folder / "grace")
    forgot = yard.kept("forget", "--keep-last", "2", *grace, "--json")
    if yard.server.is_adding_only:
        assert forgot.code == 1, forgot
        assert "only adds" in forgot.error["message"]
        assert [one["id"] for one in yard.done("list")] == before
        keeper = yard.folder.parent / "server" / "keeper" / "repos" / yard.name
        (keeper / "snapshots" / before[-1]).unlink()  # the keeper helps out
        pruned = yard.kept("prune", "--grace-dir", yard.folder / "none", "--json")
        assert pruned.code == 1, pruned
        assert "only adds" in pruned.error["message"]
    else:
        assert forgot.code == 0, forgot
        assert [one["id"] for one in yard.done("list")] == before[:2]
        freed = yard.done("prune", "--grace-dir", yard.folder / "none")["freed_bytes"]
        assert freed > 1_900_000
    assert yard.done("check", "--read-data")["num_errors"] == 0
    assert "no errors were found" in yard.restic("check", "--read-data")
    assert yard.done("unlock") == {"removed": 0, "left": 0}
    told = yard.done("restore", "latest", "--target", "back", "--verify")
    assert told["lost"] == []


def test_passphrases_in_and_out(yard: Far) -> None:
    """A wrong one is 12; a second one opens; removing one works or is told as refused."""
    second = yard.folder / "second"
    second.write_text("a second passphrase", encoding="utf-8")
    assert yard.kept("list", password=second).code == 12
    added = yard.done("key", "add", "--new-passphrase-file", second)["id"]
    assert yard.kept("list", password=second).code == 0
    gone = yard.kept("key", "remove", added[:8], "--json")
    assert gone.code == (1 if yard.server.is_adding_only else 0), gone
    if yard.server.is_adding_only:
        assert "only adds" in gone.error["message"]
    assert yard.kept("list", password=second).code == (0 if yard.server.is_adding_only else 12)


def test_all_of_it_through_a_demanded_way(yard: Far) -> None:
    """By an interface and by an address of this machine."""
    for via in ("lo", "127.0.0.1"):
        assert yard.kept("--via", via, "run", "source").code == 0
        assert yard.kept("--via", via, "check").code == 0


def test_ctrl_c_ends_the_wait_for_a_way_that_is_not_there(yard: Far) -> None:
    """What is waited for is named; the wait of a minute ends at once, with 130 and one line."""
    process = subprocess.Popen(
        yard.words("--via", NOWHERE, "run", "source"),
        env=yard.env,
        cwd=yard.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    assert NOWHERE in said, said
    assert "Nothing was sent" in said
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = process.communicate(timeout=PATIENCE_S)
    assert time.monotonic() - began < 30, "it waited on"
    assert (process.returncode, out) == (130, ""), err
    assert "Traceback" not in err
    assert yard.done("list") == []


def test_ctrl_c_ends_the_wait_for_a_server_that_went_away(tmp_path: Path) -> None:
    """Half-way through a run nobody answers any more: 130 soon, in one plain line."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (tmp_path / "server").mkdir()
    (tmp_path / "yard").mkdir()
    with OPENERS["s3"](tmp_path / "server") as server:
        away = far(tmp_path / "yard", server).through(port)
    process = subprocess.Popen(
        away.words("run", "source"),
        env=away.env,
        cwd=away.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert re.search(r"broke or could not be made.* in \d+ s", process.stderr.readline())
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (130, ""), err
    assert "Traceback" not in err
    assert "Ended" in err
