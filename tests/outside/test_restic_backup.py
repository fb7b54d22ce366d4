"""Does restic find nothing wrong with our runs, also with those that were killed?

Debian's restic shares nothing with Kept: it checks each byte, restores each file, and goes on where
we stopped. `KEPT_KILLS=50` makes the long form of the killing.
"""

import hashlib
import json
import os
import random
import select
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kept.backup.pipeline.backing_up import back_up
from kept.backup.pipeline.run_plan import Around, RunDone, RunPlan, Stream
from kept.backup.places.local import LocalPlace
from kept.backup.ports import FileKind
from kept.backup.repo.repository import Repository, create_repository, open_repository
from kept.backup.sources.walk import plain_root
from kept.base.clock import SystemClock
from kept.crypto.secret import Secret

pytestmark = pytest.mark.needs("restic")
PASSWORD = "geheim и ещё"
CHILD = Path(__file__).parents[1] / "writer_child.py"
KILLS = int(os.environ.get("KEPT_KILLS", "8"))
MIB = 2**20


def noise(name: str, size: int) -> bytes:
    """Bytes that do not compress, of a name's own."""
    return hashlib.shake_256(name.encode()).digest(size)


class Yard:
    """A repository in a folder, our program and theirs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SystemClock()
        self.repository = folder / "repository"
        self.password_file = folder / "password"
        self.password_file.write_text(PASSWORD + "\n", encoding="utf-8")
        self.place = LocalPlace(self.repository, clock=self.clock)

    def restic(self, *arguments: str | Path) -> str:
        """Run it; what it printed."""
        options = ["-r", self.repository, "--password-file", self.password_file]
        done = subprocess.run(
            ["restic", *options, *arguments],
            env={
                "PATH": os.environ["PATH"],
                "RESTIC_CACHE_DIR": str(self.folder / "cache"),
                "TZ": "UTC",
            },
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def check(self) -> None:
        """Restic reads every byte and finds nothing wrong."""
        assert "no errors were found" in self.restic("check", "--read-data")

    def create(self) -> Repository:
        """A repository of ours."""
        return create_repository(self.place, Secret(PASSWORD.encode()), now=self.clock.now())

    def run(self, repository: Repository, *paths: Path, **wishes) -> RunDone:
        """One run of ours."""
        roots = tuple(plain_root(os.fsencode(path)) for path in paths)
        plan = RunPlan(roots=roots, part_bytes=4 * MIB, **wishes)
        return back_up(repository, plan, Around(self.clock, time.monotonic, time.sleep))


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    """An empty one."""
    return Yard(tmp_path)


def facts(folder: Path) -> dict[bytes, tuple[object, ...]]:
    """All that must be equal of everything below a folder."""
    found: dict[bytes, tuple[object, ...]] = {}
    for root, folders, files in os.walk(os.fsencode(folder)):
        for name in [*folders, *files, b"."]:
            path = root + b"/" + name
            seen = os.lstat(path)
            kind = stat.S_IFMT(seen.st_mode)
            content: object = None
            if kind == stat.S_IFREG:
                with open(path, "rb") as file:  # noqa: PTH123 - Path takes no bytes
                    content = hashlib.sha256(file.read()).digest()
            elif kind == stat.S_IFLNK:
                content = os.readlink(path)  # noqa: PTH115 - the same
            attributes = tuple(
                (one, os.getxattr(path, one, follow_symlinks=False))
                for one in sorted(os.listxattr(path, follow_symlinks=False))
            )
            links = seen.st_nlink if kind == stat.S_IFREG else 0
            at = path[len(os.fsencode(folder)) :]
            owner = (seen.st_uid, seen.st_gid)
            found[at] = (seen.st_mode, seen.st_mtime_ns, owner, links, content, attributes)
    return found


def zoo(folder: Path) -> Path:
    """One of everything a file system holds."""
    (folder / "sub" / "empty dir").mkdir(parents=True)
    (folder / "empty").write_bytes(b"")
    (folder / "small").write_bytes(b"small\n" * 50)
    (folder / "large").write_bytes(noise("large", 9 * MIB))
    (folder / "lines.sql").write_bytes(b"insert into t values (1, 'x');\n" * 60_000)
    (folder / "sub" / 'имя <&> "quoted" \\ and\ttab').write_bytes(b"name")
    Path(os.fsdecode(os.fsencode(folder) + b"/sub/not utf-8 \xff\xfe")).write_bytes(b"raw")
    with (folder / "sparse").open("wb") as file:
        file.truncate(3 * MIB)
        file.seek(MIB)
        file.write(b"island")
    (folder / "hard").hardlink_to(folder / "small")
    (folder / "link").symlink_to("small")
    (folder / "dangling").symlink_to("/nowhere/at all")
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "fifo")
    (folder / "setuid").write_bytes(b"s")
    (folder / "setuid").chmod(0o6755)
    (folder / "sub").chmod(0o1750)
    (folder / "secret").write_bytes(b"s")
    (folder / "secret").chmod(0o000)
    os.setxattr(folder / "small", "user.colour", b"blue\x00\xff")
    os.setxattr(folder / "sub", "user.shape", b"round")
    for number, path in enumerate(sorted(folder.rglob("*"), reverse=True)):
        at = 1_600_000_000_123_456_789 + number * 10**9
        os.utime(path, ns=(at, at), follow_symlinks=False)
    return folder


def test_restic_restores_what_we_copied(yard: Yard, tmp_path: Path) -> None:
    """Content, mode, times, owners, links, attributes: everything equal."""
    source = zoo(tmp_path / "source")
    done = yard.run(yard.create(), source)
    assert done.snapshot is not None
    assert not done.is_partial
    yard.check()
    yard.restic("restore", done.snapshot, "--target", tmp_path / "back")
    assert facts(tmp_path / "back" / str(source)[1:]) == facts(source)


def test_restic_goes_on_from_our_snapshot_and_we_from_its(yard: Yard, tmp_path: Path) -> None:
    """Each takes the other's as its parent and finds small files unchanged."""
    source = tmp_path / "source"
    source.mkdir()
    for number in range(50):
        (source / f"file {number}").write_bytes(noise(str(number), 20_000))
    repository = yard.create()
    ours = yard.run(repository, source)
    assert ours.snapshot is not None
    lines = yard.restic("backup", "--json", source).splitlines()
    theirs = [json.loads(line) for line in lines if "summary" in line][-1]
    assert (theirs["files_unmodified"], theirs["data_blobs"]) == (50, 0)
    (source / "file 7").write_bytes(b"changed")
    again = yard.run(repository, source)
    assert again.parent is not None
    assert again.parent.startswith(theirs["snapshot_id"])
    assert again.summary is not None
    assert (again.summary.files_unmodified, again.summary.files_changed) == (49, 1)
    yard.check()
    yard.restic("restore", "latest", "--target", tmp_path / "back")
    assert facts(tmp_path / "back" / str(source)[1:]) == facts(source)


