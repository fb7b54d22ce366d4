"""Is the log whole, and what stands in it? Rows and signed pages; nothing is opened."""

from typing import Any

from litestar import Request, get
from litestar.types import ControllerRouterHandler

from kept.base.encoding import parse_decimal
from kept.base.errors import MalformedError
from kept.base.texts import moment_text, number_text
from kept.ledger.acts.bare import BareAct, SignedPage, newest_acts, signed_pages
from kept.ledger.acts.counts import acts_waiting, published_at
from kept.ledger.acts.logs import current_log
from kept.ledger.acts.serving import Log, published_size
from kept.ledger.model import Head
from kept.promises.model.words import when
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Text
from kept.web.parts import Parts
from kept.web.routes.desk.acts_words import kind_words
from kept.web.routes.desk.shell import Page, Shell
from kept.web.routes.desk.words import FILE_CHANGED, FILE_WHY, NEVER
from kept.web.staff_session import Who, needs

PAGE_ACTS = 25
SIGNING = Text("The log signs", "Журнал подписывает")
AT_WORK = Text(
    "No contradiction to what was signed before.", "Подписанному раньше не противоречит."
)
REFUSES = Text("The log refuses to sign", "Журнал отказывается подписывать")
PUBLIC = Text("Signed pages are public", "Подписанные страницы доступны всем")
LAST = Text("last one {at}", "последняя {at}")


@get("/desk/ledger", opt=needs(Permission.SEE_EVIDENCE), sync_to_thread=True)
def show(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Page:
    """The log."""
    shell = Shell(request, parts, visitor)
    lang, before, origin = shell.lang, _before(request), parts.vault.origin
    log = Log(origin, parts.tiles)
    head, pages, acts, waiting, public, size = parts.db.read(
        lambda tx: (
            current_log(tx),
            signed_pages(tx, origin),
            newest_acts(tx, before=before, limit=PAGE_ACTS + 1),
            acts_waiting(tx),
            published_at(tx, origin),
            published_size(tx, log),
        )
    )
    has_more = len(acts) > PAGE_ACTS
    acts = acts[:PAGE_ACTS]
    return shell.page(
        "desk_ledger.html",
        "ledger",
        head=_head(shell, head, pages, waiting),
        origin=origin,
        vkey=str(parts.log_key),
        checks=[
            _signing(shell),
            _public(shell, moment_text(public, lang) if public else ""),
            *_files(shell),
        ],
        checkpoints=[_signed(shell, page) for page in pages],
        acts=[_line(shell, act, public_size=size) for act in acts],
        newer="/desk/ledger" if before is not None else "",
        older=f"/desk/ledger?before={acts[-1].act_id}" if has_more else "",
        commands=[
            f"curl -s {parts.public_url}/ledger/checkpoint",
            f"curl -s {parts.public_url}/ledger/key",
            "kept verify",
        ],
    )


def _before(request: Request[Any, Any, Any]) -> int | None:
    asked = request.query_params.get("before", "")
    try:
        return parse_decimal(asked, "before", most=1 << 53) if asked else None
    except MalformedError:
        return None


def _head(
    shell: Shell, head: Head | None, pages: list[SignedPage], waiting: int
) -> dict[str, object]:
    size = head.size if head else 0
    return {
        "size": size,
        "size_text": number_text(size, shell.lang),
        "root": head.root.hex() if head else "",
        "at_text": moment_text(pages[0].at, shell.lang) if pages else NEVER.get(shell.lang),
        "waiting": waiting,
    }


def _signing(shell: Shell) -> dict[str, str]:
    refusing = shell.parts.refusing()
    if refusing is None:
        return _check("kept", SIGNING.get(shell.lang), AT_WORK.get(shell.lang))
    why = refusing.ru if shell.lang == "ru" else refusing.en
    return _check("broken", REFUSES.get(shell.lang), why)


def _public(shell: Shell, at: str) -> dict[str, str]:
    said = LAST.get(shell.lang).format(at=at) if at else NEVER.get(shell.lang)
    return _check("kept" if at else "unmeasured", PUBLIC.get(shell.lang), said)


def _files(shell: Shell) -> list[dict[str, str]]:
    paths = shell.parts.changed_files()
    if not paths:
        return []
    why = FILE_WHY.get(shell.lang).format(path=paths[0])
    return [_check("broken", FILE_CHANGED.get(shell.lang), why)]


def _check(state: str, label: str, text: str) -> dict[str, str]:
    return {"state": state, "label": label, "text": text}


def _signed(shell: Shell, page: SignedPage) -> dict[str, object]:
    return {
        "size": page.size,
        "root": page.root.hex()[:16] + "…",
        "iso": when(page.at),
        "at_text": moment_text(page.at, shell.lang),
    }


def _line(shell: Shell, act: BareAct, *, public_size: int) -> dict[str, object]:
    """A line of the log; what it says in full is public for acts of the house alone."""
    is_public = act.index is not None and act.index < public_size and not act.is_of_a_person
    return {
        "index": "…" if act.index is None else act.index,
        "kind_text": kind_words(act, shell.lang),
        "iso": when(act.at),
        "at_text": moment_text(act.at, shell.lang),
        "opening": f"/ledger/opening/{act.index}" if is_public else "",
    }


ROUTES: list[ControllerRouterHandler] = [show]
