"""As whom do you want to look? The demo's door, and the letters that would have gone out.

These handlers exist in a demo alone: the application of a real house has no such paths.
"""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from kept.base.errors import NotFoundError
from kept.base.ids import PersonId
from kept.base.texts import day_text, translations
from kept.db.seam import Tx
from kept.staff.acts.sign_in import enter_demo
from kept.staff.acts.team import list_team
from kept.staff.model.account import Account
from kept.staff.model.permissions import Permission, may
from kept.vault.acts import visit
from kept.vault.model.rules import Role, Text
from kept.web import staff_session, visitors
from kept.web.forms import Form, text
from kept.web.parts import Parts, WebParts
from kept.web.render import language_of, page

PEOPLE = 6
ROLES: dict[Role, Text] = {
    Role.OWNER: Text("The owner", "Владелец"),
    Role.SENIOR: Text("A senior colleague", "Старший в команде"),
    Role.OPERATOR: Text("Support", "Поддержка"),
    Role.AUDITOR: Text("The auditor", "Проверяющий"),
}
# What a role's card tells of it: whatever of these the table of permissions grants.
TOLD: dict[Permission, Text] = {
    Permission.MANAGE_TEAM: Text("runs the team", "ведёт команду"),
    Permission.MANAGE_KEYS: Text("gives keys to programs", "выдаёт ключи программам"),
    Permission.IMPORT_DATA: Text("brings in lists", "загружает списки"),
    Permission.FIND_PERSON: Text("finds people", "находит людей"),
    Permission.OPEN_DATA: Text("opens data for a reason", "открывает данные, назвав цель"),
    Permission.CORRECT_DATA: Text("corrects", "исправляет"),
    Permission.FORGET_PERSON: Text("erases on request", "стирает по просьбе"),
    Permission.SEE_EVIDENCE: Text("reads the log", "читает журнал"),
}

Asked = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Picked:
    """Somebody to look as."""

    id: str
    alias: str
    text: str


@get("/demo")
async def choose(request: Asked, parts: Parts) -> Response[str]:
    """Pick a role."""
    lang = language_of(request, parts)
    team, people = await parts.db.read_async(
        lambda tx: (list_team(tx), visit.some_people(tx, limit=PEOPLE))
    )
    since = translations(lang).gettext("A customer since %(day)s.")
    return page(
        request,
        parts,
        "demo_enter.html",
        roles=[_role(role, team, lang) for role in ROLES if _of_role(team, role)],
        people=[
            Picked(str(one.person), one.alias, since % {"day": day_text(one.since, lang)})
            for one in people
        ],
    )


def _of_role(team: list[Account], role: Role) -> list[Account]:
    return [one for one in team if one.role is role and one.may_sign_in()]


def _role(role: Role, team: list[Account], lang: str) -> dict[str, str]:
    return {
        "key": role.value,
        "label": ROLES[role].get(lang),
        "may": _may(role, lang),
        "names": ", ".join(one.name for one in _of_role(team, role)),
    }


def _may(role: Role, lang: str) -> str:
    """What the role does, as the table of permissions has it."""
    words = ", ".join(
        words.get(lang) for permission, words in TOLD.items() if may(role.value, permission)
    )
    return f"{words[:1].upper()}{words[1:]}."


@post("/demo/enter")
async def enter(data: Form, parts: Parts) -> Response[Any]:
    """Come in as whoever was picked."""
    if text(data, "role"):
        return await _as_staff(parts, text(data, "role"))
    return await _as_customer(parts, text(data, "person"))


async def _as_staff(parts: WebParts, key: str) -> Response[Any]:
    """Come in as the first member of the team with this role.

    Raises:
        NotFoundError: nobody has it.
    """
    now = parts.clock.now()

    def first(tx: Tx) -> Account | None:
        return next((a for a in list_team(tx) if a.role.value == key and a.may_sign_in()), None)

    account = await parts.db.read_async(first)
    if account is None:
        raise NotFoundError("Nobody here has this role.")
    found = await parts.db.write_async(
        lambda tx: enter_demo(tx, parts.staff, staff=account.id, now=now)
    )
    inside = Redirect("/desk", status_code=303)
    inside.set_cookie(staff_session.session_cookie(parts, found))
    return inside


async def _as_customer(parts: WebParts, key: str) -> Response[Any]:
    """Come in as a customer.

    Raises:
        MalformedError: no id.
        NotFoundError: nobody has it.
    """
    person, now = PersonId.parse(key), parts.clock.now()
    found = await parts.db.write_async(
        lambda tx: visit.enter(tx, parts.vault, person=person, now=now)
    )
    inside = Redirect("/me", status_code=303)
    inside.set_cookie(visitors.session_cookie(parts, found.token))
    return inside


@get("/demo/mail", sync_to_thread=False)
def mail(request: Asked, parts: Parts) -> Response[str]:
    """The letters, newest first."""
    sent = parts.letters() if parts.letters else []
    mails = [
        {"to": one.to, "subject": one.subject, "body": one.text, "iso": "", "at_text": ""}
        for one in sent
    ]
    return page(request, parts, "demo_mail.html", mails=mails)


ROUTES: list[HTTPRouteHandler] = [choose, enter, mail]
