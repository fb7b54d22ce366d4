"""What is the desk doing for the copies just now, and what came of the last that it did?

One piece of work goes on at a time; it may be left and come back to, and it can be stopped. What is
known of it is kept on the disk when it begins and when it ends: after a crash the page says that
the work was cut off.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import structlog

from kept.backup.model.report_reasons import FailedWhy
from kept.base.clock import Clock
from kept.base.errors import ConflictError, KeptError, MalformedError, RefusedError
from kept.web.copying import CopyFailedError, Copying, Cut, Ears, Far, Outcome, Task

_log = structlog.get_logger("kept.web")
ENDS_WITHIN_S = 10.0  # work that was told to end, when the process ends


class Trouble(msgspec.Struct, frozen=True):
    """Why some work failed: a plain reason, or what was said; neither: the program is broken."""

    why: FailedWhy | None = None
    said: str = ""


class Work(msgspec.Struct, frozen=True):
    """The piece of work that goes on, or went on last. `target`: where files come back."""

    task: Task
    place: str
    began_at: datetime
    target: str = ""
    far: Far = Far()
    ended_at: datetime | None = None
    is_stopping: bool = False
    is_cut_off: bool = False  # its process ended before it
    trouble: Trouble | None = None
    outcome: Outcome | None = None

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None

    @property
    def was_stopped(self) -> bool:
        """Whether somebody ended it before its end."""
        is_cut = isinstance(self.outcome, Cut) or (self.is_stopping and self.outcome is None)
        return not self.is_running and is_cut


Do = Callable[[Ears], Outcome | None]


@dataclass(slots=True)
class Works:
    """The one piece of work of this house. Thread-safe."""

    clock: Clock
    copying: Copying
    _work: Work | None = None
    _is_loaded: bool = False
    _thread: threading.Thread | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def now(self) -> Work | None:
        """What goes on, or went on last."""
        with self._lock:
            if self._work is None and not self._is_loaded:
                self._is_loaded = True
                self._work = self._before()
            return self._work

    def begin(self, task: Task, place: str, do: Do, *, target: str = "") -> None:
        """Begin a piece of work in a thread of its own.

        Raises:
            ConflictError: another one goes on.
        """
        with self._lock:
            if self._work is not None and self._work.is_running:
                raise ConflictError("Something is being done with the copies already. Wait for it.")
            self._is_loaded = True
            self._work = Work(task, place, self.clock.now(), target)
            self._keep(self._work)
            self._thread = threading.Thread(
                target=self._do, args=(do,), name=f"desk-{task}", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Ask it to end soon; nothing happens where nothing goes on."""
        with self._lock:
            if self._work is not None and self._work.is_running:
                self._change(is_stopping=True)

    def close(self) -> None:
        """The process ends: let the work end first, in good order."""
        self.stop()
        if self._thread is not None:
            self._thread.join(ENDS_WITHIN_S)

    def is_for(self, place: str) -> bool:
        """Whether something goes on at this place."""
        work = self.now
        return work is not None and work.is_running and work.place == place

    def _before(self) -> Work | None:
        """What a process before this one did; work without an end was cut off."""
        found = self.copying.last_work()
        if found is None:
            return None
        try:
            work = msgspec.json.decode(found[0], type=Work)
        except (msgspec.DecodeError, msgspec.ValidationError):
            return None
        if work.is_running and found[1]:
            return None  # another process of this house is at it
        if work.is_running:
            work = msgspec.structs.replace(work, ended_at=self.clock.now(), is_cut_off=True)
            self._keep(work)
        return work

    def _keep(self, work: Work) -> None:
        try:
            self.copying.keep_work(msgspec.json.encode(work))
        except OSError as error:  # the work matters more than what is remembered of it
            _log.warning("work on copies is not remembered", problem=error.strerror)

    def _change(self, **changes: object) -> None:
        if self._work is not None:
            self._work = msgspec.structs.replace(self._work, **changes)

    def _look(self, far: Far) -> None:
        with self._lock:
            self._change(far=far)

    def _is_stopping(self) -> bool:
        with self._lock:
            return self._work is None or self._work.is_stopping

    def _do(self, do: Do) -> None:
        outcome: Outcome | None = None
        trouble: Trouble | None = None
        try:
            outcome = do(Ears(self._look, self._is_stopping))
        except KeptError as error:
            trouble = _trouble(error)
        except Exception:  # noqa: BLE001  # a bug: told on the page, its traceback to the log
            _log.exception("work on copies broke")
            trouble = Trouble()
        with self._lock:
            self._change(ended_at=self.clock.now(), outcome=outcome, trouble=trouble)
            if self._work is not None:
                self._keep(self._work)


def _trouble(error: KeptError) -> Trouble:
    """A failure as it is kept: what it says is an id of the catalogues where it can be."""
    if isinstance(error, CopyFailedError):
        return Trouble(error.why, error.said)
    if isinstance(error, RefusedError):
        return Trouble(said=error.reason)
    return Trouble(said=error.why if isinstance(error, MalformedError) else str(error))
