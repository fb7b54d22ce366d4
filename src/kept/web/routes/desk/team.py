"""Who works here, and may what? Invitations, roles, leaving, lost factors, reviews."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from kept.base.errors import ConflictError, MalformedError, NotFoundError, RefusedError
from kept.base.ids import StaffId
from kept.base.texts import day_text, moment_text
from kept.db.seam import Pending, Tx
from kept.staff.acts import team as acts
from kept.staff.acts.links import Colleague, Invited, invite
from kept.staff.acts.seats import Seat, list_seats
from kept.staff.model.account import Account, AccountState, parse_staff_role
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Lang, Text
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts
from kept.web.routes.desk.shell import Page, Shell
from kept.web.routes.desk.words import ROLE_MAY, ROLES
from kept.web.staff_session import Who, needs

NO_FACTOR = Text("none yet", "пока нет")
CODES = Text("codes", "коды")
PASSKEY = Text("passkey", "ключ доступа")
AWAY = Text("not signed in", "сейчас не в системе")
REVIEWED = Text("role confirmed {at}", "роль подтверждена {at}")
SAVED = Text("Saved. Their open sessions have ended.", "Сохранено. Открытые сеансы закончены.")
LOOKED = Text("Noted: {name} still needs this role.", "Записано: {name}, роль всё ещё нужна.")
CLOSED = Text("All doors are closed for {name}.", "Все двери закрыты: {name}.")
KEYS_SEEN = Text(
    "They saw these keys when they were made; make them anew: {keys}.",
    "Эти ключи были показаны при создании, выпустите их заново: {keys}.",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the page says about what was just done."""

    saved: str = ""
    problem: str = ""
    invited: Invited | None = None
    errors: dict[str, str] = field(default_factory=dict[str, str])
    draft: dict[str, str] = field(default_factory=dict[str, str])
    status: int = 200


