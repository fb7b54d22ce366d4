"""Does the walk tell every entry of a real file system, and never more?"""

import errno
import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.model.nodes import NodeType
from kept.backup.sources import stat_nodes, walk
from kept.backup.sources.excludes import Excludes
from kept.backup.sources.stat_nodes import read_node
from kept.backup.sources.walk import (
    Event,
    Found,
    Left,
    Root,
    Skipped,
    SkipReason,
    Unread,
    plain_root,
)
from kept.base.errors import MalformedError

ALL = Excludes.of(caches=False)


def told(*roots: Path, excludes: Excludes = ALL) -> list[Event]:
    """What the walk tells of these roots."""
    return list(walk.walk([plain_root(os.fsencode(root)) for root in roots], excludes))


def below(events: list[Event], root: Path) -> dict[str, Event]:
    """What was told of the entries in a root, by path within it; nothing twice."""
    start = os.fsencode(root) + b"/"
    found = {
        os.fsdecode(event.path.removeprefix(start)): event
        for event in events
        if event.path.startswith(start)
    }
    assert len(found) == sum(event.path.startswith(start) for event in events)
    return found


def node_of(event: Event):
    """The node of an entry that was found or left."""
    assert isinstance(event, Found | Left)
    assert event.node is not None
    return event.node


