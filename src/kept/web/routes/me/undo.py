"""My address was changed, and it was not me: how do I get it back? The link in the letter.

The letter's link shows a page with one button; only the button does it, for mail programs look at
links by themselves. Nothing of the person stands on these pages: the link names nobody.
"""

from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from kept.base.texts import moment_text
from kept.vault.acts.undo_address import look_at_undo, undo_address
from kept.web.bounds import Limits
from kept.web.parts import Parts
from kept.web.render import language_of, page
from kept.web.staff_session import address_of
from kept.web.visitors import COOKIE, cookie

PAGE = "/undo-address"

Asked = Request[Any, Any, Any]


@get(PAGE)
async def undone(request: Asked, parts: Parts) -> Response[str]:
    """It was done; the link itself is used up."""
    return page(request, parts, "me_undo.html", token="", until="")


@get(PAGE + "/{token:str}")
async def ask(request: Asked, token: FromPath[str], parts: Parts) -> Response[str]:
    """Whether to put the old address back.

    Raises:
        NotFoundError: the link was used, is over or was never sent.
    """
    now = parts.clock.now()
    until = await parts.db.read_async(lambda tx: look_at_undo(tx, token, now=now))
    at_text = moment_text(until, language_of(request, parts))
    return page(request, parts, "me_undo.html", token=token, until=at_text)


@post(PAGE + "/{token:str}")
async def undo(request: Asked, token: FromPath[str], parts: Parts, bounds: Limits) -> Response[Any]:
    """Put it back, and sign everybody out.

    Raises:
        NotFoundError: the link was used, is over or was never sent.
    """
    now, lang = parts.clock.now(), language_of(request, parts)
    bounds.tries.take(address_of(request, parts), now=now)
    await parts.db.write_async(
        lambda tx: undo_address(tx, parts.vault, token=token, lang=lang, now=now)
    )
    done = Redirect(PAGE, status_code=303)
    done.set_cookie(cookie(parts, COOKIE, "", seconds=0))
    return done


ROUTES: list[HTTPRouteHandler] = [undone, ask, undo]
