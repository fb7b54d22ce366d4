"""Is a node back with all its facts, and does a hostile tree reach nothing outside its target?"""

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kept.backup.model.nodes import ExtendedAttribute, Node, NodeType, go_mode
from kept.backup.sources.stat_nodes import read_node
from kept.backup.sources.write_nodes import (
    Fact,
    end_file,
    make_directory,
    make_file,
    make_hard_link,
    make_special,
    open_target,
    set_facts,
    write_piece,
)
from kept.base.errors import ConflictError, MalformedError, UnavailableError

IS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not IS_ROOT, reason="only root gives files away and makes devices")
AT = 1_600_000_000_123_456_789
FILE = Node(
    name=b"file",
    type=NodeType.FILE,
    mode=go_mode(NodeType.FILE, 0o640),
    mtime_ns=AT,
    atime_ns=AT - 5_000_000_001,
    ctime_ns=AT,
    content=(),
)
LINK = replace(
    FILE,
    name=b"link",
    type=NodeType.SYMLINK,
    mode=go_mode(NodeType.SYMLINK, 0o777),
    linktarget=b"/etc/\xff",
    content=None,
)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[int]:
    """An open, empty folder named `out`."""
    opened = open_target(os.fsencode(tmp_path / "out"))
    yield opened
    os.close(opened)


def restore(
    parent: int, node: Node, content: bytes = b"", *, replace_it: bool = False
) -> list[Fact]:
    """Put one entry back; which facts stay unset."""
    if node.type is NodeType.FILE:
        opened = make_file(parent, node.name, replace=replace_it)
        write_piece(opened, 0, content, sparse=False)
        end_file(opened, len(content))
        os.close(opened)
    elif node.type is NodeType.DIR:
        os.close(make_directory(parent, node.name))
    else:
        make_special(parent, node, replace=replace_it)
    return [one.fact for one in set_facts(parent, node, owner=IS_ROOT)]


def seen(parent: int, name: bytes) -> Node:
    """The entry as it now stands."""
    path = b"/proc/self/fd/%d/%s" % (parent, name)
    node = read_node(name, os.lstat(path), path)
    assert node is not None
    return node


def facts(node: Node) -> tuple[object, ...]:
    """What must come back."""
    attributes = {one.name: one.value for one in node.extended_attributes}
    return (
        node.name, node.type, node.mode, node.mtime_ns, node.linktarget, node.device, attributes,
    )  # fmt: skip


def test_a_file_with_all_its_facts(target: int, tmp_path: Path):
    """Content, mode with setuid, attributes and times to the nanosecond."""
    node = replace(
        FILE,
        mode=go_mode(NodeType.FILE, 0o6755),
        uid=os.getuid(),
        gid=os.getgid(),
        extended_attributes=(
            ExtendedAttribute("user.a", b"\0\xff"),
            ExtendedAttribute("user.b", b""),
        ),
    )
    assert restore(target, node, b"content") == []
    assert facts(seen(target, b"file")) == facts(node)
    assert (tmp_path / "out" / "file").stat().st_atime_ns == node.atime_ns
    assert (tmp_path / "out" / "file").read_bytes() == b"content"


@only_root
def test_owner_before_mode(target: int):
    """A new owner clears setuid, so the owner comes first; links and fifos are given away too."""
    for node in (
        replace(FILE, mode=go_mode(NodeType.FILE, 0o6755)),
        LINK,
        replace(FILE, name=b"pipe", type=NodeType.FIFO, mode=go_mode(NodeType.FIFO, 0o620)),
        replace(FILE, name=b"dir", type=NodeType.DIR, mode=go_mode(NodeType.DIR, 0o3751)),
    ):
        given_away = replace(node, uid=12345, gid=54321)
        assert restore(target, given_away) == []
        back = seen(target, node.name)
        assert facts(back) == facts(given_away)
        assert (back.uid, back.gid) == (12345, 54321)


def test_owner_is_left_alone_when_not_asked(target: int):
    """Whoever is not root keeps what is restored."""
    os.close(make_file(target, b"file", replace=False))
    assert set_facts(target, replace(FILE, uid=12345, gid=54321), owner=False) == []
    assert seen(target, b"file").uid == os.getuid()


@only_root
def test_devices(target: int):
    """Device files come back with their numbers."""
    for kind, device in ((NodeType.CHARDEV, os.makedev(1, 3)), (NodeType.DEV, os.makedev(7, 300))):
        node = replace(
            FILE, name=kind.encode(), type=kind, mode=go_mode(kind, 0o604), device=device
        )
        assert restore(target, node) == []
        assert facts(seen(target, node.name)) == facts(node)


