"""What may I see of this person, and why? Masked first; opened for a purpose, or refused in words.

Before anything is opened the page shows the very line the person will read. A look at the mask is
an act too; going on from a search to the page is the same look.
"""

from dataclasses import dataclass, field
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from kept.base.errors import MalformedError, NotFoundError
from kept.base.ids import PersonId
from kept.base.texts import day_text
from kept.db.seam import Pending, Tx
from kept.staff.model.permissions import Permission
from kept.vault.acts.card import Card, card
from kept.vault.acts.find import Found, recognise
from kept.vault.acts.open import OpenedPerson, open_person
from kept.vault.model.gate import Refused
from kept.vault.model.gate import Request as Question
from kept.vault.model.rules import Text
from kept.web.forms import Form
from kept.web.lines import ORDER
from kept.web.parts import Parts
from kept.web.routes.desk import opened, told
from kept.web.routes.desk.shell import Page, Shell
from kept.web.routes.desk.told import Chosen, chosen_in
from kept.web.staff_session import Who, needs

SINCE = Text("Held since {day}: {what}.", "Хранится, первая запись {day}: {what}.")
LOCKED = Text("They asked to have their data locked.", "Человек попросил запереть свои данные.")
NOTHING = Text("nothing", "ничего")


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows beside the card. `masked` is None where nothing was shown of it."""

    chosen: Chosen = field(default_factory=Chosen)
    masked: Found | None = None
    opened: dict[str, object] | None = None
    refused: dict[str, str] | None = None
    problem: str = ""
    done: str = ""
    status: int = 200


@get("/desk/people/{person:str}", opt=needs(Permission.FIND_PERSON), sync_to_thread=True)
def show(
    request: Request[Any, Any, Any], parts: Parts, visitor: Who, person: FromPath[str]
) -> Page:
    """The person's page, masked."""
    shell, who = Shell(request, parts, visitor), person_id(person)
    asker, now = visitor.asker(parts), parts.clock.now()
    found = shell.just_found.shown(visitor.session.id, who, now=now) or parts.db.write(
        lambda tx: recognise(tx, parts.vault, asker=asker, person=who, now=now)
    )
    return person_page(shell, who, View(masked=found))


@post(
    "/desk/people/{person:str}/open",
    opt=needs(Permission.OPEN_DATA),
    status_code=200,
    sync_to_thread=True,
)
def look(
    request: Request[Any, Any, Any],
    parts: Parts,
    visitor: Who,
    *,
    person: FromPath[str],
    data: Form,
) -> Page:
    """Open one category for a purpose."""
    shell, who = Shell(request, parts, visitor), person_id(person)
    chosen = chosen_in(data)
    try:
        outcome = parts.db.write(lambda tx: _asked(tx, shell, who, chosen))
    except MalformedError as error:
        return person_page(
            shell, who, View(chosen=chosen, problem=shell.words_of(error), status=422)
        )
    if isinstance(outcome, Refused):
        refused = opened.refused_words(shell, outcome)
        return person_page(shell, who, View(chosen=chosen, refused=refused, status=403))
    shown = opened.opened_words(shell, outcome, told.line_of(shell, chosen))
    mask = shell.just_found.shown(visitor.session.id, who, now=parts.clock.now())
    return person_page(shell, who, View(chosen=chosen, opened=shown, masked=mask))


def _asked(
    tx: Tx, shell: Shell, person: PersonId, chosen: Chosen
) -> Pending[OpenedPerson | Refused]:
    parts = shell.parts
    question = Question(
        shell.visitor.asker(parts),
        purpose=chosen.purpose,
        categories=frozenset({chosen.category}),
        ref=chosen.ref,
        reason=chosen.reason,
    )
    return open_person(tx, parts.vault, person=person, request=question, now=parts.clock.now())


def person_id(text: str) -> PersonId:
    """Whom a path names; nobody and nonsense are one answer.

    Raises:
        NotFoundError: not an id of this house.
    """
    try:
        return PersonId.parse(text)
    except MalformedError:
        raise NotFoundError("Nobody is kept under this id.") from None


def person_page(shell: Shell, person: PersonId, view: View) -> Page:
    """The page of one person.

    Raises:
        NotFoundError: nobody has this id.
    """
    found = shell.parts.db.read(lambda tx: card(tx, shell.parts.vault, person))
    return shell.page(
        "desk_person.html",
        "people",
        http_status=view.status,
        person=_person(shell, found, view.masked),
        purposes=told.purposes_of(shell),
        categories=told.categories_of(shell),
        order_word=ORDER.get(shell.lang),
        chosen=view.chosen,
        preview=told.line_of(shell, view.chosen),
        opened=view.opened,
        refused=view.refused,
        problem=view.problem,
        done=view.done,
        acts=[told.act_of(shell, act, n) for act, n in told.folded(found.acts)],
        can_erase=shell.visitor.may(Permission.FORGET_PERSON),
        can_correct=shell.visitor.may(Permission.CORRECT_DATA),
    )


def _person(shell: Shell, found: Card, masked: Found | None) -> dict[str, object]:
    lang = shell.lang
    held = ", ".join(one.label.get(lang) for one in found.held) or NOTHING.get(lang)
    since = SINCE.get(lang).format(day=day_text(found.since, lang), what=held)
    shown = {part.category.key: part for part in masked.masked} if masked else {}
    return {
        "id": str(found.person),
        "alias": found.alias,
        "since_text": f"{since} {LOCKED.get(lang)}" if found.is_restricted else since,
        "held": [
            {
                "key": one.key,
                "label": one.label.get(lang),
                "fields": [
                    {"label": item.field.label.get(lang), "masked": item.value or "•••"}
                    for item in (shown[one.key].fields if one.key in shown else ())
                ],
            }
            for one in found.held
        ],
    }


ROUTES: list[ControllerRouterHandler] = [show, look]
