"""Which plain sentence do colleagues read of an act about a customer? The customer is spoken of.

The words are those of `lines`, in the third person; a purpose whose line the owner wrote anew
stands there by its name.
"""

from collections.abc import Mapping

from kept.ledger.model import Kind
from kept.vault.model.rules import Lang, Purpose, Rules, Text
from kept.web.lines import BY_OTHERS, Told, Voice, line

THINGS: Mapping[str, Text] = {
    "contact": Text("the contact details", "контакты"),
    "delivery": Text("the address", "адрес"),
    "orders": Text("the orders", "заказы"),
    "profile": Text("what the customer told us", "то, что клиент о себе сказал"),
}
DATA = Text("the data", "данные")
ABOUT_THEM: Mapping[str, Text] = {
    **BY_OTHERS,
    Kind.PERSON_FOUND: Text("{who} looked the customer up", "{who} отыскал{a} клиента в списке"),
    Kind.PERSON_LISTED: Text(
        "{who} saw the customer in a list, covered", "{who} увидел{a} клиента в списке, скрыто"
    ),
    Kind.ALIAS_ADDED: Text("{who} changed the alias", "{who} сменил{a} имя клиента в системе"),
    Kind.CONSENT_GIVEN: Text(
        "{who} noted the customer's yes{why}", "{who} записал{a} «да» клиента{why}"
    ),
    Kind.CONSENT_WITHDRAWN: Text(
        "{who} noted the customer's no{why}", "{who} записал{a} «нет» клиента{why}"
    ),
    Kind.EGRESS_MAIL: Text("{who} sent the customer a letter", "{who} отправил{a} клиенту письмо"),
    Kind.ERASURE_BEGUN: Text(
        "{who} began to erase the customer", "{who} начал{a} стирать данные клиента"
    ),
}
BY_THEM: Mapping[str, Text] = {
    Kind.PERSON_SIGNED_IN: Text("The customer signed in", "Клиент вошёл на свою страницу"),
    Kind.OWN_VIEW: Text("The customer looked at their own page", "Клиент смотрел свою страницу"),
    Kind.PERSON_CORRECTED: Text("The customer corrected {what}", "Клиент исправил {what}"),
    Kind.ALIAS_ADDED: Text("The customer changed the alias", "Клиент сменил имя в системе"),
    Kind.CONSENT_GIVEN: Text("The customer said yes{why}", "Клиент сказал «да»{why}"),
    Kind.CONSENT_WITHDRAWN: Text("The customer said no{why}", "Клиент сказал «нет»{why}"),
    Kind.EXPORT_ASKED: Text("The customer asked for a copy", "Клиент запросил копию"),
    Kind.EXPORT_READY: Text("A copy was made for the customer", "Для клиента собрана копия"),
    Kind.EXPORT_TAKEN: Text("The customer took the copy", "Клиент скачал копию"),
    Kind.ERASURE_BEGUN: Text(
        "The customer asked us to erase it all", "Клиент попросил всё стереть"
    ),
}
SIGNALLED = Text("The customer's browser said no{why}", "Браузер клиента отказался{why}")
UNDONE = Text(
    "The old e-mail address was put back, by the link in our letter to it",
    "Прежний адрес почты вернули по ссылке из нашего письма на него",
)
# The lines of the shipped book, spoken to colleagues.
PHRASES: Mapping[str, str] = {
    "to answer you": "to answer the customer",
    "чтобы ответить вам": "чтобы ответить клиенту",
    "to deliver your order": "to deliver an order",
    "чтобы доставить ваш заказ": "чтобы доставить заказ",
    "to send you the news you said yes to": "to send the news the customer said yes to",
    "чтобы послать вам новости, как вы и разрешили": (
        "чтобы послать клиенту новости, как он и разрешил"
    ),
    "to let you in and to write about your data": (
        "to let the customer in and to write about their data"
    ),
    "чтобы впустить вас и писать о ваших данных": "чтобы впустить клиента и писать о его данных",
    "to settle a dispute by law": "to settle a dispute by law",
    "чтобы разобрать спор по закону": "чтобы разобрать спор по закону",
}


def phrase(purpose: Purpose, lang: Lang) -> str:
    """A purpose as colleagues read it."""
    known = PHRASES.get(purpose.line.get(lang))
    if known is not None:
        return known
    label = purpose.label.get(lang)
    return f"цель — «{label}»" if lang == "ru" else f"for “{label}”"


ABOUT = Voice(ABOUT_THEM, BY_THEM, SIGNALLED, UNDONE, THINGS, DATA, phrase)


def staff_line(told: Told, rules: Rules, lang: Lang) -> str:
    """The sentence, without a full stop."""
    return line(told, rules, lang, voice=ABOUT)
