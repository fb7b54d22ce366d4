"""What did this person say about being written to? Read for the key's purposes, and recorded."""

from litestar.response.base import ASGIResponse

from kept.db.seam import Pending
from kept.staff.acts.replays import Told
from kept.staff.model.keys import Capability
from kept.vault.acts import consent
from kept.vault.acts.outline import said
from kept.vault.model import gate
from kept.web.routes.api.call import Call, decoded, encoded, respond, retold
from kept.web.routes.api.contract import IDEMPOTENCY, PERSON, Answer, Endpoint
from kept.web.routes.api.shapes import ConsentOrder, Consents, ConsentState, Recorded


async def show(call: Call) -> ASGIResponse:
    """The last word on each purpose that the key works for."""
    person = call.person()
    last = await call.read(lambda tx: said(tx, person))
    told = [
        ConsentState(key, one.state.value, one.notice, one.at, one.expires_at)
        for key, one in sorted(last.items())
        if key in call.key.scope.purposes
    ]
    return respond(Consents(told))


async def add(call: Call) -> ASGIResponse:
    """Record what somebody said. Giving and withdrawing are the same step."""
    person, raw = call.person(), await call.request.body()
    order = decoded(raw, ConsentOrder)
    call.require_key(purpose=order.purpose, categories=frozenset(), can=Capability.WRITE)
    answer = consent.Answer(
        gate.ConsentState(order.state),
        order.lang,
        order.text,
        order.method,
        order.source,
        order.expires_at,
    )
    told = await call.once(
        lambda tx: consent.record_consent(
            tx,
            call.parts.vault,
            actor=call.actor,
            person=person,
            purpose=order.purpose,
            answer=answer,
            now=call.now,
        ).then(_recorded),
        said=raw,
    )
    return retold(told)


def _recorded(act: int) -> Pending[Told]:
    return Pending(Told(201, encoded(Recorded(act)).decode(), act))


ENDPOINTS = (
    Endpoint(
        "GET",
        "/people/{id}/consents",
        "showConsents",
        "The last word on each purpose that this key works for.",
        Capability.READ,
        show,
        {200: Answer("The consents.", Consents)},
        parameters=(PERSON,),
        problems=(404,),
    ),
    Endpoint(
        "POST",
        "/people/{id}/consents",
        "recordConsent",
        "Record a yes, a no or a withdrawal, with the words it was an answer to.",
        Capability.WRITE,
        add,
        {201: Answer("Recorded.", Recorded, headers=("Kept-Act",))},
        body=ConsentOrder,
        parameters=(PERSON, IDEMPOTENCY),
        problems=(404, 409, 413),
    ),
)
