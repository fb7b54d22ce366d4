"""Is a server at work on this folder, and what does it answer? The terminal's end of the socket.

The socket lies in the data folder, which only its owner may enter; both ends check whose process
the other is. A path too long for `sockaddr_un` is reached through `/proc/self/fd`.
Source: unix(7), SO_PEERCRED, 108 bytes of `sun_path`.
"""

import os
import socket
import struct
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kept.base.encoding import Json
from kept.base.errors import RefusedError, UnavailableError
from kept.cli.messages import MAX_LINE_BYTES, Request, decode, error_of

MAX_PATH_BYTES = 100
CONNECT_S = 5.0
Progress = Callable[[dict[str, Json]], None]
_CRED = struct.Struct("3i")  # pid, uid, gid
_GONE = (
    "The server ended before it answered. What it had recorded is kept; look at the result before"
    " you run the command again."
)


@contextmanager
def reachable(path: Path) -> Generator[str]:
    """The socket's path, short enough for the kernel."""
    if len(os.fsencode(path.absolute())) <= MAX_PATH_BYTES:
        yield str(path.absolute())
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def peer_uid(connection: socket.socket) -> int:
    """Whose process is at the other end."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CRED.size)
    return _CRED.unpack(raw)[1]


def call(path: Path) -> socket.socket | None:
    """A connection to the server of a folder; None when no server answers.

    Raises:
        RefusedError: somebody else's server is there.
    """
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(CONNECT_S)
    try:
        with reachable(path) as name:
            line.connect(name)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        line.close()
        return None
    except OSError as error:
        line.close()
        raise RefusedError("not_your_server", f"The server here is not yours: {error}.") from None
    if peer_uid(line) != os.getuid():
        line.close()
        raise RefusedError("not_your_server", "The server here runs as another user.")
    line.settimeout(None)
    return line


def ask(line: socket.socket, request: Request, progress: Progress) -> Json:
    """The server's result; progress on the way. Closes the connection.

    Raises:
        KeptError: what the server raised.
        UnavailableError: it ended before it answered.
    """
    with line, line.makefile("rb") as answers:
        try:
            line.sendall(request.encode())
            while answer := answers.readline(MAX_LINE_BYTES):
                message = decode(answer)
                if "progress" in message:
                    progress(message["progress"])
                else:
                    return _result(message)
        except (ConnectionError, BrokenPipeError):
            pass
    raise UnavailableError(_GONE)


def _result(message: dict[str, Any]) -> Json:
    """The result.

    Raises:
        KeptError: what the server raised.
        RemoteBugError: its program broke.
    """
    if "error" in message:
        failed = error_of(message["error"])
        raise failed
    return message.get("result")
