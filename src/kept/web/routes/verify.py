"""Is this receipt true? A page that checks it in the browser, forbidden to ask anybody.

The page's own policy shuts the network off: what is dropped here cannot leave, whatever the script
says. The key in its field came from this house, and the page says so.
"""

from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from kept.web.parts import Parts
from kept.web.render import page

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self';"
    " connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


@get("/verify", sync_to_thread=False)
def verify(request: Request[Any, Any, Any], parts: Parts) -> Response[str]:
    """The page."""
    answer = page(request, parts, "verify.html", vkey=str(parts.log_key))
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


ROUTES: list[HTTPRouteHandler] = [verify]
