"""How does an order for a copy reach a process of its own, and its answer come back?

The order goes through the child's standard input, passwords with it, never through arguments or
the environment. Its answers are lines of JSON: how far it is, and one last line. When this process
ends, the pipe closes and the child ends its run clean; a child that dies without a last line has
failed. The child is `kept.wiring.copying`.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TypeVar

import msgspec

from kept.backup.model.places import PlaceSecrets
from kept.backup.model.report_reasons import FailedWhy
from kept.backup.places.addresses import LocalAddress, RestAddress, parse_address
from kept.base.errors import KeptError
from kept.flows.copy_orders import (
    CopyDone,
    CopyOrder,
    CopyProgress,
    DrillDone,
    DrillOrder,
    Failed,
    Hear,
    KeylessDone,
    KeylessOrder,
    KeysDone,
    KeysOrder,
    Look,
    PrepareDone,
    PrepareOrder,
    Stop,
    Waits,
    never,
    unheard,
    unseen,
)

T = TypeVar("T")
CHILD = "kept.wiring.copying"
STOP = b"stop\n"
LOOK_S = 0.2
CUT_OFF = "The program that copies ended without an answer. What it had stored is used again."


class Line(msgspec.Struct):
    """One line of a child: how far it is, why it waits, or its one last word."""

    progress: CopyProgress | None = None
    waits: Waits | None = None
    done: msgspec.Raw = msgspec.Raw()
    failed: Failed | None = None


class ChildEngine:
    """`Engine` that starts one child an order."""

    def read_address(self, text: str) -> tuple[str, PlaceSecrets]:
        """See `Engine`."""
        address = parse_address(text)
        if isinstance(address, RestAddress):
            password = address.password.reveal().decode() if address.password else ""
            return str(address), PlaceSecrets(user=address.user, password=password)
        if isinstance(address, LocalAddress):
            return str(Path(address.path).absolute()), PlaceSecrets()
        return str(address), PlaceSecrets()

    def prepare(
        self, order: PrepareOrder, *, hear: Hear = unheard, stop: Stop = never
    ) -> PrepareDone | Failed:
        """See `Engine`."""
        return run_child("prepare", order, PrepareDone, look=unseen, hear=hear, stop=stop)

    def copy(
        self, order: CopyOrder, *, look: Look = unseen, stop: Stop = never
    ) -> CopyDone | Failed:
        """See `Engine`."""
        return run_child("copy", order, CopyDone, look=look, stop=stop)

    def drill(self, order: DrillOrder, *, stop: Stop = never) -> DrillDone | Failed:
        """See `Engine`."""
        return run_child("drill", order, DrillDone, look=unseen, stop=stop)

    def try_keyless(self, order: KeylessOrder) -> KeylessDone | Failed:
        """See `Engine`."""
        return run_child("keyless", order, KeylessDone, look=unseen, stop=never)

    def put_keys(self, order: KeysOrder) -> KeysDone | Failed:
        """See `Engine`."""
        return run_child("keys", order, KeysDone, look=unseen, stop=never)


def run_child(
    job: str, order: object, answer: type[T], *, look: Look, stop: Stop, hear: Hear = unheard
) -> T | Failed:
    """Let a child carry out one order; a failure is an answer.

    Args:
        job: which order it is (`copying`).
        order: a value that travels as JSON.
        answer: what a done one is answered with.
        look: told how far it is.
        stop: asked often; True tells the child to end.
        hear: told why it waits for a place that is away.
    """
    idle = shutil.which("ionice")
    command = [*([idle, "-c", "3"] if idle else []), sys.executable, "-m", CHILD, job]
    try:
        child = _started(command)
    except OSError as error:
        return Failed(FailedWhy.UNKNOWN, f"Nothing can be started here: {error.strerror}.")
    ended = threading.Event()
    with child:
        assert child.stdin is not None  # noqa: S101  # asked for above
        assert child.stdout is not None  # noqa: S101
        try:
            child.stdin.write(msgspec.json.encode(order) + b"\n")
            child.stdin.flush()
        except OSError:
            return Failed(FailedWhy.UNKNOWN, CUT_OFF)
        stopper = threading.Thread(target=_pass_on, args=(child, stop, ended), daemon=True)
        stopper.start()
        try:
            for raw in child.stdout:
                line = msgspec.json.decode(raw, type=Line)
                if line.progress is not None:
                    look(line.progress)
                elif line.waits is not None:
                    hear(line.waits)
                elif line.failed is not None:
                    return line.failed
                elif bytes(line.done):
                    return msgspec.json.decode(line.done, type=answer)
        except (msgspec.DecodeError, KeptError):
            return Failed(FailedWhy.UNKNOWN, CUT_OFF)
        finally:
            ended.set()
            stopper.join()
            child.stdin.close()
    return Failed(FailedWhy.UNKNOWN, CUT_OFF)


def _started(command: list[str]) -> "subprocess.Popen[bytes]":
    """A child that Ctrl-C leaves alone from its first moment: this process tells it to end.

    Raises:
        OSError: it cannot be started.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # is handed on
    try:
        return subprocess.Popen(  # noqa: S603  # nosec B603  # our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=os.sep,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _pass_on(child: "subprocess.Popen[bytes]", stop: Stop, ended: threading.Event) -> None:
    """Say `stop` to the child once it is wanted."""
    while not ended.wait(LOOK_S):
        if stop() and child.stdin is not None:
            try:
                child.stdin.write(STOP)
                child.stdin.flush()
            except (OSError, ValueError):
                return
            return
