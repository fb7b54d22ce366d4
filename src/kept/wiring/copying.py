"""The process that copies: one order from standard input, answers as lines of JSON.

`python -m kept.wiring.copying JOB`, started by `copy_engine`; not for people. It steps back behind
everything else, holds no database open, and ends its run clean when it is told to stop or when
whoever started it is gone. Somebody sits and waits while a place is made ready, so that has little
patience, and ends at once: what it began there holds nobody up.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from kept.backup.model.report_reasons import FailedWhy
from kept.backup.pipeline.own_process import settle, step_back
from kept.backup.pipeline.run_plan import Around
from kept.backup.places.addresses import Address, LocalAddress, parse_address
from kept.backup.places.opening import Time
from kept.backup.places.trouble import STUCK
from kept.base.clock import SystemClock
from kept.base.errors import KeptError, UnavailableError
from kept.crypto.hygiene import harden_process
from kept.flows import copy_trials, copy_work, upkeep_work
from kept.flows.copy_orders import (
    CopyOrder,
    CopyProgress,
    DrillOrder,
    Failed,
    KeylessOrder,
    KeysOrder,
    PrepareOrder,
    Waits,
)
from kept.flows.upkeep_orders import (
    CheckOrder,
    RehearseOrder,
    RestoreOrder,
    RoomOrder,
    UnlockOrder,
)
from kept.wiring.access import open_access

TOLD_EVERY = timedelta(milliseconds=200)
PREPARING_S = 30.0  # as long as a place may be away that is made ready
ENDING_S = 3.0  # for what is made ready to end by itself
STOPPED = Failed(FailedWhy.UNKNOWN, "The copy was stopped before its end.", "stopped")
_STDIN = 0
_ORDERS: dict[str, type[Any]] = {
    "prepare": PrepareOrder,
    "copy": CopyOrder,
    "drill": DrillOrder,
    "keyless": KeylessOrder,
    "keys": KeysOrder,
    "restore": RestoreOrder,
    "check": CheckOrder,
    "rehearse": RehearseOrder,
    "room": RoomOrder,
    "unlock": UnlockOrder,
}


def main() -> int:
    """Carry out one order; 0 when it was done, 1 when it failed."""
    harden_process()
    step_back()
    settle()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this decides
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    order = msgspec.json.decode(_first_line(), type=_ORDERS[sys.argv[1]])
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=_listen, args=(sys.argv[1], stopped), daemon=True).start()
    try:
        try:
            done = _carried_out(sys.argv[1], order, stopped)
        except (KeptError, OSError) as error:
            _say(failed=STOPPED if stopped.is_set() else copy_work.why_failed(error))
            return 1
        _say(done=done)
    except BrokenPipeError:  # nobody is there to be answered
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _first_line() -> bytes:
    """The order; nothing beyond it is taken from the pipe."""
    with os.fdopen(_STDIN, "rb", buffering=0, closefd=False) as pipe:
        return pipe.readline()


def _listen(job: str, stopped: threading.Event) -> None:
    """Anything more, or the end of the pipe: stop. Not buffered: the lock would outlive us."""
    os.read(_STDIN, 1)
    stopped.set()
    if job == "prepare":
        time.sleep(ENDING_S)
        os._exit(1)  # it waits for an answer of a server, perhaps for ever


def _carried_out(job: str, order: Any, stopped: threading.Event) -> object:  # noqa: ANN401
    around = Around(SystemClock(), time.monotonic, time.sleep)
    address = parse_address(order.access.address)

    def rest(seconds: float) -> None:
        """Wait for a place that is away.

        Raises:
            UnavailableError: the run was told to end meanwhile.
        """
        if stopped.wait(seconds):
            raise UnavailableError("Ended before the place came back.", retry_after=STUCK)

    when = _time(job, around, rest)
    place = open_access(order.access, when)
    try:
        match job:
            case "prepare":
                is_same = _is_same_disk(address, order.beside)
                return copy_work.prepare(place, order, around, is_same_disk=is_same)
            case "copy":
                return copy_work.copy(place, order, around, look=_look(), stop=stopped.is_set)
            case "drill":
                return copy_trials.drill(place, order, around, stop=stopped.is_set)
            case "keyless":
                return copy_trials.try_keyless(place, order)
            case "keys":
                return copy_work.put_keys(place, order)
            case _:
                told, stop = _look(), stopped.is_set
                return upkeep_work.carry_out(place, order, around, look=told, stop=stop)
    finally:
        place.close()


def _time(job: str, around: Around, rest: Callable[[float], None]) -> Time:
    """A night is long; somebody who adds a place sits before it."""
    if job != "prepare":
        return Time(around.clock, around.monotonic, around.sleep, rest)
    told, patience_s = _tell_waits, PREPARING_S
    return Time(around.clock, around.monotonic, around.sleep, rest, told, patience_s)


def _tell_waits(error: UnavailableError, seconds: float) -> None:
    _say(waits=Waits(str(error), seconds))


def _is_same_disk(address: Address, beside: str) -> bool:
    """Whether a folder would lie on the disk of another one; what is far never does."""
    if not isinstance(address, LocalAddress) or not beside:
        return False
    nearest = next(
        path for path in (Path(address.path), *Path(address.path).parents) if path.exists()
    )
    return nearest.stat().st_dev == Path(beside).stat().st_dev


def _look() -> Callable[[CopyProgress], None]:
    told = [-TOLD_EVERY.total_seconds()]

    def look(progress: CopyProgress) -> None:
        if time.monotonic() - told[0] >= TOLD_EVERY.total_seconds():
            told[0] = time.monotonic()
            _say(progress=progress)

    return look


def _say(
    *,
    progress: CopyProgress | None = None,
    waits: Waits | None = None,
    done: object = None,
    failed: Failed | None = None,
) -> None:
    line = {"progress": progress, "waits": waits, "done": done, "failed": failed}
    held = {name: value for name, value in line.items() if value is not None}
    sys.stdout.buffer.write(msgspec.json.encode(held) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
