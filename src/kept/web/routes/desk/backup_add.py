"""Where shall copies lie? A place added with a mouse; what opens it is never shown again."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Request, Response, get, post
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from kept.backup.model.places import MIB, USUAL_PART, Holds, PlaceOrder, PlaceSecrets
from kept.base.errors import ConflictError, KeptError, MalformedError, RefusedError
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Text
from kept.web import forms
from kept.web.forms import Form
from kept.web.parts import Parts
from kept.web.routes.desk.backup import HOME
from kept.web.routes.desk.backup_words import TOLD, WAYS, Way
from kept.web.routes.desk.shell import Page, Shell
from kept.web.staff_session import Who, needs

RUN = needs(Permission.MANAGE_SETTINGS)
PARTS_MIB = (4, 8, 16, 32, 64, 128)
NEEDED: dict[Way, tuple[str, ...]] = {
    Way.FOLDER: ("folder",),
    Way.SFTP: ("server", "sftp_folder"),
    Way.S3: ("s3_server", "bucket", "s3_key_id", "s3_secret"),
    Way.REST: ("url",),
}
FILL = Text("This has to be filled in.", "Это нужно заполнить.")
CHOOSE = Text("Choose what kind of place it is.", "Выберите, что это за место.")
NAME = Text(
    "Small latin letters and digits, such as closet.", "Маленькие латинские буквы и цифры: closet."
)
WHOLE = Text(
    "Begin at the top, with /: for example /media/closet.",
    "Начните с самого верха, с /: например /media/closet.",
)
FAULTS = {"name": "name", "folders": "folders", "part size": "part"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form said; no secret is in it."""

    way: str = ""
    name: str = ""
    holds: str = "data"
    part: str = str(USUAL_PART // MIB)
    same_disk: bool = False
    fields: dict[str, str] = field(default_factory=dict[str, str])

    def get(self, name: str) -> str:
        """What one field said."""
        return self.fields.get(name, "")


FIELDS = (
    "folder", "server", "user", "port", "sftp_folder", "s3_server", "bucket", "s3_folder",
    "s3_key_id", "url", "rest_user", "folders", "excludes",
)  # fmt: skip


@get("/desk/backup/add", opt=RUN, sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """The form."""
    typed = Typed(fields={"folder": parts.copying.first_folder()} if parts.is_demo else {})
    return _page(Shell(request, parts, visitor), typed)


@post("/desk/backup/add", opt=RUN, status_code=200, sync_to_thread=True)
def add(request: Request[Any, Any, Any], parts: Parts, visitor: Who, data: Form) -> Response[Any]:
    """Make the place ready and remember it."""
    shell, typed = Shell(request, parts, visitor), _typed(data)
    errors = _gaps(shell, typed, data)
    if errors:
        return _page(shell, typed, errors=errors)
    try:
        parts.copying.add(
            _order(typed, _address(typed)),
            _secrets(data),
            actor=visitor.actor,
            same_disk=typed.same_disk,
        )
    except MalformedError as error:
        where = FAULTS.get(error.where, "address")
        said = NAME.get(shell.lang) if where == "name" else shell.words_of(error)
        return _page(shell, typed, errors={where: said})
    except ConflictError as error:
        return _page(shell, typed, errors={"name": shell.words_of(error)})
    except RefusedError as error:
        is_disk = error.code == "backup.same_disk"
        return _page(shell, typed, errors={"address": shell.words_of(error)}, asks_disk=is_disk)
    except KeptError as error:
        return _page(shell, typed, errors={"address": shell.words_of(error)})
    return Redirect(HOME, status_code=303)


def _typed(data: dict[str, Any]) -> Typed:
    """The form, to be shown again. Hostile input."""
    return Typed(
        way=forms.text(data, "way", most=10),
        name=forms.text(data, "name", most=60),
        holds="keys" if forms.text(data, "holds", most=10) == "keys" else "data",
        part=forms.text(data, "part", most=4),
        same_disk=bool(forms.text(data, "same_disk", most=4)),
        fields={name: forms.text(data, name) for name in FIELDS},
    )


def _gaps(shell: Shell, typed: Typed, data: dict[str, Any]) -> dict[str, str]:
    """What is not filled in, by field."""
    if typed.way not in set(Way):
        return {"way": CHOOSE.get(shell.lang)}
    gaps = {
        name: FILL.get(shell.lang)
        for name in NEEDED[Way(typed.way)]
        if not (forms.secret(data, name) if name == "s3_secret" else typed.get(name))
    }
    if not typed.name:
        gaps["name"] = FILL.get(shell.lang)
    if typed.way == Way.FOLDER and typed.get("folder") and not typed.get("folder").startswith("/"):
        gaps["folder"] = WHOLE.get(shell.lang)
    return gaps


def _address(typed: Typed) -> str:
    """The address as restic writes it; whether it is one, is asked of whoever reads it."""
    match Way(typed.way):
        case Way.FOLDER:
            return typed.get("folder")
        case Way.SFTP:
            user, port = typed.get("user"), typed.get("port")
            at = f"{user}@" if user else ""
            if port:
                return f"sftp://{at}{typed.get('server')}:{port}/{typed.get('sftp_folder')}"
            return f"sftp:{at}{typed.get('server')}:{typed.get('sftp_folder')}"
        case Way.S3:
            server = typed.get("s3_server")
            server = server if "://" in server else f"https://{server}"
            path = "/".join(filter(None, (typed.get("bucket"), typed.get("s3_folder").strip("/"))))
            return f"s3:{server.rstrip('/')}/{path}"
        case Way.REST:
            return f"rest:{_with_user(typed.get('url'), typed.get('rest_user'))}"


def _with_user(url: str, user: str) -> str:
    """The address with the user's name in it, where one was typed."""
    whole = url if "://" in url else f"https://{url}"
    try:
        split = urlsplit(whole)
    except ValueError:
        return whole  # refused by whoever reads it
    if not user or split.username:
        return whole
    return split._replace(netloc=f"{quote(user, safe='')}@{split.netloc}").geturl()


def _order(typed: Typed, address: str) -> PlaceOrder:
    """What the owner said of it.

    Raises:
        MalformedError: a name, a size or a folder of another form.
    """
    size = int(typed.part) if typed.part in {str(one) for one in PARTS_MIB} else 0
    return PlaceOrder(
        name=typed.name,
        address=address,
        holds=Holds(typed.holds),
        part_bytes=size * MIB,
        folders=_lines(typed.get("folders")),
        excludes=_lines(typed.get("excludes")),
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _secrets(data: dict[str, Any]) -> PlaceSecrets:
    """What opens the place, as typed; what stands in an address is found there."""
    way = forms.text(data, "way", most=10)
    if way == Way.S3:
        return PlaceSecrets(
            s3_key_id=forms.text(data, "s3_key_id"),
            s3_secret=forms.secret(data, "s3_secret"),
            s3_token=forms.secret(data, "s3_token"),
        )
    return PlaceSecrets(password=forms.secret(data, "rest_password") if way == Way.REST else "")


def _page(
    shell: Shell,
    typed: Typed,
    *,
    errors: dict[str, str] | None = None,
    asks_disk: bool = False,
) -> Page:
    lang, is_demo = shell.lang, shell.parts.is_demo
    ways = [Way.FOLDER] if is_demo else list(Way)
    return shell.page(
        "desk_backup_add.html",
        "backup",
        http_status=422 if errors else 200,
        ways=[
            {"key": way.value, "label": WAYS[way].get(lang), "told": TOLD[way].get(lang)}
            for way in ways
        ],
        parts_mib=PARTS_MIB,
        typed=typed,
        errors=errors or {},
        asks_disk=asks_disk or typed.same_disk,
        is_demo=is_demo,
    )


ROUTES: list[ControllerRouterHandler] = [show, add]
