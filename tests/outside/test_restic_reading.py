"""Do we give back, check and clean what Debian's restic wrote, and does it accept what we leave?"""

import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kept.backup.pipeline.adopting import mend
from kept.backup.pipeline.checking import ALL, check
from kept.backup.pipeline.findings import Problem
from kept.backup.pipeline.forgetting import bring_back, forget
from kept.backup.pipeline.grace import GraceFolder
from kept.backup.pipeline.loading import load_snapshots
from kept.backup.pipeline.pruning import PruneLimits, prune
from kept.backup.pipeline.restore_values import LostWhy, Wish
from kept.backup.pipeline.restoring import restore
from kept.backup.ports import FileKind
from kept.backup.repo.locking import Surroundings
from kept.backup.repo.processes import own_facts, start_time_of
from kept.backup.repo.repository import Repository, open_repository
from kept.base.errors import ConflictError, RefusedError
from kept.crypto.secret import Secret
from repo_yard import FolderPlace

pytestmark = pytest.mark.needs("restic")


class Restic:
    """Debian's program at one repository."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.place = FolderPlace(folder / "repository")
        self.env = {
            "PATH": os.environ["PATH"],
            "RESTIC_CACHE_DIR": str(folder / "cache"),
            "RESTIC_PASSWORD": "geheim",
            "RESTIC_REPOSITORY": str(folder / "repository"),
        }

    def __call__(self, *arguments: str | Path) -> str:
        """Run it; what it printed."""
        done = subprocess.run(
            ["restic", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def open(self) -> Repository:
        """Its repository, opened by us."""
        return open_repository(self.place, Secret(b"geheim"))


@pytest.fixture
def restic(tmp_path: Path) -> Restic:
    """Restic at an empty repository."""
    found = Restic(tmp_path)
    found("init")
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of every kind of entry."""
    folder = tmp_path / "source"
    (folder / "inner" / "deep").mkdir(parents=True)
    (folder / "inner" / "deep" / "letter ю").write_text("dear\n" * 400, encoding="utf-8")
    (folder / "noise").write_bytes(os.urandom(3_000_000))
    with (folder / "sparse").open("wb") as file:
        file.write(b"start")
        file.truncate(8_000_000)
    (folder / "empty").touch()
    (folder / "again").write_bytes((folder / "noise").read_bytes())
    (folder / "hard").hardlink_to(folder / "noise")
    (folder / "link").symlink_to("nowhere")
    (folder / os.fsdecode(b"raw \xff")).write_bytes(b"raw")
    os.mkfifo(folder / "pipe")
    for number in range(30):
        (folder / "inner" / f"small {number}").write_text(f"{number} " * 30, encoding="utf-8")
    os.setxattr(folder / "empty", "user.note", b"\x00\xff")
    (folder / "inner" / "small 1").chmod(0o4750)
    (folder / "inner").chmod(0o1755)
    if os.geteuid() == 0:
        os.chown(folder / "inner" / "small 2", 1234, 2345)
    for number, path in enumerate(sorted(folder.rglob("*"), reverse=True)):
        os.utime(path, ns=(10**18, 10**18 + number * 1_000_000_007), follow_symlinks=False)
    os.utime(folder, ns=(10**18, 10**18 + 5))
    return folder


def facts(folder: Path) -> dict[str, tuple[object, ...]]:
    """All that a restore must bring back, by path."""
    found: dict[str, tuple[object, ...]] = {}
    inodes: dict[int, str] = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        at = path.lstat()
        name = str(path.relative_to(folder))
        content: object = None
        if path.is_symlink():
            content = path.readlink()
        elif path.is_file():
            content = path.read_bytes()
        attributes = {
            one: os.getxattr(path, one, follow_symlinks=False)
            for one in os.listxattr(path, follow_symlinks=False)
        }
        linked = inodes.setdefault(at.st_ino, name) if stat.S_ISREG(at.st_mode) else ""
        found[name] = (
            at.st_mode,
            at.st_mtime_ns,
            at.st_uid,
            at.st_gid,
            content,
            attributes,
            linked,
        )
    return found