def test_restic_takes_over_after_forgetting_ours(yard: Yard, tmp_path: Path) -> None:
    """Its prune repacks our parts, and our next run is right."""
    source = tmp_path / "source"
    source.mkdir()
    repository = yard.create()
    for number in range(3):
        for name in range(20):
            (source / f"{name}").write_bytes(noise(f"{number if name % 2 else 0} {name}", 150_000))
        yard.run(repository, source)
    yard.restic("forget", "--keep-last", "1", "--prune", "--max-unused", "0")
    yard.check()
    done = yard.run(repository, source, is_forced=True)
    assert done.summary is not None
    assert done.summary.data_blobs == 0
    yard.check()


def test_a_stream_is_a_file_to_restic(yard: Yard, tmp_path: Path) -> None:
    """A dump that never lay on a disk."""
    (tmp_path / "s").mkdir()
    dump = [noise("dump", MIB + 17), b"end"]
    stream = Stream(at=b"/kept/postgres.dump", pieces=dump, mtime_ns=10**18)
    yard.run(yard.create(), tmp_path / "s", streams=(stream,))
    yard.check()
    yard.restic("restore", "latest", "--target", tmp_path / "back")
    assert (tmp_path / "back/kept/postgres.dump").read_bytes() == b"".join(dump)


def begin(yard: Yard, source: Path) -> subprocess.Popen[bytes]:
    """Our program, at work."""
    child = subprocess.Popen(
        [sys.executable, CHILD, yard.repository, yard.password_file, source],
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"begun\n"
    return child


def end(child: subprocess.Popen[bytes]) -> dict[str, object]:
    """What it did."""
    out, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    return json.loads(out)


def renew(source: Path, turn: int) -> None:
    """40 MB that no run has seen."""
    for number in range(400):
        (source / f"{number % 10}").mkdir(exist_ok=True)
        (source / f"{number % 10}" / f"{number}").write_bytes(noise(f"{turn} {number}", 40_000))
    (source / "large").write_bytes(noise(f"{turn}", 24 * MIB))


def test_kill_9_at_any_moment(yard: Yard, tmp_path: Path) -> None:
    """One run afterwards and all is well: nothing by hand, nothing stored is sent again."""
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)  # noqa: S311 - moments to kill at
    source = tmp_path / "source"
    source.mkdir()
    repository = yard.create()
    killed = 0
    for turn in range(KILLS):
        renew(source, turn)
        before = {one.name for one in repository.list(FileKind.DATA)}
        child = begin(yard, source)
        assert child.stdout is not None
        select.select([child.stdout], [], [], chance.uniform(0.02, 1.2))
        child.kill()
        child.communicate()
        killed += child.returncode == -signal.SIGKILL
        left = [one for one in repository.list(FileKind.DATA) if one.name not in before]
        done = end(begin(yard, source))
        said = f"seed {seed}, turn {turn}: {done}"
        assert done["snapshot"], said
        assert done["broken"] == [], said
        if done["unmodified"] == 0:  # no snapshot before the kill: all but what was left goes up
            kept = sum(one.size for one in left)
            assert int(str(done["added"])) < 41_700_000 - kept * 0.97, said
        assert repository.list(FileKind.LOCK) == [], said
        assert "no errors were found" in yard.restic("check"), said
    assert killed > KILLS // 4, f"seed {seed}: most runs were over before they were killed"
    yard.check()
    yard.restic("restore", "latest", "--target", tmp_path / "back")
    assert facts(tmp_path / "back" / str(source)[1:]) == facts(source)


