"""What do you hold about me, and who looked? The page of one person, and each receipt.

Opening the page opens the data: that is an act as well, one for each view.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from kept.base.errors import NotFoundError, UnavailableError
from kept.base.texts import day_text, translations
from kept.db.seam import Tx
from kept.ledger.acts import history
from kept.ledger.acts.history import SeenAct
from kept.ledger.acts.receipts import NotYet, receipt
from kept.vault.acts import own
from kept.vault.acts.open import Shown, ShownCategory
from kept.vault.acts.own import Origin
from kept.vault.model.body import Status
from kept.vault.model.gate import Consent, ConsentState
from kept.vault.model.normalise import as_text
from kept.vault.model.rules import Basis
from kept.web.keeping import until_rule
from kept.web.parts import Parts, WebParts
from kept.web.render import language_of, page
from kept.web.routes.me.told import is_own_visit, tell
from kept.web.visitors import Customer, Me

AT_ONCE = 50  # acts on one page
LOOK_BACK = 150  # acts searched for as many that are no own visits
GPC = "sec-gpc"

Asked = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What a form did, or why it did not; `at` names the field, `typed` is what was put there."""

    saved: str = ""
    error: str = ""
    at: str = ""
    typed: str = ""


@get("/me")
async def mine(request: Asked, customer: Me, parts: Parts) -> Response[str]:
    """Everything on one page."""
    return await my_page(request, parts, customer, Told(saved=_said(request, parts)))


async def my_page(
    request: Asked, parts: WebParts, customer: Customer, told: Told, *, status: int = 200
) -> Response[str]:
    """The page, with what a form just did."""
    lang, now = language_of(request, parts), parts.clock.now()
    objects = request.headers.get(GPC) == "1"
    seen = await parts.db.write_async(
        lambda tx: own.come_by(
            tx,
            parts.vault,
            customer.token,
            person=customer.person,
            objects=lang if objects else None,
            now=now,
        )
    )
    before = _before(request)
    standing, acts = await parts.db.read_async(
        lambda tx: (own.own_standing(tx, customer.person), _acts(tx, parts, customer, before))
    )
    listed = [act for act in acts if not is_own_visit(act)][:AT_ONCE]
    return page(
        request,
        parts,
        "me.html",
        http_status=status,
        me={"alias": seen.alias, "alias_only": seen.is_alias_only},
        held=[category_shown(parts, part, standing.origins, lang=lang) for part in seen.categories],
        acts=[tell(act, parts.vault.rules, lang) for act in listed],
        last_act=max((act.n for act in acts), default=-1) if before is None else "",
        older=_older(acts, listed),
        newer="/me#looked" if before is not None else "",
        consents=consents_shown(parts, standing.consents, lang),
        saved=told.saved,
        error="" if told.at else told.error,
        correcting=told.at,
        correct_error=told.error,
        correct_value=told.typed,
    )


def _acts(tx: Tx, parts: WebParts, customer: Customer, before: int | None) -> list[SeenAct]:
    subject = own.own_subject(tx, parts.vault, customer.person)
    return history.acts_of(tx, parts.tiles, subject=subject, before_n=before, limit=LOOK_BACK)


def _before(request: Asked) -> int | None:
    asked = request.query_params.get("before", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 12 else None


def _older(acts: Sequence[SeenAct], listed: Sequence[SeenAct]) -> str:
    """Where the list goes on: below the last one shown, or below all that was searched."""
    if len(listed) == AT_ONCE:
        return f"/me?before={listed[-1].n}#looked"
    return f"/me?before={acts[-1].n}#looked" if len(acts) == LOOK_BACK else ""


def category_shown(
    parts: WebParts, part: ShownCategory, origins: Sequence[Origin], *, lang: str
) -> dict[str, object]:
    """One opened category, each value with its why, until when and where from."""
    texts = translations(lang)
    until = (
        day_text(part.due_at, lang)
        if part.due_at
        else until_rule(parts.vault.rules, part.category, texts)
    )
    source = origins[0].source if origins else texts.gettext("you")
    return {
        "key": part.category.key,
        "label": part.category.label.get(lang),
        "rev": part.rev,
        "fields": [_field(one, lang, until=until, source=source) for one in part.fields],
    }


def _field(one: Shown, lang: str, *, until: str, source: str) -> dict[str, object]:
    mark = one.mark
    value = "" if one.value is None else as_text(one.field.kind, one.value, lang)
    return {
        "key": one.field.key,
        "label": one.field.label.get(lang),
        "value": value,
        "why": one.field.why.get(lang),
        "until": until,
        "source": (mark.source if mark and mark.source else source),
        "verified": mark is not None and mark.status == Status.VERIFIED,
        "correctable": one.field.self_correct,
    }


def consents_shown(
    parts: WebParts, last_said: Mapping[str, Consent], lang: str
) -> list[dict[str, object]]:
    """Every purpose that rests on consent, with what the person said last."""
    texts, found = translations(lang), list[dict[str, object]]()
    for key, purpose in parts.vault.rules.purposes.items():
        if purpose.basis is not Basis.CONSENT:
            continue
        last = last_said.get(key)
        since = texts.gettext("Your answer of %(day)s.") if last else ""
        found.append({
            "purpose": key,
            "label": purpose.label.get(lang),
            "text": texts.gettext("You can change it at any time, with one click."),
            "given": last is not None and last.state is ConsentState.GIVEN,
            "since_text": since % {"day": day_text(last.at, lang)} if last else "",
        })
    return found


def _said(request: Asked, parts: WebParts) -> str:
    """What the form before this page did, by a word of a closed list."""
    _ = translations(language_of(request, parts)).gettext
    return {
        "corrected": _("Saved. The new value is used from now on."),
        "unsure": _("Saved as you wrote it. It does not look complete: please read it again."),
        "address": _("Saved. From now on we write to the new address."),
        "consent": _("Noted. It holds from now on."),
        "alias": _("Saved. Our team now knows you by this alias."),
    }.get(request.query_params.get("done", ""), "")


@get("/me/receipts/{act:int}")
async def my_receipt(act: FromPath[int], customer: Me, parts: Parts) -> Response[bytes]:
    """The proof of one act of this person; any other act is not there.

    Raises:
        NotFoundError: no such act about this person.
        UnavailableError: it is not signed for yet.
    """

    def prove(tx: Tx) -> bytes | NotYet | None:
        subject = own.own_subject(tx, parts.vault, customer.person)
        found = history.one_of(tx, parts.tiles, subject=subject, act_id=act)
        if found is None:
            return None
        return receipt(tx, parts.tiles, act_id=act, opening=found.opening)

    proof = await parts.db.read_async(prove)
    if proof is None:
        raise NotFoundError("There is no such receipt.")
    if isinstance(proof, NotYet):
        raise UnavailableError("The receipt is being signed. Come back in a second.")
    return download(proof, f"receipt-{act}.tlog-proof", "text/plain")


def download(body: bytes, name: str, media_type: str) -> Response[bytes]:
    """Bytes that the browser saves under a name."""
    return Response(
        body,
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


ROUTES: list[HTTPRouteHandler] = [mine, my_receipt]