def test_a_link_is_restored_and_not_followed(target: int, tmp_path: Path):
    """Its own times are set; what it points to stays as it was."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    before = victim.stat()
    node = replace(LINK, linktarget=os.fsencode(victim))
    assert restore(target, node) == []
    assert facts(seen(target, b"link")) == facts(node)
    after = victim.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_mode,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


def test_nothing_is_written_through_a_link(target: int, tmp_path: Path):
    """Neither a file, nor a directory, nor its facts, whether it is replaced or not."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"mine")
    (tmp_path / "out" / "file").symlink_to(outside / "file")
    (tmp_path / "out" / "dir").symlink_to(outside)
    with pytest.raises(ConflictError):
        make_file(target, b"file", replace=False)
    with pytest.raises(ConflictError):
        make_directory(target, b"dir")
    with pytest.raises(ConflictError):
        set_facts(target, FILE, owner=False)
    restore(target, FILE, b"theirs", replace_it=True)
    assert (outside / "file").read_bytes() == b"mine"
    assert (tmp_path / "out" / "file").read_bytes() == b"theirs"
    assert not (tmp_path / "out" / "file").is_symlink()


NAME_TAKERS: dict[str, Callable[[int, bytes], object]] = {
    "directory": make_directory,
    "file": lambda parent, name: make_file(parent, name, replace=True),
    "new name": lambda parent, name: make_hard_link(parent, name, (parent, b"file"), replace=True),
    "old name": lambda parent, name: make_hard_link(parent, b"new", (parent, name), replace=True),
    "special": lambda parent, name: make_special(parent, replace(LINK, name=name), replace=True),
    "facts": lambda parent, name: set_facts(parent, replace(FILE, name=name), owner=False),
}


@pytest.mark.parametrize("take", NAME_TAKERS.values(), ids=NAME_TAKERS.keys())
@pytest.mark.parametrize(
    "name", [b"", b".", b"..", b"../up", b"/etc/x", b"a/b", b"a/", b"a\0b", b"\0"]
)
def test_names_that_lead_elsewhere(
    target: int, tmp_path: Path, take: Callable[[int, bytes], object], name: bytes
):
    """Refused by every function, and nothing is made or removed."""
    (tmp_path / "out" / "file").write_bytes(b"here")
    (tmp_path / "up").write_bytes(b"above")
    with pytest.raises(MalformedError):
        take(target, name)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "out", "up"]


def test_what_stands_in_the_way(target: int, tmp_path: Path):
    """A file is replaced only when asked; a directory never."""
    restore(target, FILE, b"first")
    with pytest.raises(ConflictError):
        make_file(target, b"file", replace=False)
    with pytest.raises(ConflictError):
        make_special(target, replace(LINK, name=b"file"), replace=False)
    with pytest.raises(ConflictError):
        make_directory(target, b"file")
    restore(target, FILE, b"second", replace_it=True)
    assert (tmp_path / "out" / "file").read_bytes() == b"second"
    os.close(make_directory(target, b"dir"))
    os.close(make_directory(target, b"dir"))  # one that is there is fine
    with pytest.raises((ConflictError, UnavailableError)):
        make_file(target, b"dir", replace=True)
    assert (tmp_path / "out" / "dir").is_dir()


def test_hard_links(target: int, tmp_path: Path):
    """Two names of one file are one file again, across directories."""
    restore(target, FILE, b"once")
    inner = make_directory(target, b"dir")
    make_hard_link(inner, b"again", (target, b"file"), replace=False)
    os.close(inner)
    again, first = (tmp_path / "out" / "dir" / "again").stat(), (tmp_path / "out" / "file").stat()
    assert (again.st_ino, again.st_nlink) == (first.st_ino, 2)


def test_a_link_to_a_link_is_not_followed(target: int, tmp_path: Path):
    """A hard link to a symbolic link is a link to that link, never to what it points at."""
    (tmp_path / "secret").touch()
    make_special(target, replace(LINK, linktarget=os.fsencode(tmp_path / "secret")), replace=False)
    make_hard_link(target, b"hard", (target, b"link"), replace=False)
    assert (tmp_path / "out" / "hard").is_symlink()
    assert (tmp_path / "secret").stat().st_nlink == 1


def test_sparse_files(target: int, tmp_path: Path):
    """Zeros become a hole where asked, the bytes are the same, in any order of pieces."""
    piece = 1 << 20
    opened = make_file(target, b"file", replace=False)
    write_piece(opened, 2 * piece, b"x" * piece, sparse=True)
    write_piece(opened, 0, bytes(piece), sparse=True)
    write_piece(opened, piece, memoryview(bytes(piece)), sparse=True)
    write_piece(opened, 3 * piece, bytes(5 * piece), sparse=True)
    end_file(opened, 8 * piece)
    os.close(opened)
    found = (tmp_path / "out" / "file").stat()
    assert found.st_size == 8 * piece
    assert found.st_blocks * 512 < 3 * piece
    content = (tmp_path / "out" / "file").read_bytes()
    assert content == bytes(2 * piece) + b"x" * piece + bytes(5 * piece)


