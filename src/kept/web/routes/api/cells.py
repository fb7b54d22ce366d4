"""What is kept in this category? Opened for a purpose, with an act first; and put right."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from litestar.response.base import ASGIResponse

from kept.base.errors import ConflictError, NotFoundError
from kept.base.ids import PersonId
from kept.crypto.chance import draw
from kept.db.seam import Pending, Tx
from kept.staff.model.keys import Capability
from kept.vault.acts.correct import Correction, correct
from kept.vault.acts.open import OpenedPerson, Shown, ShownCategory, open_person
from kept.vault.model.body import Status, date_of
from kept.vault.model.gate import Code, Refused, Request
from kept.vault.model.rules import FieldKind, Level, Role
from kept.web.problems import Problem, ProblemError
from kept.web.routes.api.call import Call, refusal, respond, unfit
from kept.web.routes.api.contract import (
    CATEGORY,
    IDEMPOTENCY,
    IF_MATCH,
    LEVEL,
    PERSON,
    PURPOSE,
    WHY,
    Answer,
    Endpoint,
)
from kept.web.routes.api.shapes import (
    Batch,
    BatchCell,
    BatchItem,
    BatchOrder,
    Change,
    Changed,
    OpenedCell,
    Value,
)

READ_TOGETHER = 50  # people in one transaction of a batch: others get their turn in between
DATES = frozenset({FieldKind.DATE, FieldKind.BIRTH_DATE})
_MATCH = re.compile(r'"([0-9]{1,15})"')
_METHOD = "api"


async def read(call: Call) -> ASGIResponse:
    """Open one category of one person.

    Raises:
        ProblemError: the gate says no, or a header does not fit.
        NotFoundError: nobody has this id.
    """
    person, category = call.person(), _category(call)
    question = call.question({category}, level=_level(call))
    try:
        opened = await call.write(
            lambda tx: open_person(
                tx, call.parts.vault, person=person, request=question, now=call.now
            )
        )
    except NotFoundError:
        _hide(call, question)
        raise
    if isinstance(opened, Refused):
        raise ProblemError(refusal(opened))
    cell = _cell(opened, category)
    return respond(cell, acts=(opened.act_id,), rev=cell.rev)


async def read_many(call: Call) -> ASGIResponse:
    """Open the same categories of up to 500 people; each gets an act, or a refusal of its own.

    Raises:
        ProblemError: the request does not fit, or names a purpose the book does not have.
    """
    order = await call.body(BatchOrder)
    known = call.parts.vault.rules.categories
    if not set(order.categories) <= known.keys():
        unfit("body $.categories", "a category that the book does not declare")
    question = call.question(order.categories, level=Level(order.level))
    if question.purpose not in call.parts.vault.rules.purposes:
        raise ProblemError(refusal(Refused(Code.NO_SUCH_PURPOSE)))
    ids = [PersonId.parse(one) for one in dict.fromkeys(order.ids)]
    batch = _Batch(call, question, draw(8).hex())
    items: list[BatchItem] = []
    for at in range(0, len(ids), READ_TOGETHER):
        some = ids[at : at + READ_TOGETHER]
        items += await call.write(lambda tx, some=some: batch.opened(tx, some))
    return respond(Batch(items), acts=[one.act for one in items if one.act is not None])


@dataclass(frozen=True, slots=True)
class _Batch:
    """One question about many people; `name` joins their acts."""

    call: Call
    question: Request
    name: str

    def opened(self, tx: Tx, people: Sequence[PersonId]) -> Pending[list[BatchItem]]:
        """Some of them in one transaction; all stay withheld until it is durable."""
        done: Pending[list[BatchItem]] = Pending([])
        for person in people:
            item = self._item(tx, person)
            done = done.then(lambda items, item=item: item.map(lambda one: [*items, one]))
        return done

    def _item(self, tx: Tx, person: PersonId) -> Pending[BatchItem]:
        try:
            pending = open_person(
                tx,
                self.call.parts.vault,
                person=person,
                request=self.question,
                batch=self.name,
                now=self.call.now,
            )
        except NotFoundError as error:
            return Pending(self._nobody(str(person), str(error)))
        return pending.map(lambda opened: _told(str(person), opened))

    def _nobody(self, name: str, why: str) -> BatchItem:
        try:
            _hide(self.call, self.question)
        except ProblemError as error:
            return BatchItem(name, code=error.problem.code, detail=error.problem.detail)
        return BatchItem(name, code="not_found", detail=why)


def _told(name: str, opened: OpenedPerson | Refused) -> BatchItem:
    if isinstance(opened, Refused):
        problem = refusal(opened)
        return BatchItem(name, code=problem.code, detail=problem.detail)
    cells = {
        shown.category.key: BatchCell(shown.rev, _values(shown)) for shown in opened.categories
    }
    return BatchItem(name, opened.alias, cells, opened.act_id)


def _hide(call: Call, question: Request) -> None:
    """For a key that may not ask this of anybody, nobody and somebody are the same answer.

    Raises:
        ProblemError: what it would have heard of somebody.
    """
    call.require(purpose=question.purpose, categories=question.categories, can=Capability.READ)


async def change(call: Call) -> ASGIResponse:
    """Put values of one category right, if nobody was faster.

    Raises:
        ProblemError: somebody was faster, the key may not, or the request does not fit.
    """
    person, category, purpose = call.person(), _category(call), call.purpose()
    old_rev = _if_match(call)
    order = await call.body(Change)
    call.require(purpose=purpose, categories=frozenset({category}), can=Capability.WRITE)
    _check_fields(call, category, order)
    _check_door(call, order)
    correction = Correction(category, old_rev, order.values, method=_METHOD)
    try:
        done = await call.write(
            lambda tx: correct(
                tx,
                call.parts.vault,
                actor=call.actor,
                person=person,
                correction=correction,
                purpose=purpose,
                now=call.now,
            )
        )
    except ConflictError as error:
        raise ProblemError(Problem(412, "changed_meanwhile", str(error))) from None
    changed = Changed(done.rev, done.act_id, dict(done.problems))
    return respond(changed, acts=(done.act_id,), rev=done.rev)


def _check_fields(call: Call, category: str, order: Change) -> None:
    known = {field.key for field in call.parts.vault.rules.categories[category].fields}
    if not order.values.keys() <= known:
        unfit("body $.values", "a field that this category does not have")


def _check_door(call: Call, order: Change) -> None:
    """Refuse a change of an e-mail to a key that is not made for every category.

    Whoever reads that mailbox can sign in as the person, and sees all of them.

    Raises:
        ProblemError: the key is too narrow.
    """
    rules = call.parts.vault.rules
    fields = rules.fields()
    is_door = any(fields[key][1].kind is FieldKind.EMAIL for key in order.values)
    if is_door and not rules.categories.keys() <= call.key.scope.categories:
        raise ProblemError(refusal(Refused(Code.OUT_OF_SCOPE, Role.OWNER)))


def _if_match(call: Call) -> int:
    """The revision a change was made from.

    Raises:
        ProblemError: none was sent, or no revision.
    """
    text = call.header("if-match")
    if not text:
        raise ProblemError(
            Problem(428, "precondition", "Send the ETag of what you changed as If-Match.")
        )
    match = _MATCH.fullmatch(text)
    if match is None:
        unfit("header If-Match", "one ETag as it was received")
    return int(match[1])


def _category(call: Call) -> str:
    """The category in the path.

    Raises:
        NotFoundError: the book has no such category.
    """
    category = call.request.path_params["category"]
    if category not in call.parts.vault.rules.categories:
        raise NotFoundError("The book has no such category.")
    return category


def _level(call: Call) -> Level:
    text = call.query("level")
    if text is None:
        return Level.FULL
    if text not in list(Level):
        unfit("query level", "present, masked or full")
    return Level(text)


def _cell(opened: OpenedPerson, category: str) -> OpenedCell:
    name, act = str(opened.person), opened.act_id
    if not opened.categories:
        return OpenedCell(name, opened.alias, category, 0, {}, [], None, None, act)
    (shown,) = opened.categories
    odd = [
        one.field.key for one in shown.fields if one.mark and one.mark.status == Status.MALFORMED
    ]
    return OpenedCell(
        id=name,
        alias=opened.alias,
        category=category,
        rev=shown.rev,
        values=_values(shown),
        malformed=odd,
        written_at=shown.written_at,
        due_at=shown.due_at,
        act=act,
    )


def _values(shown: ShownCategory) -> dict[str, Value | None]:
    return {one.field.key: _value(one) for one in shown.fields}


def _value(one: Shown) -> Value | None:
    """Days are told as ISO dates, everything else as it is kept."""
    value = one.value
    if one.field.kind in DATES and isinstance(value, int) and not isinstance(value, bool):
        return date_of(value).isoformat()
    return value


ENDPOINTS = (
    Endpoint(
        "GET",
        "/people/{id}/cells/{category}",
        "readCell",
        "Open one category for a purpose. The act is durable before anything is answered.",
        Capability.READ,
        read,
        {200: Answer("The values.", OpenedCell, headers=("Kept-Act", "ETag"))},
        parameters=(PERSON, CATEGORY, *WHY, LEVEL),
        problems=(404,),
    ),
    Endpoint(
        "PATCH",
        "/people/{id}/cells/{category}",
        "changeCell",
        "Overwrite values of one category, made from the revision in If-Match.",
        Capability.WRITE,
        change,
        {200: Answer("The new revision.", Changed, headers=("Kept-Act", "ETag"))},
        body=Change,
        parameters=(PERSON, CATEGORY, PURPOSE, IF_MATCH),
        problems=(404, 412, 413, 428),
    ),
    Endpoint(
        "POST",
        "/people/read",
        "readPeople",
        "Open the same categories of up to 500 people, with an act each.",
        Capability.READ,
        read_many,
        {200: Answer("One item for each id.", Batch, headers=("Kept-Act",))},
        body=BatchOrder,
        parameters=(*WHY, IDEMPOTENCY),
        problems=(413,),
    ),
)
