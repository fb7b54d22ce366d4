"""How does a running server do what the terminal asks? A Unix socket in the data folder.

Rules: only processes of the server's own user are heard (SO_PEERCRED); one request a connection;
each is done in its own thread by the same table of commands as without a server. Closing waits for
what is under way: a command that reports progress is stopped there, the others finish.
"""

import os
import socket
import socketserver
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from kept.base.encoding import Json
from kept.base.errors import KeptError, UnavailableError
from kept.cli.caller import peer_uid, reachable
from kept.cli.commands.call import Call, user_name
from kept.cli.commands.table import perform
from kept.cli.indoors import Signed
from kept.cli.messages import Request, encode, error_message
from kept.crypto.chance import draw
from kept.wiring.house import House

MAX_REQUEST_BYTES = 1 << 20
HEAR_S = 10.0  # a request comes at once, or its line is closed
_log = structlog.get_logger("kept.cli")


class Listener(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Listens from `open` until `close`. The folder's lock is the caller's."""

    def __init__(self, house: House, signed: Signed) -> None:
        self.house, self.signed, self.stopping = house, signed, False
        self._path = house.place.socket
        self._path.unlink(missing_ok=True)  # the lock is ours, so nobody listens there
        with reachable(self._path) as name:
            super().__init__(name, _Caller)
        self._thread = threading.Thread(target=self.serve_forever, name="terminal", daemon=True)

    def server_bind(self) -> None:
        """Bind, and close the door to others before anybody can connect."""
        super().server_bind()
        Path(str(self.server_address)).chmod(0o600)

    def open(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening; commands under way end."""
        self.stopping = True
        self.shutdown()
        self._path.unlink(missing_ok=True)
        self.server_close()

    def verify_request(self, request: object, client_address: object) -> bool:
        """Hear processes of the same user alone."""
        del client_address
        return isinstance(request, socket.socket) and peer_uid(request) == os.getuid()

    def handle_error(self, request: object, client_address: object) -> None:
        """A line that broke: the caller is gone, what was recorded stays."""
        del request, client_address
        _log.warning("terminal gone")


class _Caller(socketserver.StreamRequestHandler):
    """One connection: a request in, its answer out."""

    timeout = HEAR_S
    server: Listener  # pyright: ignore[reportIncompatibleVariableOverride]  # no other makes us

    def handle(self) -> None:
        """Hear, do, answer."""
        answer = self._answer(self.rfile.readline(MAX_REQUEST_BYTES))
        with suppress(OSError):
            self.wfile.write(encode(answer))

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = Request.decode(line)
            self.connection.settimeout(None)
            return {"result": perform(request.command, self._call(request))}
        except KeptError as error:
            return {"error": error_message(error)}
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001  # a bug must not end the server
            ref = draw(4).hex()
            _log.error("command broke", ref=ref, exc_info=error)
            return {"error": {"kind": "bug", "code": ref, "message": ""}}

    def _call(self, request: Request) -> Call:
        return Call(
            self.server.house,
            request.args,
            user=user_name(peer_uid(self.connection)),
            progress=self._progress,
            signed=self.server.signed,
            is_alone=False,
            is_left=self._is_left,
        )

    def _is_left(self) -> bool:
        """Whether the caller hung up: it asks once, so nothing else comes from it."""
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _progress(self, said: dict[str, Json]) -> None:
        if self.server.stopping:
            raise UnavailableError("The server is stopping. Run the command again: it goes on.")
        self.wfile.write(encode({"progress": said}))
