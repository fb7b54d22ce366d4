"""How is a node put back, so that a hostile tree reaches nothing outside its target?

1. Every name is one entry of an open directory: a name with `/` or NUL, `.`, `..` or an empty one
   is refused, and every call goes by the directory's descriptor, never by a path.
2. Nothing is written through a symbolic link: directories are opened with O_NOFOLLOW, files are
   made anew (O_EXCL). What stands at a name is refused, or removed where the caller replaces.
3. Until its facts are set an entry is its writer's alone (0600, 0700).
4. Order of facts: owner, attributes, mode, times. A new owner clears setuid and capabilities, an
   attribute may be an access list whose mask the mode repeats, and all of them change times.
5. A directory's facts are set after everything in it was put back, or its times would not last.
6. A fact the system does not let us set is told, not raised: the content is back all the same.

Source: openat(2), chown(2), xattr(7), acl(5); restic manual, "Restoring from backup".
"""

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

from kept.backup.model.nodes import Node, NodeType, name_problem
from kept.base.errors import ConflictError, MalformedError, RefusedError, UnavailableError

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_IN_THE_WAY = {errno.EEXIST, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY}
_NOT_OURS = {errno.EPERM, errno.EACCES}
_DEVICE_MODES = {NodeType.DEV: stat.S_IFBLK, NodeType.CHARDEV: stat.S_IFCHR}


class Fact(StrEnum):
    """What may stay unset though the entry is back."""

    OWNER = "owner"
    ATTRIBUTE = "attribute"
    MODE = "mode"
    TIMES = "times"


@dataclass(frozen=True, slots=True)
class Unset:
    """A fact the system did not let us set."""

    fact: Fact
    code: int  # errno
    attribute: str = ""  # which one, of ATTRIBUTE


def open_target(path: bytes) -> int:
    """Make the folder to restore to, if need be, and open it; the owner's path may be a link.

    Raises:
        ConflictError: something that is no folder stands there.
        UnavailableError: the disk is full, read-only or away.
        RefusedError: this user may not write there.
    """
    with _in_our_words():
        os.makedirs(path, mode=0o700, exist_ok=True)  # noqa: PTH103 - Path takes no bytes
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def make_directory(parent: int, name: bytes) -> int:
    """Make a directory, or take the one that is there, and open it; to be closed by the caller.

    Raises:
        MalformedError: a name that leads elsewhere.
        ConflictError: something that is no directory stands there, a link to one too.
        UnavailableError: the disk is full, read-only or away.
        RefusedError: this user may not write there.
    """
    _check(name)
    with _in_our_words():
        with suppress(FileNotFoundError):  # most often it is there
            return os.open(name, _DIRECTORY, dir_fd=parent)
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=parent)
        return os.open(name, _DIRECTORY, dir_fd=parent)


def make_file(parent: int, name: bytes, *, replace: bool) -> int:
    """Make an empty file and open it for writing; to be closed by the caller.

    Args:
        parent: an open directory.
        name: hostile.
        replace: whether what stands there, and is no directory, is removed first.

    Raises:
        MalformedError: a name that leads elsewhere.
        ConflictError: something stands there.
        UnavailableError: the disk is full, read-only or away.
        RefusedError: this user may not write there.
    """
    _make_way(parent, name, replace=replace)
    with _in_our_words():
        return os.open(name, _NEW_FILE, 0o600, dir_fd=parent)


def write_piece(opened: int, offset: int, piece: bytes | memoryview, *, sparse: bool) -> bool:
    """Write a piece of a new file at its place; with `sparse` one of nothing but zeros is a hole.

    Pieces may come in any order and from several threads. Where one was a hole `end_file` makes
    the size right.

    Returns:
        Whether it was written; False: it is a hole.

    Raises:
        ConflictError: never for a file of `make_file`.
        UnavailableError: the disk is full or away.
        RefusedError: more than this user may write.
    """
    if sparse and piece[:1] == b"\0" and piece == bytes(len(piece)):
        return False
    left = memoryview(piece)
    with _in_our_words():
        while left:
            written = os.pwrite(opened, left, offset)
            left, offset = left[written:], offset + written
    return True


def end_file(opened: int, size: int) -> None:
    """Give a file its full size, holes at its end included.

    Raises:
        ConflictError: never for a file of `make_file`.
        UnavailableError: the disk is full or away.
        RefusedError: more than this user may write.
    """
    with _in_our_words():
        os.ftruncate(opened, size)


def make_hard_link(parent: int, name: bytes, first: tuple[int, bytes], *, replace: bool) -> None:
    """Give a file that is back already another name.

    Args:
        parent: the directory of the new name.
        name: hostile.
        first: the open directory and the name where the file stands.
        replace: as `make_file`.

    Raises:
        MalformedError: a name that leads elsewhere.
        ConflictError: something stands there.
        UnavailableError: the disk is full or away, or the two lie on different disks.
        RefusedError: this user may not write there.
    """
    folder, old = first
    _check(old)
    _make_way(parent, name, replace=replace)
    with _in_our_words():
        os.link(old, name, src_dir_fd=folder, dst_dir_fd=parent, follow_symlinks=False)


def make_special(parent: int, node: Node, *, replace: bool) -> None:
    """Make a symbolic link, fifo or device; only root may make devices.

    Raises:
        MalformedError: a name that leads elsewhere, a link without a target, or a node that is a
            file, a directory or nothing that can be made.
        ConflictError: something stands there.
        UnavailableError: the disk is full, read-only or away.
        RefusedError: this user may not make it.
    """
    _make_way(parent, node.name, replace=replace)
    with _in_our_words():
        if node.type is NodeType.SYMLINK:
            if not node.linktarget:
                raise MalformedError("node.linktarget", "empty")
            os.symlink(node.linktarget, node.name, dir_fd=parent)
        elif node.type is NodeType.FIFO:
            os.mkfifo(node.name, 0o600, dir_fd=parent)
        elif (kind := _DEVICE_MODES.get(node.type)) is not None:
            os.mknod(node.name, kind | 0o600, node.device, dir_fd=parent)
        else:
            raise MalformedError("node.type", "not made this way")