def test_sigterm_leaves_no_lock(yard: Yard, tmp_path: Path) -> None:
    """The run stops soon; what arrived is indexed."""
    source = tmp_path / "source"
    source.mkdir()
    renew(source, 0)
    (source / "more").write_bytes(noise("more", 200 * MIB))
    repository = yard.create()
    child = begin(yard, source)
    time.sleep(0.5)
    child.terminate()
    done = end(child)
    assert done["snapshot"] is None
    assert repository.list(FileKind.LOCK) == []
    yard.check()


def test_a_stale_lock_is_in_nobodys_way(yard: Yard, tmp_path: Path) -> None:
    """Killed while it held the lock: the next run removes it, restic sees none."""
    source = tmp_path / "source"
    source.mkdir()
    renew(source, 0)
    repository = yard.create()
    child = begin(yard, source)
    while not repository.list(FileKind.LOCK):
        time.sleep(0.01)
    child.kill()
    child.communicate()
    assert len(repository.list(FileKind.LOCK)) == 1
    (source / "0" / "0").write_bytes(b"one more")
    assert end(begin(yard, source))["snapshot"]
    assert repository.list(FileKind.LOCK) == []
    reopened = open_repository(yard.place, Secret(PASSWORD.encode()))
    assert reopened.config == repository.config


def test_ours_and_restic_write_at_once(yard: Yard, tmp_path: Path) -> None:
    """Both hold shared locks; both snapshots are whole."""
    repository = yard.create()
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    for turn, folder in enumerate((mine, theirs)):
        folder.mkdir()
        renew(folder, turn)
    child = begin(yard, mine)
    yard.restic("backup", theirs)
    assert end(child)["snapshot"]
    assert len(repository.list(FileKind.SNAPSHOT)) == 2
    yard.check()
