"""Which plain sentence does a customer read for an act? The desk shows the same one beforehand.

What staff read of the same act later speaks of the customer (`staff_lines`).
Roles are told, names are not (CJEU C-579/21). Russian verbs agree with the role that acts. What
has no sentence yet says its kind: an act is never left out.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kept.base.encoding import Json
from kept.ledger.model import Kind
from kept.vault.model.rules import Lang, Purpose, Rules, Text

FEMININE = frozenset({"operator", "service", "worker"})
ROLES: Mapping[str, Text] = {
    "operator": Text("Support", "Поддержка"),
    "senior": Text("A senior colleague", "Старший в команде"),
    "owner": Text("The owner", "Владелец"),
    "auditor": Text("The auditor", "Проверяющий"),
    "service": Text("One of the shop's programs", "Одна из программ"),
    "worker": Text("Our program", "Наша программа"),
}
YOU = "self"
# Names that fit into a sentence; another category of the book stands there in quotes.
THINGS: Mapping[str, Text] = {
    "contact": Text("your contact details", "ваши контакты"),
    "delivery": Text("your address", "ваш адрес"),
    "orders": Text("your orders", "ваши заказы"),
    "profile": Text("what you told us", "то, что вы о себе сказали"),
}
DATA = Text("your data", "ваши данные")
# {who} {a} (the Russian verb's ending) {what} {why}
BY_OTHERS: Mapping[str, Text] = {
    Kind.PERSON_ADDED: Text("{who} took in {what}", "{who} записал{a} {what}"),
    Kind.PERSON_MERGED: Text("{who} added to {what}", "{who} дополнил{a} {what}"),
    Kind.PERSON_READ: Text("{who} opened {what}{why}", "{who} открыл{a} {what}{why}"),
    Kind.PERSON_REFUSED: Text(
        "{who} tried to open {what}{why}, and was refused",
        "{who} хотел{a} открыть {what}{why}: мы не дали",
    ),
    Kind.PERSON_FOUND: Text("{who} looked you up", "{who} отыскал{a} вас в списке"),
    Kind.PERSON_CORRECTED: Text("{who} corrected {what}", "{who} исправил{a} {what}"),
    Kind.PERSON_LISTED: Text(
        "{who} saw you in a list, covered", "{who} увидел{a} вас в списке, в скрытом виде"
    ),
    Kind.ALIAS_ADDED: Text("{who} changed your alias", "{who} сменил{a} ваше имя в системе"),
    Kind.CONSENT_GIVEN: Text("{who} noted your yes{why}", "{who} записал{a} за вас «да»{why}"),
    Kind.CONSENT_WITHDRAWN: Text("{who} noted your no{why}", "{who} записал{a} за вас «нет»{why}"),
    Kind.EXPORT_ASKED: Text("{who} asked for a copy", "{who} запросил{a} копию данных"),
    Kind.EXPORT_READY: Text("{who} made a copy of {what}", "{who} сделал{a} копию: {what}"),
    Kind.EXPORT_TAKEN: Text("{who} took a copy", "{who} скачал{a} копию данных"),
    Kind.EGRESS_MAIL: Text("{who} sent a letter to you", "{who} отправил{a} вам письмо"),
    Kind.RETENTION_EXPIRED: Text(
        "{who} deleted {what}: its time was over", "{who} удалил{a} {what}: срок вышел"
    ),
    Kind.ERASURE_BEGUN: Text("{who} began to erase you", "{who} начал{a} стирать ваши данные"),
}
BY_YOU: Mapping[str, Text] = {
    Kind.PERSON_SIGNED_IN: Text("You signed in here", "Вы вошли сюда"),
    Kind.OWN_VIEW: Text("You looked at this page", "Вы смотрели эту страницу"),
    Kind.PERSON_CORRECTED: Text("You corrected {what}", "Вы исправили {what}"),
    Kind.ALIAS_ADDED: Text("You changed your alias", "Вы сменили своё имя в системе"),
    Kind.CONSENT_GIVEN: Text("You said yes{why}", "Вы сказали «да»{why}"),
    Kind.CONSENT_WITHDRAWN: Text("You said no{why}", "Вы сказали «нет»{why}"),
    Kind.EXPORT_ASKED: Text("You asked for a copy", "Вы запросили копию"),
    Kind.EXPORT_READY: Text("A copy was made for you", "Для вас собрана копия"),
    Kind.EXPORT_TAKEN: Text("You took the copy", "Вы скачали копию"),
    Kind.ERASURE_BEGUN: Text("You asked us to erase it all", "Вы попросили всё стереть"),
}
SIGNALLED = Text(
    "Your browser said no for you{why}", "Ваш браузер отказался за вас{why}"
)  # `Sec-GPC: 1`
UNDONE = Text(
    "You put your old e-mail address back, by the link in our letter",
    "Вы вернули прежний адрес почты по ссылке из нашего письма",
)
OTHER = Text("{who}: {kind}", "{who}: {kind}")
ICONS: Mapping[str, str] = {
    Kind.PERSON_ADDED: "import",
    Kind.PERSON_MERGED: "import",
    Kind.PERSON_CORRECTED: "edit",
    Kind.ALIAS_ADDED: "edit",
    Kind.CONSENT_GIVEN: "consent",
    Kind.CONSENT_WITHDRAWN: "consent",
    Kind.EXPORT_ASKED: "export",
    Kind.EXPORT_READY: "export",
    Kind.EXPORT_TAKEN: "export",
    Kind.EGRESS_MAIL: "mail",
    Kind.PERSON_SIGNED_IN: "person",
    Kind.RETENTION_EXPIRED: "erase",
    Kind.ERASURE_BEGUN: "erase",
}
EYE = "eye"
ORDER = Text("order", "заказ")
_NAMED_ORDER = re.compile(r"(?:order|заказ)\b[\s:.]*(?=\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Voice:
    """To whom a sentence speaks: to the customer, or to colleagues about the customer.

    `signalled` and `undone` are told by how a thing was done: a browser's signal, a letter's link.
    `phrase` turns a purpose's line into this voice.
    """

    by_others: Mapping[str, Text]
    by_self: Mapping[str, Text]
    signalled: Text
    undone: Text
    things: Mapping[str, Text]
    data: Text
    phrase: Callable[[Purpose, Lang], str]


def own_phrase(purpose: Purpose, lang: Lang) -> str:
    """A purpose as its customer reads it."""
    return purpose.line.get(lang)


TO_YOU = Voice(BY_OTHERS, BY_YOU, SIGNALLED, UNDONE, THINGS, DATA, own_phrase)


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence is made of. `ref` is the order or talk it was done for."""

    kind: str
    role: str
    purpose: str
    categories: tuple[str, ...] = ()
    ref: str = ""
    is_signal: bool = False
    is_undone: bool = False