def set_facts(parent: int, node: Node, *, owner: bool) -> list[Unset]:
    """Set owner, attributes, mode and times of an entry that was just made (rules 4 to 6).

    Args:
        parent: its open directory.
        node: what it is to be; a directory's only after everything in it.
        owner: whether user and group are set too, by number; for root.

    Returns:
        What the system did not let us set.

    Raises:
        MalformedError: a name that leads elsewhere.
        ConflictError: another kind of entry stands there by now.
        UnavailableError: the entry is gone, or the disk is away.
        RefusedError: this user may not look at it.
    """
    _check(node.name)
    with _in_our_words():
        opened = os.open(node.name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        return _set_facts(opened, (parent, node), owner=owner)
    finally:
        os.close(opened)


def set_file_facts(opened: int, node: Node, *, owner: bool) -> list[Unset]:
    """As `set_facts`, for a file that `make_file` made and that is still open: a third the calls.

    Args:
        opened: the file; nothing may be written to it afterwards.
        node: what it is to be.
        owner: whether user and group are set too, by number; for root.

    Returns:
        What the system did not let us set.
    """
    unset: list[Unset] = []
    if owner:
        with _noted(unset, Fact.OWNER):
            os.fchown(opened, node.uid, node.gid)
    for attribute in node.extended_attributes:
        with _noted(unset, Fact.ATTRIBUTE, attribute.name):
            os.setxattr(opened, attribute.name, attribute.value)
    with _noted(unset, Fact.MODE):
        os.fchmod(opened, node.permissions)
    with _noted(unset, Fact.TIMES):
        os.utime(opened, ns=(node.atime_ns, node.mtime_ns))
    return unset


def _set_facts(opened: int, entry: tuple[int, Node], *, owner: bool) -> list[Unset]:
    parent, node = entry
    is_link = stat.S_ISLNK(os.fstat(opened).st_mode)
    if is_link is not (node.type is NodeType.SYMLINK):
        raise ConflictError("Another kind of entry took the place of what was just restored.")
    # A path of this kind is the very entry that is open, whatever bears its name by now. For a
    # link it would lead through it, so a link's facts are set by its name, which is not followed.
    path = b"/proc/self/fd/%d" % opened
    times = (node.atime_ns, node.mtime_ns)
    unset: list[Unset] = []
    if is_link:
        name = node.name
        if owner:
            with _noted(unset, Fact.OWNER):
                os.chown(name, node.uid, node.gid, dir_fd=parent, follow_symlinks=False)
        _set_attributes(b"/proc/self/fd/%d/%s" % (parent, name), node, unset)
        with _noted(unset, Fact.TIMES):
            os.utime(name, ns=times, dir_fd=parent, follow_symlinks=False)
        return unset
    if owner:
        with _noted(unset, Fact.OWNER):
            os.chown(path, node.uid, node.gid)
    _set_attributes(path, node, unset)
    with _noted(unset, Fact.MODE):
        os.chmod(path, node.permissions)  # noqa: PTH101 - Path takes no bytes
    with _noted(unset, Fact.TIMES):
        os.utime(path, ns=times)
    return unset


def _set_attributes(path: bytes, node: Node, unset: list[Unset]) -> None:
    follow = node.type is not NodeType.SYMLINK
    for attribute in node.extended_attributes:
        with _noted(unset, Fact.ATTRIBUTE, attribute.name):
            os.setxattr(path, attribute.name, attribute.value, follow_symlinks=follow)


@contextmanager
def _noted(unset: list[Unset], fact: Fact, attribute: str = "") -> Generator[None]:
    """Note what the system refuses, and go on with the next fact."""
    try:
        yield
    except OSError as refused:
        unset.append(Unset(fact, refused.errno or errno.EIO, attribute))
    except OverflowError:  # a time beyond what this system can tell
        unset.append(Unset(fact, errno.EOVERFLOW, attribute))
    except ValueError:  # a NUL in an attribute's name
        unset.append(Unset(fact, errno.EINVAL, attribute))


def _check(name: bytes) -> None:
    if (problem := name_problem(name)) is not None:
        raise MalformedError("node.name", problem)


def _make_way(parent: int, name: bytes, *, replace: bool) -> None:
    """Check the name, and remove what stands there if it may be replaced and is no directory.

    Raises:
        MalformedError: a name that leads elsewhere.
        ConflictError: a directory stands there.
        UnavailableError: the disk is read-only or away.
        RefusedError: this user may not remove it.
    """
    _check(name)
    if not replace:
        return
    with _in_our_words(), suppress(FileNotFoundError):
        os.unlink(name, dir_fd=parent)


@contextmanager
def _in_our_words() -> Generator[None]:
    """The system's refusal in this house's words; no name of the customer's in it.

    Raises:
        ConflictError: something else stands there.
        RefusedError: this user may not.
        UnavailableError: anything else the disk says.
    """
    try:
        yield
    except OSError as refused:
        code = refused.errno or errno.EIO
        why = os.strerror(code)
        if code in _IN_THE_WAY:
            raise ConflictError(
                f"Something else stands where this is to be restored ({why})."
            ) from None
        if code in _NOT_OURS:
            raise RefusedError(
                "not_permitted", f"The system does not let this user do that ({why})."
            ) from None
        raise UnavailableError(
            f"The disk did not take it ({why}). The copy itself is unharmed."
        ) from None
