"""What is checked on every request, before any handler, and said in every answer?

Rules: only this origin's own pages may change anything (the browser says where a request comes
from: `Sec-Fetch-Site`, else `Origin`); no page loads from elsewhere, is framed, or is sniffed; what
is personal is not stored by caches. Public ledger files say so themselves.
Source: W3C Fetch Metadata; OWASP CSRF prevention, "use of Fetch Metadata"; CSP Level 3.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import urlsplit

from litestar.exceptions import PermissionDeniedException
from litestar.types import (
    ASGIApp,
    HTTPResponseStartEvent,
    Message,
    Receive,
    Scope,
    Send,
)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITES = frozenset({"same-origin", "none"})
POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}
HSTS = "max-age=31536000; includeSubDomains"


class Guard:
    """A middleware that refuses what another site's page sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on."""
        if scope["type"] == "http":
            refuse_foreign(scope["method"], scope["headers"])
        await self._app(scope, receive, send)


def headers_said(*, is_https: bool) -> Callable[[Message, Scope], Awaitable[None]]:
    """A hook before anything is sent: refusals and unknown paths pass no middleware."""

    async def say(message: Message, scope: Scope) -> None:
        del scope
        if message["type"] == "http.response.start":
            _add_headers(message, is_https=is_https)

    return say


def refuse_foreign(method: str, pairs: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse a changing request that another site's page sent.

    Requests with an API key or from a program (no such headers at all) pass: they carry no cookie
    that a browser attached by itself.

    Raises:
        PermissionDeniedException: the browser says that another site sent it.
    """
    if method in SAFE_METHODS:
        return
    headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in pairs}
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site not in OWN_SITES:
            raise PermissionDeniedException("This came from another site. Nothing was done.")
        return
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host", ""):
        raise PermissionDeniedException("This came from another site. Nothing was done.")


def _add_headers(message: HTTPResponseStartEvent, *, is_https: bool) -> None:
    present = {name.lower() for name, _ in message["headers"]}
    wanted = _WIRE_HTTPS if is_https else _WIRE
    message["headers"] = [*message["headers"], *(p for p in wanted if p[0] not in present)]


def _wire(headers: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


_WIRE = _wire({**HEADERS, "Cache-Control": "no-store"})
_WIRE_HTTPS = _WIRE + _wire({"Strict-Transport-Security": HSTS})
