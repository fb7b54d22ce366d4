"""Who are you, without a password? An address, then the code that went there.

Between the two pages the address waits in a cookie of the visitor's own browser; neither it nor the
code ever stands in a URL. Unknown addresses get the same answers in the same time.
"""

import base64
import binascii
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from kept.base.errors import RefusedError
from kept.base.texts import translations
from kept.vault.acts import visit
from kept.vault.acts.visit import CODE_LIFE
from kept.vault.model.masks import mask
from kept.vault.model.rules import FieldKind
from kept.web.bounds import Limits
from kept.web.forms import Form, text
from kept.web.parts import Parts, WebParts
from kept.web.render import language_of, page
from kept.web.staff_session import address_of
from kept.web.visitors import COOKIE, SIGN_IN, CodeNeeded, cookie, customer_of, session_cookie

ASKED = "kept_asked"  # the cookie with the address
ADDRESS_MOST = 320  # characters, RFC 5321 §4.5.3.1
CODE_PAGE = "/me/code"
MINUTES = int(CODE_LIFE.total_seconds()) // 60

Asked = Request[Any, Any, Any]


@get(SIGN_IN)
async def ask_page(request: Asked, parts: Parts) -> Response[Any]:
    """Ask for an address; whoever is signed in already goes on."""
    try:
        await customer_of(request, parts)
    except CodeNeeded:
        return page(request, parts, "me_signin.html", address="", error="")
    return Redirect("/me", status_code=303)


@post(SIGN_IN)
async def ask(request: Asked, data: Form, parts: Parts, bounds: Limits) -> Response[Any]:
    """Ask for a code to this address."""
    now, lang = parts.clock.now(), language_of(request, parts)
    address, texts = text(data, "address", most=ADDRESS_MOST), translations(lang)
    if "@" not in address:
        words = texts.gettext("Write an address with an @ in it, such as name@example.org.")
        return _asked_again(request, parts, address, error=words, status=400)
    bounds.asks.take(address_of(request, parts), now=now)
    try:
        await parts.db.write_async(
            lambda tx: visit.ask_code(
                tx, parts.vault, parts.cookie_secret, address=address, lang=lang, now=now
            )
        )
    except RefusedError:
        words = texts.gettext("Too many codes were asked for. Wait a quarter of an hour.")
        return _asked_again(request, parts, address, error=words, status=429)
    sent = Redirect(CODE_PAGE, status_code=303)
    sent.set_cookie(cookie(parts, ASKED, _hidden(address), seconds=int(CODE_LIFE.total_seconds())))
    return sent


def _asked_again(
    request: Asked, parts: WebParts, address: str, *, error: str, status: int
) -> Response[str]:
    return page(request, parts, "me_signin.html", http_status=status, address=address, error=error)


@get(CODE_PAGE)
async def code_page(request: Asked, parts: Parts) -> Response[Any]:
    """Ask for the code."""
    address = _shown(request)
    return _code_page(request, parts, address) if address else Redirect(SIGN_IN, status_code=303)


@post(CODE_PAGE)
async def enter(request: Asked, data: Form, parts: Parts, bounds: Limits) -> Response[Any]:
    """Sign in with the code."""
    now, address = parts.clock.now(), _shown(request)
    if not address:
        return Redirect(SIGN_IN, status_code=303)
    bounds.tries.take(address_of(request, parts), now=now)
    code = "".join(text(data, "code", most=20).split())
    found = await parts.db.write_async(
        lambda tx: visit.sign_in(
            tx, parts.vault, parts.cookie_secret, address=address, code=code, now=now
        )
    )
    if found is None:
        words = translations(language_of(request, parts)).gettext(
            "This code does not fit, or its time is over. Look at the newest mail from us."
        )
        return _code_page(request, parts, address, error=words, status=400)
    inside = Redirect("/me", status_code=303)
    inside.set_cookie(session_cookie(parts, found.token))
    inside.set_cookie(cookie(parts, ASKED, "", seconds=0))
    return inside


def _code_page(
    request: Asked, parts: WebParts, address: str, *, error: str = "", status: int = 200
) -> Response[str]:
    lang = language_of(request, parts)
    return page(
        request,
        parts,
        "me_code.html",
        http_status=status,
        address_masked=mask(FieldKind.EMAIL, address, lang) or "…",
        minutes=MINUTES,
        error=error,
    )


@post("/me/sign-out")
async def leave(request: Asked, parts: Parts) -> Response[Any]:
    """End this session; without one, nothing happens."""
    gone = Redirect("/", status_code=303)
    try:
        customer = await customer_of(request, parts)
    except CodeNeeded:
        return gone
    await parts.db.write_async(lambda tx: visit.leave(tx, customer.token))
    gone.set_cookie(cookie(parts, COOKIE, "", seconds=0))
    return gone


def _hidden(address: str) -> str:
    return base64.urlsafe_b64encode(address.encode("utf-8", "surrogatepass")).decode("ascii")


def _shown(request: Asked) -> str:
    """The address that waits in the cookie; "" without one. Hostile."""
    try:
        raw = base64.urlsafe_b64decode(request.cookies.get(ASKED, "")[:2000])
        return raw.decode("utf-8")[:ADDRESS_MOST]
    except (binascii.Error, ValueError):
        return ""


ROUTES: list[HTTPRouteHandler] = [ask_page, ask, code_page, enter, leave]
