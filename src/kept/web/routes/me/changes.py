"""How does a person change what is held on them? A value, an answer, an alias: one verb each.

A new e-mail address counts only after a code (`address`).
Every form answers with a redirect, so that reloading repeats nothing; a mistake comes back beside
its field and nothing is lost.
"""

import hashlib
from typing import Any

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from kept.base.errors import ConflictError, MalformedError, NotFoundError
from kept.base.texts import translations
from kept.vault.acts.alias import take_alias
from kept.vault.acts.consent import Answer, record_consent
from kept.vault.acts.correct import Correction, correct
from kept.vault.model.gate import ConsentState
from kept.vault.model.rules import FieldKind
from kept.web.forms import Form, text, whole
from kept.web.parts import Parts, WebParts
from kept.web.render import language_of
from kept.web.routes.me.address import ask_new_address
from kept.web.routes.me.page import Told, my_page
from kept.web.visitors import Me

Asked = Request[Any, Any, Any]


def back(done: str, at: str = "") -> Redirect:
    """Back to the page, which says what was done."""
    return Redirect(f"/me?done={done}{at}", status_code=303)


@post("/me/correct")
async def correct_one(request: Asked, data: Form, customer: Me, parts: Parts) -> Response[Any]:
    """Put one value right."""
    key, value, rev = text(data, "field", most=60), text(data, "value", most=8_000), _rev(data)
    category, kind = _correctable(parts, key)
    if kind is FieldKind.EMAIL and value:
        return await ask_new_address(request, parts, customer, key=key, address=value)
    lang = language_of(request, parts)
    session = hashlib.sha256(customer.token).digest()
    correction = Correction(category, rev, {key: value or None}, lang=lang, session=session)
    now, _ = parts.clock.now(), translations(lang).gettext
    try:
        done = await parts.db.write_async(
            lambda tx: correct(
                tx,
                parts.vault,
                actor=customer.actor,
                person=customer.person,
                correction=correction,
                now=now,
            )
        )
    except ConflictError:
        words = _("This was changed meanwhile. Look at it again, then save once more.")
        return await my_page(
            request, parts, customer, Told(error=words, at=key, typed=value), status=409
        )
    except MalformedError:
        words = _("This is too long to keep. Nothing was changed.")
        return await my_page(
            request, parts, customer, Told(error=words, at=key, typed=value), status=400
        )
    return back("unsure" if done.problems else "corrected", "#held")


def _rev(data: dict[str, Any]) -> int:
    found = whole(data, "rev")
    return -1 if found is None else found


def _correctable(parts: WebParts, key: str) -> tuple[str, FieldKind]:
    """The category and kind of a field that a person may correct.

    Raises:
        NotFoundError: there is no such field, or the book lets only the team change it.
    """
    found = parts.vault.rules.fields().get(key)
    if found is None or not found[1].self_correct:
        raise NotFoundError("There is no such field to correct.")
    return found[0].key, found[1].kind


@post("/me/consents/{purpose:str}")
async def answer(
    request: Asked, *, purpose: FromPath[str], data: Form, customer: Me, parts: Parts
) -> Response[Any]:
    """Say yes or no to a purpose; both take one click.

    Raises:
        NotFoundError: the book has no such purpose.
        MalformedError: it does not rest on consent.
    """
    lang, now = language_of(request, parts), parts.clock.now()
    rule = parts.vault.rules.purposes.get(purpose)
    if rule is None:
        raise NotFoundError("There is nothing of that name to allow.")
    state = ConsentState.GIVEN if text(data, "given") == "1" else ConsentState.WITHDRAWN
    said = Answer(state, lang, rule.label.get(lang), "box", "me")
    await parts.db.write_async(
        lambda tx: record_consent(
            tx,
            parts.vault,
            actor=customer.actor,
            person=customer.person,
            purpose=purpose,
            answer=said,
            now=now,
        )
    )
    return back("consent", "#choices")


@post("/me/alias")
async def rename(request: Asked, data: Form, customer: Me, parts: Parts) -> Response[Any]:
    """Take another alias."""
    now, _ = parts.clock.now(), translations(language_of(request, parts)).gettext
    alias, only = text(data, "alias", most=100), text(data, "only") == "1"
    try:
        await parts.db.write_async(
            lambda tx: take_alias(
                tx,
                parts.vault,
                actor=customer.actor,
                person=customer.person,
                alias=alias,
                is_alias_only=only,
                now=now,
            )
        )
    except MalformedError:
        words = _("An alias has 3 to 40 letters, digits, spaces, dots or hyphens.")
        return await my_page(request, parts, customer, Told(error=words), status=400)
    except ConflictError:
        words = _("Somebody is known by this alias. Choose another one.")
        return await my_page(request, parts, customer, Told(error=words), status=409)
    return back("alias", "#alias")


ROUTES: list[HTTPRouteHandler] = [correct_one, answer, rename]
