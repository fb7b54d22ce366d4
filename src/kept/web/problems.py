"""How does a failure look from outside? One table, two forms: a problem document, or a page.

What is not in the table is a bug: generic words and a number to quote go out, the traceback only
to the log. A test compares the table with `cli.exits`. Source: RFC 9457.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from kept.base.errors import (
    ConflictError,
    KeptError,
    MalformedError,
    NotFoundError,
    RefusedError,
    TamperedError,
    UnavailableError,
)
from kept.base.texts import translations
from kept.crypto.chance import draw
from kept.web.parts import WebParts
from kept.web.render import language_of, page

PROBLEM_TYPE = "application/problem+json"
API = "/api/"
_log = structlog.get_logger("kept.web")

IN_WORDS = {  # to programs, of what the framework says in no words
    400: "The request cannot be read. Nothing was recorded.",
    404: "The API has nothing at this address. All it has stands in /api/v1/openapi.json.",
    405: "This address does not take this method. The header Allow names those it takes.",
    413: "The body is larger than 2 MiB. Nothing was recorded. Long lists go to /people/import.",
}
NO_WORDS = "The request was not taken. Nothing was recorded."

STATUS: dict[type[KeptError], int] = {
    RefusedError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    MalformedError: 400,
    UnavailableError: 503,
    TamperedError: 500,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure ready to be shown. `code` is stable; `detail` is public text.

    `errors` are (place, reason) of each part of a body that does not fit, never its value.
    """

    status: int
    code: str
    detail: str
    retry_after_s: int | None = None
    ref: str = ""
    where: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


class ProblemError(Exception):
    """An entrance's own failure, whose status the table of inner ones does not give."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def status_of(error: KeptError) -> int:
    """The HTTP status of a failure of ours."""
    return next((s for kind, s in STATUS.items() if isinstance(error, kind)), 500)


def problem_of(error: Exception) -> Problem:
    """The problem that stands for an exception; bugs and tampering get a number to quote."""
    if isinstance(error, ProblemError):
        return error.problem
    if isinstance(error, HTTPException):
        headers = tuple((error.headers or {}).items())
        code = _http_code(error.status_code)
        return Problem(error.status_code, code, error.detail, headers=headers)
    if isinstance(error, MalformedError):
        return Problem(400, "malformed", error.why, where=error.where)
    if isinstance(error, KeptError):
        status = status_of(error)
        code = error.code if isinstance(error, RefusedError) else _http_code(status)
        wait = (
            int(error.retry_after.total_seconds()) if isinstance(error, UnavailableError) else None
        )
        ref = _quote(error) if isinstance(error, TamperedError) else ""
        return Problem(status, code, str(error), wait, ref)
    return Problem(500, "internal", "Something in the program is broken.", ref=_quote(error))


def _quote(error: Exception) -> str:
    ref = draw(4).hex()
    _log.error("failed", ref=ref, exc_info=error)
    return ref


def _http_code(status: int) -> str:
    return {
        400: "malformed",
        401: "sign_in",
        403: "refused",
        404: "not_found",
        405: "method",
        409: "conflict",
        412: "changed_meanwhile",
        413: "too_large",
        422: "malformed",
        428: "precondition",
        429: "too_many",
        503: "unavailable",
    }.get(status, "internal" if status >= 500 else "refused")


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The answer to a failed request."""
    problem = problem_of(error)
    response = _document(problem) if request.url.path.startswith(API) else _page(request, problem)
    if problem.retry_after_s is not None:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    response.headers.update(dict(problem.headers))
    return response


def _document(problem: Problem) -> Response[dict[str, object]]:
    if _is_bare(problem):
        problem = replace(problem, detail=IN_WORDS.get(problem.status, NO_WORDS))
    body: dict[str, object] = {
        "type": f"urn:kept:problem:{problem.code}",
        "title": problem.code.replace("_", " "),
        "status": problem.status,
        "detail": f"{problem.where}: {problem.detail}" if problem.where else problem.detail,
        "code": problem.code,
    }
    if problem.errors:
        body["errors"] = [{"where": where, "why": why} for where, why in problem.errors]
    if problem.ref:
        body["instance"] = f"urn:kept:incident:{problem.ref}"
    return Response(body, status_code=problem.status, media_type=PROBLEM_TYPE)


def _is_bare(problem: Problem) -> bool:
    """Whether the failure is the framework's own, which says the status's name and no more."""
    return problem.detail == HTTPStatus(problem.status).phrase


def _in_words(problem: Problem, text: Callable[[str], str]) -> str:
    """What happened, in the visitor's language. Of malformed input only the reason is told."""
    if _is_bare(problem):
        return {
            404: text("No page has this address. Perhaps a part of it was lost."),
            405: text("This address is not opened in this way."),
            413: text("This is too big to take in one go."),
        }.get(problem.status, text("The program could not do what was asked."))
    if problem.where:
        return f"{text('Something you sent does not fit.')} {problem.where}: {text(problem.detail)}"
    return text(problem.detail)


def _next(status: int, text: Callable[[str], str]) -> str:
    """What to do now."""
    if status >= 500:
        return text("Try again in a moment.")
    if status == 429:
        return text("Nothing was lost. Wait a few minutes, then try again.")
    return text("Go back, or start again here.")


def _page(request: Request[Any, Any, Any], problem: Problem) -> Response[str]:
    parts: WebParts = request.app.state.parts
    text = translations(language_of(request, parts)).gettext
    is_ours, is_desk = problem.status >= 500, request.url.path.startswith("/desk/")
    titles = {
        400: text("We could not read that"),
        403: text("This is not open to you"),
        404: text("There is nothing here"),
        409: text("Somebody was faster"),
        429: text("Too many tries"),
        503: text("Back in a moment"),
    }
    return page(
        request,
        parts,
        "error.html",
        http_status=problem.status,
        status=problem.status,
        title=titles.get(
            problem.status,
            text("Something broke on our side") if is_ours else text("We could not read that"),
        ),
        happened=_in_words(problem, text),
        safe=text("Nothing was lost.") if is_ours else "",
        next=_next(problem.status, text),
        next_href="/desk" if is_desk else "/",
        next_label=text("To the desk") if is_desk else text("To the first page"),
        ref=problem.ref,
    )
