"""How do our copies stand, when are they made, what is kept? The page of copies and its plan."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from kept.backup.acts import places, proofs
from kept.backup.acts.standing import Standing, standing
from kept.backup.model.places import Holds, Plan
from kept.backup.model.retention import Policy
from kept.backup.model.schedule import MINUTES, Hours
from kept.base.encoding import parse_decimal
from kept.base.errors import MalformedError, NotFoundError
from kept.crypto.chance import draw
from kept.db.seam import Tx
from kept.ledger.acts import serving
from kept.ledger.acts.bare import newest_acts
from kept.ledger.acts.receipts import NotYet, receipt
from kept.ledger.acts.serving import Log
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Text
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts, WebParts
from kept.web.routes.desk import backup_view as view
from kept.web.routes.desk.backup_words import size_text
from kept.web.routes.desk.backup_work import work_view
from kept.web.routes.desk.shell import AnyRequest, Page, Shell
from kept.web.staff_session import Who, needs
from kept.web.works import Works

SEE, RUN = needs(Permission.SEE_EVIDENCE), needs(Permission.MANAGE_SETTINGS)
HOME = "/desk/backup"
SAVED = Text("Saved.", "Сохранено.")
TIME = "Write the time as 03:12."  # message ids of the catalogues
EMPTY_KEEP = "This would keep nothing at all. Nothing was changed."
BOTH_HOURS = "Choose both hours, and two that differ."
NO_SPEED = "Write the speed as a number, such as 20."
ALL_DAY = "00-24"
SPEED = re.compile(r"\d{1,6}(?:\.\d{1,3})?")
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
READ = Text("Noted that you read it.", "Отмечено, что вы прочли.")
MOST_ACT = 1 << 53


@get("/desk/backup", opt=SEE, sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """The page."""
    return home(Shell(request, parts, visitor))


@post("/desk/backup/plan", opt=RUN, status_code=200, sync_to_thread=True)
def change_plan(request: Request[Any, Any, Any], parts: Parts, visitor: Who, data: Form) -> Page:
    """When copies run, how fast they send, what is kept."""
    shell, now = Shell(request, parts, visitor), parts.clock.now()
    try:
        before = _drawn_plan(shell, now)
        plan = _plan_of(before, data)
        parts.db.write(
            lambda tx: places.set_plan(
                tx, parts.vault.origin, actor=visitor.actor, plan=plan, now=now
            )
        )
    except MalformedError as error:
        return home(shell, problem=shell.words_of(error), status=422)
    return home(shell, saved=SAVED.get(shell.lang))


def _plan_of(before: Plan, data: dict[str, Any]) -> Plan:
    """The plan as the form has it; a form holds the times or the retention.

    Raises:
        MalformedError: no time, or rules that keep nothing.
    """
    if "keep" in data:
        policy = Policy.parse(forms.text(data, "keep", most=400))
        if policy.is_empty:
            raise MalformedError("keep", EMPTY_KEEP)
        return replace(before, keep=str(policy))
    typed = CLOCK.fullmatch(forms.text(data, "time", most=8))
    if typed is None:
        raise MalformedError("time", TIME)
    return replace(
        before,
        minute=int(typed[1]) * 60 + int(typed[2]),
        quiet=_hours(data, "quiet"),
        bandwidth=_bandwidth(data),
    )


def _hours(data: dict[str, Any], name: str) -> str:
    """Hours as two fields say them; "" where both are empty.

    Raises:
        MalformedError: one of two, or no hour between them.
    """
    start, end = (forms.text(data, f"{name}_{one}", most=4) for one in ("from", "to"))
    if not start and not end:
        return ""
    if not start or not end or start == end:
        raise MalformedError(name, BOTH_HOURS)
    return str(Hours.parse(f"{start}-{end}"))


def _bandwidth(data: dict[str, Any]) -> str:
    """The limit as the fields say it: a number, and hours or none. A line of rules stays one.

    Raises:
        MalformedError: no number, or a number that is none.
    """
    if "bandwidth" in data:
        return forms.text(data, "bandwidth", most=400)
    speed = forms.text(data, "speed", most=12).replace(",", ".")
    if not speed:
        return ""
    hours = _hours(data, "speed") or ALL_DAY
    if SPEED.fullmatch(speed) is None:
        raise MalformedError("speed", NO_SPEED)
    return f"{hours} = {speed} Mbit/s"


def _drawn_plan(shell: Shell, now: datetime) -> Plan:
    """The plan; the first time it is made, with a minute of its own."""
    drawn = int.from_bytes(draw(8), "big") % MINUTES
    parts = shell.parts
    return parts.db.write(
        lambda tx: places.draw_plan(
            tx, parts.vault.origin, actor=shell.visitor.actor, drawn=drawn, now=now
        )
    )


@post("/desk/backup/read", opt=RUN, status_code=200, sync_to_thread=True)
def note_read(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """The owner says that the report was read."""
    shell, now = Shell(request, parts, visitor), parts.clock.now()
    newest = parts.db.read(lambda tx: standing(tx, now=now)).newest
    if newest is None:
        return home(shell)
    parts.db.write(
        lambda tx: proofs.note_read(
            tx, parts.vault.origin, actor=visitor.actor, run=newest.n, now=now
        )
    )
    return home(shell, saved=READ.get(shell.lang))


@get("/desk/backup/receipts/{act:str}", opt=SEE, sync_to_thread=True)
def take_receipt(parts: Parts, act: FromPath[str]) -> Response[bytes]:
    """The receipt of a sentence: the act that measured it stands in the log.

    Raises:
        NotFoundError: no act of the house that is public.
    """
    number = _number(act)
    body = parts.db.read(lambda tx: _receipt(tx, parts, number))
    if body is None:
        raise NotFoundError("There is no receipt for this yet. Ask again in a minute.")
    name = f'attachment; filename="copy-{number}.tlog-proof"'
    return Response(body, media_type="text/plain", headers={"Content-Disposition": name})


def _receipt(tx: Tx, parts: WebParts, number: int) -> bytes | None:
    found = newest_acts(tx, before=number + 1, limit=1)
    if not found or found[0].act_id != number or found[0].index is None:
        return None
    log = Log(parts.vault.origin, parts.tiles)
    opening = serving.house_opening(tx, log, found[0].index)
    if opening is None:
        return None
    made = receipt(tx, parts.tiles, act_id=number, opening=opening)
    return None if isinstance(made, NotYet) else made


def _number(text: str) -> int:
    """The number of an act.

    Raises:
        NotFoundError: anything else.
    """
    try:
        return parse_decimal(text, "act", most=MOST_ACT)
    except MalformedError:
        raise NotFoundError("There is no receipt for this yet. Ask again in a minute.") from None


def works_of(request: AnyRequest) -> Works:
    """The work that goes on in this process."""
    return request.app.state["copy_works"]


def home(shell: Shell, *, saved: str = "", problem: str = "", status: int = 200) -> Page:
    """The page of copies."""
    parts, now = shell.parts, shell.parts.clock.now()
    work = works_of(shell.request).now
    found, report, reading = parts.db.read(lambda tx: _look(tx, shell, now))
    can_edit = view.is_owner(shell)
    return shell.page(
        "desk_backup.html",
        "backup",
        http_status=status,
        saved=saved,
        problem=problem,
        can_edit=can_edit,
        report=report,
        is_read=found.newest is not None and reading == found.newest.n,
        has_run=found.newest is not None,
        work=work_view(work, shell.lang, now=now),
        places=[view.place_view(shell, one, now) for one in found.places],
        first=_first(found),
        sent=_sent(shell, found),
        plan=view.plan_view(found.plan, shell.lang),
        missing=view.missing(found, now),
    )


def _look(tx: Tx, shell: Shell, now: datetime) -> tuple[Standing, dict[str, object], int | None]:
    found, reading = standing(tx, now=now), proofs.last_reading(tx)
    return found, view.report_view(shell, tx, found), None if reading is None else reading[1]


def _first(found: Standing) -> str:
    """The place that the one large button copies to: the one waiting longest."""
    ready = [
        one
        for one in found.places
        if one.place.is_enabled and one.place.order.holds is Holds.DATA and not one.is_running
    ]
    oldest = min(ready, key=lambda one: one.copy.n if one.copy else 0, default=None)
    return "" if oldest is None else oldest.place.order.name


def _sent(shell: Shell, found: Standing) -> str:
    newest = found.newest
    return "" if newest is None else size_text(newest.bytes_sent, shell.lang)


ROUTES: list[ControllerRouterHandler] = [
    show,
    change_plan,
    note_read,
    take_receipt,
]
