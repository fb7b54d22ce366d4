"""What does the desk ask of the copies, and what is it doing for them just now?

Wiring fills `Copying`: the entrance picks no adapter and opens no repository. One piece of work
goes on at a time; it may be left and come back to, and it can be stopped.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import structlog

from kept.backup.model.places import PlaceOrder, PlaceSecrets
from kept.backup.model.report_reasons import FailedWhy
from kept.base.clock import Clock
from kept.base.errors import ConflictError, KeptError
from kept.ledger.model import Actor

_log = structlog.get_logger("kept.web")


class CopyFailedError(KeptError):
    """The house has noted that it failed, and why."""

    def __init__(self, why: FailedWhy) -> None:
        super().__init__(why.value)
        self.why = why


class Task(StrEnum):
    """What can be asked for."""

    COPY = "copy"
    DRILL = "drill"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Far:
    """How far some work is. Bytes before anything is packed; totals None until counted."""

    files: int = 0
    bytes: int = 0
    seconds: float = 0.0
    files_in_all: int | None = None
    bytes_in_all: int | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot. `name` has 64 hex digits; figures are None where it does not say them."""

    name: str
    at: datetime
    files: int | None
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder of a snapshot. `size` in bytes, of files alone."""

    name: bytes
    is_folder: bool
    is_file: bool
    size: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back, where to, and the paths of what did not."""

    target: str
    files: int
    bytes: int
    lost: tuple[str, ...]


Look = Callable[[Far], None]
Stop = Callable[[], bool]


class Copying(Protocol):
    """What the house does with its copies. Every call may take long, and raises `KeptError`."""

    def add(
        self, order: PlaceOrder, secrets: PlaceSecrets, *, actor: Actor, same_disk: bool
    ) -> None:
        """Make a place ready and remember it; `same_disk`: a folder beside the data is fine.

        Raises:
            MalformedError: no address.
            ConflictError: a place has this name.
            RefusedError: `backup.plain`: without encryption; `backup.same_disk`; another's
                repository is there; the demo takes no such place.
            UnavailableError: it cannot be reached or written. Nothing was remembered.
        """
        ...

    def copy(self, name: str, *, actor: Actor, look: Look, stop: Stop) -> None:
        """Make a copy. A failure is noted by the house as well as raised."""
        ...

    def drill(self, name: str, *, actor: Actor, stop: Stop) -> None:
        """Take a sample back and compare it."""
        ...

    def snapshots(self, name: str) -> list[Saved]:
        """What lies at a place, newest first."""
        ...

    def folder_of(self, name: str, snapshot: str, path: bytes) -> list[Entry]:
        """What a folder of a snapshot holds, folders first."""
        ...

    def restore(
        self, name: str, snapshot: str, path: bytes, target: str, *, actor: Actor, work: "Ears"
    ) -> Returned:
        """Bring a file or folder back into a new or empty folder of this machine."""
        ...

    def first_target(self, name: str) -> str:
        """A folder that could take what is brought back, as a suggestion."""
        ...

    def first_folder(self) -> str:
        """A folder that could hold copies, as a suggestion; "" where there is none."""
        ...

    def prices(self) -> str | None:
        """The owner's prices (TOML); None until they were written."""
        ...

    def save_prices(self, text: str) -> None:
        """Keep them."""
        ...

    def close(self) -> None:
        """Let go of what was opened."""
        ...


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told of some work, and who may end it."""

    look: Look
    stop: Stop


@dataclass(frozen=True, slots=True)
class Work:
    """The piece of work that goes on, or went on last."""

    task: Task
    place: str
    began_at: datetime
    far: Far = Far()
    ended_at: datetime | None = None
    is_stopping: bool = False
    problem: KeptError | None = None
    is_broken: bool = False  # by a fault of the program
    returned: Returned | None = None

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None


@dataclass(slots=True)
class Works:
    """The one piece of work of this process. Thread-safe."""

    clock: Clock
    _work: Work | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def now(self) -> Work | None:
        """What goes on, or went on last."""
        with self._lock:
            return self._work

    def begin(self, task: Task, place: str, do: Callable[[Ears], Returned | None]) -> None:
        """Begin a piece of work in a thread of its own.

        Raises:
            ConflictError: another one goes on.
        """
        with self._lock:
            if self._work is not None and self._work.is_running:
                raise ConflictError("Something is being done with the copies already. Wait for it.")
            self._work = Work(task, place, self.clock.now())
        threading.Thread(target=self._do, args=(do,), name=f"desk-{task}", daemon=True).start()

    def stop(self) -> None:
        """Ask it to end soon; nothing happens where nothing goes on."""
        with self._lock:
            if self._work is not None and self._work.is_running:
                self._work = replace(self._work, is_stopping=True)

    def close(self) -> None:
        """The process ends: let the work end first, in good order."""
        self.stop()

    def _look(self, far: Far) -> None:
        with self._lock:
            if self._work is not None:
                self._work = replace(self._work, far=far)

    def _is_stopping(self) -> bool:
        with self._lock:
            return self._work is None or self._work.is_stopping

    def _do(self, do: Callable[[Ears], Returned | None]) -> None:
        returned: Returned | None = None
        problem: KeptError | None = None
        is_broken = False
        try:
            returned = do(Ears(self._look, self._is_stopping))
        except KeptError as error:
            problem = error
        except Exception:  # noqa: BLE001  # a bug: told on the page, its traceback to the log
            _log.exception("work on copies broke")
            is_broken = True
        with self._lock:
            if self._work is not None:
                self._work = replace(
                    self._work,
                    ended_at=self.clock.now(),
                    returned=returned,
                    problem=problem,
                    is_broken=is_broken,
                )
