"""Makes copies when they are due, beside everything else: letters do not wait for a copy."""

import threading
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from kept.base.errors import KeptError
from kept.flows.back_up import CopyParts
from kept.flows.tend_copies import Due, look_for_work, tend_copies
from kept.worker.parts import WorkerParts

_log = structlog.get_logger("kept.worker")


@dataclass(slots=True)
class Copies:
    """The thread that makes copies. `parts` are the house's."""

    parts: CopyParts
    _thread: threading.Thread | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _resting: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def turn(self) -> bool:
        """Begin what is due, unless something is under way; whether something is.

        Raises:
            UnavailableError: the database is away.
        """
        if self._thread is not None and self._thread.is_alive():
            return True
        wanted = look_for_work(self.parts, resting=self._resting)
        if not wanted.is_any or self._stop.is_set():
            return False
        self._thread = threading.Thread(
            target=self._work, args=(wanted,), name="worker-copies", daemon=True
        )
        self._thread.start()
        return True

    def stop(self) -> None:
        """End what is under way, clean; what was stored is used by the next run."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def wait(self) -> None:
        """Until what is under way has ended."""
        if self._thread is not None:
            self._thread.join()

    def _work(self, wanted: Due) -> None:
        try:
            told = tend_copies(self.parts, wanted, stop=self._stop.is_set, resting=self._resting)
            for problem in told:
                _log.warning("copies", problem=problem)
        except KeptError as error:
            _log.warning("copies failed", problem=str(error))
        except Exception:  # noqa: BLE001  # the next turn begins anew
            _log.exception("copies broke")


def tend(parts: WorkerParts) -> None:
    """Look whether something is due."""
    if parts.copies is not None:
        parts.copies.turn()
