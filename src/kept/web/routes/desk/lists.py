"""How does a list of customers come in at the desk? Looked at, corrected, then taken in by itself.

The import runs in a thread of its own; its counts are durable, so the page may be left and the
program may be killed: the same file goes on where it stopped.
"""

import threading
from collections.abc import Callable
from typing import Any

import structlog
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream
from litestar.types import ControllerRouterHandler

from kept.base.errors import KeptError, MalformedError, NotFoundError, RefusedError
from kept.flows.import_people import ImportParts, Order, Preview, provenance_of, run_import
from kept.flows.import_people import preview as look_at
from kept.staff.model.permissions import Permission
from kept.vault.acts.intake import Run, find_run, refused_rows
from kept.vault.model.mending import refused_lines
from kept.vault.model.people import Provenance
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts, WebParts
from kept.web.render import language_of, render
from kept.web.routes.desk.list_pages import (
    Taken,
    job_of,
    preview_page,
    progress_page,
    refused_text,
    report_page,
    upload_page,
)
from kept.web.routes.desk.shell import Page, Shell
from kept.web.staff_session import Who, needs
from kept.web.uploads import MAX_UPLOAD_BYTES, Upload

IMPORT = needs(Permission.IMPORT_DATA)
_log = structlog.get_logger("kept.web")


