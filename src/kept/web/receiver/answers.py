"""How does an answer leave? Small ones whole, files in steps; every one with the strict headers.

A client that takes nothing for a minute is let go.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from kept.web.guard import HEADERS, HSTS

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

STEP_BYTES = 256 * 1024
SEND_S = 60.0  # for one step to leave
WORDS, HTML, JSON = "text/plain; charset=utf-8", "text/html; charset=utf-8", "application/json"
BYTES = "application/octet-stream"
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a whole body; `headers` besides the usual ones, lower case."""

    status: int
    body: bytes
    kind: str = WORDS
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Piece:
    """`size` bytes of an open file from `start`, of `total`; whoever sends it closes it."""

    handle: int
    start: int
    size: int
    total: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.size == self.total


def words(status: int, text: str, **headers: str) -> Answer:
    """A sentence as an answer; `_` in a header's name stands for `-`."""
    return Answer(
        status,
        text.encode() + b"\n",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def wait(status: int, text: str, after: timedelta) -> Answer:
    """A sentence that says when to come back."""
    return words(status, text, retry_after=str(max(1, round(after.total_seconds()))))


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """(start, bytes) that a Range header asks of a file; the whole where it has no one range.

    None when it begins behind the end. Hostile. Source: RFC 9110 §14.1.2.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or found[1] == found[2] == "":
        return 0, size
    if not found[1]:
        tail = min(int(found[2]), size)
        return (size - tail, tail) if tail else None
    start = int(found[1])
    end = min(int(found[2]), size - 1) if found[2] else size - 1
    if start >= size:
        return None
    return (start, end - start + 1) if end >= start else (0, size)


async def answer_with(send: Send, answer: Answer, *, is_https: bool, bare: bool = False) -> None:
    """Send a whole answer; `bare` keeps the body back, for HEAD."""
    headers = {"content-type": answer.kind, "content-length": str(len(answer.body))}
    await _start(send, answer.status, {**headers, **answer.headers}, is_https=is_https)
    await _step(send, b"" if bare else answer.body, more=False)


async def send_piece(send: Send, piece: Piece, *, is_https: bool, bare: bool = False) -> None:
    """Send a file or a part of it, and close it.

    Raises:
        EOFError: it became shorter meanwhile.
    """
    try:
        headers = {
            "content-type": BYTES,
            "content-length": str(piece.size),
            "accept-ranges": "bytes",
        }
        if not piece.is_whole:
            last = piece.start + piece.size - 1
            headers["content-range"] = f"bytes {piece.start}-{last}/{piece.total}"
        await _start(send, 200 if piece.is_whole else 206, headers, is_https=is_https)
        at, end = piece.start, piece.start if bare else piece.start + piece.size
        while at < end:
            step = await asyncio.to_thread(os.pread, piece.handle, min(STEP_BYTES, end - at), at)
            if not step:
                raise EOFError  # the length was told already: only breaking off is honest
            at += len(step)
            await _step(send, step, more=True)
        await _step(send, b"", more=False)
    finally:
        os.close(piece.handle)


async def _start(send: Send, status: int, headers: dict[str, str], *, is_https: bool) -> None:
    said = {name.lower(): value for name, value in HEADERS.items()} | {"cache-control": "no-store"}
    if is_https:
        said["strict-transport-security"] = HSTS
    pairs = [(name.encode(), value.encode()) for name, value in (said | headers).items()]
    message = {"type": "http.response.start", "status": status, "headers": pairs}
    async with asyncio.timeout(SEND_S):
        await send(message)


async def _step(send: Send, body: bytes, *, more: bool) -> None:
    async with asyncio.timeout(SEND_S):
        await send({"type": "http.response.body", "body": body, "more_body": more})
