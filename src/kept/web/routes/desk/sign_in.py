"""How does somebody of the team come in and go out? Password with a code, or a passkey."""

import json
from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from kept.base.errors import MalformedError, RefusedError
from kept.staff.acts import sign_in as acts
from kept.staff.acts.passkeys import ANSWER_MOST, offer_sign_in, sign_in_with_passkey
from kept.staff.acts.sessions import SignedIn, end_session
from kept.staff.acts.sign_in import WAIT, SignInRefused
from kept.staff.model.account import EMAIL_MAX
from kept.staff.model.passwords import LONGEST
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Lang
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts, WebParts
from kept.web.problems import PROBLEM_TYPE
from kept.web.render import language_of, page
from kept.web.routes.desk import words
from kept.web.routes.desk.shell import Page
from kept.web.staff_session import (
    DESK,
    SIGN_IN,
    Who,
    current_visitor,
    needs,
    network_of,
    no_cookie,
    open_to_anybody,
    safe_next,
    session_cookie,
)

JSON = "application/json"


@get("/desk/sign-in", opt=open_to_anybody(), sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts) -> Response[Any]:
    """The form."""
    onward = safe_next(request.query_params.get("next", DESK))
    if current_visitor(request, parts) is not None:
        return Redirect(onward, status_code=303)
    return _form(request, parts, onward=onward)


@post("/desk/sign-in", opt=open_to_anybody(), status_code=200, sync_to_thread=True)
def enter(request: Request[Any, Any, Any], parts: Parts, data: Form) -> Response[Any]:
    """Compare password and code; half a second of Argon2, in this thread."""
    email = forms.text(data, "email", most=EMAIL_MAX)
    onward = safe_next(forms.text(data, "next"))
    outcome = _try(
        parts,
        email=email,
        password=forms.secret(data, "password"),
        code=forms.text(data, "code", most=20),
        address=network_of(request, parts),
    )
    if isinstance(outcome, SignInRefused):
        problem = refused_words(outcome, language_of(request, parts))
        status = 429 if outcome.code == WAIT else 403
        return _form(request, parts, onward=onward, email=email, problem=problem, status=status)
    return let_in(parts, outcome, onward)


def _try(
    parts: WebParts, *, email: str, password: str, code: str, address: str
) -> SignedIn | SignInRefused:
    staff, now = parts.staff, parts.clock.now()
    trying = parts.db.read(
        lambda tx: acts.prepare(tx, staff, login=email, address=address, now=now)
    )
    known = password if len(password) <= LONGEST else ""  # longer ones cannot be anybody's
    checked = acts.check_password(staff, trying, known)
    return parts.db.write(lambda tx: acts.finish(tx, staff, checked, code=code, now=now))


def let_in(parts: WebParts, signed_in: SignedIn, onward: str) -> Response[Any]:
    """Signed in: the cookie, and on."""
    answer = Redirect(onward, status_code=303)
    answer.set_cookie(session_cookie(parts, signed_in))
    return answer


def refused_words(refused: SignInRefused, lang: Lang) -> str:
    """Why somebody did not come in, and until when to wait."""
    if refused.code != WAIT or refused.until is None:
        return words.UNRECOGNISED.get(lang)
    return words.WAIT.get(lang).format(at=f"{refused.until:%H:%M:%S}")


@post("/desk/sign-out", opt=needs(Permission.OWN_ACCOUNT), sync_to_thread=True)
def leave(parts: Parts, visitor: Who) -> Response[Any]:
    """End this session."""
    session = visitor.session
    parts.db.write(lambda tx: end_session(tx, staff=session.account.id, session_id=session.id))
    answer = Redirect(SIGN_IN, status_code=303)
    answer.set_cookie(no_cookie(parts))
    return answer


@post("/desk/passkey/login/begin", opt=open_to_anybody(), status_code=200, sync_to_thread=True)
def passkey_begin(parts: Parts) -> Response[str]:
    """What the browser asks the passkey; names nobody."""
    return Response(offer_sign_in(parts.staff, now=parts.clock.now()), media_type=JSON)


@post("/desk/passkey/login/finish", opt=open_to_anybody(), status_code=200)
async def passkey_finish(request: Request[Any, Any, Any], parts: Parts) -> Response[Any]:
    """The passkey's answer."""
    answer = await bounded_body(request)
    now, address = parts.clock.now(), network_of(request, parts)
    outcome = await parts.db.write_async(
        lambda tx: sign_in_with_passkey(tx, parts.staff, answer=answer, address=address, now=now)
    )
    lang = language_of(request, parts)
    if isinstance(outcome, SignInRefused):
        status = 429 if outcome.code == WAIT else 403
        return json_problem(refused_words(outcome, lang), status=status, code=outcome.code)
    response = Response({"next": DESK})
    response.set_cookie(session_cookie(parts, outcome))
    return response


async def bounded_body(request: Request[Any, Any, Any]) -> str:
    """The body of a passkey's answer.

    Raises:
        MalformedError: longer than any answer, or not text.
        RefusedError: not sent as JSON, so not by a page of ours.
    """
    if request.headers.get("content-type", "").partition(";")[0] != JSON:
        raise RefusedError("passkey", "This passkey was not accepted. Try again.")
    raw = await request.body()
    if len(raw) > ANSWER_MOST:
        raise MalformedError("body", "longer than a passkey's answer")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise MalformedError("body", "not text") from None


def json_problem(detail: str, *, status: int, code: str) -> Response[str]:
    """A problem document for a script of ours."""
    body = {"title": code, "status": status, "detail": detail, "code": code}
    return Response(json.dumps(body), status_code=status, media_type=PROBLEM_TYPE)


def _form(
    request: Request[Any, Any, Any],
    parts: WebParts,
    *,
    onward: str,
    email: str = "",
    problem: str = "",
    status: int = 200,
) -> Page:
    return page(
        request,
        parts,
        "desk_signin.html",
        http_status=status,
        email=email,
        errors={},
        problem=problem,
        next=onward,
    )


ROUTES: list[ControllerRouterHandler] = [
    show,
    enter,
    leave,
    passkey_begin,
    passkey_finish,
]
