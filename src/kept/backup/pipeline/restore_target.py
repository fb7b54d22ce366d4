"""Where do restored entries go, with few directories open at a time?

A folder is known by its parent and its name and is opened from the target down, one name at a
time, never through a link. It stays open while files in it are being written. How many are open
is bounded, as a system lets a process have about a thousand.
"""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Condition

from kept.backup.model.nodes import Node
from kept.backup.sources.write_nodes import make_directory

MOST_OPEN = 300  # folders and unfinished files; a process may have 1024 by default


class Folder:
    """A folder to be restored."""

    __slots__ = ("name", "node", "opened", "parent", "path", "users")

    def __init__(self, parent: "Folder | None", node: Node | None, path: bytes) -> None:
        """A folder; the top one has neither parent nor node.

        Args:
            parent: where it lies.
            node: what it is to be.
            path: in the snapshot, `/` at its end.
        """
        self.parent = parent
        self.node = node
        self.name = b"" if node is None else node.name
        self.path = path
        self.opened = -1
        self.users = 0

    def way(self) -> list[bytes]:
        """The names from the target down to it."""
        names = list[bytes]()
        here = self
        while here.parent is not None:
            names.append(here.name)
            here = here.parent
        names.reverse()
        return names


class Target:
    """The folder restored to. Its calls may come from several threads."""

    def __init__(self, root: int) -> None:
        """Args: the open directory; closed by its caller."""
        self.root = root
        self._free = MOST_OPEN
        self._entered: set[Folder] = set()
        self._changed = Condition()

    def open(self, folder: Folder) -> int:
        """Open a folder, its parents made where they are missing; closed by the caller.

        Raises:
            MalformedError: a name that leads elsewhere.
            ConflictError: something that is no directory stands there.
            UnavailableError: the disk is full, read-only or away.
            RefusedError: this user may not write there.
        """
        here = os.dup(self.root)
        for name in folder.way():
            try:
                below = make_directory(here, name)
            finally:
                os.close(here)
            here = below
        return here

    @contextmanager
    def visit(self, folder: Folder) -> Generator[int]:
        """Have a folder open for a while.

        Raises:
            MalformedError, ConflictError, UnavailableError, RefusedError: as `open`.
        """
        opened = self.open(folder)
        try:
            yield opened
        finally:
            os.close(opened)

    def enter(self, folder: Folder) -> None:
        """Open a folder until everyone left it.

        Raises:
            MalformedError, ConflictError, UnavailableError, RefusedError: as `open`.
        """
        opened = self.open(folder)
        with self._changed:
            folder.opened, folder.users = opened, 1
            self._entered.add(folder)

    def join(self, folder: Folder) -> None:
        """One more is at work in an entered folder."""
        with self._changed:
            folder.users += 1

    def leave(self, folder: Folder) -> None:
        """One less; the last one closes it."""
        with self._changed:
            folder.users -= 1
            if folder.users:
                return
            self._free += 1
            self._entered.discard(folder)
            self._changed.notify_all()
        os.close(folder.opened)
        folder.opened = -1

    def close(self) -> None:
        """Close what an early end left open; no other thread is at work."""
        for folder in self._entered:
            os.close(folder.opened)
        self._entered.clear()

    def reserve(self, flush: Callable[[], None], is_over: Callable[[], bool]) -> None:
        """Wait until one more may be open.

        Args:
            flush: gives waiting work out first, or nobody would ever free anything.
            is_over: whether nobody works any more.
        """
        with self._changed:
            if self._free > 0:
                self._free -= 1
                return
        flush()
        with self._changed:
            while self._free <= 0 and not is_over():
                self._changed.wait(0.1)
            self._free -= 1

    def free(self) -> None:
        """Give one back."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()