def test_all_of_a_snapshot_comes_back(restic: Restic, source: Path, tmp_path: Path) -> None:
    """Content, mode, times, owners, attributes, links; verified again after it was written."""
    restic("backup", source)
    repo = restic.open()
    (snapshot,), broken = load_snapshots(repo)
    assert broken == []
    target = tmp_path / "target"
    wish = Wish(target=os.fsencode(target), verify=True)
    rehearsed = restore(repo, snapshot.snapshot, Wish(target=os.fsencode(target), dry_run=True))
    assert not target.exists()
    restored = restore(repo, snapshot.snapshot, wish)
    assert (restored.lost, restored.unset, restored.exit_code) == ((), (), 0)
    assert facts(target / source.relative_to("/")) == facts(source)
    assert (restored.files, rehearsed.files, restored.verified) == (37, 37, 36)
    assert (target / source.relative_to("/") / "sparse").stat().st_blocks < 8000
    with pytest.raises(ConflictError):
        restore(repo, snapshot.snapshot, wish)
    again = Wish(target=os.fsencode(target), replace=True)
    assert restore(repo, snapshot.snapshot, again).exit_code == 0
    assert facts(target / source.relative_to("/")) == facts(source)


def test_a_file_and_a_folder_come_back_alone(restic: Restic, source: Path, tmp_path: Path) -> None:
    """By their own names, or where they were."""
    restic("backup", source)
    repo = restic.open()
    snapshot = load_snapshots(repo)[0][0].snapshot
    letter = os.fsencode(source / "inner" / "deep" / "letter ю")
    paths = (letter, os.fsencode(source / "inner"))
    restore(repo, snapshot, Wish(target=os.fsencode(tmp_path / "a"), paths=paths))
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["inner", "letter ю"]
    assert facts(tmp_path / "a" / "inner") == facts(source / "inner")
    wish = Wish(target=os.fsencode(tmp_path / "b"), paths=(letter,), full_paths=True)
    assert restore(repo, snapshot, wish).files == 1
    back = tmp_path / "b" / source.relative_to("/") / "inner" / "deep" / "letter ю"
    assert back.read_bytes() == Path(os.fsdecode(letter)).read_bytes()


def test_what_is_damaged_is_named_and_the_rest_comes_back(
    restic: Restic, source: Path, tmp_path: Path
) -> None:
    """A flipped byte in one piece of `noise`; then its part cut off; then no part at all."""
    restic("backup", source)
    repo = restic.open()
    snapshot = load_snapshots(repo)[0][0].snapshot
    biggest = max(repo.list(FileKind.DATA), key=lambda stored: stored.size)
    path = restic.place.path(FileKind.DATA, biggest.name)
    sound = path.read_bytes()
    path.chmod(0o600)
    middle = len(sound) // 2
    flipped = sound[:middle] + bytes([sound[middle] ^ 8]) + sound[middle + 1 :]
    for number, spoiled in enumerate((flipped, sound[:middle], b"")):
        if spoiled:
            path.write_bytes(spoiled)
        else:
            path.unlink()
        target = tmp_path / f"target {number}"
        restored = restore(repo, snapshot, Wish(target=os.fsencode(target)))
        assert restored.exit_code == 1
        lost = {os.fsdecode(one.path): one.why for one in restored.lost}
        back, before = facts(target / source.relative_to("/")), facts(source)
        gone = {str(source / name) for name in before.keys() - back.keys()}
        assert gone == set(lost)
        assert set(lost.values()) <= {LostWhy.DAMAGED, LostWhy.MISSING}
        # A hard link's first name may be another one now that one of them is gone.
        assert all(back[name][:6] == before[name][:6] for name in back)


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def now(self) -> datetime:
        """As it was set."""
        return self.at


def around(repo: Repository, clock: Hands) -> Surroundings:
    """What a lock needs."""
    return Surroundings(repo.place, repo, clock, time.sleep, own_facts(), start_time_of)


def three_states(restic: Restic, source: Path) -> list[str]:
    """Three backups with edits between, so that parts are partly in use; oldest first."""
    restic("backup", source)
    (source / "again").write_bytes((source / "noise").read_bytes()[:2_500_000])
    (source / "noise").write_bytes(os.urandom(3_000_000))
    for number in range(0, 30, 2):
        (source / "inner" / f"small {number}").write_text(f"new {number} " * 30, encoding="utf-8")
    restic("backup", source)
    (source / "more").write_bytes(os.urandom(500_000))
    restic("backup", source)
    return [one.name for one in reversed(load_snapshots(restic.open())[0])]


