"""How do requests leave through one interface alone?

What speaks HTTP for us sets a socket's options only once it is connected, so the first packets
would go wherever the system sends them. It is given a Unix socket instead, in a folder of this user
alone; behind it stands a connection that was bound before it was made. TLS goes through unopened.
Source: socket(7), SO_BINDTODEVICE; unix(7).
"""

import socket
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kept.backup.places.via import connected

_STEP_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Beyond:
    """The other end: through which interface and from which address ("" for any), and where to."""

    device: str
    address: str
    host: str
    port: int


class Relay:
    """Carries every connection to `path` on to one server."""

    def __init__(self, beyond: Beyond) -> None:
        """Listen; nothing is connected before somebody asks."""
        self._beyond = beyond
        self._folder = tempfile.TemporaryDirectory(prefix="kept-via-", ignore_cleanup_errors=True)
        self.path = str(Path(self._folder.name) / "line")
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._door.bind(self.path)
        self._door.listen()
        self._thread = threading.Thread(target=self._listen, name="via", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let nobody in any more; connections that stand end with their users."""
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._door.close()
        self._folder.cleanup()

    def _listen(self) -> None:
        while True:
            try:
                ours, _ = self._door.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._carry, args=(ours,), name="via line", daemon=True).start()

    def _carry(self, ours: socket.socket) -> None:
        to = self._beyond
        with ours, suppress(OSError), connected(to.device, to.address, to.host, to.port) as theirs:
            up = threading.Thread(target=_pump, args=(ours, theirs), name="via up", daemon=True)
            up.start()
            _pump(theirs, ours)
            up.join()


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Carry all from one to the other; the end too, and a break to both."""
    try:
        while piece := one.recv(_STEP_BYTES):
            other.sendall(piece)
    except OSError:
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
    else:
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)