@get("/desk/team", opt=needs(Permission.SEE_TEAM), sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """The team."""
    return _page(Shell(request, parts, visitor), Outcome())


@post("/desk/team/invite", opt=needs(Permission.MANAGE_TEAM), status_code=200, sync_to_thread=True)
def invite_one(request: Request[Any, Any, Any], parts: Parts, visitor: Who, data: Form) -> Page:
    """Make a link for somebody; it is shown once."""
    shell = Shell(request, parts, visitor)
    draft = {key: forms.text(data, key, most=300) for key in ("name", "email", "role")}
    now = parts.clock.now()
    try:
        who = Colleague(draft["email"], draft["name"], parse_staff_role(draft["role"]))
        made = parts.db.write(
            lambda tx: invite(tx, parts.staff, actor=visitor.actor, who=who, now=now)
        )
    except MalformedError as error:
        return _page(
            shell, Outcome(errors={error.where: shell.words_of(error)}, draft=draft, status=422)
        )
    except ConflictError as error:
        return _page(shell, Outcome(problem=shell.words_of(error), draft=draft, status=409))
    return _page(shell, Outcome(invited=made))


@post(
    "/desk/team/{staff:str}/{step:str}",
    opt=needs(Permission.MANAGE_TEAM),
    status_code=200,
    sync_to_thread=True,
)
def change(
    request: Request[Any, Any, Any],
    parts: Parts,
    visitor: Who,
    *,
    staff: FromPath[str],
    step: FromPath[str],
    data: Form,
) -> Page:
    """One step with one account: role, review, disable, enable, reset."""
    shell = Shell(request, parts, visitor)
    try:
        outcome = _done(shell, _id(staff), step, forms.text(data, "role", most=20))
    except (RefusedError, ConflictError, MalformedError) as error:
        outcome = Outcome(problem=shell.words_of(error), status=409)
    return _page(shell, outcome)


def _id(text: str) -> StaffId:
    try:
        return StaffId.parse(text)
    except MalformedError:
        raise NotFoundError("Nobody of this id works here.") from None


def _done(shell: Shell, staff: StaffId, step: str, role: str) -> Outcome:
    return shell.parts.db.write(lambda tx: _step(tx, shell, staff, step=step, role=role))


def _step(tx: Tx, shell: Shell, staff: StaffId, *, step: str, role: str) -> Pending[Outcome]:
    parts, actor, lang = shell.parts.staff, shell.visitor.actor, shell.lang
    now = shell.parts.clock.now()
    match step:
        case "role":
            wanted = parse_staff_role(role)
            done = acts.change_role(tx, parts, actor=actor, staff=staff, role=wanted, now=now)
            return done.map(lambda _: Outcome(saved=SAVED.get(lang)))
        case "review":
            done = acts.review_access(tx, parts, actor=actor, staff=staff, now=now)
            return done.map(lambda one: Outcome(saved=LOOKED.get(lang).format(name=one.name)))
        case "disable":
            left = acts.disable(tx, parts, actor=actor, staff=staff, now=now)
            return left.map(lambda one: _left(one, lang))
        case "reset":
            made = acts.reset_factor(tx, parts, actor=actor, staff=staff, now=now)
            return made.map(lambda one: Outcome(invited=one))
        case "enable":
            return _again(tx, shell, staff, now)
        case _:
            raise NotFoundError("There is no such step.")


def _again(tx: Tx, shell: Shell, staff: StaffId, now: datetime) -> Pending[Outcome]:
    known = next((one for one in acts.list_team(tx) if one.id == staff), None)
    if known is None:
        raise NotFoundError("Nobody of this id works here.")
    who = Colleague(known.email, known.name, known.role)
    made = invite(tx, shell.parts.staff, actor=shell.visitor.actor, who=who, now=now)
    return made.map(lambda one: Outcome(invited=one))


def _left(left: acts.Left, lang: Lang) -> Outcome:
    said = CLOSED.get(lang).format(name=left.account.name)
    if left.keys_seen:
        names = ", ".join(key.name for key in left.keys_seen)
        said = f"{said} {KEYS_SEEN.get(lang).format(keys=names)}"
    return Outcome(saved=said)


def _page(shell: Shell, outcome: Outcome) -> Page:
    members, seats = shell.parts.db.read(lambda tx: (acts.list_team(tx), list_seats(tx)))
    link = outcome.invited
    url = shell.parts.public_url
    return shell.page(
        "desk_team.html",
        "team",
        http_status=outcome.status,
        members=[_member(shell, one, seats[one.id]) for one in members],
        roles=[
            {
                "key": role.value,
                "label": label.get(shell.lang),
                "may": ROLE_MAY[role].get(shell.lang),
            }
            for role, label in ROLES.items()
        ],
        can_edit=shell.visitor.may(Permission.MANAGE_TEAM),
        invited=link and {"name": link.account.name, "link": f"{url}/desk/join/{link.token}"},
        errors=outcome.errors,
        draft={"name": "", "email": "", "role": "operator", **outcome.draft},
        saved=outcome.saved,
        problem=outcome.problem,
    )


def _member(shell: Shell, account: Account, seat: Seat) -> dict[str, object]:
    lang = shell.lang
    factors = [CODES.get(lang)] if seat.has_codes else []
    factors += [PASSKEY.get(lang)] if seat.passkeys else []
    return {
        "id": str(account.id),
        "name": account.name,
        "email": account.email,
        "role": account.role.value,
        "role_text": ROLES[account.role].get(lang),
        "factor_text": ", ".join(factors) or NO_FACTOR.get(lang),
        "factor_state": "kept" if factors else "waiting",
        "last_text": moment_text(seat.seen_at, lang) if seat.seen_at else AWAY.get(lang),
        "reviewed_text": REVIEWED.get(lang).format(at=day_text(account.reviewed_at, lang)),
        "active": account.state is not AccountState.DISABLED,
        "joined": account.state is AccountState.ACTIVE,
        "is_self": account.id == shell.visitor.account.id,
    }


ROUTES: list[ControllerRouterHandler] = [show, invite_one, change]
