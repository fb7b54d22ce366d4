"""How does a shop ask that a person be forgotten? It begins at once and goes on by itself.

Only a key that may write every category can do it: what is erased is all of them. The link that
shows the person how far it has come is made from the person's id under a secret of the house, so
that a request sent again hears the same link and no copy of it is kept.
"""

import msgspec
from litestar.response.base import ASGIResponse

from kept.base.encoding import part_list
from kept.base.ids import PersonId
from kept.crypto.mac import mac
from kept.db.seam import Pending
from kept.staff.acts.replays import Told
from kept.staff.model.keys import Capability
from kept.staff.model.session import token_text
from kept.vault.acts.erase import TOKEN_BYTES, begin_erasure
from kept.vault.model.gate import Code, Refused
from kept.vault.model.rules import Role
from kept.web.problems import ProblemError
from kept.web.routes.api.call import Call, encoded, refusal, respond
from kept.web.routes.api.contract import IDEMPOTENCY, PERSON, Answer, Endpoint
from kept.web.routes.api.shapes import ErasureBegun, Recorded

_LABEL = b"kept/api/follow/v1"


async def begin(call: Call) -> ASGIResponse:
    """From here the gate refuses; the worker does the rest.

    Raises:
        ProblemError: the key is not made for every category.
        KeptError: nobody has this id, or it has begun already.
    """
    person = call.person()
    if not call.parts.vault.rules.categories.keys() <= call.key.scope.categories:
        raise ProblemError(refusal(Refused(Code.OUT_OF_SCOPE, Role.OWNER)))
    token = _token(call, person)
    told = await call.once(
        lambda tx: begin_erasure(
            tx, call.parts.vault, actor=call.actor, person=person, token=token, now=call.now
        ).then(_begun),
        said=await call.request.body(),
    )
    act = msgspec.json.decode(told.body, type=Recorded).act
    follow = f"{call.parts.public_url}/erasure/{token_text(token)}"
    return respond(ErasureBegun(act, "erasing", follow), http_status=told.status, acts=(act,))


def _begun(act: int) -> Pending[Told]:
    return Pending(Told(202, encoded(Recorded(act)).decode(), act))


def _token(call: Call, person: PersonId) -> bytes:
    return mac(call.parts.cookie_secret, part_list(_LABEL, person.raw))[:TOKEN_BYTES]


ENDPOINTS = (
    Endpoint(
        "POST",
        "/people/{id}/erasure",
        "erasePerson",
        "Begin to forget a person: for good, and for every category.",
        Capability.WRITE,
        begin,
        {202: Answer("It has begun.", ErasureBegun, headers=("Kept-Act",))},
        parameters=(PERSON, IDEMPOTENCY),
        problems=(404, 409, 413),
    ),
)
