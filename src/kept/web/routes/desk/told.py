"""Which line will the customer read, and what was done before? The preview speaks as `/me` does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kept.base.texts import moment_text
from kept.ledger.acts.bare import BareAct
from kept.ledger.model import Kind
from kept.promises.model.words import when
from kept.staff.model.account import STAFF_ROLES
from kept.vault.acts.open import MAX_WORDS
from kept.vault.model.rules import Purpose, Role
from kept.web import forms
from kept.web.lines import DATA, Told, icon, line
from kept.web.routes.desk.shell import Shell
from kept.web.staff_lines import staff_line

REF, CATEGORY = "{ref}", "{category}"  # the places that the browser fills while one types


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the form of opening says."""

    purpose: str = ""
    category: str = ""
    ref: str = ""
    reason: str = ""


def chosen_in(data: dict[str, Any]) -> Chosen:
    """Read that form. Hostile input.

    Raises:
        MalformedError: a value that is too long.
    """
    return Chosen(
        forms.text(data, "purpose", most=64),
        forms.text(data, "category", most=64),
        forms.text(data, "ref", most=MAX_WORDS),
        forms.text(data, "reason", most=MAX_WORDS),
    )


def line_of(shell: Shell, chosen: Chosen) -> str:
    """What the customer will read for this choice; "" until it is whole."""
    rules = shell.parts.vault.rules
    if chosen.purpose not in rules.purposes or chosen.category not in rules.categories:
        return ""
    told = Told(
        Kind.PERSON_READ,
        shell.visitor.role.value,
        chosen.purpose,
        (chosen.category,),
        chosen.ref,
    )
    return line(told, rules, shell.lang)


def purposes_of(shell: Shell) -> list[dict[str, str]]:
    """The purposes staff may choose, with the line as a form to fill."""
    mine = shell.visitor.role
    every = shell.parts.vault.rules.purposes.values()
    staffed = [one for one in every if one.roles & STAFF_ROLES]
    own = [one for one in staffed if mine in one.roles]
    others = [one for one in staffed if mine not in one.roles and Role.SELF not in one.roles]
    return [_purpose(shell, one) for one in (*own, *others)]


def _purpose(shell: Shell, purpose: Purpose) -> dict[str, str]:
    rules, lang = shell.parts.vault.rules, shell.lang
    told = Told(Kind.PERSON_READ, shell.visitor.role.value, purpose.key)
    said = line(told, rules, lang).replace(DATA.get(lang), CATEGORY, 1)
    needed = {"ref": purpose.needs_ref, "reason": purpose.needs_reason}
    return {
        "key": purpose.key,
        "label": purpose.label.get(lang),
        "line": said + REF,
        "categories": " ".join(sorted(purpose.categories)),
        "needs": " ".join(key for key, is_needed in needed.items() if is_needed),
    }


def categories_of(shell: Shell) -> list[dict[str, str]]:
    """The categories with the words that stand for them inside the line."""
    rules, lang = shell.parts.vault.rules, shell.lang
    role = shell.visitor.role.value
    before = line(Told(Kind.PERSON_READ, role, ""), rules, lang).removesuffix(DATA.get(lang))
    return [
        {
            "key": one.key,
            "label": one.label.get(lang),
            "what": line(Told(Kind.PERSON_READ, role, "", (one.key,)), rules, lang).removeprefix(
                before
            ),
        }
        for one in rules.categories.values()
    ]


def folded(acts: Sequence[BareAct]) -> list[tuple[BareAct, int]]:
    """Acts with how often: visits to one's own page in a row on one day are one line, the newest.

    What anybody of the team did is never folded.
    """
    found: list[tuple[BareAct, int]] = []
    for act in acts:
        last, n = found[-1] if found else (None, 0)
        if (
            last is not None
            and act.kind == last.kind == Kind.OWN_VIEW
            and act.at.date() == last.at.date()
        ):
            found[-1] = (last, n + 1)
        else:
            found.append((act, 1))
    return found


def times(line: str, n: int) -> str:
    """A sentence with how often: `The customer looked at their own page ×3`."""
    return f"{line} ×{n}" if n > 1 else line


def act_of(shell: Shell, act: BareAct, n: int = 1) -> dict[str, object]:
    """One act about a person, without what only the person may read."""
    rules, lang = shell.parts.vault.rules, shell.lang
    keys = tuple(one.key for one in rules.categories.values() if act.mask & one.bit)
    return {
        "id": act.act_id,
        "icon": icon(act.kind),
        "line": times(staff_line(Told(act.kind, act.role, act.purpose, keys), rules, lang), n),
        "iso": when(act.at),
        "at_text": moment_text(act.at, lang),
        "reason": "",
        "receipt": "",
        "sealed": act.index is not None,
    }
