"""Is the new e-mail address really theirs? It counts once the code that went there is typed."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from kept.base.errors import MalformedError, RefusedError
from kept.base.texts import translations
from kept.vault.acts import readdress
from kept.vault.acts.readdress import Entered
from kept.vault.acts.visit import CODE_LIFE
from kept.web.bounds import Limits
from kept.web.forms import Form, text
from kept.web.parts import Parts, WebParts
from kept.web.render import language_of, page
from kept.web.routes.me.page import Told, my_page
from kept.web.staff_session import address_of
from kept.web.visitors import Customer, Me

PAGE = "/me/new-address"
MINUTES = int(CODE_LIFE.total_seconds()) // 60

Asked = Request[Any, Any, Any]


async def ask_new_address(
    request: Asked, parts: WebParts, customer: Customer, *, key: str, address: str
) -> Response[Any]:
    """Send a code to the new address, and ask for it."""
    lang, now = language_of(request, parts), parts.clock.now()
    _ = translations(lang).gettext
    try:
        is_new = await parts.db.write_async(
            lambda tx: readdress.ask_change(
                tx,
                parts.vault,
                parts.cookie_secret,
                person=customer.person,
                field=key,
                address=address,
                lang=lang,
                now=now,
            )
        )
    except MalformedError:
        words = _("Write an address with an @ in it, such as name@example.org.")
        return await my_page(
            request, parts, customer, Told(error=words, at=key, typed=address), status=400
        )
    except RefusedError:
        words = _("Too many codes were asked for. Wait a quarter of an hour.")
        return await my_page(
            request, parts, customer, Told(error=words, at=key, typed=address), status=429
        )
    return Redirect(PAGE if is_new else "/me#held", status_code=303)


@get(PAGE)
async def code_page(request: Asked, customer: Me, parts: Parts) -> Response[Any]:
    """Ask for the code, while a new address waits for one."""
    now = parts.clock.now()
    waits = await parts.db.read_async(
        lambda tx: readdress.is_waiting(tx, parts.vault, person=customer.person, now=now)
    )
    return _code_page(request, parts) if waits else Redirect("/me#held", status_code=303)


@post(PAGE)
async def enter(
    request: Asked, *, data: Form, customer: Me, parts: Parts, bounds: Limits
) -> Response[Any]:
    """Keep the new address if the code fits."""
    now, lang = parts.clock.now(), language_of(request, parts)
    bounds.tries.take(address_of(request, parts), now=now)
    code = "".join(text(data, "code", most=20).split())
    done = await parts.db.write_async(
        lambda tx: readdress.change_address(
            tx,
            parts.vault,
            parts.cookie_secret,
            actor=customer.actor,
            person=customer.person,
            entered=Entered(code, lang, customer.token),
            now=now,
        )
    )
    if done is None:
        words = translations(lang).gettext(
            "This code does not fit, or its time is over. Look at the newest mail from us."
        )
        return _code_page(request, parts, error=words, status=400)
    return Redirect("/me?done=address#held", status_code=303)


def _code_page(
    request: Asked, parts: WebParts, *, error: str = "", status: int = 200
) -> Response[str]:
    return page(request, parts, "me_address.html", http_status=status, minutes=MINUTES, error=error)


ROUTES: list[HTTPRouteHandler] = [code_page, enter]
