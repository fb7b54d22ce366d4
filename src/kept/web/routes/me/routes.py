"""All handlers of this surface, gathered for the app."""

from litestar import Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from kept.web.routes.me import address, changes, copy, door, events, leaving, page, undo
from kept.web.visitors import CodeNeeded, customer_of, to_the_door

ROUTES: list[HTTPRouteHandler | Router] = [
    Router(
        "/",
        route_handlers=[
            *door.ROUTES,
            *page.ROUTES,
            *changes.ROUTES,
            *address.ROUTES,
            *copy.ROUTES,
            *leaving.ROUTES,
            *undo.ROUTES,
            *events.ROUTES,
        ],
        dependencies={"customer": Provide(customer_of)},
        exception_handlers={CodeNeeded: to_the_door},
    )
]
