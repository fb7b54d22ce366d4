"""Is this receipt true? A page that checks it in the browser, forbidden to ask anybody.

The page's own policy shuts the network off: what is dropped here cannot leave, whatever the script
says. The key in its field came from this house, and the page says so.
"""

from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from kept.ledger.model import HOUSE, OWN
from kept.vault.model.rules import Text
from kept.web.lines import ROLES, YOU
from kept.web.parts import Parts
from kept.web.render import language_of, page
from kept.web.routes.desk.acts_words import KINDS

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self';"
    " connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

BY = {**ROLES, YOU: Text("the customer", "покупатель")}
NO_PURPOSE = {HOUSE: Text("", ""), OWN: Text("", "")}


@get("/verify", sync_to_thread=False)
def verify(request: Request[Any, Any, Any], parts: Parts) -> Response[str]:
    """The page."""
    lang, rules = language_of(request, parts), parts.vault.rules
    purposes = {**NO_PURPOSE, **{key: one.label for key, one in rules.purposes.items()}}
    answer = page(
        request,
        parts,
        "verify.html",
        vkey=str(parts.log_key),
        older=[str(one) for one in parts.older_keys],
        kinds=[{"key": kind.value, "label": said.get(lang)} for kind, said in KINDS.items()],
        roles=[{"key": key, "label": said.get(lang)} for key, said in BY.items()],
        purposes=[{"key": key, "label": said.get(lang)} for key, said in purposes.items()],
    )
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


ROUTES: list[HTTPRouteHandler] = [verify]
