"""How do requests and answers travel through one `ssh -s HOST sftp`?

Up to 64 requests are under way, answers come in any order. Both pipes are non-blocking, so a full
one never stops the other; stderr is drained, or ssh would stop at its 64th KiB. One thread at a
time uses a link; a link that failed half-way is not clean and is not used again.
"""

import fcntl
import os
import select
import subprocess  # nosec B404
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from kept.backup.places.sftp_wire import (
    LEAST_PACKET_BYTES,
    LIMITS,
    MOST_PACKET_BYTES,
    Answer,
    Ask,
    Code,
    Extended,
    Limits,
    Status,
    ask_limits,
    hello,
    packet,
    read_answer,
    read_hello,
    read_limits,
)
from kept.backup.places.trouble import SOON, STUCK
from kept.base.errors import MalformedError, UnavailableError

IN_FLIGHT = 64
STEP_BYTES = 32_768
PATIENCE_S = 300.0  # without a byte in either direction; ssh itself gives up after 120 s
_LOW_WATER = IN_FLIGHT - 16  # refill in groups: one system call for 16 requests
_GROUP_PIECES = 32  # of one writev: 16 requests
_PIPE_BYTES = 1_048_576
_OVERHEAD_BYTES = 1_024  # of a packet around its piece, handle included
_TAIL_BYTES = 4_096  # kept of what ssh says
_CLOSING_S = 5.0
_NOT_SFTP = "The other side answers something that is not SFTP."


