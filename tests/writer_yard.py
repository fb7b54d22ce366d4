"""Runs of a backup without any house: a folder, a repository, a plan."""

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kept.backup.pipeline.backing_up import back_up
from kept.backup.pipeline.run_plan import Around, RunDone, RunPlan, Stream
from kept.backup.ports import FileKind
from kept.backup.repo.repository import Repository
from kept.backup.sources.walk import Root
from kept.base.clock import SetClock
from kept.base.errors import UnavailableError
from repo_yard import MemoryPlace

START = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)


def plan_of(*paths: Path | bytes, **wishes: object) -> RunPlan:
    """Copy these below `/v`, whose own times stand still; parts are small."""
    roots = tuple(Root(b"/v" + os.fsencode(path), os.fsencode(path)) for path in paths)
    return replace(RunPlan(roots=roots, part_bytes=4 * 2**20, is_counted=False), **wishes)


def around(minutes: float = 0) -> Around:
    """A world in which that much time has passed since the first run."""
    clock = SetClock(START + timedelta(minutes=minutes))
    return Around(clock, time.monotonic, lambda _: None)


def run(repository: Repository, *paths: Path | bytes, minutes: float = 0, **wishes) -> RunDone:
    """One run."""
    return back_up(repository, plan_of(*paths, **wishes), around(minutes))


def stream(at: str, pieces: Iterable[bytes]) -> Stream:
    """A stream of the first run's time."""
    return Stream(at=at.encode(), pieces=pieces, mtime_ns=int(START.timestamp()) * 10**9)


def slow(_kind: FileKind, _name: str) -> None:
    """What a far place does before it stores something."""
    time.sleep(0.1)


class FailingPlace(MemoryPlace):
    """A place that is full, or away, from some moment on."""

    def __init__(self, *, puts: int | None = None, kinds: Iterable[FileKind] = FileKind) -> None:
        super().__init__()
        self.left = puts  # so many puts of these kinds succeed; None: all
        self.kinds = frozenset(kinds)
        self.counting = threading.Lock()
        self.before_put: Callable[[FileKind, str], None] = lambda _kind, _name: None

    def put(self, kind: FileKind, name: str, content: bytes | memoryview) -> None:
        """Keep a file, or not."""
        self.before_put(kind, name)
        with self.counting:
            if self.left is not None and kind in self.kinds:
                if self.left == 0:
                    raise UnavailableError("The disk of the copy is full.")
                self.left -= 1
            super().put(kind, name, content)
