"""Who is this, and who comes in? Finding, the outline of a person, and taking one in."""

import asyncio
from collections.abc import Mapping, Sequence

from litestar.response.base import ASGIResponse

from kept.db.seam import Pending
from kept.flows.import_people import provenance_of
from kept.staff.acts.replays import Told
from kept.staff.model.keys import Capability
from kept.vault.acts.add import add_people
from kept.vault.acts.find import Found, find_people
from kept.vault.acts.outline import outline
from kept.vault.model.intake import NewPerson, make_plan, take
from kept.vault.model.mapping import sources_by_key
from kept.vault.model.people import Added, Ambiguous, Outcome, Provenance
from kept.vault.model.rows import RefusedRow, Row
from kept.vault.model.rules import FieldKind
from kept.web.problems import Problem, ProblemError
from kept.web.routes.api.call import Call, decoded, encoded, respond, retold, unfit
from kept.web.routes.api.contract import IDEMPOTENCY, PERSON, Answer, Endpoint
from kept.web.routes.api.shapes import (
    CellOutline,
    FindOrder,
    FoundPeople,
    FoundPerson,
    PersonOrder,
    PersonOutline,
    PersonTaken,
)


async def find(call: Call) -> ASGIResponse:
    """Look somebody up; each person found gets an act, and so does a look in vain."""
    order = await call.body(FindOrder)
    kind = FieldKind(order.kind) if order.kind else None
    found = await call.write(
        lambda tx: find_people(
            tx, call.parts.vault, asker=call.asker(), value=order.value, kind=kind, now=call.now
        )
    )
    return respond(
        FoundPeople([_found(call, one) for one in found]), acts=[one.act_id for one in found]
    )


def _found(call: Call, one: Found) -> FoundPerson:
    masked = {
        shown.category.key: {
            part.field.key: None if part.value is None else str(part.value) for part in shown.fields
        }
        for shown in one.masked
        if shown.category.key in call.key.scope.categories
    }
    return FoundPerson(str(one.person), one.alias, masked, one.act_id)


async def show(call: Call) -> ASGIResponse:
    """That somebody is kept here, and in which categories; no value."""
    person = call.person()
    seen = await call.read(lambda tx: outline(tx, call.parts.vault, person))
    held = {
        key: CellOutline(cell.rev, cell.written_at, cell.due_at)
        for key, cell in seen.held.items()
        if key in call.key.scope.categories
    }
    state = "restricted" if seen.state == "restricted" else "live"
    return respond(PersonOutline(str(seen.person), seen.alias, state, seen.since, held))


async def add(call: Call) -> ASGIResponse:
    """Take one person in, or fill in what was empty of somebody known."""
    raw = await call.request.body()
    order = decoded(raw, PersonOrder)
    why, newcomer = _newcomer(call, order)
    vault = call.parts.vault
    reserved = await asyncio.to_thread(vault.keys.take, 1, now=call.now)  # may write keys.db
    is_used: list[bool] = [False]
    told = await call.once(
        lambda tx: add_people(
            tx,
            vault,
            actor=call.actor,
            newcomers=[newcomer],
            reserved=reserved,
            provenance=why,
            now=call.now,
        ).then(lambda outcomes: _taken(outcomes, is_used)),
        said=raw,
    )
    if not is_used[0]:  # after a failure nobody knows: then those keys just stay unused
        vault.keys.give_back(reserved)
    return retold(told)


def _taken(outcomes: Sequence[Outcome], is_used: list[bool]) -> Pending[Told]:
    """The answer to be kept; `is_used` is told whether a new person took the reserved keys.

    Raises:
        ProblemError: the values belong to several people.
    """
    (one,) = outcomes
    if isinstance(one, Ambiguous):
        raise ProblemError(
            Problem(409, "ambiguous", "These values belong to several people. Nothing was done.")
        )
    is_used[0] = isinstance(one, Added)
    outcome = "added" if isinstance(one, Added) else "merged"
    body = encoded(PersonTaken(str(one.person), outcome, one.act_id)).decode()
    return Pending(Told(201 if isinstance(one, Added) else 200, body, one.act_id))


def _newcomer(call: Call, order: PersonOrder) -> tuple[Provenance, NewPerson]:
    rules = call.parts.vault.rules
    why = provenance_of(rules, purpose=order.purpose, basis=order.basis, source=order.source)
    if not why.source:
        unfit("body $.source", "say where the data comes from")
    categories = _categories(call, order.fields)
    call.require_key(purpose=why.purpose, categories=categories, can=Capability.WRITE)
    plan = make_plan(
        rules,
        sources_by_key(list(order.fields), rules),
        file_sha256=bytes(32),  # a single person without a key is nobody known
        source=why.source,
    )
    taken = take(plan, Row(1, order.fields))
    if isinstance(taken, RefusedRow):
        unfit("body $.fields", "no value that could be kept")
    return why, taken


def _categories(call: Call, fields: Mapping[str, str]) -> frozenset[str]:
    known = call.parts.vault.rules.fields()
    if not fields.keys() <= known.keys():
        unfit("body $.fields", "a field that the book does not declare")
    return frozenset(known[key][0].key for key in fields)


ENDPOINTS = (
    Endpoint(
        "POST",
        "/people/find",
        "findPeople",
        "Find people by an exact value. Each one found gets an act with the purpose `find`.",
        Capability.FIND,
        find,
        {200: Answer("Who has it; nobody is an empty list.", FoundPeople, headers=("Kept-Act",))},
        body=FindOrder,
        parameters=(IDEMPOTENCY,),
        problems=(413,),
    ),
    Endpoint(
        "POST",
        "/people",
        "addPerson",
        "Take one person in. Somebody known by a number, e-mail or phone is filled in instead.",
        Capability.WRITE,
        add,
        {
            201: Answer("A new person.", PersonTaken, headers=("Kept-Act",)),
            200: Answer("Somebody known.", PersonTaken, headers=("Kept-Act",)),
        },
        body=PersonOrder,
        parameters=(IDEMPOTENCY,),
        problems=(409, 413),
    ),
    Endpoint(
        "GET",
        "/people/{id}",
        "showPerson",
        "Alias, state and which categories hold something. Nothing is opened, so no act.",
        Capability.READ,
        show,
        {200: Answer("The outline.", PersonOutline)},
        parameters=(PERSON,),
        problems=(404,),
    ),
)
