"""Which person is it? Found by the whole of an e-mail, phone or number, never leafed through.

What is looked for comes in the body of a POST: personal values stand in no URL and in no log.
"""

from typing import Any

from litestar import Request, get, post
from litestar.types import ControllerRouterHandler

from kept.base.errors import MalformedError
from kept.promises.model.words import PEOPLE
from kept.staff.model.permissions import Permission
from kept.vault.acts.find import Found, find_people
from kept.vault.acts.listing import count_people
from kept.vault.acts.open import ShownCategory
from kept.vault.model.rules import Text
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts
from kept.web.routes.desk.shell import Page, Shell
from kept.web.staff_session import Who, needs

MOST = 254  # characters of what is looked for
NOT_FINDABLE = Text(
    "This is not a whole e-mail, phone or number. Nothing was looked up.",
    "Это не почта, не телефон и не номер целиком. Поиска не было.",
)
FITS = Text("fits what you typed", "подходит к запросу")


@get("/desk/people", opt=needs(Permission.FIND_PERSON), sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """The search, empty."""
    return people_page(Shell(request, parts, visitor))


@post("/desk/people", opt=needs(Permission.FIND_PERSON), status_code=200, sync_to_thread=True)
def search(request: Request[Any, Any, Any], parts: Parts, visitor: Who, data: Form) -> Page:
    """Find people; each find is an act the person will read."""
    shell, wanted = Shell(request, parts, visitor), forms.text(data, "q", most=MOST)
    now = parts.clock.now()
    if not wanted:
        return people_page(shell)
    asker = visitor.asker(parts)
    try:
        found = parts.db.write(
            lambda tx: find_people(tx, parts.vault, asker=asker, value=wanted, now=now)
        )
    except MalformedError:
        return people_page(shell, q=wanted, problem=NOT_FINDABLE.get(shell.lang))
    shell.just_found.keep(visitor.session.id, found, now=now)
    return people_page(shell, q=wanted, found=found)


def people_page(
    shell: Shell,
    *,
    q: str = "",
    found: list[Found] | None = None,
    problem: str = "",
    done: str = "",
    link: str = "",
) -> Page:
    """The page of people; `done` and `link` tell what just happened to one of them."""
    total = shell.parts.db.read(count_people)
    return shell.page(
        "desk_people.html",
        "people",
        q=q,
        searched=found is not None,
        found=[_row(shell, one) for one in found or []],
        total_text=PEOPLE.count(total).get(shell.lang),
        problem=problem,
        can_import=shell.visitor.may(Permission.IMPORT_DATA),
        done=done,
        link=link,
    )


def _row(shell: Shell, found: Found) -> dict[str, object]:
    return {
        "id": str(found.person),
        "alias": found.alias,
        "masked": masked_values(found.masked),
        "why_text": FITS.get(shell.lang),
    }


def masked_values(shown: tuple[ShownCategory, ...]) -> list[str]:
    """What the mask lets through, in the book's order."""
    return [str(one.value) for part in shown for one in part.fields if one.value]


ROUTES: list[ControllerRouterHandler] = [show, search]
