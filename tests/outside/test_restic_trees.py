r"""Do we and Debian's restic spell and read the same trees, snapshots and names?

restic 0.14 backs up a folder of every kind of entry under `TZ=UTC`; what it wrote is read by our
codecs and compared with the file system, and written anew byte for byte. Two things 0.14 cannot
have as we write them are told apart: it has no `linktarget_raw`, so a target that is not UTF-8 is
lost, and it was built before Go 1.22, whose JSON spells `\b` and `\f` short.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kept.backup.model.nodes import Node, NodeType
from kept.backup.repo.locks import is_stale, read_lock
from kept.backup.repo.names import quote, unquote
from kept.backup.repo.processes import own_facts, start_time_of
from kept.backup.repo.snapshots import read_snapshot, snapshot_members
from kept.backup.repo.trees import decode_tree, encode_tree
from kept.backup.sources.excludes import Excludes
from kept.backup.sources.walk import Found, Left, plain_root, walk

NAMES = [
    b"plain",
    b'caf\xe9 "q" \\ \n\x7f \xc2\xa0',
    "файл<&>\u2028😀\ufeff".encode(),
    b"\xff\xfe\xed\xa0\x80",
    b"\a\b\f\r\t\v\x01",
]
Restic = Callable[..., bytes]


def restic_of(repo: Path, zone: str) -> Restic:
    """A way to call restic on one repository, its clock on the wall in `zone`."""

    def call(*arguments: str) -> bytes:
        env = {
            "TZ": zone,
            "RESTIC_PASSWORD": "open",
            "RESTIC_REPOSITORY": str(repo),
            "RESTIC_CACHE_DIR": str(repo.with_name("cache")),
            "PATH": os.environ["PATH"],
        }
        done = subprocess.run(
            ["restic", "--quiet", *arguments], env=env, capture_output=True, check=True, timeout=120
        )
        return done.stdout

    return call


@pytest.fixture(scope="module")
def restic(tmp_path_factory: pytest.TempPathFactory) -> Restic:
    """Restic on a fresh repository of version 2, in UTC."""
    call = restic_of(tmp_path_factory.mktemp("repo") / "repo", "UTC")
    call("init", "--repository-version", "2")
    return call


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of every kind of entry."""
    folder = tmp_path_factory.mktemp("source") / "all"
    folder.mkdir()
    for name in NAMES:
        (folder / os.fsdecode(name)).write_bytes(name)
    (folder / "empty").touch()
    (folder / "hard").hardlink_to(folder / "plain")
    (folder / "link").symlink_to("<no&where>\u2029\n\t\x01\x7f")
    os.mkfifo(folder / "pipe")
    (folder / "inner").mkdir(mode=0o700)
    (folder / "inner").chmod(0o3711)
    (folder / "inner" / "sparse").touch()
    os.truncate(folder / "inner" / "sparse", 3 << 20)
    (folder / "empty").chmod(0o6755)
    os.setxattr(folder / "plain", "user.raw", b"\0\xff")
    os.setxattr(folder / "plain", "user.empty", b"")
    os.utime(folder / "empty", ns=(5, -1_500_000_000))
    os.utime(folder / "link", ns=(7, 1_600_000_000_000_000_100), follow_symlinks=False)
    if os.geteuid() == 0:
        os.mknod(folder / "char", 0o20604, os.makedev(1, 3))
        os.mknod(folder / "block", 0o60640, os.makedev(7, 300))
        os.chown(folder / "pipe", 12345, 54321)
    return folder


def latest(restic: Restic) -> bytes:
    """The newest snapshot file, opened."""
    found = json.loads(restic("snapshots", "--json"))
    return restic("cat", "snapshot", max(found, key=lambda one: one["time"])["id"])


def trees(restic: Restic, tree: bytes, path: bytes = b"/") -> Iterator[tuple[bytes, bytes]]:
    """Every tree below this one with its path."""
    raw = restic("cat", "blob", tree.hex())
    yield path, raw
    for node in decode_tree(raw):
        if node.subtree is not None:
            yield from trees(restic, node.subtree, path.rstrip(b"/") + b"/" + node.name)


