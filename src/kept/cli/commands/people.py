"""How does the owner find, read, correct and forget one person from the terminal?"""

import time
from collections.abc import Iterable

from kept.base.encoding import Json, b64url
from kept.base.errors import MalformedError, RefusedError
from kept.cli.commands.call import Call
from kept.crypto.chance import draw
from kept.flows.forget_person import ForgetParts, advance
from kept.ledger.model import Kind
from kept.vault.acts.correct import Correction, correct
from kept.vault.acts.erase import TOKEN_BYTES, begin_erasure, pending_erasures
from kept.vault.acts.find import find_people
from kept.vault.acts.open import OpenedPerson, ShownCategory, open_person
from kept.vault.model.gate import Code, Refused, Request
from kept.vault.model.reasons import reason_of
from kept.vault.model.rules import Lang
from kept.web.lines import line, told_of
from kept.wiring.links import follow_link

FORGET_S = 15.0  # then the server, or the next start, goes on by itself
LOOK_S = 0.05


def find(call: Call) -> Json:
    """People with this e-mail, phone or number of ours: id and alias."""
    value, house = call.text("value"), call.house
    found = house.db.write(
        lambda tx: find_people(
            tx, house.vault, asker=call.asker, value=value, now=house.clock.now()
        )
    )
    return [{"id": str(one.person), "alias": one.alias} for one in found]


def show(call: Call) -> Json:
    """A person's categories for a purpose.

    Raises:
        RefusedError: the gate says no.
        MalformedError: no category was named, or the book has no such purpose or category.
    """
    house = call.house
    request = Request(
        call.asker,
        call.text("purpose"),
        frozenset(call.texts("categories")),
        ref=call.text("ref"),
        reason=call.text("reason"),
    )
    if not request.categories:
        raise MalformedError("category", "name at least one")
    rules = house.book.rules
    if not request.categories <= rules.categories.keys():
        raise MalformedError("category", _none_such("category", rules.categories))
    answer = house.db.write(
        lambda tx: open_person(
            tx, house.vault, person=call.person(), request=request, now=house.clock.now()
        )
    )
    if isinstance(answer, Refused):
        if answer.code is Code.NO_SUCH_PURPOSE:  # which is recorded, but a slip like another
            raise MalformedError("purpose", _none_such("purpose", rules.purposes))
        raise RefusedError(answer.code.value, reason_of(answer).en)
    return _told(call, request, answer)


def _none_such(what: str, names: Iterable[str]) -> str:
    return f"the book has no such {what}: {', '.join(names)}"


def _told(call: Call, request: Request, answer: OpenedPerson) -> Json:
    lang: Lang = "ru" if call.lang == "ru" else "en"
    rules, keys = call.house.book.rules, [one.category.key for one in answer.categories]
    detail: dict[str, Json] = {"categories": keys, "ref": request.ref.strip()}
    told = told_of(Kind.PERSON_READ, call.actor.role, request.purpose, detail=detail)
    return {
        "id": str(answer.person),
        "alias": answer.alias,
        "purpose": request.purpose,
        "categories": {one.category.key: _values(one) for one in answer.categories},
        "revisions": {one.category.key: one.rev for one in answer.categories},
        "act": answer.act_id,
        "line": line(told, rules, lang),
    }


def _values(shown: ShownCategory) -> dict[str, Json]:
    return {one.field.key: None if one.value is None else str(one.value) for one in shown.fields}


def correct_values(call: Call) -> Json:
    """Overwrite values of one category; an empty value takes it out.

    Raises:
        MalformedError: nothing to change was named.
    """
    house = call.house
    values = dict(_pair(one) for one in call.texts("set"))
    if not values:
        raise MalformedError("set", "name at least one field=value")
    change = Correction(
        call.text("category"), call.number("rev", 0), values, method=f"cli:{call.user}"
    )
    done = house.db.write(
        lambda tx: correct(
            tx,
            house.vault,
            actor=call.actor,
            person=call.person(),
            correction=change,
            purpose=call.text("purpose", "account"),
            now=house.clock.now(),
        )
    )
    return {
        "id": call.text("id"),
        "rev": done.rev,
        "act": done.act_id,
        "problems": dict(done.problems),
    }


def _pair(text: str) -> tuple[str, str | None]:
    key, at, value = text.partition("=")
    if not at or not key.strip():
        raise MalformedError("set", "must be field=value")
    return key.strip(), value or None


def forget(call: Call) -> Json:
    """Begin to forget a person and go on to the end, or as far as the ledger allows now."""
    house, person, token = call.house, call.person(), draw(TOKEN_BYTES)
    act = house.db.write(
        lambda tx: begin_erasure(
            tx, house.vault, actor=call.actor, person=person, token=token, now=house.clock.now()
        )
    )
    is_done = _to_the_end(call, act)
    return {
        "id": str(person),
        "act": act,
        "state": "erased" if is_done else "erasing",
        "follow": follow_link(house.settings, b64url(token)),
    }


def _to_the_end(call: Call, act: int) -> bool:
    """Whether the erasure is done. Beside a server it is the server's worker who does it."""
    house, until = call.house, time.monotonic() + FORGET_S
    parts = ForgetParts(house.clock, house.db, house.vault, house.tiles)
    while left := [row for row in house.db.read(pending_erasures) if row.begun_act == act]:
        if time.monotonic() > until or not call.signed():
            return False
        if call.is_alone:
            advance(parts, left[0])
        else:
            time.sleep(LOOK_S)
    return True
