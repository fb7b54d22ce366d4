"""How does a request reach a house, once, although lines break?

What can be sent again is: reading, and whatever carries an Idempotency-Key, for the house answers
the second time as the first. A change that names its revision is sent again only where it surely
never arrived. Between tries it waits as long as the house asks for. A failure is one of
`kept.base.errors`, made from the problem document; the document never holds what was sent.
Source: RFC 9457; RFC 9110 §9.2.2 (idempotent methods), §10.2.3 (Retry-After).
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec
from msgspec import Struct

from kept.base.errors import (
    ConflictError,
    KeptError,
    MalformedError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)

TRIES = 4
FIRST_PAUSE_S = 0.2  # doubled each time, where the house names no time of its own
LONGEST_PAUSE_S = 30.0
TIMEOUT_S = 30.0
BUSY = frozenset({429, 503})
UNREACHED = "The house cannot be reached."
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `repeats`: may it be sent again when nobody knows whether it arrived?"""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: object = None
    lines: Callable[[], Iterable[bytes]] | None = None
    repeats: bool = True


class _Error(Struct):
    where: str = ""
    why: str = ""


class _Problem(Struct):
    code: str = ""
    detail: str = ""
    instance: str = ""
    errors: list[_Error] = []


class Wire:
    """A connection to one house with one key. Close it, or use it as a context."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        socket: Path | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Connect to `url`, through a Unix socket if one is named."""
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=TIMEOUT_S,
            transport=httpx.HTTPTransport(uds=str(socket)) if socket else None,
            trust_env=False,
        )
        self._pause = pause

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, ask: Ask, shape: type[T]) -> T:
        """Send it and read the answer as a shape.

        Raises:
            UnavailableError: it is no answer of a house; else as `send`.
        """
        answer = self.send(ask)
        try:
            return msgspec.json.decode(answer.content, type=shape)
        except msgspec.DecodeError:
            raise UnavailableError("The answer is not one of a house's API.") from None

    def send(self, ask: Ask) -> httpx.Response:
        """Send it, again where that is safe; a good answer.

        Raises:
            RefusedError: the key or the gate says no.
            NotFoundError: there is nothing, or not for this key.
            ConflictError: the state moved on.
            MalformedError: the request does not fit.
            UnavailableError: nobody answers, or the house is away or broken.
        """
        answer, wait = self._tried(ask), FIRST_PAUSE_S
        for _ in range(TRIES - 1):
            if answer is not None and answer.status_code not in BUSY:
                break
            self._pause(wait if answer is None else _asked_wait(answer, wait))
            wait *= 2
            answer = self._tried(ask)
        if answer is None:
            raise UnavailableError(UNREACHED)
        if not answer.is_success:
            error = error_of(answer)
            raise error
        return answer

    def _tried(self, ask: Ask) -> httpx.Response | None:
        """One try; None when it did not get through and may be tried again.

        Raises:
            UnavailableError: it may have arrived, and must not arrive twice.
        """
        try:
            return self._http.send(self._request(ask))
        except httpx.TransportError as error:
            if ask.repeats or isinstance(error, httpx.ConnectError):
                return None
            raise UnavailableError(UNREACHED) from error

    def _request(self, ask: Ask) -> httpx.Request:
        content: bytes | Iterable[bytes] | None = None
        headers = dict(ask.headers)
        if ask.lines is not None:
            content = ask.lines()
            headers["Content-Type"] = "application/x-ndjson"
        elif ask.body is not None:
            content = msgspec.json.encode(ask.body)
            headers["Content-Type"] = "application/json"
        return self._http.build_request(
            ask.method, ask.path, headers=headers, params=dict(ask.query), content=content
        )


def error_of(answer: httpx.Response) -> KeptError:
    """The failure that a problem document tells. Hostile input."""
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem(detail=f"The house answered {answer.status_code} without a reason.")
    match answer.status_code:
        case 401 | 403:
            return RefusedError(problem.code, problem.detail)
        case 404:
            return NotFoundError(problem.detail)
        case 409 | 412:
            return ConflictError(problem.detail)
        case status if status < 500 and status not in BUSY:
            first = problem.errors[0] if problem.errors else _Error("request", problem.detail)
            return MalformedError(first.where, first.why)
        case _:
            wait = timedelta(seconds=_asked_wait(answer, FIRST_PAUSE_S))
            told = f"{problem.detail} {problem.instance}".strip()
            return UnavailableError(told, retry_after=wait)


def _asked_wait(answer: httpx.Response, otherwise: float) -> float:
    text = answer.headers.get("retry-after", "")
    asked = float(text) if text.isascii() and text.isdigit() else otherwise
    return min(asked, LONGEST_PAUSE_S)