@pytest.fixture(scope="module")
def written(restic: Restic, source: Path) -> dict[bytes, bytes]:
    """Every tree of a backup of the folder, by path."""
    restic("backup", str(source))
    snapshot = read_snapshot(json.loads(latest(restic)))
    assert snapshot.paths == (str(source),)
    return dict(trees(restic, snapshot.tree))


@pytest.mark.needs("restic")
def test_what_restic_wrote_is_what_we_would_write(written: dict[bytes, bytes], source: Path):
    """Each tree is the same bytes again; each entry has the facts that our own walk tells."""
    for raw in written.values():
        assert encode_tree(decode_tree(raw)) == raw
    theirs = {
        path.rstrip(b"/") + b"/" + node.name: node
        for path, raw in written.items()
        for node in decode_tree(raw)
    }
    ours = {
        event.path: event.node
        for event in walk([plain_root(os.fsencode(source))], Excludes.of())
        if isinstance(event, Found | Left) and event.node is not None
    }
    assert set(ours) == set(theirs)
    for path, node in ours.items():
        assert bare(node, source, path) == bare(theirs[path], source, path), path
        assert (node.content is None) is (theirs[path].content is None)


def bare(node: Node, source: Path, path: bytes) -> Node:
    """Without what only the content's reader can know, and what others change in /tmp meanwhile."""
    node = replace(node, content=None, subtree=None)
    if path.startswith(os.fsencode(source)):
        return node
    return replace(node, mtime_ns=0, atime_ns=0, ctime_ns=0)


@pytest.mark.needs("restic")
def test_our_tree_of_small_files_is_restics(written: dict[bytes, bytes], source: Path):
    """A folder told by our walk, with the blobs restic made of it, is restic's tree to the byte."""
    path = os.fsencode(source)
    blobs = {node.name: node for node in decode_tree(written[path])}
    mine = sorted(
        (
            replace(event.node, content=blobs[event.node.name].content)
            if isinstance(event, Found)
            else replace(event.node, subtree=blobs[event.node.name].subtree)
            for event in walk([plain_root(path)], Excludes.of())
            if isinstance(event, Found | Left)
            and event.node is not None
            and event.path.rpartition(b"/")[0] == path
        ),
        key=lambda node: node.name,
    )
    assert encode_tree(mine) == written[path]


@pytest.mark.needs("restic")
def test_local_times_mean_the_same(tmp_path: Path, source: Path):
    """What restic wrote on a clock of another zone is the same moment."""
    restic = restic_of(tmp_path / "repo", "Asia/Kathmandu")
    restic("init", "--repository-version", "2")
    restic("backup", str(source / "inner"))
    snapshot = read_snapshot(json.loads(latest(restic)))
    assert snapshot.time.offset_minutes == 345
    written = dict(trees(restic, snapshot.tree))
    assert b"+05:45" in written[os.fsencode(source / "inner")]
    (node,) = decode_tree(written[os.fsencode(source / "inner")])
    assert node.mtime_ns == (source / "inner" / "sparse").stat().st_mtime_ns


@pytest.mark.needs("restic")
def test_a_snapshot_comes_back(restic: Restic, source: Path):
    """The members we would write are those restic wrote, with its tags and excludes."""
    restic("backup", "--tag", "one,two", "--exclude", "*.tmp", str(source / "inner"))
    raw = json.loads(latest(restic))
    again = snapshot_members(read_snapshot(raw))
    assert json.dumps(again) == json.dumps(raw)
    assert raw["tags"] == ["one", "two"]


@pytest.mark.needs("restic")
def test_a_target_that_is_no_text(restic: Restic, tmp_path: Path):
    """0.14 loses such a target; ours keeps it, and is read alike but for what 0.14 lost."""
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "link").symlink_to(os.fsdecode(b"raw\xff"))
    restic("backup", str(folder))
    snapshot = read_snapshot(json.loads(latest(restic)))
    (theirs,) = decode_tree(dict(trees(restic, snapshot.tree))[os.fsencode(folder)])
    ours = next(walk([plain_root(os.fsencode(folder))], Excludes.of()))
    assert isinstance(ours, Found)
    assert (theirs.type, theirs.linktarget) == (NodeType.SYMLINK, "raw\ufffd".encode())
    assert ours.node.linktarget == b"raw\xff"
    spelt = encode_tree([ours.node])
    assert b'"linktarget":"raw\\ufffd","linktarget_raw":"cmF3/w=="' in spelt


