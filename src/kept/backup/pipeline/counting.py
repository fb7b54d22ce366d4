"""How much is there to copy? An estimate for whoever looks on, taken beside the run.

A short run is over before anybody asks, so counting begins after five seconds; counting takes time
from the run, so it is left out where nobody looks on.
"""

import os
import threading
from collections.abc import Iterable

from kept.backup.sources.excludes import Excludes
from kept.backup.sources.walk import Root

BEGIN_AFTER_S = 5.0


class Count(threading.Thread):
    """Counts files and their bytes; what cannot be read is passed over here."""

    def __init__(self, roots: Iterable[Root], excludes: Excludes) -> None:
        """Count what lies below the roots, once started."""
        super().__init__(name="count", daemon=True)
        self._roots = tuple(roots)
        self._excludes = excludes
        self._off = threading.Event()
        self._files = 0
        self._size_bytes = 0
        self.found: tuple[int, int] | None = None  # files and bytes, when all are counted

    def stop(self) -> None:
        """Nobody wants to know any more."""
        self._off.set()

    def run(self) -> None:
        """Count."""
        if self._off.wait(BEGIN_AFTER_S):
            return
        for root in self._roots:
            try:
                found = os.lstat(root.source)
            except OSError:
                continue
            self._files += 1
            self._size_bytes += found.st_size
            self._below(root)
        if not self._off.is_set():
            self.found = (self._files, self._size_bytes)

    def _below(self, root: Root) -> None:
        stack = [(root.source, root.at)]
        while stack and not self._off.is_set():
            source, path = stack.pop()
            try:
                with os.scandir(source) as entries:
                    stack += [pair for entry in entries if (pair := self._look(entry, path))]
            except OSError:
                continue

    def _look(self, entry: "os.DirEntry[bytes]", above: bytes) -> tuple[bytes, bytes] | None:
        """A directory to go into, or None for what was counted."""
        path = above.rstrip(b"/") + b"/" + entry.name
        if self._excludes.hides(path):
            return None
        if entry.is_dir(follow_symlinks=False):
            return entry.path, path
        if entry.is_file(follow_symlinks=False):
            size = entry.stat(follow_symlinks=False).st_size
            most = self._excludes.max_size
            if most is None or size <= most:
                self._files += 1
                self._size_bytes += size
        return None
