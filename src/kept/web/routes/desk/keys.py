"""Which programs may come in? API keys: made, shown once, taken back."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from kept.base.errors import MalformedError, NotFoundError
from kept.base.ids import KeyId
from kept.base.texts import day_text, moment_text
from kept.staff.acts.keys import IssuedKey, KeyOrder, issue_key, list_keys, revoke_key
from kept.staff.model.keys import ApiKey, Capability, KeyScope
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Role, Text
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts
from kept.web.routes.desk.shell import Page, Shell
from kept.web.routes.desk.words import NEVER
from kept.web.staff_session import Who, needs

CAPABILITIES: dict[Capability, Text] = {
    Capability.READ: Text("open data", "открывать данные"),
    Capability.WRITE: Text("correct data", "править данные"),
    Capability.IMPORT: Text("bring lists in", "загружать списки"),
    Capability.FIND: Text("find people", "находить людей"),
}
DAYS = Text("a number from 1 to 366", "число от 1 до 366")
PLACES = {"expires_at": "days", "name": "label", "scope": "purposes"}  # the field that is at fault


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form of a new key said."""

    label: str = ""
    days: str = "90"
    capabilities: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was just done with keys."""

    created: IssuedKey | None = None
    errors: dict[str, str] | None = None
    typed: Typed = field(default_factory=Typed)


@get("/desk/keys", opt=needs(Permission.SEE_TEAM), sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """The keys."""
    return _page(Shell(request, parts, visitor), Outcome())


@post("/desk/keys", opt=needs(Permission.MANAGE_KEYS), status_code=200, sync_to_thread=True)
def make(request: Request[Any, Any, Any], parts: Parts, visitor: Who, data: Form) -> Page:
    """Make a key; its secret is on this answer and nowhere else."""
    shell, now = Shell(request, parts, visitor), parts.clock.now()
    try:
        order = _order(data, now)
        made = parts.db.write(
            lambda tx: issue_key(
                tx,
                parts.staff,
                actor=visitor.actor,
                order=order,
                rules=parts.vault.rules,
                now=now,
            )
        )
    except MalformedError as error:
        where = PLACES.get(error.where, error.where)
        said = DAYS.get(shell.lang) if where == "days" else shell.words_of(error)
        return _page(shell, Outcome(errors={where: said}, typed=_typed(data)))
    return _page(shell, Outcome(created=made))


@post(
    "/desk/keys/{key:str}/revoke",
    opt=needs(Permission.MANAGE_KEYS),
    status_code=200,
    sync_to_thread=True,
)
def take_back(
    request: Request[Any, Any, Any], parts: Parts, visitor: Who, key: FromPath[str]
) -> Page:
    """End a key at once.

    Raises:
        NotFoundError: there is no such key.
    """
    try:
        key_id = KeyId.parse(key)
    except MalformedError:
        raise NotFoundError("There is no such key, or it was revoked already.") from None
    now = parts.clock.now()
    parts.db.write(lambda tx: revoke_key(tx, parts.staff, actor=visitor.actor, key=key_id, now=now))
    return _page(Shell(request, parts, visitor), Outcome())


def _typed(data: dict[str, Any]) -> Typed:
    """The form, to be shown again. Hostile input."""
    return Typed(
        forms.text(data, "label", most=200),
        forms.text(data, "days", most=9),
        tuple(forms.many(data, "capabilities")),
        tuple(forms.many(data, "purposes")),
        tuple(forms.many(data, "categories")),
    )


def _order(data: dict[str, Any], now: datetime) -> KeyOrder:
    days = forms.whole(data, "days")
    if days is None or not 1 <= days <= 366:
        raise MalformedError("days", DAYS.en)
    known = {one.value for one in Capability}
    scope = KeyScope(
        frozenset(Capability(word) for word in forms.many(data, "capabilities") if word in known),
        frozenset(forms.many(data, "purposes")),
        frozenset(forms.many(data, "categories")),
    )
    return KeyOrder(forms.text(data, "label", most=200), scope, now + timedelta(days=days))


def _page(shell: Shell, outcome: Outcome) -> Page:
    lang, rules = shell.lang, shell.parts.vault.rules
    keys = shell.parts.db.read(list_keys)
    made, errors = outcome.created, outcome.errors or {}
    return shell.page(
        "desk_keys.html",
        "team",
        http_status=422 if errors else 200,
        keys=[_row(shell, key) for key in keys],
        capabilities=[{"key": c.value, "label": t.get(lang)} for c, t in CAPABILITIES.items()],
        purposes=[
            {"key": p.key, "label": p.label.get(lang)}
            for p in rules.purposes.values()
            if Role.SERVICE in p.roles
        ],
        categories=[{"key": c.key, "label": c.label.get(lang)} for c in rules.categories.values()],
        created=made and {"label": made.key.name, "secret": made.text},
        errors=errors,
        draft=outcome.typed,
        can_edit=shell.visitor.may(Permission.MANAGE_KEYS),
    )


def _row(shell: Shell, key: ApiKey) -> dict[str, object]:
    lang, rules = shell.lang, shell.parts.vault.rules
    purposes = [
        rules.purposes[p].label.get(lang) for p in sorted(key.scope.purposes) if p in rules.purposes
    ]
    categories = [
        rules.categories[c].label.get(lang)
        for c in sorted(key.scope.categories)
        if c in rules.categories
    ]
    can = [CAPABILITIES[one].get(lang) for one in sorted(key.scope.capabilities)]
    used = key.last_used_at
    return {
        "id": str(key.id),
        "label": key.name,
        "prefix": f"kept_{str(key.id)[:6]}",
        "purposes_text": f"{', '.join(purposes)} ({', '.join(can)})",
        "categories_text": ", ".join(categories),
        "until_text": day_text(key.expires_at, lang),
        "last_text": moment_text(used, lang) if used else NEVER.get(lang),
        "active": key.is_live(shell.parts.clock.now()),
    }


ROUTES: list[ControllerRouterHandler] = [show, make, take_back]
