"""Which customer sent this request? The session behind the cookie `kept_me`.

The cookie holds a random token, nothing else, and goes to `/me` alone. `Lax`, so that whoever
follows a link arrives signed in; what changes anything is refused to other sites by `web.guard`.
"""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.response import Redirect

from kept.base.encoding import parse_b64url
from kept.base.errors import MalformedError
from kept.base.ids import PersonId
from kept.ledger.model import Actor
from kept.vault.acts.visit import SESSION_LIFE, TOKEN_BYTES, visitor
from kept.web.parts import Parts, WebParts

COOKIE = "kept_me"
HOME, SIGN_IN = "/me", "/me/sign-in"


class CodeNeeded(Exception):  # noqa: N818  # not a failure: the way to the door
    """Nobody is signed in here."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A person signed in to their own data."""

    person: PersonId
    token: bytes

    @property
    def actor(self) -> Actor:
        """Who they are to a verb."""
        return Actor("self", str(self.person), "self")


Me = NamedDependency[Customer]  # how a handler asks: an argument named `customer`


async def customer_of(request: Request[Any, Any, Any], parts: Parts) -> Customer:
    """Who sent this.

    Raises:
        CodeNeeded: nobody is signed in.
    """
    try:
        token = parse_b64url(request.cookies.get(COOKIE, ""), "token", size_bytes=TOKEN_BYTES)
    except MalformedError:
        raise CodeNeeded from None
    now = parts.clock.now()
    person = await parts.db.read_async(lambda tx: visitor(tx, token, now=now))
    if person is None:
        raise CodeNeeded
    return Customer(person, token)


def to_the_door(request: Request[Any, Any, Any], error: CodeNeeded) -> Response[Any]:
    """Send somebody to the page that asks for an address."""
    del request, error
    return Redirect(SIGN_IN, status_code=303)


def session_cookie(parts: WebParts, token: str) -> Cookie:
    """The cookie of a new session."""
    return cookie(parts, COOKIE, token, seconds=int(SESSION_LIFE.total_seconds()))


def cookie(parts: WebParts, name: str, value: str, *, seconds: int) -> Cookie:
    """A cookie of these pages; 0 seconds take it away."""
    return Cookie(
        key=name,
        value=value,
        max_age=seconds,
        path=HOME,
        httponly=True,
        secure=parts.is_https,
        samesite="lax",
    )
