"""Is a request sent again exactly where that is safe, and is every failure one of ours?"""

import socket
import threading
from collections.abc import Callable

import pytest

from kept.base.errors import (
    ConflictError,
    KeptError,
    MalformedError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from kept.client.wire import TRIES, Ask, Wire

GET = Ask("GET", "/people/x")
PATCH = Ask("PATCH", "/people/x", body={}, repeats=False)
Script = list[tuple[int, str, bytes] | None]


def house(script: Script) -> tuple[str, list[bytes], Callable[[], None]]:
    """A house that answers by a script, None hanging up unanswered: address, requests, close."""
    door = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []

    def serve() -> None:
        for step in script:
            line, _ = door.accept()
            with line:
                seen.append(line.recv(65536))
                if step is not None:
                    status, headers, body = step
                    head = f"HTTP/1.1 {status} x\r\n{headers}Content-Length: {len(body)}\r\n"
                    line.sendall(f"{head}Connection: close\r\n\r\n".encode() + body)

    thread = threading.Thread(target=serve)
    thread.start()

    def close() -> None:
        thread.join(10)
        door.close()

    return f"http://127.0.0.1:{door.getsockname()[1]}", seen, close


def run(script: Script, ask: Ask) -> tuple[object, list[bytes], list[float]]:
    """What came of it, the requests that arrived, and how long was waited between."""
    url, seen, close = house(script)
    waits: list[float] = []
    wire = Wire(url, "kept_key", pause=waits.append)
    try:
        result: object = wire.send(ask)
    except KeptError as error:
        result = error
    wire.close()
    close()
    return result, seen, waits


def test_waits_as_asked() -> None:
    """A house that is away is asked again after the time it names."""
    busy = (503, "Retry-After: 7\r\n", b"{}")
    answer, seen, waits = run([busy, (429, "", b"{}"), (200, "", b"{}")], GET)
    assert getattr(answer, "status_code", None) == 200
    assert len(seen) == 3
    assert waits == [7.0, 0.4]


def test_gives_up() -> None:
    """After some tries the last failure is told, with the wait."""
    answer, seen, _ = run([(503, "Retry-After: 3\r\n", b'{"detail": "The disk."}')] * TRIES, GET)
    assert isinstance(answer, UnavailableError)
    assert (str(answer), answer.retry_after.total_seconds()) == ("The disk.", 3)
    assert len(seen) == TRIES


def test_hung_up() -> None:
    """What may repeat is sent again after a broken line; what may not is told at once."""
    answer, seen, _ = run([None, (200, "", b"{}")], GET)
    assert getattr(answer, "status_code", None) == 200
    assert seen[0] == seen[1]
    answer, seen, waits = run([None], PATCH)
    assert isinstance(answer, UnavailableError)
    assert (len(seen), waits) == (1, [])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, RefusedError),
        (403, RefusedError),
        (404, NotFoundError),
        (409, ConflictError),
        (412, ConflictError),
        (400, MalformedError),
        (422, MalformedError),
        (428, MalformedError),
        (500, UnavailableError),
    ],
)
def test_failures(status: int, kind: type[KeptError]) -> None:
    """Each status is its own failure, also without a problem document."""
    told = b'{"code": "c", "detail": "Why.", "errors": [{"where": "body", "why": "too long"}]}'
    for body in (told, b"<html>", b""):
        answer, _, waits = run([(status, "", body)], GET)
        assert type(answer) is kind
        assert waits == []
    malformed, _, _ = run([(422, "", told)], GET)
    assert str(malformed) == "body: too long"


def test_nobody_there() -> None:
    """A house that is not there is told as such, also for what may not repeat."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    waits: list[float] = []
    wire = Wire(f"http://127.0.0.1:{port}", "kept_key", pause=waits.append)
    for ask in (GET, PATCH):
        with pytest.raises(UnavailableError):
            wire.send(ask)
    assert len(waits) == 2 * (TRIES - 1)
    wire.close()


def test_lists_are_streamed_anew() -> None:
    """A list that has to be sent again is begun from its first row."""
    ask = Ask("POST", "/people/import", lines=lambda: iter([b'{"a":"1"}\n']))
    answer, seen, _ = run([(503, "", b"{}"), (200, "", b"{}")], ask)
    assert getattr(answer, "status_code", None) == 200
    assert all(b"application/x-ndjson" in one for one in seen)
