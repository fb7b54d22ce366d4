"""The process that looks inside a place for somebody before a screen: questions in, answers out.

`python -m kept.wiring.looking`, started by `desk_looks`; not for people. It has no patience: a
place that is away is told at once. What was opened stays open until nobody asked for some minutes,
then the process ends; it ends as well when whoever started it is gone.
"""

import os
import select
import signal
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NoReturn

import msgspec

from kept.backup.model.nodes import NodeType
from kept.backup.pipeline.loading import TreeReader, load_snapshots
from kept.backup.pipeline.restore_choice import index_to_read, node_at
from kept.backup.places.opening import Time
from kept.backup.ports import FileKind, Place
from kept.backup.repo.repository import Repository, open_repository
from kept.backup.repo.snapshots import Snapshot, read_snapshot
from kept.base.clock import SystemClock
from kept.base.errors import KeptError, NotFoundError, UnavailableError
from kept.crypto.hygiene import harden_process
from kept.crypto.secret import Secret
from kept.flows.copy_orders import Access
from kept.web.copying import Entry, Saved
from kept.wiring.access import open_access
from kept.wiring.look_lines import SOON, Answer, AskFolder, AskSnapshots, Knock, Question, told

STAYS_OPEN_S = 300.0
_STDIN = 0
NAME_CHARS = 64
HEX = frozenset("0123456789abcdef")


@dataclass(slots=True)
class _Opened:
    """A place that stays open. `indexes` are those its reader was made of."""

    access: Access
    place: Place
    repository: Repository
    indexes: frozenset[str] = frozenset()
    reader: TreeReader | None = None


class Looker:
    """Answers about one place at a time, the one asked for last."""

    def __init__(self) -> None:
        self._open: _Opened | None = None

    def answer(self, question: Question) -> object:
        """What was asked for.

        Raises:
            KeptError: it cannot be told; the message says why.
        """
        match question:
            case Knock():
                _knock(question.access)
                return True
            case AskSnapshots():
                found, _ = load_snapshots(self._opened(question.access).repository)
                return [_saved(one.name, one.snapshot) for one in found]
            case AskFolder():
                opened = self._opened(question.access)
                snapshot = _snapshot(opened.repository, question.snapshot)
                return _entries(_reader(opened), snapshot, question.path)

    def close(self) -> None:
        """Let go of what is open."""
        if self._open is not None:
            self._open.place.close()
            self._open = None

    def _opened(self, access: Access) -> _Opened:
        if self._open is None or self._open.access != access:
            self.close()
            place = _reached(access)
            try:
                repository = open_repository(place, Secret(access.password.encode()))
            except BaseException:
                place.close()
                raise
            self._open = _Opened(access, place, repository)
        return self._open


def main() -> int:
    """Answer until nobody asks any more."""
    harden_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this decides
    looker = Looker()
    with os.fdopen(_STDIN, "rb", buffering=0, closefd=False) as pipe:
        try:
            while select.select([pipe], [], [], STAYS_OPEN_S)[0] and (line := pipe.readline()):
                sys.stdout.buffer.write(msgspec.json.encode(_answered(looker, line)) + b"\n")
                sys.stdout.buffer.flush()
        finally:
            looker.close()
    return 0


def _answered(looker: Looker, line: bytes) -> Answer:
    try:
        found = looker.answer(msgspec.json.decode(line, type=Question))
    except KeptError as error:
        looker.close()  # whatever is wrong with it is looked at anew the next time
        return Answer(trouble=told(error))
    return Answer(found=msgspec.Raw(msgspec.json.encode(found)))


def _reached(access: Access) -> Place:
    unpaced = replace(access, bandwidth="")
    return open_access(unpaced, Time(SystemClock(), time.monotonic, _no_waiting))


def _no_waiting(seconds: float) -> NoReturn:
    """In place of a wait.

    Raises:
        UnavailableError: always.
    """
    del seconds
    raise UnavailableError(
        "This place does not answer. Plug it in or check the line, then try again.",
        retry_after=SOON,
    )


def _knock(access: Access) -> None:
    place = _reached(access)
    try:
        place.list(FileKind.KEY)
    except NotFoundError:  # nothing stands there yet
        return
    finally:
        place.close()


def _reader(opened: _Opened) -> TreeReader:
    """What reads folders; made anew when another run has been there."""
    there = frozenset(one.name for one in opened.repository.list(FileKind.INDEX))
    if opened.reader is None or there != opened.indexes:
        opened.reader = TreeReader(opened.repository, index_to_read(opened.repository))
        opened.indexes = there
    return opened.reader


def _snapshot(repository: Repository, name: str) -> Snapshot:
    if len(name) != NAME_CHARS or not set(name) <= HEX:
        raise NotFoundError("There is no such copy.")
    return read_snapshot(repository.load_unpacked(FileKind.SNAPSHOT, name))


def _entries(reader: TreeReader, snapshot: Snapshot, path: bytes) -> list[Entry]:
    """Folders first.

    Raises:
        NotFoundError: a file stands there.
    """
    node = node_at(reader, snapshot, path)
    tree = snapshot.tree if node is None else node.subtree
    if tree is None:
        raise NotFoundError("This is a file, not a folder.")
    found = [
        Entry(
            name=one.name,
            is_folder=one.type is NodeType.DIR,
            is_file=one.type is NodeType.FILE,
            size=one.size,
            changed_at=_moment(one.mtime_ns),
        )
        for one in reader.read(tree)
    ]
    return sorted(found, key=lambda one: (not one.is_folder, one.name.lower(), one.name))


def _saved(name: str, snapshot: Snapshot) -> Saved:
    summary = snapshot.summary
    return Saved(
        name,
        snapshot.time.utc(),
        None if summary is None else summary.total_files_processed,
        None if summary is None else summary.total_bytes_processed,
    )


def _moment(ns: int) -> datetime:
    """A time of a file; one before the year 1 is shown as the first moment there is."""
    try:
        return datetime.fromtimestamp(ns // 10**9, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.min.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
