"""How are requests of S3 and REST places sent, and what do failures mean?

No redirect is followed, no proxy of the environment is used, certificates are always checked. What
arrives has a bound. A failure names neither address, user nor password.
Source: RFC 9110 §10.2.3 (Retry-After), §14 (ranges).
"""

import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import httpx

from kept.backup.places.throttle import FREE, STEP_BYTES, Pace
from kept.backup.places.trouble import SOON, STUCK
from kept.backup.places.via import Via, device_of
from kept.backup.places.via_relay import Beyond, Relay
from kept.base.clock import Clock
from kept.base.errors import UnavailableError

CONNECTIONS = 8
MOST_BYTES = 536_870_912  # of one answer: a list of five million parts
_TIMEOUTS = httpx.Timeout(120.0, connect=30.0, pool=None)
_PORTS = {"https": 443, "http": 80}
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_CLOSED = frozenset({401, 403})
_FULL = frozenset({413, 507})


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; `url` holds no password."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | memoryview = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300


class Web:
    """Sends requests to one server, over a few connections that threads share."""

    def __init__(
        self,
        *,
        clock: Clock,
        via: Via | None = None,
        pace: Pace = FREE,
        ca_file: Path | None = None,
        ca: str = "",
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            clock: for a Retry-After that is a date.
            via: the only way out, where one is demanded.
            pace: the limits of the line.
            ca_file: whom to trust in place of the usual authorities, PEM.
            ca: the same as text, where there is no file.

        Raises:
            UnavailableError: `ca_file` or `ca` cannot be read.
        """
        self._clock = clock
        self._via = via
        self._pace = pace
        try:
            trusted = _authorities(ca_file, ca)
        except (OSError, ValueError) as error:
            raise UnavailableError(
                "The file of trusted certificates cannot be read.", retry_after=STUCK
            ) from error
        self._trusted = trusted
        self._lock = threading.Lock()
        self._opened: httpx.Client | None = None
        self._relay: Relay | None = None

    def send(self, request: Request, *, most: int = MOST_BYTES) -> Answer:
        """Send, and read at most `most` bytes of the answer.

        Raises:
            UnavailableError: no whole answer; what was asked may be done or not.
        """
        http = self._client(request.url)
        is_sent = request.method in {"POST", "PUT"}
        size = {"content-length": str(len(request.content))} if is_sent else {}
        built = http.build_request(
            request.method,
            request.url,
            headers={**request.headers, **size, "accept-encoding": "identity"},
            content=self._sending(request.content) if len(request.content) else None,
        )
        try:
            answer = http.send(built, stream=True)
            try:
                body = b"".join(self._received(answer, most))
            finally:
                answer.close()
        except httpx.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise UnavailableError(
                    "The server cannot prove that it is the one we know. Nothing was sent.",
                    retry_after=STUCK,
                ) from error
            raise UnavailableError(
                "The connection to the server broke or could not be made.", retry_after=SOON
            ) from error
        return Answer(answer.status_code, dict(answer.headers), body)

    def close(self) -> None:
        """Hang up."""
        if self._opened is not None:
            self._opened.close()
        if self._relay is not None:
            self._relay.close()

    def _client(self, url: str) -> httpx.Client:
        """What sends, made when the demanded way was first seen; looked for at each request.

        Raises:
            UnavailableError: the demanded way is not there.
        """
        device = device_of(self._via)
        with self._lock:
            if self._opened is None:
                if self._via is not None:
                    to = urlsplit(url)
                    port = to.port or _PORTS[to.scheme]
                    beyond = Beyond(device, self._via.address, to.hostname or "", port)
                    self._relay = Relay(beyond)
                transport = httpx.HTTPTransport(
                    verify=self._trusted,
                    trust_env=False,
                    limits=httpx.Limits(max_connections=CONNECTIONS),
                    uds=None if self._relay is None else self._relay.path,
                )
                self._opened = httpx.Client(transport=transport, timeout=_TIMEOUTS, trust_env=False)
            return self._opened

    def refuse(self, answer: Answer) -> NoReturn:
        """Say what an answer means that is not the hoped-for one.

        Raises:
            UnavailableError: always; it says when to try again.
        """
        if answer.status in _CLOSED:
            raise UnavailableError(
                "The server does not let us in: the name, password or key is not right.",
                retry_after=STUCK,
            )
        if answer.status in _FULL:
            raise UnavailableError(
                "The place is full. What lies there stays good.", retry_after=STUCK
            )
        if answer.status in _PASSING:
            raise UnavailableError(
                "The server is busy or has a fault right now.", retry_after=self._asked(answer)
            )
        raise UnavailableError(
            f"The server answers {answer.status}, which we did not expect.", retry_after=STUCK
        )

    def _asked(self, answer: Answer) -> timedelta:
        """How long the server asked us to wait."""
        text = answer.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit() and len(text) < 10:
            return timedelta(seconds=int(text))
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return SOON
        return max(SOON, (at if at.tzinfo else at.replace(tzinfo=UTC)) - self._clock.now())

    def _sending(self, content: bytes | memoryview) -> Iterator[bytes]:
        return map(bytes, self._pace.sending(content))

    def _received(self, answer: httpx.Response, most: int) -> Iterator[bytes]:
        """The body, step by step.

        Raises:
            UnavailableError: it is longer than `most`.
        """
        total = 0
        for piece in answer.iter_raw(STEP_BYTES):
            self._pace.received(len(piece))
            total += len(piece)
            if total > most:
                raise UnavailableError(
                    "The server sends more than was asked for.", retry_after=STUCK
                )
            yield piece


def _authorities(ca_file: Path | None, ca: str) -> ssl.SSLContext | bool:
    """Whom to trust: those named, or the usual ones."""
    if ca_file is None and not ca:
        return True
    return ssl.create_default_context(cafile=ca_file and str(ca_file), cadata=ca or None)


def range_header(offset: int, length: int | None) -> dict[str, str]:
    """The header that asks for a piece; none for the whole. `length` is not 0."""
    if offset < 0:
        return {"range": f"bytes={offset}"}  # the tail; what is too much of it is cut off here
    if offset == 0 and length is None:
        return {}
    end = "" if length is None else str(offset + length - 1)
    return {"range": f"bytes={offset}-{end}"}


def piece_of(answer: Answer, offset: int, length: int | None) -> bytes:
    """The piece that was asked, also from a server that gave the whole (200) or more of the tail.

    Source: RFC 9110 §14.2, a server may ignore a range.
    """
    if answer.status == 416:  # the file ends before the piece
        return b""
    body = answer.body
    if answer.status != 206:
        body = body[offset:] if offset >= 0 or -offset <= len(body) else body
    return body if length is None else body[:length]
