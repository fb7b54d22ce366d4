"""How does the desk look inside a place without holding it open itself? By asking `looking`.

One process a place, started when somebody looks and gone some minutes after the last look. What it
loads, the index of a large repository above all, is no weight on the process that makes the pages.
"""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, TypeVar

import msgspec

from kept.base.errors import UnavailableError
from kept.flows.copy_orders import Access
from kept.web.copying import Entry, Saved
from kept.wiring.look_lines import (
    SOON,
    Answer,
    AskFolder,
    AskSnapshots,
    Knock,
    Question,
    heard,
)

T = TypeVar("T")
CHILD = "kept.wiring.looking"
CUT_OFF = "The program that looks inside ended without an answer. Try again."
ADDING = ""  # under which a place is asked that has no name yet


@dataclass(slots=True)
class _Asked:
    """One process and who may speak with it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    child: "subprocess.Popen[bytes] | None" = None


@dataclass(slots=True)
class DeskLooks:
    """All that is looked into. Thread-safe."""

    _asked: dict[str, _Asked] = field(default_factory=dict[str, _Asked])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def knock(self, access: Access) -> None:
        """See at once whether a place is there, before the patient try.

        Raises:
            KeptError: it is not.
        """
        try:
            self._ask(ADDING, Knock(access), bool)
        finally:
            self.forget(ADDING)

    def snapshots(self, name: str, access: Access) -> list[Saved]:
        """What lies at a place, newest first.

        Raises:
            KeptError: it cannot be told.
        """
        return self._ask(name, AskSnapshots(access), list[Saved])

    def folder(self, name: str, access: Access, *, snapshot: str, path: bytes) -> list[Entry]:
        """What a folder holds, folders first.

        Raises:
            KeptError: it cannot be told.
        """
        return self._ask(name, AskFolder(access, snapshot, path), list[Entry])

    def forget(self, name: str) -> None:
        """Let go of one place."""
        with self._lock:
            asked = self._asked.pop(name, None)
        if asked is not None and asked.child is not None:
            _end(asked.child)

    def close(self) -> None:
        """Let go of every place."""
        for name in list(self._asked):
            self.forget(name)

    def _ask(self, name: str, question: Question, answer: type[T]) -> T:
        with self._lock:
            asked = self._asked.setdefault(name, _Asked())
        line = msgspec.json.encode(question) + b"\n"
        with asked.lock:
            raw = b""
            if asked.child is not None:  # it may have ended by itself: nobody had asked for long
                raw = _spoken(asked.child, line)
            if not raw:
                if asked.child is not None:
                    _end(asked.child)
                asked.child = _started()
                raw = _spoken(asked.child, line)
        return _understood(raw, answer)


def _started() -> "subprocess.Popen[bytes]":
    """A child.

    Raises:
        UnavailableError: nothing can be started here.
    """
    try:
        return subprocess.Popen(  # noqa: S603  # nosec B603  # our own module
            [sys.executable, "-m", CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=os.sep,
        )
    except OSError:
        raise UnavailableError(CUT_OFF, retry_after=SOON) from None


def _spoken(child: "subprocess.Popen[bytes]", line: bytes) -> bytes:
    """The answer; b"" where the child is gone."""
    to_child, from_child = _pipes(child)
    try:
        to_child.write(line)
        to_child.flush()
        raw = from_child.readline()
    except (OSError, ValueError):
        return b""
    return raw if raw.endswith(b"\n") else b""


def _understood(raw: bytes, answer: type[T]) -> T:
    """What was found.

    Raises:
        KeptError: what the child said instead.
        UnavailableError: it said nothing.
    """
    try:
        found = msgspec.json.decode(raw, type=Answer)
        if found.trouble is None:
            return msgspec.json.decode(found.found, type=answer)
    except msgspec.DecodeError:
        raise UnavailableError(CUT_OFF, retry_after=SOON) from None
    trouble = heard(found.trouble)
    raise trouble


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Let it end: its pipe closes. One that is busy with a place that hangs is not waited for."""
    to_child, from_child = _pipes(child)
    with suppress(OSError):
        to_child.close()
    try:
        child.wait(timeout=1)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    from_child.close()


def _pipes(child: "subprocess.Popen[bytes]") -> tuple[IO[bytes], IO[bytes]]:
    assert child.stdin is not None  # noqa: S101  # asked for when it was started
    assert child.stdout is not None  # noqa: S101
    return child.stdin, child.stdout
