"""How does a person take a copy? One button: made while they wait, handed over in the answer."""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

from babel.support import NullTranslations
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from kept.base.texts import moment_text, translations
from kept.flows.export_person import Copy, ExportParts, export_person
from kept.ledger.notes import Checkpoint, Note
from kept.promises.model.words import when
from kept.vault.model.gate import Consent
from kept.web.parts import Parts, WebParts
from kept.web.render import language_of, render
from kept.web.routes.me.page import category_shown, consents_shown, download
from kept.web.routes.me.statement import statement
from kept.web.routes.me.told import tell
from kept.web.visitors import Me


@post("/me/copy", status_code=200)
async def take(request: Request[Any, Any, Any], customer: Me, parts: Parts) -> Response[bytes]:
    """The copy, as a ZIP."""
    lang = language_of(request, parts)
    wanted = ExportParts(parts.clock, parts.db, parts.book, parts.vault, parts.tiles, parts.log_key)
    packed = await asyncio.to_thread(
        export_person, wanted, customer.person, lambda copy: readable(parts, copy, lang)
    )
    return download(packed, "my-data.zip", "application/zip")


def readable(parts: WebParts, copy: Copy, lang: str) -> bytes:
    """The page inside the ZIP."""
    texts, held = translations(lang), copy.held
    return render(
        "me_export_index.html",
        lang,
        site=parts.book.business,
        demo=parts.is_demo,
        made_iso=when(copy.made_at),
        made_text=moment_text(copy.made_at, lang),
        me={"alias": held.alias},
        held=[category_shown(parts, one, held.origins, lang=lang) for one in held.categories],
        acts=[_act(parts, copy, lang, at) for at in reversed(range(len(copy.acts)))],
        consents=consents_shown(parts, _last(copy), lang),
        statement=statement(parts, held.origins, lang),
        files=_files(copy, texts),
        head=_head(copy),
    ).encode()


def _act(parts: WebParts, copy: Copy, lang: str, at: int) -> dict[str, str]:
    act = copy.acts[at]
    told = tell(act, parts.vault.rules, lang)
    return {
        "line": told.line,
        "iso": told.iso,
        "at_text": told.at_text,
        "reason": told.reason,
        "receipt_file": f"receipts/{act.act_id}.tlog-proof" if act.act_id in copy.receipts else "",
    }


def _last(copy: Copy) -> Mapping[str, Consent]:
    """The last answer for each purpose."""
    return {row.purpose: Consent(row.state, row.notice, row.at) for row in copy.held.consents}


def _files(copy: Copy, texts: NullTranslations) -> list[dict[str, str]]:
    """What lies beside the page, each with its SHA-256; receipts are named at their acts."""
    words = {
        "data.json": texts.gettext("All values, for a program."),
        "data.schema.json": texts.gettext("How that file is built."),
        "access-log.json": texts.gettext("Each act with its time, role and purpose."),
        "consents.jsonld": texts.gettext("What you said yes and no to."),
    }
    return [
        {"name": name, "text": words[name], "sha256": hashlib.sha256(body).hexdigest()}
        for name, body in copy.files.items()
        if name in words
    ]


def _head(copy: Copy) -> dict[str, object]:
    """The public page of the log at that time."""
    if not copy.checkpoint:
        return {"size": 0, "root": "–"}
    page = Checkpoint.parse(Note.parse(copy.checkpoint).text)
    return {"size": page.size, "root": page.root.hex()}


ROUTES: list[HTTPRouteHandler] = [take]