@pytest.mark.needs("restic")
def test_a_lock_of_restics(tmp_path: Path):
    """A lock that a killed restic left is read; until it is old, nobody can say it is dead."""
    repo = tmp_path / "repo"
    restic = restic_of(repo, "UTC")
    restic("init", "--repository-version", "2")
    env = {"RESTIC_PASSWORD": "open", "PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(tmp_path)}
    command = ["restic", "--quiet", "--repo", str(repo), "backup", "--stdin"]
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE) as waiting:
        try:
            while not (names := [path.name for path in (repo / "locks").glob("?" * 64)]):
                assert waiting.poll() is None
        finally:
            waiting.kill()
    lock = read_lock(json.loads(restic("--no-lock", "cat", "lock", names[0])))
    assert lock.holder.pid == waiting.pid
    assert not lock.exclusive
    now = lock.time.utc()
    own = own_facts()
    assert lock.holder.hostname == own.hostname
    assert not is_stale(lock, now=now, own=own, start_time_of=start_time_of)
    later = now + timedelta(minutes=31)
    assert is_stale(lock, now=later, own=own, start_time_of=start_time_of)


# --- Go's own strconv


QUOTER = """
package main

import ("bufio"; "encoding/hex"; "fmt"; "os"; "strconv")

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		raw, _ := hex.DecodeString(lines.Text())
		fmt.Println(hex.EncodeToString([]byte(strconv.Quote(string(raw)))))
	}
}
"""


@pytest.fixture(scope="module")
def quoted_by_go(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[bytes]], list[str]]:
    """Go's strconv.Quote, without the outer quotes."""
    folder = tmp_path_factory.mktemp("quote")
    (folder / "main.go").write_text(QUOTER, encoding="utf-8")
    env = {"GO111MODULE": "off", "GOPROXY": "off", "GOFLAGS": "", "GOCACHE": str(folder / "cache")}
    env |= {"GOPATH": str(folder), "PATH": os.environ["PATH"]}
    program = folder / "quote"
    subprocess.run(
        ["go", "build", "-o", program, folder / "main.go"], env=env, check=True, timeout=300
    )

    def call(names: list[bytes]) -> list[str]:
        lines = "\n".join(name.hex() for name in names) + "\n"
        done = subprocess.run([program], input=lines.encode(), capture_output=True, check=True)
        return [bytes.fromhex(line).decode()[1:-1] for line in done.stdout.decode().split()]

    return call


@pytest.mark.needs("go")
def test_every_character_is_quoted_as_go_does(quoted_by_go: Callable[[list[bytes]], list[str]]):
    """Every character of Unicode; only those that one of the two does not know yet may differ."""
    import unicodedata

    names = [chr(code).encode() for code in range(sys.maxunicode + 1) if code >> 11 != 0x1B]
    differ = [
        name
        for name, theirs in zip(names, quoted_by_go(names), strict=True)
        if quote(name) != theirs
    ]
    assert len(differ) < 12_000  # what Unicode 14 to 16 added to Go 1.19's version 13
    for name in differ:
        assert unicodedata.category(name.decode())[0] in "LMNPS"
        assert unquote(quote(name), "name") == name


@pytest.mark.needs("go")
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=50))
def test_any_bytes_are_quoted_as_go_does(
    quoted_by_go: Callable[[list[bytes]], list[str]], names: list[bytes]
):
    """Stray bytes and broken sequences are cut where Go cuts them."""
    for name, theirs in zip(names, quoted_by_go(names), strict=True):
        assert unquote(theirs, "name") == name
        text = name.decode(errors="surrogateescape")
        if all(char < "\u0250" or "\udc80" <= char <= "\udcff" for char in text):  # long assigned
            assert quote(name) == theirs
