"""What does this house promise, and does it keep it? The page, the seal, the badge.

No view asks the database: all is served from the last stock (`flows.show_promises`). Nothing here
reads a cookie but the language's. What programs fetch may be read from any site.
Source: `docs/formats/seal.md`; RFC 9116; W3C Global Privacy Control; W3C change-password URL.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from kept.base.errors import NotFoundError
from kept.base.texts import moment_text, number_text, translations
from kept.flows.show_promises import Stock
from kept.promises.model.badge import badge_json, badge_svg
from kept.promises.model.statements import Shown, headline, show
from kept.promises.model.status import State, worst
from kept.promises.model.words import when
from kept.web.keeping import keeping
from kept.web.parts import Parts, WebParts
from kept.web.render import language_of, page
from kept.web.routes.ledger import public
from kept.web.windows import ShopWindow, seen

BRIEFLY = "public, max-age=300"  # at most 3600, or a green image outlives its seal
AN_HOUR = "public, max-age=3600"
GPC_SINCE = "2026-11-21"  # when this house began to honour the signal
EXPIRES = timedelta(days=90)

Asked = Request[Any, Any, Any]


@get("/")
async def front(request: Asked, parts: Parts, window: ShopWindow) -> Response[str]:
    """All promises, each with its number."""
    lang, now = language_of(request, parts), parts.clock.now()
    stock, texts = await seen(window, now), translations(lang)
    states = stock.seal.states()
    iso, at_text = _measured(stock, lang)
    return page(
        request,
        parts,
        "trust.html",
        headline=headline(states).get(lang),
        counts_state=worst(*states).value if states else State.UNMEASURED.value,
        as_of_iso=iso,
        as_of_text=at_text,
        promises=_shown(stock, lang),
        proof={
            "size_text": _lines(stock.seal.ledger.size, lang),
            "checked_text": _checked(stock, lang),
            "witnesses": [],
        },
        people=[],
        keeping=keeping(parts.book.rules, lang, texts),
        contact={"email": parts.book.business.contact},
    )


@get("/promises/{key:str}")
async def promise(
    request: Asked, key: FromPath[str], parts: Parts, window: ShopWindow
) -> Response[str]:
    """How anybody can check one promise.

    Raises:
        NotFoundError: no such promise is in force.
    """
    lang, now = language_of(request, parts), parts.clock.now()
    stock = await seen(window, now)
    shown = next((one for one in _shown(stock, lang) if one.key == key), None)
    if shown is None:
        raise NotFoundError("There is no such promise here.")
    return page(
        request,
        parts,
        "promise.html",
        promise=shown,
        breaks=shown.breaks,
        evidence=_evidence(shown),
        newer="",
        older="",
        commands=_commands(parts),
    )


def _shown(stock: Stock, lang: str) -> list[Shown]:
    return [show(one, judged, lang) for one, judged in stock.standings.promises]


def _measured(stock: Stock, lang: str) -> tuple[str, str]:
    """The date of the oldest measurement the seal rests on; empty when there is none."""
    measured = [judged.measured_at for _, judged in stock.standings.promises if judged.measured_at]
    if not measured or all(state is State.UNMEASURED for state in stock.seal.states()):
        return "", ""
    at = stock.seal.this_update
    return when(at), moment_text(at, lang)


def _lines(size: int, lang: str) -> str:
    found = translations(lang).ngettext("%(num)s act", "%(num)s acts", size)
    return found % {"num": number_text(size, lang)}


def _checked(stock: Stock, lang: str) -> str:
    at = stock.published_at
    return moment_text(at, lang) if at else translations(lang).gettext("not yet")


def _evidence(shown: Shown) -> list[dict[str, object]]:
    """What the number rests on now: its last measurement."""
    if not shown.measured_iso:
        return []
    number = shown.number
    parts = (f"{number.main}, {number.window}".rstrip(", "), number.extra)
    return [
        {
            "iso": shown.measured_iso,
            "at_text": shown.measured_text,
            "text": "; ".join(part for part in parts if part),
            "state": shown.state,
            "act": None,
            "receipt": "/trust/status.json",
        }
    ]


def _commands(parts: WebParts) -> list[str]:
    return [
        f"curl -s {parts.public_url}/trust/status.json | sha256sum",
        f"curl -s {parts.public_url}/trust/status.note",
        f"curl -s {parts.public_url}/ledger/checkpoint",
    ]


@get("/trust/status.json")
async def status(parts: Parts, window: ShopWindow) -> Response[bytes]:
    """The seal: these exact bytes are signed."""
    stock = await seen(window, parts.clock.now())
    return public(stock.signed.status, "application/json", cache=BRIEFLY)


@get("/trust/status.note")
async def note(parts: Parts, window: ShopWindow) -> Response[bytes]:
    """The signature over the seal."""
    stock = await seen(window, parts.clock.now())
    return public(stock.signed.note, "text/plain", cache=BRIEFLY)


@get("/trust/key", sync_to_thread=False)
def key(parts: Parts) -> Response[bytes]:
    """The key line that the seal's signature is checked with."""
    return public(f"{parts.seal_signer.key}\n".encode(), "text/plain", cache=AN_HOUR)


@get("/trust/badge.svg")
async def badge(request: Asked, parts: Parts, window: ShopWindow) -> Response[bytes]:
    """The badge as an image."""
    now = parts.clock.now()
    stock = await seen(window, now)
    image = badge_svg(stock.seal, now, language_of(request, parts))
    return public(image.encode(), "image/svg+xml", cache=BRIEFLY)


@get("/trust/badge.json")
async def badge_data(request: Asked, parts: Parts, window: ShopWindow) -> Response[bytes]:
    """The badge for whoever draws it."""
    now = parts.clock.now()
    stock = await seen(window, now)
    data = badge_json(stock.seal, now, language_of(request, parts))
    return public(data, "application/json", cache=BRIEFLY)


@get("/.well-known/gpc.json", sync_to_thread=False)
def gpc() -> Response[bytes]:
    """That the signal of Global Privacy Control is honoured."""
    body = msgspec.json.encode({"gpc": True, "lastUpdate": GPC_SINCE})
    return public(body, "application/json", cache=AN_HOUR)


@get("/.well-known/security.txt", sync_to_thread=False)
def security(parts: Parts) -> Response[bytes]:
    """Whom to tell about a hole; only where there is a real address under a real name.

    Raises:
        NotFoundError: nobody could read it there: a demo, or no public place by https.
    """
    if parts.is_demo or not parts.is_https:
        raise NotFoundError("Nobody is named here.")
    return public(security_txt(parts, parts.clock.now()), "text/plain", cache=AN_HOUR)


def security_txt(parts: WebParts, now: datetime) -> bytes:
    """RFC 9116, valid for 90 days."""
    lines = (
        f"Contact: mailto:{parts.book.business.contact}",
        f"Expires: {when(now + EXPIRES)}",
        "Preferred-Languages: en, ru",
        f"Canonical: {parts.public_url}/.well-known/security.txt",
    )
    return ("\n".join(lines) + "\n").encode()


@get("/.well-known/change-password", sync_to_thread=False)
def change_password() -> Redirect:
    """Where a password manager sends a member of the team."""
    return Redirect("/desk/account")


ROUTES: list[HTTPRouteHandler] = [
    front,
    promise,
    status,
    note,
    key,
    badge,
    badge_data,
    gpc,
    security,
    change_password,
]
