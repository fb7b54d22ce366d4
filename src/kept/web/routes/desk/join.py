"""How does a new colleague come in? By the link the owner gave: password and second factor at once.

The link works once; nothing is kept between showing the page and joining.
"""

import io
from typing import Any

import segno
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from kept.base.errors import RefusedError
from kept.base.texts import translations
from kept.staff.acts.links import Joining, join, look_at_link
from kept.staff.acts.passwords import ChosenPassword, choose_password, note_refused_password
from kept.staff.acts.sessions import SignedIn
from kept.staff.model.passwords import FAULT_TEXT
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts, WebParts
from kept.web.render import language_of, page
from kept.web.routes.desk.shell import Page, error_words
from kept.web.routes.desk.sign_in import let_in
from kept.web.staff_session import DESK, open_to_anybody

SVG = "image/svg+xml"


@get("/desk/join/{token:str}", opt=open_to_anybody(), sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, token: FromPath[str]) -> Page:
    """The page behind the link."""
    return _form(request, parts, token, joining=_behind(parts, token), errors={})


@get("/desk/join/{token:str}/qr.svg", opt=open_to_anybody(), sync_to_thread=True)
def picture(parts: Parts, token: FromPath[str]) -> Response[bytes]:
    """The second factor as a picture to scan."""
    drawn = io.BytesIO()
    segno.make(_behind(parts, token).totp_uri, error="m").save(
        drawn, kind="svg", scale=4, border=4, dark="#000", light="#fff"
    )
    return Response(drawn.getvalue(), media_type=SVG)


@post("/desk/join/{token:str}", opt=open_to_anybody(), status_code=200, sync_to_thread=True)
def enter(
    request: Request[Any, Any, Any], parts: Parts, token: FromPath[str], data: Form
) -> Response[Any]:
    """Join; signed in afterwards."""
    joining, lang = _behind(parts, token), language_of(request, parts)
    chosen = _choose(parts, forms.secret(data, "password"), email=joining.account.email)
    if isinstance(chosen, str):
        errors = {"password": translations(lang).gettext(chosen)}
        return _form(request, parts, token, joining=joining, errors=errors)
    code = forms.text(data, "code", most=20)
    try:
        signed_in = _join(parts, token, chosen, code)
    except RefusedError as error:
        errors = {"code": error_words(error, lang)}
        return _form(request, parts, token, joining=joining, errors=errors)
    return let_in(parts, signed_in, DESK)


def _behind(parts: WebParts, token: str) -> Joining:
    now = parts.clock.now()
    return parts.db.read(lambda tx: look_at_link(tx, parts.staff, token, now=now))


def _choose(parts: WebParts, password: str, *, email: str) -> ChosenPassword | str:
    chosen = choose_password(parts.staff, password=password, email=email)
    if isinstance(chosen, ChosenPassword):
        return chosen
    now = parts.clock.now()
    parts.db.write(lambda tx: note_refused_password(tx, fault=chosen, now=now))
    return FAULT_TEXT[chosen]


def _join(parts: WebParts, token: str, chosen: ChosenPassword, code: str) -> SignedIn:
    now = parts.clock.now()
    return parts.db.write(
        lambda tx: join(tx, parts.staff, token=token, password=chosen, code=code, now=now)
    )


def _form(
    request: Request[Any, Any, Any],
    parts: WebParts,
    token: str,
    *,
    joining: Joining,
    errors: dict[str, str],
) -> Page:
    return page(
        request,
        parts,
        "desk_setup.html",
        http_status=422 if errors else 200,
        name=joining.account.name,
        email=joining.account.email,
        action=f"/desk/join/{token}",
        qr_src=f"/desk/join/{token}/qr.svg",
        secret=joining.totp_text,
        errors=errors,
    )


ROUTES: list[ControllerRouterHandler] = [show, picture, enter]
