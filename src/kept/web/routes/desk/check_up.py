"""What is still missing for us to be trusted? Every row of the check-up, lit by evidence alone."""

from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from kept.base.errors import NotFoundError
from kept.base.texts import moment_text
from kept.flows.check_up import checked_up
from kept.promises.acts.not_yours import REASON_MOST, say_not_yours
from kept.promises.model.checkup import LEVEL_WORDS, Checked, Later, Level, NotYours
from kept.promises.model.checkup_judge import ROWS as RECOMMENDED
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Text
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts
from kept.web.routes.desk.shell import Page, Shell
from kept.web.routes.desk.words import FILE_CHANGED, FILE_WHY
from kept.web.staff_session import Who, needs

AS_OF = Text("Measured {at}.", "Измерено {at}.")


@get("/desk/check-up", opt=needs(Permission.SEE_EVIDENCE), sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """The page that prints for the wall."""
    return _page(Shell(request, parts, visitor))


@post(
    "/desk/check-up/{row:str}/not-yours",
    opt=needs(Permission.MANAGE_SETTINGS),
    status_code=200,
    sync_to_thread=True,
)
def tell(
    request: Request[Any, Any, Any],
    parts: Parts,
    visitor: Who,
    *,
    row: FromPath[str],
    data: Form,
) -> Page:
    """The owner's reason why a row does not concern this business; empty takes it back.

    Raises:
        NotFoundError: the check-up has no such row.
    """
    if row not in {one.key for one in RECOMMENDED}:
        raise NotFoundError("The check-up has no such row.")
    reason, now = forms.text(data, "reason", most=REASON_MOST), parts.clock.now()
    parts.db.write(
        lambda tx: say_not_yours(
            tx, parts.vault.origin, actor=visitor.actor, key=row, reason=reason, now=now
        )
    )
    return _page(Shell(request, parts, visitor))


def _page(shell: Shell) -> Page:
    parts, now = shell.parts, shell.parts.clock.now()
    found = parts.db.read(lambda tx: checked_up(tx, parts.book, has_mail=parts.has_mail, now=now))
    return shell.page(
        "desk_checkup.html",
        "checkup",
        levels=[
            {
                "title": LEVEL_WORDS[level].get(shell.lang),
                "rows": [_row(shell, one) for one in found if one.row.level is level],
            }
            for level in Level
        ],
        counts={"done": sum(one.name == "done" for one in found), "total": len(found)},
        as_of_text=AS_OF.get(shell.lang).format(at=moment_text(now, shell.lang)),
        changed=_changed(shell),
        can_edit=shell.visitor.may(Permission.MANAGE_SETTINGS),
    )


def _changed(shell: Shell) -> list[str]:
    """What to do about the log's changed files, as a title and words; empty without any."""
    paths = shell.parts.changed_files()
    if not paths:
        return []
    return [FILE_CHANGED.get(shell.lang), FILE_WHY.get(shell.lang).format(path=paths[0])]


def _row(shell: Shell, one: Checked) -> dict[str, object]:
    lang, is_told = shell.lang, isinstance(one.state, NotYours)
    return {
        "key": one.row.key,
        "state": one.name,
        "text": one.row.text.get(lang),
        "evidence": one.evidence(lang),
        "told": is_told,
        "reason": one.state.reason if isinstance(one.state, NotYours) else "",
        "step_href": "" if isinstance(one.state, Later) else one.row.link,
        "step_label": one.row.button.get(lang),
    }


ROUTES: list[ControllerRouterHandler] = [show, tell]