@get("/desk/import", opt=IMPORT, sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """Choose a file."""
    return upload_page(Shell(request, parts, visitor))


@post("/desk/import", opt=IMPORT, request_max_body_size=MAX_UPLOAD_BYTES)
async def receive(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Response[Any]:
    """Take the file, sealing it while it comes."""
    try:
        upload = await parts.uploads.receive(
            request.headers.get("content-type", ""), request.stream(), now=parts.clock.now()
        )
    except MalformedError as error:
        shell = Shell(request, parts, visitor)
        return upload_page(shell, problem=shell.words_of(error), status=422)
    return Redirect(f"/desk/import/{upload.id}", status_code=303)


@get("/desk/import/{run:str}", opt=IMPORT, sync_to_thread=True)
def one(request: Request[Any, Any, Any], parts: Parts, visitor: Who, run: FromPath[str]) -> Page:
    """The list as far as it is: found, on its way, or in."""
    shell = Shell(request, parts, visitor)
    taken = _taken(parts, run)
    if taken.upload is not None and taken.run is None and not taken.upload.is_running:
        return _preview(shell, taken.upload)
    if taken.is_over:
        return report_page(shell, taken)
    if taken.upload is None or not taken.upload.is_running:
        problem = taken.upload.problem if taken.upload else ""
        return upload_page(shell, problem=problem)
    return progress_page(shell, taken)


@post("/desk/import/{run:str}/start", opt=IMPORT, status_code=200, sync_to_thread=True)
def start(
    request: Request[Any, Any, Any], parts: Parts, visitor: Who, *, run: FromPath[str], data: Form
) -> Response[Any]:
    """Begin with the columns, the purpose and the origin that were chosen."""
    shell, upload = Shell(request, parts, visitor), parts.uploads.get(run)
    if not upload.is_running and upload.run is None:
        try:
            order = _order(shell, upload, data)
        except (MalformedError, RefusedError) as error:
            return _preview(shell, upload, problem=shell.words_of(error), data=data)
        _set_off(parts.uploads.begin(upload, lambda: _run(parts, upload, order)))
    return Redirect(f"/desk/import/{upload.id}", status_code=303)


@post("/desk/import/{run:str}/resume", opt=IMPORT, status_code=200, sync_to_thread=True)
def resume(parts: Parts, run: FromPath[str]) -> Response[Any]:
    """Go on with a list that is still here.

    Raises:
        NotFoundError: its file has to be chosen again.
    """
    taken = _taken(parts, run)
    if taken.upload is None:
        raise NotFoundError("This list is not here any more. Choose the file again.")
    if not taken.is_over:
        _set_off(parts.uploads.begin(taken.upload))
    return Redirect(f"/desk/import/{taken.upload.id}", status_code=303)


@get("/desk/import/{run:str}/progress", opt=IMPORT, sync_to_thread=True)
def progress(request: Request[Any, Any, Any], parts: Parts, run: FromPath[str]) -> Response[str]:
    """How far it is; asked each second by the page."""
    taken, lang = _taken(parts, run), language_of(request, parts)
    is_running = taken.upload is not None and taken.upload.is_running
    text = render("desk_import_progress.html", lang, job=job_of(taken, lang, path_id=run))
    headers = {} if is_running else {"HX-Redirect": f"/desk/import/{run}"}
    return Response(text, media_type="text/html", headers=headers)


@get("/desk/import/{run:str}/refused", opt=IMPORT, sync_to_thread=True)
def refused(request: Request[Any, Any, Any], parts: Parts, run: FromPath[str]) -> Response[Any]:
    """The refused rows as they stood while the file is here; later their numbers and reasons.

    Raises:
        NotFoundError: there is no such import.
    """
    taken = _taken(parts, run)
    if taken.run is None:
        raise NotFoundError("There is no such import.")
    done = taken.run
    rows = parts.db.read(lambda tx: refused_rows(tx, done))
    headers = {"Content-Disposition": 'attachment; filename="refused.csv"'}
    if taken.upload is None:
        text = refused_text(rows, language_of(request, parts))
        return Response(text.encode(), media_type="text/csv", headers=headers)
    file = taken.upload.reader()
    found = look_at(file, parts.vault.rules).survey
    lines = refused_lines(file, found, {row.number for row in rows})
    return Stream(lines, media_type="text/csv", headers=headers)


def _taken(parts: WebParts, run: str) -> Taken:
    """What a path names: a list that waits, or an import.

    Raises:
        NotFoundError: neither.
    """
    try:
        upload = parts.uploads.get(run)
    except NotFoundError:
        found = parts.db.read(lambda tx: find_run(tx, run))
        return Taken(found, parts.uploads.of_run(found.id))
    held = upload.run
    return Taken(parts.db.read(lambda tx: find_run(tx, held.id)) if held else None, upload)


def _preview(
    shell: Shell, upload: Upload, *, problem: str = "", data: dict[str, Any] | None = None
) -> Page:
    try:
        with upload.reader() as file:
            seen = look_at(file, shell.parts.vault.rules)
    except KeptError as error:
        return upload_page(shell, problem=shell.words_of(error), status=422)
    return preview_page(shell, upload, seen, problem=problem, data=data or {})


def _order(shell: Shell, upload: Upload, data: dict[str, Any]) -> Order:
    """What the owner decided.

    Raises:
        MalformedError: no such field, purpose or basis.
        RefusedError: no origin.
    """
    rules = shell.parts.vault.rules
    with upload.reader() as file:
        seen = look_at(file, rules)
        seen = look_at(file, rules, overrides=_overrides(seen, data))
    if not seen.columns.sources:
        raise MalformedError("columns", "no column is kept; choose at least one")
    why: Provenance = provenance_of(
        rules,
        purpose=forms.text(data, "purpose", most=64),
        basis=forms.text(data, "basis", most=64),
        source=forms.text(data, "source", most=400),
    )
    if not why.source:
        raise RefusedError(
            "no_origin", "Say where this list comes from. Lists of unknown origin are not taken."
        )
    return Order(shell.visitor.actor, upload.name, seen.columns.sources, why)


def _overrides(seen: Preview, data: dict[str, Any]) -> dict[str, str | None]:
    """Columns whose field the owner changed."""
    chosen = {
        view.column: forms.text(data, f"map-{n}", most=64) or None
        for n, view in enumerate(seen.columns.columns)
        if f"map-{n}" in data
    }
    return {
        v.column: chosen[v.column]
        for v in seen.columns.columns
        if v.column in chosen and chosen[v.column] != v.field
    }


def _set_off(work: Callable[[], None] | None) -> None:
    """Begin, if this is the request that was let."""
    if work is not None:
        threading.Thread(target=work, name="import", daemon=True).start()


def _run(parts: WebParts, upload: Upload, order: Order) -> None:
    """The import itself; what stops it is kept for the page."""

    def tell(run: Run) -> None:
        upload.run = run

    try:
        with upload.reader() as file:
            found = look_at(file, parts.vault.rules).survey
            run_import(
                ImportParts(parts.clock, parts.db, parts.vault), file, found, order, progress=tell
            )
    except KeptError as error:
        upload.problem = str(error)
    except Exception:  # noqa: BLE001  # a bug: told on the page, its traceback to the log
        _log.exception("import broke")
        upload.problem = "Something in the program is broken."
    finally:
        upload.is_running = False


ROUTES: list[ControllerRouterHandler] = [show, receive, one, start, resume, progress, refused]
