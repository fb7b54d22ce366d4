"""Why does the gate say no, in words a person can act on?

Each code has one sentence in both languages; whom to ask stands after it where somebody may.
"""

from collections.abc import Mapping

from kept.vault.model.gate import Code, Refused
from kept.vault.model.rules import Role, Text

REASONS: Mapping[Code, Text] = {
    Code.PERSON_GONE: Text(
        "This person is being erased; nothing can be opened any more.",
        "Данные этого человека стираются, открыть ничего уже нельзя.",
    ),
    Code.ASKER_ENDED: Text("This account is closed.", "Эта учётная запись закрыта."),
    Code.REVIEW_OVERDUE: Text(
        "Nobody looked through this account's rights in time, so it opens nothing.",
        "Права этой учётной записи вовремя не проверили, поэтому она ничего не открывает.",
    ),
    Code.NO_SUCH_PURPOSE: Text("The book has no such purpose.", "В книге нет такой цели."),
    Code.ROLE_MAY_NOT: Text(
        "This role may not use data for this purpose.",
        "Этой роли нельзя использовать данные для такой цели.",
    ),
    Code.NOT_FOR_PURPOSE: Text(
        "This purpose does not cover all that was asked for.",
        "Эта цель охватывает не всё, о чём спрошено.",
    ),
    Code.OUT_OF_SCOPE: Text("This key is not made for that.", "Этот ключ выдан не для этого."),
    Code.NEEDS_REF: Text(
        "This purpose needs a reference: an order, a talk or a case.",
        "Для этой цели нужна ссылка: заказ, разговор или дело.",
    ),
    Code.NEEDS_REASON: Text(
        "This purpose needs a reason in your own words.",
        "Для этой цели нужна причина, написанная своими словами.",
    ),
    Code.RESTRICTED: Text(
        "The person asked to have their data locked; only a legal claim opens it.",
        "Человек попросил запереть свои данные; открыть их можно только для спора в суде.",
    ),
    Code.NO_CONSENT: Text("The person has not agreed to this.", "Человек на это не соглашался."),
    Code.TOO_OLD: Text(
        "The time to keep this is over; it is about to be taken out.",
        "Срок хранения истёк, эти данные скоро будут удалены.",
    ),
    Code.LEVEL_TOO_HIGH: Text(
        "This role may see less of it than was asked for.",
        "Этой роли показывают меньше, чем спрошено.",
    ),
    Code.TOO_MANY_PEOPLE: Text(
        "You opened the data of many people within minutes. Wait a little.",
        "За несколько минут вы открыли данные многих людей. Подождите немного.",
    ),
    Code.TOO_MANY_TODAY: Text(
        "You opened the data of many people today. It goes on tomorrow.",
        "Сегодня вы открыли данные многих людей. Продолжить можно завтра.",
    ),
}
_ASK: Mapping[Role, Text] = {
    Role.SENIOR: Text("Ask a senior.", "Спросите старшего."),
    Role.OWNER: Text("Ask the owner.", "Спросите владельца."),
}


def reason_of(refused: Refused) -> Text:
    """Why, and whom to ask."""
    said, ask = REASONS[refused.code], _ASK.get(refused.ask) if refused.ask else None
    return said if ask is None else Text(f"{said.en} {ask.en}", f"{said.ru} {ask.ru}")
