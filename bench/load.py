"""A cheap client, in a process of its own: asks over kept-alive connections, counts, says JSON.

`python -m bench.load closed|open HOST PORT SECONDS CONNECTIONS RATE < requests`: standard input
holds whole HTTP requests, one base64 line each, used in turn. `closed`: each connection asks again
as soon as it is answered. `open`: RATE requests a second whether or not earlier ones were answered;
latency counts from the moment a request was *meant* to be sent, so a stall is not hidden.
"""

import asyncio
import base64
import json
import resource
import sys
import time
from collections import deque
from contextlib import suppress
from itertools import cycle
from typing import cast

import uvloop

HEAD_END = b"\r\n\r\n"
PATIENCE_S = 10.0  # for the last answers
UNANSWERED = -1  # in place of a status


class Line(asyncio.Protocol):
    """One connection: one request under way at a time."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._buffer = b""
        self._meant = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready for work."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def ask(self, request: bytes, meant: float) -> None:
        """Send a request that was meant for a moment."""
        assert self.transport is not None
        self._meant = meant
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Count a whole answer."""
        self._buffer += data
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + size:
            return
        status = int(head[9:12])
        self._buffer = self._buffer[end + 4 + size :]
        self._load.answered(self, status, time.perf_counter() - self._meant)

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that ends takes its answer with it."""
        self._load.lost(exc)


class Load:
    """All connections and what they have seen."""

    def __init__(self, requests: list[bytes], *, seconds: float, rate: float) -> None:
        self._requests = cycle(requests)
        self._seconds, self._rate = seconds, rate
        self._idle: deque[Line] = deque()
        self._waiting: deque[float] = deque()
        self._until = 0.0
        self.took: list[float] = []
        self.bad: dict[int, int] = {}
        self.ended = asyncio.Event()
        self._lines = 0  # known when the last request was sent
        self._is_open = rate > 0
        self._is_over = False

    def answered(self, line: Line, status: int, took: float) -> None:
        """Note an answer; the connection takes what waits, or asks again."""
        now = time.perf_counter()
        if status == 200:
            self.took.append(took)
        else:
            self.bad[status] = self.bad.get(status, 0) + 1
        if self._waiting:
            line.ask(next(self._requests), self._waiting.popleft())
        elif now < self._until and not self._is_open:
            line.ask(next(self._requests), now)
        else:
            self._idle.append(line)
            if len(self._idle) == self._lines:
                self.ended.set()

    def lost(self, exc: Exception | None) -> None:
        """A lost connection counts as a bad answer while the load runs."""
        if not self._is_over:
            self.bad[0] = self.bad.get(0, 0) + 1
            if exc is not None:
                print(f"a connection was lost: {exc}", file=sys.stderr)

    async def run(self, lines: list[Line]) -> float:
        """All of it; how long it took."""
        began = time.perf_counter()
        self._until = began + self._seconds
        if self._is_open:
            await self._beat(lines, began)
        else:
            for line in lines:
                line.ask(next(self._requests), time.perf_counter())
        await self._quiet(len(lines))
        self._is_over = True
        return time.perf_counter() - began

    async def _beat(self, lines: list[Line], began: float) -> None:
        self._idle.extend(lines)
        total = max(int(self._rate * self._seconds), 1)
        for at in range(total):
            meant = began + at / self._rate
            if (pause := meant - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            if self._idle:
                self._idle.popleft().ask(next(self._requests), meant)
            else:
                self._waiting.append(meant)

    async def _quiet(self, lines: int) -> None:
        """Wait until every connection rests; what is not answered then is bad."""
        self._lines = lines
        if len(self._idle) == lines and not self._waiting:
            self.ended.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), self._seconds + PATIENCE_S)
        if missing := lines - len(self._idle):
            self.bad[UNANSWERED] = missing + len(self._waiting)


async def work(host: str, port: int, load: Load, connections: int) -> float:
    """Connect, then load."""
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Line(load), host, port) for _ in range(connections)
    ]
    took = await load.run([line for _, line in made])
    for transport, _ in made:
        transport.close()
    return took


def main() -> None:
    """Read the requests, load, tell."""
    how, host, port, seconds, connections, rate = sys.argv[1:7]
    requests = [base64.b64decode(line) for line in sys.stdin.buffer]
    load = Load(requests, seconds=float(seconds), rate=float(rate) if how == "open" else 0.0)
    took = uvloop.run(work(host, int(port), load, int(connections)))
    load.took.sort()
    spent = resource.getrusage(resource.RUSAGE_SELF)
    said = {
        "n": len(load.took),
        "bad": load.bad,
        "seconds": took,
        "cpu": spent.ru_utime + spent.ru_stime,
        "ms": {
            str(q): load.took[min(int(len(load.took) * q), len(load.took) - 1)] * 1e3
            for q in (0.5, 0.95, 0.99, 0.999)
            if load.took
        },
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