class Link:
    """One connection."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start the program and greet the server.

        Raises:
            UnavailableError: no connection; the message says why.
        """
        try:
            self._process = subprocess.Popen(  # noqa: S603  # nosec B603  # no shell
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for us: locks are still to be removed
            )
        except OSError as error:
            raise UnavailableError("ssh cannot be started.", retry_after=STUCK) from error
        pipes = self._process.stdin, self._process.stdout, self._process.stderr
        self._to, self._from, said = (pipe.fileno() for pipe in pipes if pipe is not None)
        self._said = b""
        self._ear = threading.Thread(target=self._listen, args=(said,), daemon=True)
        self._ear.start()
        for pipe in (self._to, self._from):
            os.set_blocking(pipe, False)
            _widen(pipe)
        self._poll = select.poll()
        self._arrived = bytearray()
        self._waiting: deque[bytes | memoryview] = deque()
        self._number = 0
        self._is_clean = False
        try:
            self._greet()
        except BaseException:
            self.close()
            raise

    @property
    def is_clean(self) -> bool:
        """Whether no answer is owed and nothing broke: the link may be used again."""
        return self._is_clean

    def exchange(
        self, asks: Iterable[Ask], *, stop_at_trouble: bool = False, eager: bool = False
    ) -> list[Answer]:
        """Send requests, and gather the answers in the order of the requests.

        Args:
            asks: taken one by one as room is made, so they may wait for a limit.
            stop_at_trouble: send no more after the first status that is not OK; the answers are
                then fewer than the requests.
            eager: send each as soon as it is taken, where `asks` waits for a limit.

        Raises:
            UnavailableError: the connection broke; what was asked may be done or not.
        """
        self._is_clean = False
        answers: list[Answer | None] = []
        owed: dict[int, int] = {}
        source = iter(asks)
        is_more = True
        try:
            while is_more or owed:
                while is_more and len(owed) < IN_FLIGHT:
                    ask = next(source, None)
                    if ask is None:
                        is_more = False
                        break
                    self._number = (self._number + 1) & 0xFFFF_FFFF
                    owed[self._number] = len(answers)
                    answers.append(None)
                    self._waiting.extend(packet(ask, self._number))
                    if eager or len(self._waiting) >= _GROUP_PIECES:
                        self._flush()
                self._flush()
                least = _LOW_WATER if is_more else 0
                while len(owed) > least:
                    number, answer = read_answer(self._packet())
                    answers[_place_of(owed, number)] = answer
                    if stop_at_trouble and isinstance(answer, Status) and answer.code != Code.OK:
                        is_more = False
        except MalformedError as error:
            raise UnavailableError(_NOT_SFTP, retry_after=STUCK) from error
        self._is_clean = True
        return [answer for answer in answers if answer is not None]

    def close(self) -> None:
        """Hang up."""
        self._is_clean = False
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        try:
            self._process.wait(_CLOSING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ear.join(_CLOSING_S)
        if self._process.stderr is not None and not self._ear.is_alive():
            self._process.stderr.close()

    def _greet(self) -> None:
        """Agree on the version, on what the server can, and on sizes.

        Raises:
            UnavailableError: it is no such server, or cannot make files durable.
        """
        self._waiting.append(hello())
        self._flush()
        limits = Limits(LEAST_PACKET_BYTES, STEP_BYTES, STEP_BYTES)
        try:
            self.extensions = frozenset(name for name, _ in read_hello(self._packet()))
            if LIMITS in self.extensions:
                (answer,) = self.exchange([ask_limits()])
                if isinstance(answer, Extended):
                    limits = read_limits(answer.raw)
        except MalformedError as error:
            raise UnavailableError(_NOT_SFTP, retry_after=STUCK) from error
        self.read_bytes, self.write_bytes = steps(limits)
        self._is_clean = True

    def _flush(self) -> None:
        """Send what waits.

        Raises:
            UnavailableError: the connection broke.
        """
        waiting = self._waiting
        while waiting:
            try:
                sent = os.writev(self._to, list(islice(waiting, _GROUP_PIECES)))
            except BlockingIOError:
                self._wait(write=True)
                continue
            except OSError:
                raise self._broken() from None
            while sent:
                first = waiting.popleft()
                if sent < len(first):
                    waiting.appendleft(memoryview(first)[sent:])
                    break
                sent -= len(first)

    def _packet(self) -> bytes:
        """The next packet that arrives, without its length.

        Raises:
            MalformedError: its length is out of range.
            UnavailableError: the connection broke.
        """
        self._gather(4)
        size = int.from_bytes(self._arrived[:4], "big")
        if not 1 <= size <= MOST_PACKET_BYTES:
            raise MalformedError("sftp", "a packet of an impossible length")
        self._gather(4 + size)
        payload = bytes(memoryview(self._arrived)[4 : 4 + size])
        del self._arrived[: 4 + size]
        return payload

    def _gather(self, size: int) -> None:
        """Wait until so many bytes have arrived.

        Raises:
            UnavailableError: the connection broke.
        """
        while len(self._arrived) < size:
            try:
                piece = os.read(self._from, _PIPE_BYTES)
            except BlockingIOError:
                self._wait(write=False)
                continue
            if not piece:
                raise self._broken()
            self._arrived += piece

    def _wait(self, *, write: bool) -> None:
        """Wait until a pipe is ready; what arrives meanwhile is taken in.

        Raises:
            UnavailableError: nothing moved for too long, or the connection broke.
        """
        self._poll.register(self._from, select.POLLIN)
        if write:
            self._poll.register(self._to, select.POLLOUT)
        ready = self._poll.poll(PATIENCE_S * 1000)
        if write:
            self._poll.unregister(self._to)
        if not ready:
            raise UnavailableError("The server stopped answering.", retry_after=SOON)
        if write and any(pipe == self._from for pipe, _ in ready):
            piece = os.read(self._from, _PIPE_BYTES)
            if not piece:
                raise self._broken()
            self._arrived += piece

    def _listen(self, said: int) -> None:
        """Keep the end of what ssh says."""
        while piece := os.read(said, _TAIL_BYTES):
            self._said = (self._said + piece)[-_TAIL_BYTES:]

    def _broken(self) -> UnavailableError:
        """Why the connection ended, as far as ssh told."""
        self._ear.join(_CLOSING_S)
        said = self._said.lower()
        for words, sentence in _REASONS:
            if words in said:
                return UnavailableError(sentence, retry_after=STUCK)
        if b"connection refused" in said:
            return UnavailableError(
                "The machine is there, but nothing answers on it: is its SSH server running?",
                retry_after=SOON,
            )
        if b"timed out" in said or b"no route to host" in said:
            return UnavailableError("The server does not answer.", retry_after=SOON)
        return UnavailableError("The connection to the server broke.", retry_after=SOON)


_REASONS = (
    (
        b"host key verification failed",
        "The server is not the one we know, or nobody said yet that we know it. Nothing was sent.",
    ),
    (b"no matching host key", "The server's key is of a kind that ssh does not trust."),
    (b"permission denied", "The server does not let us in: it does not know our key."),
    (b"bad configuration option", "ssh does not understand its settings."),
    (b"could not resolve hostname", "No server of this name is known right now."),
    (b"subsystem request failed", "The server does not offer SFTP."),
)


def _place_of(owed: dict[int, int], number: int) -> int:
    """Which request an answer belongs to; it is owed no longer.

    Raises:
        MalformedError: to none.
    """
    place = owed.pop(number, None)
    if place is None:
        raise MalformedError("sftp", "an answer to nothing")
    return place


def steps(limits: Limits) -> tuple[int, int]:
    """(read, write): how many bytes one request carries under the server's limits."""
    room = (limits.packet or LEAST_PACKET_BYTES) - _OVERHEAD_BYTES
    reading = min(STEP_BYTES, limits.read or STEP_BYTES, room)
    writing = min(STEP_BYTES, limits.write or STEP_BYTES, room)
    return max(1, reading), max(1, writing)


def _widen(pipe: int) -> None:
    """Ask for a large pipe: fewer system calls; where there is none, the usual one serves."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (AttributeError, OSError):
        return