def test_directory_times_last(target: int):
    """A directory whose facts are set after its entries keeps its time."""
    node = replace(FILE, name=b"dir", type=NodeType.DIR, mode=go_mode(NodeType.DIR, 0o555))
    inner = make_directory(target, b"dir")
    restore(inner, FILE, b"x")
    assert set_facts(target, node, owner=False) == []
    assert facts(seen(target, b"dir")) == facts(node)
    assert facts(seen(inner, b"file")) == facts(FILE)
    os.close(inner)


def test_private_until_its_facts_are_set(target: int):
    """Nobody else reads along while a file is being restored."""
    before = os.umask(0)
    try:
        os.close(make_file(target, b"file", replace=False))
        os.close(make_directory(target, b"dir"))
        make_special(target, replace(FILE, name=b"pipe", type=NodeType.FIFO), replace=False)
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(os.stat(name, dir_fd=target).st_mode) for name in ("file", "dir", "pipe")]
    assert modes == [0o600, 0o700, 0o600]


def test_what_cannot_be_set_is_told(target: int):
    """An attribute of no known kind stays unset, is named, and all else is set."""
    node = replace(
        FILE,
        extended_attributes=(
            ExtendedAttribute("nonsense.a", b"1"),
            ExtendedAttribute("user.\0", b"1"),
            ExtendedAttribute("user.b", b"2"),
        ),
    )
    os.close(make_file(target, b"file", replace=False))
    unset = set_facts(target, node, owner=False)
    assert [(one.fact, one.attribute) for one in unset] == [
        (Fact.ATTRIBUTE, "nonsense.a"),
        (Fact.ATTRIBUTE, "user.\0"),
    ]
    back = seen(target, b"file")
    assert back.extended_attributes == (ExtendedAttribute("user.b", b"2"),)
    assert (back.mode, back.mtime_ns) == (node.mode, node.mtime_ns)


def test_what_cannot_be_made(target: int):
    """A link without a target, a socket, and an entry that is gone."""
    with pytest.raises(MalformedError):
        make_special(target, replace(LINK, linktarget=b""), replace=False)
    with pytest.raises(MalformedError):
        make_special(target, replace(FILE, type=NodeType.SOCKET), replace=False)
    with pytest.raises(UnavailableError):
        set_facts(target, FILE, owner=False)


def test_a_full_disk(target: int, monkeypatch: pytest.MonkeyPatch):
    """It is said to be the disk, and half a piece counts as none."""
    opened = make_file(target, b"file", replace=False)
    written = [3]

    def short(fd: int, data: bytes, offset: int) -> int:
        if written:
            return written.pop()
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "pwrite", short)
    with pytest.raises(UnavailableError, match="space"):
        write_piece(opened, 0, b"12345", sparse=False)
    os.close(opened)


names = st.binary(min_size=1, max_size=255).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in {b".", b".."}
)
KINDS = [NodeType.FILE, NodeType.DIR, NodeType.FIFO, NodeType.SYMLINK]
attributes = st.dictionaries(
    st.text("abcdefé.-", min_size=1, max_size=20).map(lambda name: f"user.{name}"),
    st.binary(max_size=300),
    max_size=3,
)


@settings(max_examples=150)
@given(
    name=names,
    kind=st.sampled_from(KINDS),
    permissions=st.integers(0, 0o7777),
    mtime_ns=st.integers(-(2**31 - 1) * 10**9, 2**33 * 10**9),  # ext4: its first second is whole
    some=attributes,
    linktarget=st.binary(min_size=1, max_size=1000).filter(lambda raw: b"\0" not in raw),
)
def test_any_entry_comes_back(
    name: bytes,
    kind: NodeType,
    permissions: int,
    mtime_ns: int,
    some: dict[str, bytes],
    linktarget: bytes,
):
    """Names of any bytes, modes, times and attributes survive writing and reading."""
    takes_attributes = kind in {NodeType.FILE, NodeType.DIR}
    is_link = kind is NodeType.SYMLINK
    node = Node(
        name=name,
        type=kind,
        mode=go_mode(kind, 0o777 if is_link else permissions),
        mtime_ns=mtime_ns,
        atime_ns=mtime_ns,
        ctime_ns=0,
        uid=os.getuid(),
        gid=os.getgid(),
        linktarget=linktarget if is_link else b"",
        extended_attributes=tuple(
            ExtendedAttribute(one, value) for one, value in some.items() if takes_attributes
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        parent = open_target(os.fsencode(folder))
        try:
            assert restore(parent, node) == []
            assert facts(seen(parent, name)) == facts(node)
        finally:
            os.close(parent)
