"""Which pages has the desk? All of them, behind one guard that asks the table of permissions."""

from litestar.di import Provide
from litestar.router import Router
from litestar.types import ControllerRouterHandler

from kept.web.routes.desk import (
    account,
    backup,
    backup_add,
    backup_cost,
    backup_fetch,
    backup_inside,
    backup_live,
    backup_steps,
    check_up,
    join,
    keys,
    later,
    ledger,
    lists,
    mend,
    people,
    person,
    promises,
    sign_in,
    team,
    today,
)
from kept.web.staff_session import SignInNeeded, admit, to_the_door, visitor_of

_MODULES = (
    sign_in,
    join,
    account,
    today,
    people,
    person,
    mend,
    lists,
    team,
    keys,
    promises,
    check_up,
    ledger,
    backup,
    backup_add,
    backup_inside,
    backup_cost,
    backup_fetch,
    backup_live,
    backup_steps,
    later,
)
ROUTES: list[ControllerRouterHandler] = [
    Router(
        "/",
        route_handlers=[handler for module in _MODULES for handler in module.ROUTES],
        guards=[admit],
        dependencies={"visitor": Provide(visitor_of, sync_to_thread=False)},
        exception_handlers={SignInNeeded: to_the_door},
    )
]
