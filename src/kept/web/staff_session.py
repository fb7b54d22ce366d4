"""Which member of the team sent this request, and may they come here?

Every route of the desk names its permission in `opt`; one that names none is closed. The cookie
holds a random token, nothing else. `Lax`, not `Strict`: whoever follows a link from a mail to the
desk arrives signed in; what changes anything is refused to other sites by `web.guard` anyway.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.handlers.base import BaseRouteHandler
from litestar.response import Redirect

from kept.ledger.model import Actor
from kept.staff.acts.sessions import SignedIn, find_session, touch_session
from kept.staff.acts.trace import actor_of_session
from kept.staff.model.account import Account
from kept.staff.model.permissions import Permission, demand, may
from kept.staff.model.session import ABSOLUTE, Session
from kept.vault.model.gate import Asker
from kept.vault.model.rules import Role
from kept.web.buckets import place_of
from kept.web.parts import WebParts

COOKIE = "kept_desk"
HOST_COOKIE = f"__Host-{COOKIE}"  # by TLS: no other host of the domain can set it (RFC 6265bis)
SIGN_IN = "/desk/sign-in"
DESK = "/desk"
NEEDS = "needs"  # the key in a route's `opt`
ANYBODY = "anybody"  # its value where nobody has to be signed in
NEXT_MOST = 200  # characters


class SignInNeeded(Exception):  # noqa: N818  # not a failure: the way to the door
    """Nobody is signed in here."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody of the team, signed in."""

    session: Session

    @property
    def account(self) -> Account:
        """Who."""
        return self.session.account

    @property
    def actor(self) -> Actor:
        """Who they are to a verb."""
        return actor_of_session(self.session)

    @property
    def role(self) -> Role:
        """The role they have now."""
        return self.account.role

    def may(self, permission: Permission) -> bool:
        """Whether the table grants it."""
        return may(self.role.value, permission)

    def asker(self, parts: WebParts) -> Asker:
        """Who they are to the gate."""
        overdue = self.account.is_review_overdue(parts.clock.now())
        return Asker(
            self.actor, self.role, is_review_overdue=overdue, limits=parts.vault.rules.limits
        )


Who = NamedDependency[Visitor]  # how a handler asks: an argument named `visitor`


def needs(permission: Permission) -> dict[str, object]:
    """What a route demands, for its `opt`."""
    return {NEEDS: permission}


def open_to_anybody() -> dict[str, object]:
    """The `opt` of a route in front of the door."""
    return {NEEDS: ANYBODY}


async def admit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A Litestar guard: find the session, then ask the table of permissions.

    Raises:
        SignInNeeded: nobody is signed in.
        RefusedError: not for this role.
    """
    needed = handler.opt.get(NEEDS)
    if needed == ANYBODY:
        return
    parts: WebParts = connection.app.state.parts
    now = parts.clock.now()
    token = connection.cookies.get(cookie_name(parts), "")
    session = await parts.db.read_async(lambda tx: find_session(tx, token, now=now))
    if session is None:
        raise SignInNeeded
    if session.touch_due:
        await parts.db.write_async(lambda tx: touch_session(tx, session, now=now))
    demand(session.account.role.value, Permission(str(needed)))
    connection.state.visitor = Visitor(session)


def visitor_of(request: Request[Any, Any, Any]) -> Visitor:
    """Whom `admit` found."""
    found: Visitor = request.state.visitor
    return found


def current_visitor(request: Request[Any, Any, Any], parts: WebParts) -> Visitor | None:
    """Who is signed in, on a page in front of the door."""
    token = request.cookies.get(cookie_name(parts), "")
    session = parts.db.read(lambda tx: find_session(tx, token, now=parts.clock.now()))
    return None if session is None else Visitor(session)


def to_the_door(request: Request[Any, Any, Any], error: SignInNeeded) -> Response[Any]:
    """Send somebody to the sign-in page, and back here afterwards if this was a page."""
    del error
    query = urlencode({"next": request.url.path}) if request.method == "GET" else ""
    return Redirect(f"{SIGN_IN}?{query}" if query else SIGN_IN, status_code=303)


def safe_next(path: str) -> str:
    """Where to go after signing in: a path of the desk, whatever was asked for. Hostile input."""
    plain = path.isascii() and path.isprintable() and not set(path) & set("\\?#% ")
    is_ours = path == DESK or path.startswith(DESK + "/")
    return path if plain and is_ours and ".." not in path and len(path) <= NEXT_MOST else DESK


def cookie_name(parts: WebParts) -> str:
    """What the cookie is called here."""
    return HOST_COOKIE if parts.is_https else COOKIE


def session_cookie(parts: WebParts, signed_in: SignedIn) -> Cookie:
    """The cookie of a new session."""
    return _cookie(parts, signed_in.token, int(ABSOLUTE.total_seconds()))


def no_cookie(parts: WebParts) -> Cookie:
    """A cookie that takes the session's away."""
    return _cookie(parts, "", 0)


def _cookie(parts: WebParts, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=cookie_name(parts),
        value=value,
        max_age=seconds,
        path="/",
        httponly=True,
        secure=parts.is_https,
        samesite="lax",
    )


def address_of(request: Request[Any, Any, Any], parts: WebParts) -> str:
    """The network address a request came from; a trusted proxy names it last.

    Some proxies join what was there, others add a line of the header below it: all but the very
    last name may be the visitor's own invention.
    """
    if parts.trusts_proxy:
        lines = request.headers.getall("x-forwarded-for", [""])
        said = lines[-1].rpartition(",")[2].strip()
        if said:
            return said[:64]
    return request.client.host if request.client else "nowhere"


def network_of(request: Request[Any, Any, Any], parts: WebParts) -> str:
    """The network a request came from, for counting failures: one household, one place."""
    return place_of(address_of(request, parts))