def told_of(kind: str, role: str, purpose: str, /, *, detail: Mapping[str, Json]) -> Told:
    """What an act's opened detail tells."""
    named = detail.get("categories")
    keys = named if isinstance(named, list | tuple) else ()
    return Told(
        kind,
        role,
        purpose,
        tuple(str(key) for key in keys),
        str(detail.get("ref", "")),
        is_signal=detail.get("method") == "signal",
        is_undone=kind == Kind.PERSON_CORRECTED and detail.get("method") == "link",
    )


def line(told: Told, rules: Rules, lang: Lang, *, voice: Voice = TO_YOU) -> str:
    """The sentence, without a full stop."""
    form = _form(told, voice).get(lang)
    who = ROLES.get(told.role, Text("Somebody here", "Кто-то у нас")).get(lang)
    return form.format(
        who=who,
        a="а" if told.role in FEMININE else "",
        what=_things(told.categories, rules, lang, voice=voice),
        why=_why(told, rules, lang, voice=voice),
        kind=told.kind,
    )


def _form(told: Told, voice: Voice) -> Text:
    if told.role == YOU:
        if told.is_signal:
            return voice.signalled
        if told.is_undone:
            return voice.undone
        return voice.by_self.get(told.kind, OTHER)
    return voice.by_others.get(told.kind, OTHER)


def _things(keys: tuple[str, ...], rules: Rules, lang: Lang, *, voice: Voice) -> str:
    words = [
        voice.things[key].get(lang) if key in voice.things else _label(key, rules, lang)
        for key in keys
    ]
    if not words:
        return voice.data.get(lang)
    joint = " и " if lang == "ru" else " and "
    return joint.join(filter(None, (", ".join(words[:-1]), words[-1])))


def _label(key: str, rules: Rules, lang: Lang) -> str:
    category = rules.categories.get(key)
    label = category.label.get(lang) if category else key
    return f"«{label}»" if lang == "ru" else f"“{label}”"


def _why(told: Told, rules: Rules, lang: Lang, *, voice: Voice) -> str:
    """Why, with a comma before it in Russian; consents name what they are about."""
    purpose = rules.purposes.get(told.purpose)
    if purpose is None:
        return ""
    if told.kind in {Kind.CONSENT_GIVEN, Kind.CONSENT_WITHDRAWN}:
        return f": {purpose.label.get(lang)}"
    words = with_ref(voice.phrase(purpose, lang), told.ref, lang)
    return f", {words}" if lang == "ru" else f" {words}"


def with_ref(words: str, ref: str, lang: Lang) -> str:
    """Why, with what it was done for: "your order 118", "to answer you, order 118"."""
    if not ref.strip():
        return words
    ref, order = ref.strip(), ORDER.get(lang)
    bare = _NAMED_ORDER.sub("", ref, count=1) if _NAMED_ORDER.match(ref) else ref
    if words.endswith(f" {order}"):
        return f"{words.removesuffix(f' an {order}').removesuffix(f' {order}')} {order} {bare}"
    return f"{words}, {order} {bare}" if bare != ref or ref.isdecimal() else f"{words}, {ref}"


def icon(kind: str) -> str:
    """The picture beside the sentence."""
    return ICONS.get(kind, EYE)
