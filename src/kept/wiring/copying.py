"""The process that copies: one order from standard input, answers as lines of JSON.

`python -m kept.wiring.copying JOB`, started by `copy_engine`; not for people. It steps back behind
everything else, holds no database open, and ends its run clean when it is told to stop or when
whoever started it is gone.
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

from kept.backup.model.places import PlaceSecrets
from kept.backup.model.schedule import Bandwidth
from kept.backup.pipeline.own_process import settle, step_back
from kept.backup.pipeline.run_plan import Around
from kept.backup.places.addresses import Address, LocalAddress, RestAddress, parse_address
from kept.backup.places.opening import Secrets, Time, Way, open_place
from kept.backup.places.via import parse_via, require_present
from kept.backup.ports import Place
from kept.base.clock import Clock, SystemClock
from kept.base.errors import KeptError
from kept.crypto.hygiene import harden_process
from kept.crypto.secret import Secret
from kept.flows import copy_trials, copy_work
from kept.flows.copy_orders import (
    Access,
    CopyOrder,
    CopyProgress,
    DrillOrder,
    Failed,
    KeylessOrder,
    KeysOrder,
    PrepareOrder,
)

TOLD_EVERY = timedelta(milliseconds=200)
_STDIN = 0
_ORDERS: dict[str, type[Any]] = {
    "prepare": PrepareOrder,
    "copy": CopyOrder,
    "drill": DrillOrder,
    "keyless": KeylessOrder,
    "keys": KeysOrder,
}


def main() -> int:
    """Carry out one order; 0 when it was done, 1 when it failed."""
    harden_process()
    step_back()
    settle()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this decides
    order = msgspec.json.decode(_first_line(), type=_ORDERS[sys.argv[1]])
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=_listen, args=(stopped,), daemon=True).start()
    try:
        done = _carried_out(sys.argv[1], order, stopped)
    except (KeptError, OSError) as error:
        _say(failed=copy_work.why_failed(error))
        return 1
    _say(done=done)
    return 0


def _first_line() -> bytes:
    """The order; nothing beyond it is taken from the pipe."""
    with os.fdopen(_STDIN, "rb", buffering=0, closefd=False) as pipe:
        return pipe.readline()


def _listen(stopped: threading.Event) -> None:
    """Anything more, or the end of the pipe: stop. Not buffered: the lock would outlive us."""
    os.read(_STDIN, 1)
    stopped.set()


def _carried_out(job: str, order: Any, stopped: threading.Event) -> object:  # noqa: ANN401
    around = Around(SystemClock(), time.monotonic, time.sleep)
    address = parse_address(order.access.address)
    place = _opened(order.access, address, around.clock)
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
            case _:
                return copy_work.put_keys(place, order)
    finally:
        place.close()


def _opened(access: Access, address: Address, clock: Clock) -> Place:
    """The place, reached as the owner demands.

    Raises:
        UnavailableError: the demanded way is not there.
        MalformedError: it is no way.
    """
    via = parse_via(access.via) if access.via else None
    require_present(via)
    limits = Bandwidth.parse(access.bandwidth)

    def rate() -> float | None:
        return limits.at(clock.now().astimezone())

    way = Way(via=via, up=rate, down=rate) if limits.limits else Way(via=via)
    time_ = Time(clock, time.monotonic, time.sleep)
    if isinstance(address, RestAddress):
        address = RestAddress(address.base, access.secrets.user)
    return open_place(address, time_, secrets=_secrets(access.secrets), way=way)


def _secrets(held: PlaceSecrets) -> Secrets:
    return Secrets(
        password=Secret(held.password.encode()) if held.password else None,
        s3_key_id=held.s3_key_id,
        s3_secret=Secret(held.s3_secret.encode()) if held.s3_secret else None,
        s3_token=Secret(held.s3_token.encode()) if held.s3_token else None,
    )


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
    *, progress: CopyProgress | None = None, done: object = None, failed: Failed | None = None
) -> None:
    line = {"progress": progress, "done": done, "failed": failed}
    held = {name: value for name, value in line.items() if value is not None}
    sys.stdout.buffer.write(msgspec.json.encode(held) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
