"""Does a run outlive a line that is cut, and does the next one go on where it ended?"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backup_yard import facts
from cut_line import cut_line
from far_yard import KINDS, OPENERS, Far, far
from terminal import PATIENCE_S

pytestmark = pytest.mark.needs("restic")
MIB = 1 << 20
PART = 4 * MIB
COPIED = 24 * MIB  # and a little
ON_THE_WAY = 2 * (PART + MIB)  # two parts at once


@pytest.fixture(params=KINDS)
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Far]:
    """A repository behind each kind of server, and 28 MB to copy."""
    (tmp_path / "server").mkdir()
    (tmp_path / "yard").mkdir()
    with OPENERS[request.param](tmp_path / "server") as server:
        made = far(tmp_path / "yard", server)
        for number in range(12):
            (made.source / f"film{number:02d}").write_bytes(os.urandom(2 * MIB))
        assert made.kept("init").code == 0
        yield made


def held_bytes(yard: Far) -> int:
    """Bytes of the parts that lie there."""
    return int(yard.done("possession", "check", "--sample", "1")["bytes"])


def is_whole(yard: Far) -> None:
    """Restic finds nothing wrong, and all comes back."""
    assert "no errors were found" in yard.restic("check", "--read-data")
    told = yard.done("restore", "latest", "--target", "back", "--verify")
    assert told["lost"] == []
    assert facts(yard.folder / "back" / yard.source.relative_to("/")) == facts(yard.source)


def test_a_line_that_comes_back_is_only_a_delay(yard: Far) -> None:
    """Cut three times in the middle of parts: one snapshot, only what was on its way goes twice."""
    with cut_line(yard.server.port, 6 * MIB, 12 * MIB, 19 * MIB) as line:
        done = yard.through(line.port).done("run", "source", "--part-size", "4")
        assert line.was_cut == 3
        assert line.sent < COPIED + 4 * MIB + 3 * ON_THE_WAY
    assert done["snapshot_id"]
    assert done["unread"] == []
    assert yard.done("unlock") == {"removed": 0, "left": 0}
    is_whole(yard)


def test_a_line_that_stays_cut_is_told_and_the_next_run_goes_on(yard: Far) -> None:
    """It waits and says why; ended, it left a sound repository, and little goes up twice."""
    with cut_line(yard.server.port, 14 * MIB, stays_cut=True) as line:
        process = yard.through(line.port).begun("run", "source", "--part-size", "4")
        assert line.is_cut.wait(PATIENCE_S), process.communicate(timeout=PATIENCE_S)
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "Trying again in" in said
        assert "server" in said
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, err
    assert "the next run goes on from there" in err
    assert yard.done("list") == []
    yard.restic("check", "--no-lock")
    arrived = held_bytes(yard)
    assert arrived > PART
    done = yard.done("run", "source", "--part-size", "4")
    assert done["snapshot_id"]
    assert done["data_added_packed"] < COPIED + 4 * MIB + MIB - arrived
    assert yard.done("unlock") == {"removed": 0, "left": 0}
    is_whole(yard)


@pytest.mark.parametrize("yard", ["sftp"], indirect=True)
@pytest.mark.needs("sshd")
def test_ssh_killed_under_a_run_is_started_again(yard: Far) -> None:
    """The run goes on by another connection, and nothing is damaged."""
    process = yard.begun("--limit-upload", "8000", "run", "source", "--part-size", "4")
    killed = 0
    until = time.monotonic() + PATIENCE_S
    while process.poll() is None and killed < 4 and time.monotonic() < until:
        for pid in children(process.pid, b"ssh"):
            if is_at_work(pid):
                os.kill(pid, signal.SIGKILL)
                killed += 1
        time.sleep(0.3)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, (out, err)
    assert killed >= 2
    is_whole(yard)


def children(pid: int, name: bytes) -> list[int]:
    """The processes of a name that one process started."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            said = path.read_bytes()
        except OSError:
            continue  # ended meanwhile
        called, _, rest = said.partition(b"(")[2].rpartition(b")")
        if called == name and int(rest.split()[1]) == pid:
            found.append(int(path.parent.name))
    return found


def is_at_work(pid: int) -> bool:
    """Whether it has carried a megabyte or more."""
    try:
        said = (Path("/proc") / str(pid) / "io").read_text(encoding="utf-8")
    except OSError:
        return False
    return int(said.partition("rchar: ")[2].split()[0]) > MIB