def test_restic_accepts_what_our_prune_leaves(restic: Restic, source: Path, tmp_path: Path) -> None:
    """Forgotten snapshots are spared while they can be brought back; then their parts go."""
    old, middle, newest = three_states(restic, source)
    repo, clock, grace = restic.open(), Hands(), GraceFolder(tmp_path / "grace")
    before = facts(source)
    forget(repo, [old, middle], grace=grace, around=around(repo, clock))
    assert restic("list", "snapshots").split() == [newest]
    spared = prune(repo, around=around(repo, clock), grace=grace)
    assert (spared.removed, spared.repacked, spared.grace_over) == (0, 0, ())
    bring_back(repo, old, grace=grace, around=around(repo, clock))
    assert "no errors were found" in restic("check", "--read-data")
    assert sorted(restic("list", "snapshots").split()) == sorted([old, newest])
    forget(repo, [old], grace=grace, around=around(repo, clock))
    clock.at += timedelta(days=15)
    size = sum(stored.size for stored in repo.list(FileKind.DATA))
    told = prune(repo, around=around(repo, clock), grace=grace, dry_run=True)
    assert sum(stored.size for stored in repo.list(FileKind.DATA)) == size
    pruned = prune(repo, around=around(repo, clock), grace=grace)
    assert sorted(pruned.grace_over) == sorted([old, middle])
    assert (pruned.removed, pruned.repacked) == (told.removed, told.repacked)
    left = sum(stored.size for stored in repo.list(FileKind.DATA))
    assert pruned.freed_bytes == size - left > 300_000
    assert grace.waiting() == []
    assert repo.list(FileKind.LOCK) == []
    assert "no errors were found" in restic("check", "--read-data")
    restic("restore", newest, "--target", tmp_path / "restored")
    assert facts(tmp_path / "restored" / source.relative_to("/"))["noise"] == before["noise"]
    again = prune(repo, around=around(repo, clock), grace=grace)
    assert (again.removed, again.repacked, again.freed_bytes) == (0, 0, 0)


def test_prune_works_in_slices(restic: Restic, source: Path) -> None:
    """Each run does a little and leaves a sound repository; the last one finds nothing to do."""
    old, middle, _ = three_states(restic, source)
    restic("forget", old, middle)
    repo, clock = restic.open(), Hands()
    limits = PruneLimits(max_repack=1, slice_bytes=1)
    runs = 0
    while (pruned := prune(repo, around=around(repo, clock), limits=limits)).left_to_repack:
        assert pruned.repacked == 1
        runs += 1
        assert "no errors were found" in restic("check", "--read-data")
    assert runs >= 0
    assert "no errors were found" in restic("check", "--read-data")


def test_prune_touches_nothing_where_something_is_missing(restic: Restic, source: Path) -> None:
    """A damaged snapshot, a damaged index, a missing part; and a place that only adds."""
    names = three_states(restic, source)
    repo, clock = restic.open(), Hands()
    files = {kind: set(repo.list(kind)) for kind in (FileKind.DATA, FileKind.INDEX)}
    biggest = max(repo.list(FileKind.DATA), key=lambda stored: stored.size)
    index = repo.list(FileKind.INDEX)[0]
    for kind, name in (
        (FileKind.SNAPSHOT, names[0]),
        (FileKind.INDEX, index.name),
        (FileKind.DATA, biggest.name),
    ):
        path = restic.place.path(kind, name)
        sound = path.read_bytes()
        path.unlink()
        if kind is not FileKind.DATA:
            path.write_bytes(sound[:-1])
        with pytest.raises(RefusedError, match="nothing was"):
            prune(repo, around=around(repo, clock))
        path.unlink(missing_ok=True)
        path.write_bytes(sound)
    assert files == {kind: set(repo.list(kind)) for kind in files}
    restic.place.can_remove = False
    with pytest.raises(RefusedError, match="only takes copies"):
        prune(repo, around=around(repo, clock))


PRUNER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from datetime import UTC, datetime
    from kept.backup.pipeline.pruning import PruneLimits, prune
    from kept.backup.repo.locking import Surroundings
    from kept.backup.repo.processes import own_facts, start_time_of
    from kept.backup.repo.repository import open_repository
    from kept.crypto.secret import Secret
    from repo_yard import FolderPlace

    class Clock:
        def now(self):
            return datetime.now(UTC)

    class Counting(FolderPlace):
        left = int(sys.argv[3])
        def count(self):
            Counting.left -= 1
            if Counting.left == 0:
                print("now", flush=True)
                time.sleep(60)
        def put(self, kind, name, content):
            self.count()
            super().put(kind, name, content)
        def remove(self, kind, name):
            self.count()
            super().remove(kind, name)

    place = Counting(Path(sys.argv[1]))
    repo = open_repository(place, Secret(b"geheim"))
    around = Surroundings(place, repo, Clock(), time.sleep, own_facts(), start_time_of)
    prune(repo, around=around, limits=PruneLimits(slice_bytes=1))
    print("done", flush=True)
