"""How does a person ask to be forgotten, and follow it without being known any more?

The follow-up link carries a random token, which is all that is left to ask with: it names nobody,
and its page shows how far the work has come. Only its hash is kept.
"""

from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from kept.base.encoding import b64url, parse_b64url
from kept.base.errors import MalformedError, NotFoundError
from kept.base.texts import moment_text, translations
from kept.crypto.chance import draw
from kept.vault.acts.erase import TOKEN_BYTES, Copies, Following, begin_erasure, follow
from kept.vault.model.forgetting import Step
from kept.web.forms import Form, text
from kept.web.parts import Parts, WebParts
from kept.web.render import language_of, page
from kept.web.routes.me.page import Told, download, my_page
from kept.web.visitors import COOKIE, Me, cookie

Asked = Request[Any, Any, Any]


@post("/me/delete")
async def delete(request: Asked, data: Form, customer: Me, parts: Parts) -> Response[Any]:
    """Begin to erase all of it."""
    if text(data, "sure") != "1":
        words = translations(language_of(request, parts)).gettext("Tick the box first.")
        return await my_page(request, parts, customer, Told(error=words), status=400)
    token, now = draw(TOKEN_BYTES), parts.clock.now()
    await parts.db.write_async(
        lambda tx: begin_erasure(
            tx, parts.vault, actor=customer.actor, person=customer.person, token=token, now=now
        )
    )
    gone = Redirect(f"/erasure/{b64url(token)}", status_code=303)
    gone.set_cookie(cookie(parts, COOKIE, "", seconds=0))
    return gone


@get("/erasure/{token:str}")
async def following(request: Asked, token: FromPath[str], parts: Parts) -> Response[str]:
    """How far it has come."""
    found = await _found(parts, token)
    is_done, _ = found.step is Step.DONE, translations(language_of(request, parts)).gettext
    copies = (
        {
            Copies.NONE: _("No copy of your key was made, so there is none to clear."),
            Copies.WAITING: _(
                "A copy of the keys lies in another place. We replace it, and then your key is"
                " gone there too."
            ),
            Copies.CLEARED: _("The copies of the keys were replaced: your key is gone there too."),
        }[found.copies],
        _("A copy made in another way is not reached from here. Ask us if there is one."),
    )
    return page(
        request,
        parts,
        "erasure_follow.html",
        state="kept" if is_done else "waiting",
        steps=_steps(found, language_of(request, parts)),
        receipt=f"/erasure/{token}/receipt" if found.receipt else "",
        backups_text=" ".join(copies),
    )


@get("/erasure/{token:str}/receipt")
async def receipt(token: FromPath[str], parts: Parts) -> Response[bytes]:
    """The proof of its beginning.

    Raises:
        NotFoundError: no such link, or it is not signed yet.
    """
    found = await _found(parts, token)
    if found.receipt is None:
        raise NotFoundError("There is no receipt behind this link yet.")
    return download(found.receipt, "erasure.tlog-proof", "text/plain")


async def _found(parts: WebParts, token: str) -> Following:
    """The erasure behind a link. Hostile.

    Raises:
        NotFoundError: no such link.
    """
    try:
        raw = parse_b64url(token, "link", size_bytes=TOKEN_BYTES)
    except MalformedError:
        raise NotFoundError("There is nothing behind this link.") from None
    return await parts.db.read_async(lambda tx: follow(tx, raw))


def _steps(found: Following, lang: str) -> list[dict[str, str]]:
    _ = translations(lang).gettext
    done_text = moment_text(found.done_at, lang) if found.done_at else ""
    rows = (
        (
            Step.BEGUN,
            _("You asked us to erase it"),
            _("From this moment no one here can open your data."),
            moment_text(found.asked_at, lang),
        ),
        (
            Step.KEYS_GONE,
            _("Your key is destroyed"),
            _("All that we held was locked with it. Without it no one can read a word."),
            "",
        ),
        (
            Step.DATA_GONE,
            _("The locked data is deleted"),
            _("It is gone from our tables, and the bytes have left the files."),
            "",
        ),
        (
            Step.DONE,
            _("We checked that nothing is left"),
            _("We looked for it and tried to open it. Both failed, as they must."),
            done_text,
        ),
    )
    return [
        {
            "state": "kept" if found.step >= step else "waiting",
            "title": title,
            "text": words,
            "at_text": at if found.step >= step else "",
        }
        for step, title, words, at in rows
    ]


ROUTES: list[HTTPRouteHandler] = [delete, following, receipt]
