"""How does `kept serve` run? Lock, house, worker, the terminal's socket, web: undone in reverse.

SIGTERM ends it in order with code 0, Ctrl-C with 130. The port is bound before anything is opened,
so that a taken one is told at once.
"""

import gc
import signal
import socket
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import FrameType

import uvicorn

from kept.base.errors import UnavailableError
from kept.cli.indoors import wait_signed
from kept.cli.listener import Listener
from kept.wiring.house import House, open_house
from kept.wiring.leading import lead, require_shared
from kept.wiring.links import public_url
from kept.wiring.serving import app_of, worker_of
from kept.wiring.settings import Settings
from kept.worker.beat import Worker

BACKLOG = 2048
GRACE_S = 2  # an open stream of events would hold the end up for ever


def serve_house(folder: Path, settings: Settings, *, role: str) -> None:
    """Serve until a signal.

    Raises:
        ConflictError: another server is at work here, or a part alone without PostgreSQL.
        UnavailableError: the port is taken.
        KeptError: the house cannot be opened.
    """
    require_shared(settings, role)
    signal.signal(signal.SIGTERM, _end)
    with ExitStack() as stack:
        if role != "web":
            stack.enter_context(lead(folder))
        door = None if role == "worker" else stack.enter_context(_bound(settings))
        if door is not None:
            settings = replace(settings, port=door.getsockname()[1])
        house = open_house(folder, settings)
        stack.callback(house.close)
        worker = worker_of(house)
        if role != "web":
            _start(stack, house, worker)
        if door is None:
            threading.Event().wait()
        else:
            _Server(house, worker).run(sockets=[door])


def _start(stack: ExitStack, house: House, worker: Worker) -> None:
    worker.start()
    stack.callback(worker.stop)
    if worker.refusing is not None:
        print(worker.refusing.en, file=sys.stderr)
    listener = Listener(house, signed=lambda: wait_signed(house))
    listener.open()
    stack.callback(listener.close)


def _bound(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise UnavailableError(
            f"Port {settings.port} of {settings.host} cannot be had: {error.strerror}. Nothing was"
            " started. Choose another with --port."
        ) from None


class _Server(uvicorn.Server):
    """uvicorn, saying when it is ready."""

    def __init__(self, house: House, worker: Worker) -> None:
        super().__init__(
            uvicorn.Config(
                app_of(house, worker),
                loop="uvloop",
                http="httptools",
                access_log=False,
                log_level="warning",
                server_header=False,
                proxy_headers=False,  # our own guard reads them, where the settings say so
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._house = house

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say where."""
        await super().startup(sockets=sockets)
        gc.collect()
        gc.freeze()  # what was imported is passed over from now on: 70 ms of standstill each time
        name, url = self._house.book.business.name, public_url(self._house.settings)
        print(f"{name} is served at {url}  (Ctrl-C ends it)", file=sys.stderr, flush=True)


def _end(number: int, frame: FrameType | None) -> None:
    """SIGTERM: leave by the exits, so that everything is closed in order.

    Raises:
        SystemExit: always, with code 0.
    """
    del number, frame
    raise SystemExit(0)
