"""How does one act look in a person's own list? The values that `macros/acts.html` reads."""

from dataclasses import dataclass

from kept.base.texts import moment_text
from kept.ledger.acts.history import SeenAct
from kept.ledger.model import Kind
from kept.promises.model.words import when
from kept.vault.model.rules import Rules
from kept.web.lines import icon, line, told_of

OWN_VISITS = frozenset({Kind.OWN_VIEW.value, Kind.PERSON_SIGNED_IN.value})


@dataclass(frozen=True, slots=True)
class ToldAct:
    """One act in words. `receipt` is "" until the act is signed for."""

    id: int
    icon: str
    line: str
    iso: str
    at_text: str
    reason: str
    receipt: str
    sealed: bool


def tell(act: SeenAct, rules: Rules, lang: str) -> ToldAct:
    """The act in a language."""
    told = told_of(act.kind, act.role, act.purpose, detail=act.detail)
    sealed = act.index is not None
    return ToldAct(
        id=act.act_id,
        icon=icon(act.kind),
        line=line(told, rules, lang),
        iso=when(act.at),
        at_text=moment_text(act.at, lang),
        reason=str(act.detail.get("reason", "")),
        receipt=f"/me/receipts/{act.act_id}" if sealed else "",
        sealed=sealed,
    )


def is_own_visit(act: SeenAct) -> bool:
    """Whether the person only came by; these stand apart, so that they bury nothing."""
    return act.kind in OWN_VISITS
