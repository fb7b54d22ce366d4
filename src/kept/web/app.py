"""Which paths does the house answer? All surfaces, gathered into one application."""

from typing import Any

from litestar import Litestar, Response, get
from litestar.datastructures import CacheControlHeader, State
from litestar.di import Provide
from litestar.router import Router
from litestar.static_files import (
    create_static_files_router,  # pyright: ignore[reportUnknownVariableType]
)

from kept.web.assets import STATIC
from kept.web.bounds import Bounds
from kept.web.guard import Guard, headers_said
from kept.web.parts import WebParts
from kept.web.problems import answer
from kept.web.routes import demo, ledger, trust, verify
from kept.web.routes.api.door import Door
from kept.web.routes.api.routes import ROUTES as API_ROUTES
from kept.web.routes.desk.just_found import JustFound
from kept.web.routes.desk.routes import ROUTES as DESK_ROUTES
from kept.web.routes.me.routes import ROUTES as ME_ROUTES
from kept.web.windows import window_of
from kept.web.works import Works

STATIC_S = 600  # pages name versions; what scripts import by plain name may lag this long
MAX_FORM_BYTES = 256 * 1024  # parsed in the loop, from anybody
MAX_BODY_BYTES = 2 * 1024 * 1024  # uploads and imports stream, and set their own bound


@get("/healthz", sync_to_thread=False, include_in_schema=False)
def healthz() -> Response[str]:
    """Answer as soon as requests are taken."""
    return Response("ok\n", media_type="text/plain")


def create_app(parts: WebParts) -> Litestar:
    """The application over these parts."""
    window, bounds, works = window_of(parts), Bounds(), Works(parts.clock, parts.copying)
    pages: list[Any] = [*trust.ROUTES, *verify.ROUTES, *ledger.ROUTES, *ME_ROUTES, *DESK_ROUTES]
    if parts.is_demo:
        pages.extend(demo.ROUTES)
    return Litestar(
        route_handlers=[
            healthz,
            Router(
                "/",
                route_handlers=pages,
                include_in_schema=False,
                request_max_body_size=MAX_FORM_BYTES,
            ),
            Router("/api/v1", route_handlers=API_ROUTES),
            create_static_files_router(
                "/static",
                directories=[STATIC],
                cache_control=CacheControlHeader(public=True, max_age=STATIC_S),
                include_in_schema=False,
            ),
        ],
        dependencies={
            "parts": Provide(lambda: parts, sync_to_thread=False),
            "window": Provide(lambda: window, sync_to_thread=False),
            "bounds": Provide(lambda: bounds, sync_to_thread=False),
        },
        exception_handlers={Exception: answer},
        middleware=[Guard],
        before_send=[headers_said(is_https=parts.is_https)],
        state=State({
            "parts": parts,
            "door": Door(),
            "just_found": JustFound(),
            "copy_works": works,
        }),
        on_shutdown=[bounds.streams.close, works.close, parts.copying.close],
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=None,  # the API's own page is made from its endpoints
        debug=False,
        pdb_on_exception=False,
    )
