"""How does opened data look on the desk, and how a refusal? Values with notes; words and a name."""

from kept.base.texts import moment_text
from kept.staff.acts.team import list_team
from kept.staff.model.account import AccountState
from kept.vault.acts.open import OpenedPerson, Shown, ShownCategory
from kept.vault.model.body import Status, date_of
from kept.vault.model.gate import Refused
from kept.vault.model.reasons import REASONS, reason_of
from kept.vault.model.rules import FieldKind, Role, Text
from kept.web.routes.desk.shell import Shell
from kept.web.routes.desk.words import ROLES

UNCHECKED = Text("kept as written, does not look right", "сохранено как есть, похоже на ошибку")
ASK = Text("Ask {who}.", "Спросите: {who}.")
YES, NO = Text("yes", "да"), Text("no", "нет")
NAMED_MOST = 3


def opened_words(shell: Shell, found: OpenedPerson, line: str) -> dict[str, object]:
    """What was opened, as the page and its form of correction need it."""
    now, lang = shell.parts.clock.now(), shell.lang
    part = found.categories[0] if found.categories else None
    return {
        "label": part.category.label.get(lang) if part else found.alias,
        "category": part.category.key if part else "",
        "rev": part.rev if part else 0,
        "line": line,
        "at_text": moment_text(now, lang),
        "act": found.act_id,
        "receipt": "",
        "fields": _fields(shell, part) if part else [],
    }


def _fields(shell: Shell, part: ShownCategory) -> list[dict[str, object]]:
    lang, shown = shell.lang, {one.field.key: one for one in part.fields}
    return [
        {
            "key": field.key,
            "label": field.label.get(lang),
            "value": _value(shell, shown[field.key]) if field.key in shown else "",
            "note": _note(shell, shown[field.key]) if field.key in shown else "",
        }
        for field in part.category.fields
    ]


def _value(shell: Shell, shown: Shown) -> str:
    value, kind = shown.value, shown.field.kind
    if kind in {FieldKind.DATE, FieldKind.BIRTH_DATE} and isinstance(value, int):
        return date_of(value).isoformat()
    if isinstance(value, bool):
        return (YES if value else NO).get(shell.lang)
    return "" if value is None else str(value)


def _note(shell: Shell, shown: Shown) -> str:
    is_odd = shown.mark is not None and shown.mark.status is Status.MALFORMED
    return UNCHECKED.get(shell.lang) if is_odd else ""


def refused_words(shell: Shell, refused: Refused) -> dict[str, str]:
    """Why not, and whom to ask: by name where somebody of that role is here, else an owner."""
    lang = shell.lang
    why, said = REASONS[refused.code].get(lang), reason_of(refused).get(lang)
    named = _named(shell, refused.ask) if refused.ask else ""
    return {"why": why, "ask": named or said.removeprefix(why).strip()}


def _named(shell: Shell, role: Role) -> str:
    team = [one for one in shell.parts.db.read(list_team) if one.state is AccountState.ACTIVE]
    asked = [one for one in team if one.role is role] or [
        one for one in team if one.role is Role.OWNER
    ]
    if not asked:
        return ""
    who = ", ".join(
        f"{one.name} ({ROLES[one.role].get(shell.lang).lower()})" for one in asked[:NAMED_MOST]
    )
    return ASK.get(shell.lang).format(who=who)
