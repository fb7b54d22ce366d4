"""What lies in a copy? Snapshots and folders, and one file or folder brought back to a new place.

Nothing is ever brought back over what is there: the target is a new or an empty folder.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from kept.backup.acts import places
from kept.base.encoding import b64url, parse_b64url
from kept.base.errors import ConflictError, KeptError, MalformedError
from kept.base.texts import moment_text, number_text
from kept.promises.model.words import when
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Lang, Text
from kept.web import forms
from kept.web.copying import Cut, Ears, Entry, Returned, Saved, Task
from kept.web.forms import Form
from kept.web.parts import Parts
from kept.web.routes.desk.backup import HOME, works_of
from kept.web.routes.desk.backup_words import age_text, size_text
from kept.web.routes.desk.shell import Page, Shell
from kept.web.staff_session import Who, needs

RUN = needs(Permission.MANAGE_SETTINGS)
MOST_SHOWN = 500  # names of one folder on one page
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # what is made for the copy has none of its own
MOST_PATH = 8192  # bytes of a path
WHOLE = Text("Begin at the top, with /.", "Начните с самого верха, с /.")
NOT_A_PATH = "a path of another form"
TOP = Text("All of it", "Всё целиком")


@dataclass(frozen=True, slots=True)
class Where:
    """A snapshot and a path in it; `pick` is one name in that folder, b"" for the folder."""

    place: str
    snapshot: str
    folder: bytes
    pick: bytes = b""

    @property
    def path(self) -> bytes:
        """What would be brought back."""
        return self.folder.rstrip(b"/") + b"/" + self.pick if self.pick else self.folder

    @property
    def base(self) -> str:
        """The page of the snapshot."""
        return f"{HOME}/places/{self.place}/snapshots/{self.snapshot}"


@get("/desk/backup/places/{place:str}", opt=RUN, sync_to_thread=True)
def snapshots(
    request: Request[Any, Any, Any], parts: Parts, visitor: Who, place: FromPath[str]
) -> Page:
    """What lies at a place, newest first.

    Raises:
        NotFoundError: no such place.
    """
    shell = Shell(request, parts, visitor)
    known = parts.db.read(lambda tx: places.place(tx, place))
    found, problem = list[Saved](), ""
    try:
        found = parts.copying.snapshots(known.order.name)
    except KeptError as error:
        problem = shell.words_of(error)
    now = parts.clock.now()
    return shell.page(
        "desk_backup_snapshots.html",
        "backup",
        place=known.order.name,
        problem=problem,
        snapshots=[
            {
                "href": f"{HOME}/places/{known.order.name}/snapshots/{one.name}",
                "iso": when(one.at),
                "at_text": moment_text(one.at, shell.lang),
                "age_text": age_text(one.at, now, shell.lang),
                "files_text": "" if one.files is None else number_text(one.files, shell.lang),
                "size_text": "" if one.bytes is None else size_text(one.bytes, shell.lang),
                "short": one.name[:8],
            }
            for one in found
        ],
    )


@get("/desk/backup/places/{place:str}/snapshots/{snapshot:str}", opt=RUN, sync_to_thread=True)
def folder(
    request: Request[Any, Any, Any],
    parts: Parts,
    visitor: Who,
    *,
    place: FromPath[str],
    snapshot: FromPath[str],
) -> Page:
    """A folder of a snapshot, and the form that brings it or one file of it back.

    Raises:
        NotFoundError: no such place.
    """
    shell = Shell(request, parts, visitor)
    known = parts.db.read(lambda tx: places.place(tx, place))
    where = Where(
        known.order.name,
        snapshot,
        _path(request.query_params.get("at", "")),
        _path(request.query_params.get("pick", "")),
    )
    return _page(shell, where)


@post(
    "/desk/backup/places/{place:str}/snapshots/{snapshot:str}/restore",
    opt=RUN,
    status_code=200,
    sync_to_thread=True,
)
def bring_back(
    request: Request[Any, Any, Any],
    parts: Parts,
    visitor: Who,
    *,
    place: FromPath[str],
    snapshot: FromPath[str],
    data: Form,
) -> Response[Any]:
    """Begin to bring a file or a folder back to a new folder.

    Raises:
        NotFoundError: no such place.
    """
    shell = Shell(request, parts, visitor)
    known = parts.db.read(lambda tx: places.place(tx, place))
    where = Where(
        known.order.name,
        snapshot,
        _path(forms.text(data, "at", most=2 * MOST_PATH)),
        _path(forms.text(data, "pick", most=2 * MOST_PATH)),
    )
    target = forms.text(data, "target")
    if not target.startswith("/") or not target.isprintable():
        return _page(shell, where, problem=WHOLE.get(shell.lang), target=target)
    actor = visitor.actor

    def restore(ears: Ears) -> Returned | Cut:
        return parts.copying.restore(
            where.place, where.snapshot, where.path, target, actor=actor, work=ears
        )

    try:
        works_of(request).begin(Task.RESTORE, where.place, restore, target=target)
    except ConflictError as error:
        return _page(shell, where, problem=shell.words_of(error), target=target)
    return Redirect(HOME, status_code=303)


def _path(text: str) -> bytes:
    """A path of a snapshot as it travels in links: its bytes, base64url.

    Raises:
        MalformedError: of another form.
    """
    raw = parse_b64url(text, "path") if text else b""
    if len(raw) > MOST_PATH:
        raise MalformedError("path", NOT_A_PATH)
    return raw


def _page(shell: Shell, where: Where, *, problem: str = "", target: str = "") -> Page:
    lang, copying = shell.lang, shell.parts.copying
    entries, trouble = list[Entry](), ""
    try:
        entries = copying.folder_of(where.place, where.snapshot, where.folder or b"/")
    except KeptError as error:
        trouble = shell.words_of(error)
    shown = where.path or b"/"
    return shell.page(
        "desk_backup_folder.html",
        "backup",
        http_status=422 if problem else 200,
        place=where.place,
        places_href=f"{HOME}/places/{where.place}",
        base=where.base,
        trouble=trouble,
        problem=problem,
        crumbs=_crumbs(where, lang),
        entries=[_entry(where, one, lang) for one in entries[:MOST_SHOWN]],
        more=max(0, len(entries) - MOST_SHOWN),
        what=TOP.get(lang) if shown == b"/" else _shown(shown),
        is_picked=bool(where.pick),
        at=b64url(where.folder) if where.folder else "",
        pick=b64url(where.pick) if where.pick else "",
        target=target or copying.first_target(where.place),
        is_demo=shell.parts.is_demo,
    )


def _crumbs(where: Where, lang: Lang) -> list[dict[str, str]]:
    """The way from the top down to the folder shown."""
    found = [{"label": TOP.get(lang), "href": where.base}]
    names = [name for name in where.folder.split(b"/") if name]
    for n, name in enumerate(names, start=1):
        path = b"/" + b"/".join(names[:n])
        found.append({"label": _shown(name), "href": f"{where.base}?at={b64url(path)}"})
    return found


def _entry(where: Where, one: Entry, lang: Lang) -> dict[str, object]:
    path = where.folder.rstrip(b"/") + b"/" + one.name
    at = f"at={b64url(where.folder)}&" if where.folder else ""
    return {
        "name": _shown(one.name),
        "is_folder": one.is_folder,
        "href": f"{where.base}?at={b64url(path)}" if one.is_folder else "",
        "back": f"{where.base}?{at}pick={b64url(one.name)}#back",
        "size_text": size_text(one.size, lang) if one.is_file else "",
        "iso": when(one.changed_at),
        "at_text": "" if one.changed_at <= NO_TIME else moment_text(one.changed_at, lang),
        "is_picked": one.name == where.pick,
    }


def _shown(name: bytes) -> str:
    """Bytes of a name for the eye."""
    text = name.decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


ROUTES: list[ControllerRouterHandler] = [snapshots, folder, bring_back]
