"""How does somebody of the team correct or erase? For a purpose of the book, never for none."""

from typing import Any

from litestar import Request, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from kept.base.encoding import b64url
from kept.base.errors import ConflictError, MalformedError, RefusedError
from kept.base.ids import PersonId
from kept.crypto.chance import draw
from kept.staff.model.permissions import Permission
from kept.vault.acts.correct import Corrected, Correction, correct_for
from kept.vault.acts.erase import TOKEN_BYTES, begin_erasure
from kept.vault.model.gate import Refused
from kept.vault.model.gate import Request as Question
from kept.vault.model.rules import Basis, FieldKind, Role, Text
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts
from kept.web.routes.desk import opened
from kept.web.routes.desk.people import people_page
from kept.web.routes.desk.person import View, person_id, person_page
from kept.web.routes.desk.shell import Page, Shell
from kept.web.routes.desk.told import Chosen, chosen_in
from kept.web.staff_session import Who, needs

SAVED = Text("Corrected. The customer will read it.", "Исправлено. Клиент увидит это.")
ODD = Text(
    "Kept as written, but it does not look right: {fields}.",
    "Сохранено как есть, но похоже на ошибку: {fields}.",
)
UNCHANGED = Text("Nothing was changed.", "Ничего не изменилось.")
DOOR = Text(
    "The customer signs in with this e-mail. Ask a senior or the owner to change it.",
    "С этой почтой клиент входит к своим данным. Попросите старшего или владельца её сменить.",
)
UNSURE = Text(
    "Nothing was erased. Tick that the customer asked for it, or the law does.",
    "Ничего не стёрто. Отметьте, что просил клиент или требует закон.",
)
BEGUN = Text(
    "The erasure has begun. Give the customer this page, it shows how far it is:",
    "Стирание началось. Дайте клиенту эту страницу, она покажет, как идёт дело:",
)


@post(
    "/desk/people/{person:str}/correct",
    opt=needs(Permission.CORRECT_DATA),
    status_code=200,
    sync_to_thread=True,
)
def mend(
    request: Request[Any, Any, Any],
    parts: Parts,
    visitor: Who,
    *,
    person: FromPath[str],
    data: Form,
) -> Page:
    """Save what was changed in the fields of one opened category."""
    shell, who = Shell(request, parts, visitor), person_id(person)
    chosen = chosen_in(data)
    correction = _correction(shell, chosen, data)
    if not correction.values:
        return person_page(shell, who, View(chosen=chosen, done=UNCHANGED.get(shell.lang)))
    if visitor.role is Role.OPERATOR and _is_a_door(shell, correction):
        said = DOOR.get(shell.lang)
        return person_page(shell, who, View(chosen=chosen, problem=said, status=403))
    try:
        _check_purpose(shell, chosen)
        done = _save(shell, who, chosen, correction=correction)
    except (RefusedError, ConflictError, MalformedError) as error:
        status = 403 if isinstance(error, RefusedError) else 409
        view = View(chosen=chosen, problem=shell.words_of(error), status=status)
        return person_page(shell, who, view)
    if isinstance(done, Refused):
        refused = opened.refused_words(shell, done)
        return person_page(shell, who, View(chosen=chosen, refused=refused, status=403))
    shell.just_found.forget(who)
    return person_page(shell, who, View(chosen=chosen, done=_said(shell, done)))


def _is_a_door(shell: Shell, correction: Correction) -> bool:
    """Whether this changes an e-mail: whoever reads its mailbox can sign in as the customer."""
    fields = shell.parts.vault.rules.fields()
    return any(fields[key][1].kind is FieldKind.EMAIL for key in correction.values)


def _correction(shell: Shell, chosen: Chosen, data: dict[str, Any]) -> Correction:
    """Only what differs from what the page showed."""
    category = shell.parts.vault.rules.categories.get(chosen.category)
    new = {
        field.key: forms.text(data, f"new-{field.key}")
        for field in (category.fields if category else ())
        if f"new-{field.key}" in data
        and forms.text(data, f"new-{field.key}") != forms.text(data, f"was-{field.key}")
    }
    rev = forms.whole(data, "rev") or 0
    return Correction(chosen.category, rev, {k: v or None for k, v in new.items()}, method="staff")


def _check_purpose(shell: Shell, chosen: Chosen) -> None:
    """Raise for a purpose that rests on a yes; what else is asked of it, the gate asks.

    Raises:
        RefusedError: not for this purpose.
    """
    purpose = shell.parts.vault.rules.purposes.get(chosen.purpose)
    if purpose is not None and purpose.basis is Basis.CONSENT:  # a yes to letters is no reason
        raise RefusedError("not_for_purpose", "Open the data for a purpose of yours first.")


def _save(
    shell: Shell, who: PersonId, chosen: Chosen, *, correction: Correction
) -> Corrected | Refused:
    parts, now = shell.parts, shell.parts.clock.now()
    question = Question(
        shell.visitor.asker(parts),
        purpose=chosen.purpose,
        categories=frozenset({chosen.category}),
        ref=chosen.ref,
        reason=chosen.reason,
    )
    return parts.db.write(
        lambda tx: correct_for(
            tx, parts.vault, person=who, request=question, correction=correction, now=now
        )
    )


def _said(shell: Shell, done: Corrected) -> str:
    lang, fields = shell.lang, shell.parts.vault.rules.fields()
    odd = ", ".join(fields[key][1].label.get(lang) for key in done.problems)
    return f"{SAVED.get(lang)} {ODD.get(lang).format(fields=odd)}" if odd else SAVED.get(lang)


@post(
    "/desk/people/{person:str}/forget",
    opt=needs(Permission.FORGET_PERSON),
    status_code=200,
    sync_to_thread=True,
)
def forget(
    request: Request[Any, Any, Any],
    parts: Parts,
    visitor: Who,
    *,
    person: FromPath[str],
    data: Form,
) -> Page:
    """Begin to erase; the worker goes on with it."""
    shell, who = Shell(request, parts, visitor), person_id(person)
    if forms.text(data, "sure") != "1":
        return person_page(shell, who, View(problem=UNSURE.get(shell.lang), status=422))
    token, now = draw(TOKEN_BYTES), parts.clock.now()
    parts.db.write(
        lambda tx: begin_erasure(
            tx, parts.vault, actor=visitor.actor, person=who, token=token, now=now
        )
    )
    link = f"{parts.public_url}/erasure/{b64url(token)}"
    return people_page(shell, done=BEGUN.get(shell.lang), link=link)


ROUTES: list[ControllerRouterHandler] = [mend, forget]
