"""When is what done by itself? Two threads: the sequencer's beat, and everything else in turn.

A task that fails is logged and tried at its next time; it never takes another one down. Times are
counted on the monotonic clock, so a clock set back delays nothing.
"""

import threading
import time
from dataclasses import dataclass, field

import structlog

from kept.base.errors import KeptError
from kept.ledger.acts.starting import Refusing
from kept.ledger.sequencer import Passed
from kept.worker.parts import WorkerParts
from kept.worker.registry import TASKS, Task

SEQUENCE_EVERY_S = 0.2  # act → signed within 400 ms (ledger guide §11)
TICK_S = 0.25
RETRY_S = 5.0  # after a failed pass of the sequencer
_log = structlog.get_logger("kept.worker")


@dataclass(slots=True)
class Worker:
    """The house's own hands. `refusing` says why the ledger does not sign, if it does not."""

    parts: WorkerParts
    tasks: tuple[Task, ...] = TASKS
    refusing: Refusing | None = None
    _has_led: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def start(self) -> None:
        """Check the ledger, then begin both loops."""
        if self._leads():
            self._check_ledger()
        for name, loop in (("sequencer", self._sequence), ("tasks", self._do_tasks)):
            thread = threading.Thread(target=loop, name=f"worker-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End both loops; what is under way is finished."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self.parts.copies is not None:
            self.parts.copies.stop()
        if self._leads():
            self._pass()
        self.parts.leading.release()

    def _check_ledger(self) -> None:
        before, found = self.refusing, self.parts.sequencer.start()
        self.refusing = found if isinstance(found, Refusing) else None
        if self.refusing is not None and self.refusing != before:
            _log.error("ledger refuses to sign", code=self.refusing.code)

    def _sequence(self) -> None:
        while not self._stop.wait(SEQUENCE_EVERY_S):
            if not self._turn():
                self._stop.wait(RETRY_S)

    def _turn(self) -> bool:
        """One pass, if this worker leads; False when it does not or it could not be done."""
        before = self._has_led
        return self._leads() and (before or self._took_over()) and self._pass()

    def _leads(self) -> bool:
        self._has_led = self.parts.leading.holds()
        return self._has_led

    def _took_over(self) -> bool:
        """Check everything anew: another may have signed meanwhile. False when it could not be."""
        try:
            self._check_ledger()
        except Exception:  # noqa: BLE001  # the beat must outlive what nobody thought of
            _log.exception("taking over broke")
            self._has_led = False
            return False
        return True

    def _pass(self) -> bool:
        """Take in what waits; False when it could not be done now.

        A pass is made even when nothing waits: an earlier one may have ended before it signed.
        """
        try:
            if self.refusing is not None:
                self._check_ledger()  # the owner may have put back what was missing
            while True:
                done = self.parts.sequencer.run(now=self.parts.clock.now())
                self.refusing = done if isinstance(done, Refusing) else None
                if not isinstance(done, Passed) or not done.taken:
                    break
        except KeptError as error:
            _log.warning("sequencer pass failed", problem=str(error))
            return False
        except Exception:  # noqa: BLE001  # the beat must outlive what nobody thought of
            _log.exception("sequencer pass broke")
            return False
        return self.refusing is None

    def _do_tasks(self) -> None:
        due = {task.name: time.monotonic() for task in self.tasks}
        while not self._stop.wait(TICK_S):
            if not self._has_led:
                continue
            for task in self.tasks:
                if time.monotonic() < due[task.name] or self._stop.is_set():
                    continue
                due[task.name] = time.monotonic() + task.every.total_seconds()
                _run(task, self.parts)


def _run(task: Task, parts: WorkerParts) -> None:
    try:
        task.run(parts)
    except KeptError as error:
        _log.warning("task failed", task=task.name, problem=str(error))
    except Exception:  # noqa: BLE001  # a broken task must not end the thread
        _log.exception("task broke", task=task.name)