def test_every_kind_of_entry(tmp_path: Path):
    """Each entry is told with its own facts; a socket is skipped, and said to be."""
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "file").chmod(0o6754)
    os.utime(tmp_path / "file", ns=(5, 1_600_000_000_123_456_789))
    os.link(tmp_path / "file", tmp_path / "hard")
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to(os.fsdecode(b"raw\xfftarget"))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dir").mkdir(mode=0o750)
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(10 << 20)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(tmp_path / "s"))
        found = below(told(tmp_path), tmp_path)
    assert set(found) == {"file", "hard", "empty", "link", "pipe", "dir", "sparse", "s"}
    assert found["s"] == Skipped(os.fsencode(tmp_path / "s"), SkipReason.SOCKET)
    facts = os.lstat(tmp_path / "file")
    node = node_of(found["file"])
    assert (node.name, node.type, node.permissions) == (b"file", NodeType.FILE, 0o6754)
    assert node.mtime_ns == node.atime_ns == 1_600_000_000_123_456_789
    assert (node.ctime_ns, node.uid, node.gid) == (facts.st_ctime_ns, facts.st_uid, facts.st_gid)
    assert (node.inode, node.device_id) == (facts.st_ino, facts.st_dev)
    assert (node.size, node.links, node.content, node.device) == (5, 2, (), 0)
    assert node_of(found["hard"]).inode == node.inode
    assert node_of(found["sparse"]).size == 10 << 20
    assert (node_of(found["empty"]).size, node_of(found["empty"]).content) == (0, ())
    link = node_of(found["link"])
    assert (link.type, link.linktarget, link.size) == (NodeType.SYMLINK, b"raw\xfftarget", 0)
    assert (link.links, link.content, link.permissions) == (1, None, 0o777)
    pipe = node_of(found["pipe"])
    assert (pipe.type, pipe.links, pipe.content) == (NodeType.FIFO, 0, None)
    folder = node_of(found["dir"])
    assert isinstance(found["dir"], Left)
    assert (folder.type, folder.permissions, folder.links) == (NodeType.DIR, 0o750, 0)
    assert (folder.size, folder.subtree, folder.device_id) == (0, None, facts.st_dev)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_devices(tmp_path: Path):
    """A device is told with its number, as what it is."""
    os.mknod(tmp_path / "c", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    os.mknod(tmp_path / "b", 0o600 | stat.S_IFBLK, os.makedev(7, 200))
    found = below(told(tmp_path), tmp_path)
    char, block = node_of(found["c"]), node_of(found["b"])
    assert (char.type, char.device, char.links) == (NodeType.CHARDEV, 259, 1)
    assert (block.type, block.device) == (NodeType.DEV, os.makedev(7, 200))


def test_names_that_are_no_text(tmp_path: Path):
    """A name is told as its bytes, and entries come by their bytes."""
    names = [b"\n", b" ", b"1", b"A", b"\xc3\xa9", b"\xff"]
    for name in reversed(names):
        (tmp_path / os.fsdecode(name)).touch()
    events = told(tmp_path)
    assert [event.node.name for event in events if isinstance(event, Found)] == names


def test_directories_come_after_files_and_after_their_own(tmp_path: Path):
    """Whoever listens can close a directory's tree when it is left."""
    for name in ("b/x/deep", "b/file", "a/file", "z"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    order = [event.path.decode().removeprefix(str(tmp_path)) for event in told(tmp_path)]
    inner = ["/z", "/a/file", "/a", "/b/file", "/b/x/deep", "/b/x", "/b", ""]
    assert order[: len(inner)] == inner


def test_parents_of_roots_hold_the_roots_alone(tmp_path: Path):
    """From `/` down to each root only what leads there is told, with its own facts, `/` last."""
    for name in ("one/a", "one/b", "two"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").touch()
    (tmp_path / "stranger").touch()
    (tmp_path / "one").chmod(0o711)
    events = told(tmp_path / "one" / "b", tmp_path / "two", tmp_path / "one" / "a")
    paths = [event.path.decode().removeprefix(str(tmp_path)) for event in events]
    assert paths[:9] == [
        "/one/a/file", "/one/a", "/one/b/file", "/one/b", "/one", "/two/file", "/two", "",
        str(tmp_path.parent),
    ]  # fmt: skip
    assert events[-1] == Left(b"/", None)
    assert all(isinstance(event, Left) for event in events[7:])
    assert node_of(events[4]).permissions == 0o711
    assert node_of(events[7]).name == os.fsencode(tmp_path.name)


def test_a_root_that_is_a_file_and_one_that_is_gone(tmp_path: Path):
    """A file may be a root; one that is not there is unread, and the rest is told."""
    (tmp_path / "file").touch()
    events = told(tmp_path / "file", tmp_path / "gone")
    assert isinstance(events[0], Found)
    assert events[1] == Unread(os.fsencode(tmp_path / "gone"), errno.ENOENT, is_root=True)
    assert events[-1] == Left(b"/", None)


def test_a_root_within_a_root_is_told_once(tmp_path: Path):
    """No entry comes twice, whatever the owner named."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").touch()
    assert told(tmp_path / "in", tmp_path, tmp_path) == told(tmp_path)


def test_what_is_read_elsewhere(tmp_path: Path):
    """A consistent copy stands under its own stable path, and its parents never change."""
    (tmp_path / "copy.db").write_bytes(b"x")
    roots = [Root(b"/kept/data.db", os.fsencode(tmp_path / "copy.db"))]
    first, parent, top = walk.walk(roots, ALL)
    assert isinstance(first, Found)
    assert (first.path, first.node.name) == (b"/kept/data.db", b"data.db")
    assert first.source == os.fsencode(tmp_path / "copy.db")
    node = node_of(parent)
    assert (node.name, node.permissions, node.mtime_ns, node.inode) == (b"kept", 0o755, 0, 0)
    assert top == Left(b"/", None)


@pytest.mark.parametrize(
    "roots",
    [
        [],
        [Root(b"relative", b"/x")],
        [Root(b"/a/../b", b"/x")],
        [Root(b"/a//b", b"/x")],
        [Root(b"", b"/x")],
        [Root(b"/a", b"/x"), Root(b"/a", b"/y")],
        [Root(b"/a", b"/x"), Root(b"/a/b", b"/y")],
    ],
)
def test_roots_that_make_no_sense(roots: list[Root]):
    """They are refused before anything is read."""
    with pytest.raises(MalformedError):
        walk.walk(roots, ALL)


def test_loops_are_not_followed(tmp_path: Path):
    """A link to above is a link; the walk ends."""
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "up").symlink_to("..")
    (tmp_path / "self").symlink_to("self")
    found = below(told(tmp_path), tmp_path)
    assert set(found) == {"dir", "dir/up", "self"}
    assert node_of(found["dir/up"]).linktarget == b".."


def test_deeper_than_python(tmp_path: Path):
    """A thousand directories in one another are no reason to fall over."""
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=at)
        inner = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)
    try:
        events = told(tmp_path)
    finally:  # Python's own way to remove a folder is not made for this depth
        subprocess.run(["rm", "-r", tmp_path / "d"], check=True)
    assert sum(event.path.endswith(b"/d") for event in events) == 1200


def deny(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Let the system refuse one directory, as it does for all but root."""
    real = walk.open_to_read

    def refusing(source: bytes, *, directory: bool = False) -> int:
        if source == os.fsencode(path):
            raise PermissionError(errno.EACCES, "denied")
        return real(source, directory=directory)

    monkeypatch.setattr(walk, "open_to_read", refusing)


def test_an_unreadable_directory_is_not_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is told as unread and never as left, so no snapshot shows it empty."""
    (tmp_path / "shut").mkdir()
    (tmp_path / "open").mkdir()
    deny(monkeypatch, tmp_path / "shut")
    found = below(told(tmp_path), tmp_path)
    assert found["shut"] == Unread(os.fsencode(tmp_path / "shut"), errno.EACCES)
    assert isinstance(found["open"], Left)


def test_an_unreadable_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The same for what the owner named."""
    deny(monkeypatch, tmp_path)
    events = told(tmp_path)
    assert events[0] == Unread(os.fsencode(tmp_path), errno.EACCES)
    assert not any(isinstance(event, Left) and event.path == events[0].path for event in events)


def walking(root: Path) -> Iterator[Event]:
    """A walk that goes on while the test changes things."""
    return walk.walk([plain_root(os.fsencode(root))], ALL)


def test_what_vanishes_meanwhile(tmp_path: Path):
    """A file or directory that goes after it was listed is unread, not absent."""
    for name in ("a", "b"):
        (tmp_path / name).touch()
    (tmp_path / "dir").mkdir()
    events = walking(tmp_path)
    first = next(events)
    assert first.path.endswith(b"/a")
    (tmp_path / "b").unlink()
    (tmp_path / "dir").rmdir()
    assert next(events) == Unread(os.fsencode(tmp_path / "b"), errno.ENOENT)
    assert next(events) == Unread(os.fsencode(tmp_path / "dir"), errno.ENOENT)


@pytest.mark.parametrize(("first", "seen"), [("z", Unread), ("a", Found)])
def test_a_directory_that_becomes_a_link(tmp_path: Path, first: str, seen: type[Event]):
    """Nobody can lead the walk out of the root by swapping a directory for a link.

    Swapped after it was looked at it is unread, before that it is told as the link it is.
    """
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").touch()
    (tmp_path / "root" / "dir").mkdir(parents=True)
    (tmp_path / "root" / first).touch()
    events = walking(tmp_path / "root")
    next(events)
    (tmp_path / "root" / "dir").rmdir()
    (tmp_path / "root" / "dir").symlink_to(tmp_path / "outside")
    told_then = next(events)
    assert isinstance(told_then, seen)
    assert told_then.path.endswith(b"/dir")
    if isinstance(told_then, Found):
        assert told_then.node.type is NodeType.SYMLINK
    assert not any(b"secret" in event.path for event in events)


def test_a_file_that_becomes_a_directory(tmp_path: Path):
    """It is told as what it is by then, with what is in it."""
    for name in ("a", "b"):
        (tmp_path / name).touch()
    events = walking(tmp_path)
    next(events)
    (tmp_path / "b").unlink()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").touch()
    found = below([*events], tmp_path)
    assert set(found) == {"b", "b/c"}
    assert isinstance(found["b"], Left)


def test_extended_attributes(tmp_path: Path):
    """Attributes come with their bytes, empty ones too; a link's target's are not taken."""
    path = tmp_path / "file"
    path.touch()
    os.setxattr(path, "user.raw", b"\0\xff")
    os.setxattr(path, "user.empty", b"")
    (tmp_path / "link").symlink_to("file")
    found = below(told(tmp_path), tmp_path)
    attributes = {one.name: one.value for one in node_of(found["file"]).extended_attributes}
    assert attributes == {"user.raw": b"\0\xff", "user.empty": b""}
    assert node_of(found["link"]).extended_attributes == ()


def test_attributes_nobody_can_name(tmp_path: Path):
    """A tree cannot hold such a name; the node says that something is missing."""
    path = os.fsencode(tmp_path / "file")
    Path(os.fsdecode(path)).touch()
    os.setxattr(path, b"user.\xff", b"x")
    os.setxattr(path, b"user.ok", b"x")
    node = read_node(b"file", os.lstat(path), path)
    assert node is not None
    assert [one.name for one in node.extended_attributes] == ["user.ok"]
    assert "1 extended attributes" in node.error


def test_a_file_system_without_attributes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """To have none is no error; not to be let see them is one."""
    (tmp_path / "file").touch()

    def refusing(code: int):
        def refuse(*_: object, **__: object):
            raise OSError(code, "refused")

        return refuse

    monkeypatch.setattr(stat_nodes.os, "listxattr", refusing(errno.ENOTSUP))
    assert node_of(below(told(tmp_path), tmp_path)["file"]).extended_attributes == ()
    monkeypatch.setattr(stat_nodes.os, "listxattr", refusing(errno.EACCES))
    path = os.fsencode(tmp_path / "file")
    with pytest.raises(OSError, match="refused"):
        read_node(b"file", os.lstat(path), path)


def test_an_open_file_tells_the_same(tmp_path: Path):
    """Whoever reads a file takes its node from the descriptor, and it is the same node."""
    path = tmp_path / "file"
    path.write_bytes(b"x")
    os.setxattr(path, "user.a", b"1")
    opened = os.open(path, os.O_RDONLY)
    try:
        assert read_node(b"file", os.fstat(opened), opened) == node_of(
            below(told(tmp_path), tmp_path)["file"]
        )
    finally:
        os.close(opened)


# --- what is left out


@pytest.mark.parametrize(
    ("pattern", "hidden", "kept"),
    [
        ("*.tmp", ["/a/x.tmp", "/x.tmp", "/a/.tmp"], ["/a/x.tmp/y", "/x.tmpl"]),
        ("/a", ["/a"], ["/b/a", "/a/b"]),
        ("/a/*", ["/a/b"], ["/a", "/a/b/c", "/b/a/c"]),
        ("cache/old", ["/cache/old", "/x/cache/old"], ["/cache/x/old", "/mycache/old"]),
        ("/a/**/z", ["/a/z", "/a/b/z", "/a/b/c/z"], ["/a", "/z", "/a/zz"]),
        ("**/z", ["/z", "/a/z"], ["/zz"]),
        ("?", ["/a", "/é", "/b/c"], ["/ab", "/"]),
        ("[a-c]x", ["/ax", "/cx"], ["/dx", "/x"]),
        ("[^a]x", ["/bx"], ["/ax", "/x"]),
        ("a.b", ["/a.b"], ["/aXb"]),
        ("dir/", ["/dir", "/x/dir"], ["/dirs"]),
        ("*", ["/a", "/a/\nb"], []),
    ],
)
def test_patterns(pattern: str, hidden: list[str], kept: list[str]):
    """Each form means what restic's manual says of it."""
    rules = Excludes.of(["never matches this", pattern])
    assert [path for path in hidden if not rules.hides(path.encode())] == []
    assert [path for path in kept if rules.hides(path.encode())] == []


@pytest.mark.parametrize("pattern", ["", "/", "//", "[a", "[]", "[b-a]", "x" * 4097])
def test_patterns_that_mean_nothing(pattern: str):
    """They are refused when the owner writes them, not passed over at night."""
    with pytest.raises(MalformedError):
        Excludes.of([pattern])
    with pytest.raises(MalformedError):
        Excludes.of(max_size=-1)


@given(st.text(st.sampled_from("ab[]^-*?\\.(){}|&~/"), min_size=1, max_size=12))
def test_any_pattern_is_understood_or_refused(pattern: str):
    """No pattern breaks the matcher."""
    try:
        rules = Excludes.of([pattern])
    except MalformedError:
        return
    rules.hides(b"/a/b")


def test_what_is_left_out_is_told(tmp_path: Path):
    """By pattern, by size: the entry is skipped with its reason, and nothing below it is read."""
    (tmp_path / "node_modules" / "x").mkdir(parents=True)
    (tmp_path / "big").write_bytes(b"123456")
    (tmp_path / "fits").write_bytes(b"12345")
    (tmp_path / "a.tmp").touch()
    rules = Excludes.of(["node_modules", "*.tmp"], max_size=5)
    found = below(told(tmp_path, excludes=rules), tmp_path)
    reasons = {name: event.reason for name, event in found.items() if isinstance(event, Skipped)}
    assert reasons == {
        "node_modules": SkipReason.PATTERN,
        "a.tmp": SkipReason.PATTERN,
        "big": SkipReason.SIZE,
    }
    assert set(found) == {*reasons, "fits"}


def test_caches(tmp_path: Path):
    """Of a tagged cache only the tag is kept; a file that merely bears the name changes nothing."""
    for name, tag in (
        ("true", b"Signature: 8a477f597d28d172789f06886806bc55\n# made by"),
        ("false", b"Signature: something else"),
    ):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "file").touch()
        (tmp_path / name / "CACHEDIR.TAG").write_bytes(tag)
    events = told(tmp_path, excludes=Excludes.of())
    assert Skipped(os.fsencode(tmp_path / "true"), SkipReason.CACHE) in events
    rest = {
        os.fsdecode(event.path.removeprefix(os.fsencode(tmp_path)))
        for event in events
        if not isinstance(event, Skipped) and event.path.startswith(os.fsencode(tmp_path) + b"/")
    }
    assert rest == {
        "/true", "/true/CACHEDIR.TAG",
        "/false", "/false/CACHEDIR.TAG", "/false/file", "/false/deep",
    }  # fmt: skip
