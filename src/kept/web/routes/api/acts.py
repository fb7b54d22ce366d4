"""What was done with this person's data, and how is one act proven? Nothing personal comes out.

A cursor names the place where the page before ended, vouched for by the house: it fits only the
key and the person it was made for.
"""

import hmac

from litestar.response.base import ASGIResponse

from kept.base.encoding import b64url, parse_b64url, parse_decimal, part_list, u64
from kept.base.errors import MalformedError, NotFoundError
from kept.base.ids import PersonId
from kept.crypto.mac import mac
from kept.db.seam import Tx
from kept.ledger.acts.history import SeenAct, acts_of, one_of
from kept.ledger.acts.receipts import NotYet, receipt
from kept.ledger.acts.whose import whose
from kept.staff.model.keys import Capability
from kept.vault.acts.erase import subject_of
from kept.vault.acts.outline import subject_at
from kept.web.routes.api.call import Call, respond, unfit
from kept.web.routes.api.contract import PERSON, Answer, Endpoint, Parameter
from kept.web.routes.api.shapes import ActLine, Acts, Waiting

PAGE, PAGE_MOST = 50, 200
MAC_BYTES = 16
WAIT_S = "1"
TEXT = "text/plain"
_LABEL = b"kept/api/cursor/v1"


async def listing(call: Call) -> ASGIResponse:
    """A page of acts, newest first."""
    person, limit = call.person(), _limit(call)
    before_n = _opened(call, person)

    def look(tx: Tx) -> list[SeenAct]:
        subject = subject_of(tx, call.parts.vault, person)
        return acts_of(tx, call.parts.tiles, subject=subject, before_n=before_n, limit=limit + 1)

    found = await call.read(look, scan=True)
    page = found[:limit]
    lines = [
        ActLine(one.act_id, one.kind, one.role, one.purpose, one.at, one.index) for one in page
    ]
    following = _cursor(call, person, page[-1].n) if len(found) > limit else None
    return respond(Acts(lines, following))


def _limit(call: Call) -> int:
    text = call.query("limit")
    if text is None:
        return PAGE
    try:
        limit = parse_decimal(text, "limit", most=PAGE_MOST)
    except MalformedError:
        limit = 0
    if not limit:
        unfit("query limit", f"1 to {PAGE_MOST}")
    return limit


def _cursor(call: Call, person: PersonId, n: int) -> str:
    return b64url(u64(n) + _vouched(call, person, n))


def _vouched(call: Call, person: PersonId, n: int) -> bytes:
    said = part_list(_LABEL, call.key.id.raw, person.raw, u64(n))
    return mac(call.parts.cookie_secret, said)[:MAC_BYTES]


def _opened(call: Call, person: PersonId) -> int | None:
    """The count below which the page begins; None from the newest.

    Raises:
        ProblemError: no cursor of this key and this person.
    """
    text = call.query("cursor")
    if text is None:
        return None
    try:
        raw = parse_b64url(text, "cursor", size_bytes=8 + MAC_BYTES)
    except MalformedError:
        unfit("query cursor", "not a cursor that was given for this")
    n = int.from_bytes(raw[:8], "big")
    if not hmac.compare_digest(raw[8:], _vouched(call, person, n)):
        unfit("query cursor", "not a cursor that was given for this")
    return n


async def prove(call: Call) -> ASGIResponse:
    """The receipt of an act that this key did itself; any other's is not there."""
    act_id = _act(call)

    def look(tx: Tx) -> bytes | NotYet:
        found = whose(tx, act_id)
        if found is None or found.actor != str(call.actor):
            raise NotFoundError("There is no such act.")
        opening = None
        if found.person_n is not None:
            subject = subject_at(tx, call.parts.vault, found.person_n)
            act = one_of(tx, call.parts.tiles, subject=subject, act_id=act_id)
            opening = act.opening if act else None
        return receipt(tx, call.parts.tiles, act_id=act_id, opening=opening)

    found = await call.read(look, scan=True)
    if isinstance(found, NotYet):
        answer = respond(Waiting(act_id, "waiting"), http_status=202, acts=(act_id,))
        answer.headers.add("Retry-After", WAIT_S)
        return answer
    return ASGIResponse(body=found, media_type=TEXT, headers={"Kept-Act": str(act_id)})


def _act(call: Call) -> int:
    """The act in the path.

    Raises:
        NotFoundError: no number.
    """
    try:
        return parse_decimal(call.request.path_params["act"], "act", most=2**53)
    except MalformedError:
        raise NotFoundError("There is no such act.") from None


ENDPOINTS = (
    Endpoint(
        "GET",
        "/people/{id}/acts",
        "listActs",
        "What was done with a person's data: kinds, purposes and times, newest first.",
        Capability.READ,
        listing,
        {200: Answer("A page of acts.", Acts)},
        parameters=(
            PERSON,
            Parameter(
                "limit",
                "query",
                "How many.",
                {"type": "integer", "minimum": 1, "maximum": PAGE_MOST, "default": PAGE},
            ),
            Parameter(
                "cursor",
                "query",
                "`next` of the page before.",
                {"type": "string", "minLength": 32, "maxLength": 32},
            ),
        ),
        problems=(404,),
    ),
    Endpoint(
        "GET",
        "/acts/{act}/receipt",
        "getReceipt",
        "The proof that an act of this key stands in the ledger; anybody can check it.",
        None,
        prove,
        {
            200: Answer("A C2SP tlog-proof.", {"type": "string"}, TEXT, headers=("Kept-Act",)),
            202: Answer("Recorded, not signed yet.", Waiting, headers=("Kept-Act", "Retry-After")),
        },
        parameters=(
            Parameter("act", "path", "Number of the act.", {"type": "integer", "minimum": 1}),
        ),
        problems=(404,),
    ),
)
