"""All handlers of the API, gathered for the app: made from the endpoints, so that they agree.

The order of each request: the key (401), its rate (429), what it can do at all (403), then the
endpoint. The OpenAPI page needs no key.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from litestar import MediaType, Request, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from kept.web.parts import WebParts
from kept.web.problems import Problem, ProblemError
from kept.web.routes.api import acts, cells, consents, erasure, imports, people
from kept.web.routes.api.call import Call, encoded
from kept.web.routes.api.contract import Endpoint, document
from kept.web.routes.api.door import Door

VERSION = "1"
ENDPOINTS: tuple[Endpoint, ...] = (
    *people.ENDPOINTS,
    *cells.ENDPOINTS,
    *consents.ENDPOINTS,
    *erasure.ENDPOINTS,
    *acts.ENDPOINTS,
    *imports.ENDPOINTS,
)
_METHODS = {"GET": get, "POST": post, "PATCH": patch}
_PATH_PART = re.compile(r"\{(\w+)\}")


def _handled(endpoint: Endpoint) -> Callable[[Request[Any, Any, Any]], Awaitable[ASGIResponse]]:
    async def handle(request: Request[Any, Any, Any]) -> ASGIResponse:
        state = request.app.state
        parts: WebParts = state.parts
        door: Door = state.door
        authorization = request.headers.get("authorization")
        key = await door.enter(parts.db, authorization, now=parts.clock.now())
        if endpoint.can is not None and endpoint.can not in key.scope.capabilities:
            raise ProblemError(
                Problem(403, "out_of_scope", f"This key is not made to {endpoint.can}.")
            )
        call = Call(request, parts, door, key)
        if endpoint.method == "POST":
            call.asked_as()  # refuses an unfit name, also where asking again just asks again
        return await endpoint.run(call)

    handle.__doc__ = endpoint.about
    return handle


def _route(endpoint: Endpoint) -> HTTPRouteHandler:
    limit: dict[str, Any] = {"request_max_body_size": None} if endpoint.is_streamed else {}
    path = _PATH_PART.sub(r"{\1:str}", endpoint.path)
    made = _METHODS[endpoint.method](path, include_in_schema=False, name=endpoint.name, **limit)
    return made(_handled(endpoint))


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi(request: Request[Any, Any, Any]) -> ASGIResponse:
    """What the API promises, for programs."""
    parts: WebParts = request.app.state.parts
    told = document(ENDPOINTS, parts.vault.rules, version=VERSION, url=parts.public_url)
    return ASGIResponse(body=encoded(told), media_type=MediaType.JSON)


ROUTES: list[HTTPRouteHandler] = [*(_route(one) for one in ENDPOINTS), openapi]
