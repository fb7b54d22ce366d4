"""A line between a writer and a server that a test can cut: a small TCP proxy on loopback."""

import selectors
import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

STEP_BYTES = 16_384
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: an end without a goodbye


class Line:
    """Forwards every connection; breaks all of them off when so much has gone up.

    `sent` is how much went up in all. `cuts` holds after how many bytes the line is still to be
    cut; after the last one it `stays_cut`, or is there again at once.
    """

    def __init__(self, port: int, cuts: list[int], *, stays_cut: bool) -> None:
        self._to = port
        self._cuts = cuts
        self._stays_cut = stays_cut
        self._guard = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._door.getsockname()[1]
        self.sent = 0
        self.was_cut = 0
        self.is_cut = threading.Event()  # for good
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """End every connection; nobody is let in any more."""
        self._door.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._door.close()
        self._break()
        for thread in self._threads[1:]:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._door.accept()
            except OSError:
                return
            if self.is_cut.is_set():
                ours.close()
                continue
            theirs = socket.create_connection(("127.0.0.1", self._to))
            with self._guard:
                self._pairs.add((ours, theirs))
            thread = threading.Thread(target=self._carry, args=(ours, theirs), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _carry(self, ours: socket.socket, theirs: socket.socket) -> None:
        with selectors.DefaultSelector() as ready, suppress(OSError, ValueError):
            ready.register(ours, selectors.EVENT_READ, theirs)
            ready.register(theirs, selectors.EVENT_READ, ours)
            while ready.get_map():
                for key, _ in ready.select():
                    one = key.fileobj
                    assert isinstance(one, socket.socket)
                    piece = one.recv(STEP_BYTES)
                    if not piece:
                        ready.unregister(one)
                        key.data.shutdown(socket.SHUT_WR)
                        continue
                    key.data.sendall(piece)
                    if one is ours and self._is_time(len(piece)):
                        self._break()
        with self._guard:
            self._pairs.discard((ours, theirs))
        ours.close()
        theirs.close()

    def _is_time(self, size: int) -> bool:
        with self._guard:
            self.sent += size
            if not self._cuts or self.sent < self._cuts[0]:
                return False
            self._cuts.pop(0)
            self.was_cut += 1
            if not self._cuts and self._stays_cut:
                self.is_cut.set()
            return True

    def _break(self) -> None:
        """End every connection without a goodbye, as a line that is cut."""
        with self._guard:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for one in pair:
                with suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                    one.shutdown(socket.SHUT_RDWR)


@contextmanager
def cut_line(port: int, *cuts: int, stays_cut: bool = False) -> Generator[Line]:
    """A line to a port that is cut after so many bytes went up, one number a cut."""
    line = Line(port, list(cuts), stays_cut=stays_cut)
    try:
        yield line
    finally:
        line.close()