""")


def test_a_killed_prune_leaves_a_sound_repository(restic: Restic, source: Path) -> None:
    """Killed before each write and each removal in turn; the next run clears the lock and ends."""
    old, middle, _ = three_states(restic, source)
    restic("forget", old, middle)
    step = 0
    tests = Path(__file__).parent.parent
    for step in range(2, 200):
        child = subprocess.Popen(
            [sys.executable, "-c", PRUNER, restic.place.root, tests, str(step)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        with child.stdout:
            said = child.stdout.readline()
            child.send_signal(signal.SIGKILL)
            child.wait()
        if said == "done\n":
            break
        assert said == "now\n"
        restic("unlock")
        checked = subprocess.run(
            ["restic", "check", "--read-data"],
            env=restic.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert checked.returncode == 0, (step, checked.stdout, checked.stderr)
    assert step > 4
    repo, clock = restic.open(), Hands()
    prune(repo, around=around(repo, clock))
    assert "no errors were found" in restic("check", "--read-data")
    assert prune(repo, around=around(repo, clock)).freed_bytes == 0


def test_our_check_agrees_with_restics_cleaning(restic: Restic, source: Path) -> None:
    """After restic's own `forget --prune`; in a repository of version 1 too."""
    three_states(restic, source)
    restic("forget", "--keep-last", "1", "--prune")
    checked = check(restic.open(), reading=ALL)
    assert (checked.findings, checked.snapshots, checked.exit_code) == ((), 1, 0)
    assert checked.parts_read == len(restic.place.list(FileKind.DATA))
    old = Restic(restic.place.root.parent / "old")
    old("init", "--repository-version", "1")
    old("backup", source)
    checked = check(old.open(), reading=ALL)
    assert (checked.findings, checked.snapshots) == ((), 1)


def test_planted_damage_is_named_with_what_is_lost(restic: Restic, source: Path) -> None:
    """A part flipped, cut off, deleted; an index and a snapshot flipped and deleted."""
    restic("backup", source)
    repo = restic.open()
    biggest = max(repo.list(FileKind.DATA), key=lambda stored: stored.size)
    index, snapshot = repo.list(FileKind.INDEX)[0], repo.list(FileKind.SNAPSHOT)[0]
    inner = str(source / "noise")

    def problems(kind: FileKind, name: str, spoil: str) -> dict[Problem, set[str]]:
        path = restic.place.path(kind, name)
        sound = path.read_bytes()
        path.unlink()
        middle = len(sound) // 2
        if spoil == "flip":
            path.write_bytes(sound[:middle] + bytes([sound[middle] ^ 2]) + sound[middle + 1 :])
        elif spoil == "cut":
            path.write_bytes(sound[:middle])
        found: dict[Problem, set[str]] = {}
        for finding in check(restic.open(), reading=ALL).findings:
            found.setdefault(finding.problem, set()).add(finding.name)
        path.unlink(missing_ok=True)
        path.write_bytes(sound)
        return found

    part = f"data/{biggest.name}"
    flipped = problems(FileKind.DATA, biggest.name, "flip")
    assert flipped[Problem.PART_DAMAGED] == {part}
    assert flipped[Problem.FILE_LOST]
    cut = problems(FileKind.DATA, biggest.name, "cut")
    assert cut[Problem.PART_SIZE] == cut[Problem.PART_DAMAGED] == {part}
    gone = problems(FileKind.DATA, biggest.name, "delete")
    assert gone[Problem.PART_MISSING] == {part}
    assert inner in gone[Problem.FILE_LOST]
    assert flipped[Problem.FILE_LOST] <= gone[Problem.FILE_LOST]
    flipped = problems(FileKind.INDEX, index.name, "flip")
    assert flipped[Problem.INDEX_DAMAGED] == {f"index/{index.name}"}
    assert Problem.PART_UNLISTED in problems(FileKind.INDEX, index.name, "delete")
    flipped = problems(FileKind.SNAPSHOT, snapshot.name, "flip")
    assert flipped == {Problem.SNAPSHOT_DAMAGED: {f"snapshots/{snapshot.name}"}}
    assert check(restic.open(), reading=ALL).findings == ()


def test_adopting_mends_what_restic_cannot_read(restic: Restic, source: Path) -> None:
    """Its index is gone; ours takes its place and restic is content."""
    restic("backup", source)
    repo = restic.open()
    for stored in repo.list(FileKind.INDEX):
        restic.place.remove(FileKind.INDEX, stored.name)
    parts = len(repo.list(FileKind.DATA))
    mended = mend(repo)
    assert (len(mended.adopted.parts), mended.removed) == (parts, ())
    assert "no errors were found" in restic("check", "--read-data")
    (index,) = repo.list(FileKind.INDEX)
    path = restic.place.path(FileKind.INDEX, index.name)
    path.write_bytes(path.read_bytes()[:-1])
    assert mend(repo).removed == (index.name,)
    assert "no errors were found" in restic("check", "--read-data")
