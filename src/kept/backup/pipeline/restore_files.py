"""How do the pieces of files become files, from several threads?

A file is made when its first piece arrives and gets its facts when its last one did. A file that
lacks a piece is removed again: half a file under its right name would be taken for the whole.
"""

import os
from contextlib import suppress
from threading import Lock
from typing import Protocol

from kept.backup.model.nodes import Node
from kept.backup.pipeline.restore_target import Folder, Target
from kept.backup.pipeline.restore_values import LostWhy, Wish
from kept.backup.repo.blobs import blob_id
from kept.backup.sources.write_nodes import (
    Unset,
    end_file,
    make_file,
    set_file_facts,
    write_piece,
)
from kept.base.errors import (
    ConflictError,
    KeptError,
    MalformedError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_LEAST_HOLE_BYTES = 4096  # below it a hole saves nothing
MOST_UNTAKEN = 20  # files in a row that the disk did not take, before we believe it is full or gone


def why_not_had(error: KeptError) -> LostWhy:
    """Why a piece could not be had from the place."""
    if isinstance(error, NotFoundError):
        return LostWhy.MISSING
    return LostWhy.UNREAD if isinstance(error, UnavailableError) else LostWhy.DAMAGED


def why_not_made(error: KeptError) -> LostWhy:
    """Why an entry could not be made at the target."""
    if isinstance(error, ConflictError):
        return LostWhy.IN_THE_WAY
    if isinstance(error, (RefusedError, MalformedError)):
        return LostWhy.REFUSED
    return LostWhy.NOT_TAKEN


class File:
    """A file being put back; `sizes` are the plain bytes of its pieces, in order."""

    __slots__ = (
        "folder",
        "has_hole",
        "is_lost",
        "is_single",
        "left",
        "node",
        "opened",
        "size",
        "sizes",
    )

    def __init__(self, folder: Folder, node: Node, sizes: list[int]) -> None:
        self.folder = folder
        self.node = node
        self.sizes = sizes
        self.size = sum(sizes)
        self.left = len(sizes)
        self.is_single = len(sizes) <= 1
        self.opened = -1
        self.is_lost = False
        self.has_hole = False  # only ever set, by whichever thread

    @property
    def path(self) -> bytes:
        """In the snapshot."""
        return self.folder.path + self.node.name


class Told(Protocol):
    """Who hears what became of the files; from any thread."""

    def lose(self, path: bytes, why: LostWhy, detail: str) -> None:
        """An entry does not come back."""
        ...

    def note(self, path: bytes, unset: list[Unset]) -> None:
        """Facts the system did not let us set."""
        ...

    def came_back(self, size: int, *, is_verified: bool) -> None:
        """A file is done."""
        ...


class FileWriter:
    """Writes files; from several threads."""

    def __init__(self, target: Target, wish: Wish, told: Told, *, owner: bool) -> None:
        self._target = target
        self._wish = wish
        self._told = told
        self._owner = owner
        self._lock = Lock()
        self._unfinished: set[File] = set()
        self._untaken = 0

    def write(self, file: File, at: int, piece: bytes) -> None:
        """One piece of a file has come.

        Raises:
            UnavailableError: the target's disk is full or away.
        """
        if not file.is_lost:
            try:
                self._write(file, at, piece)
            except (ConflictError, MalformedError, RefusedError, UnavailableError) as error:
                self._not_made(file, error)
        self._count(file)

    def spoil(self, file: File, error: KeptError) -> None:
        """One piece of a file cannot be had."""
        self._lose(file, why_not_had(error), str(error))
        self._count(file)

    def write_empty(self, file: File) -> None:
        """A file without content.

        Raises:
            UnavailableError: the target's disk is full or away.
        """
        file.left = 1
        self.write(file, 0, b"")

    def drop_unfinished(self) -> None:
        """Remove the files that will not be finished any more; no other thread is at work."""
        for file in self._unfinished:
            os.close(file.opened)
            with suppress(OSError):
                os.unlink(file.node.name, dir_fd=file.folder.opened)
        self._unfinished.clear()

    def _write(self, file: File, at: int, piece: bytes) -> None:
        if file.opened < 0:
            self._open(file)
        if piece:
            sparse = self._wish.sparse and len(piece) >= _LEAST_HOLE_BYTES
            if not write_piece(file.opened, at, piece, sparse=sparse):
                file.has_hole = True
        self._untaken = 0

    def _open(self, file: File) -> None:
        if file.is_single:  # nobody else is at it: files are made side by side
            file.opened = self._made(file)
            return
        with self._lock:
            if file.opened < 0:
                file.opened = self._made(file)
                self._unfinished.add(file)

    def _made(self, file: File) -> int:
        return make_file(file.folder.opened, file.node.name, replace=self._wish.replace)

    def _not_made(self, file: File, error: KeptError) -> None:
        self._lose(file, why_not_made(error), str(error))
        if isinstance(error, UnavailableError):
            self._untaken += 1
            if self._untaken >= MOST_UNTAKEN or _is_full(self._target.root):
                raise error

    def _lose(self, file: File, why: LostWhy, detail: str) -> None:
        with self._lock:
            is_first = not file.is_lost
            file.is_lost = True
        if is_first:
            self._told.lose(file.path, why, detail)

    def _count(self, file: File) -> None:
        if not file.is_single:
            with self._lock:
                file.left -= 1
                if file.left:
                    return
        self._finish(file)

    def _finish(self, file: File) -> None:
        is_verified = False
        if file.opened >= 0:
            self._unfinished.discard(file)
            try:
                if file.is_lost:
                    os.unlink(file.node.name, dir_fd=file.folder.opened)
                else:
                    is_verified = self._seal(file)
            except (UnavailableError, RefusedError, OSError) as error:
                self._lose(file, LostWhy.NOT_TAKEN, str(error))
            finally:
                os.close(file.opened)
                file.opened = -1
        if not file.is_single:
            self._target.free()
        self._target.leave(file.folder)
        self._told.came_back(-1 if file.is_lost else file.size, is_verified=is_verified)

    def _seal(self, file: File) -> bool:
        """Size and facts; whether the file was read back and is the same."""
        if file.has_hole:
            end_file(file.opened, file.size)
        unset = set_file_facts(file.opened, file.node, owner=self._owner)
        if unset:
            self._told.note(file.path, unset)
        if not self._wish.verify:
            return False
        if _reads_back(file):
            return True
        self._lose(file, LostWhy.DIFFERS, "the file was written and reads back otherwise")
        return False


def _reads_back(file: File) -> bool:
    opened = os.open(file.node.name, _READ, dir_fd=file.folder.opened)
    try:
        at = 0
        for named, size in zip(file.node.content or (), file.sizes, strict=True):
            piece = os.pread(opened, size, at)
            if len(piece) != size or blob_id(piece) != named:
                return False
            at += size
        return os.fstat(opened).st_size == at
    finally:
        os.close(opened)


def _is_full(root: int) -> bool:
    found = os.fstatvfs(root)
    return found.f_bavail == 0 or (found.f_files > 0 and found.f_favail == 0)
