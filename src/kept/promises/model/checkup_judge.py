"""Which rows of the check-up can be judged today, and what do the facts say?

Each judgement is a pure function of `Facts`, measured in the house; absence of a fact is
`missing` or `partly`, never `done`. Rows without a judgement here come later.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from kept.promises.model.checkup import Checked, Done, Later, Missing, NotYours, Partly, Row, State
from kept.promises.model.checkup_business import BUSINESS_ROWS
from kept.promises.model.checkup_customer import CUSTOMER_ROWS
from kept.promises.model.checkup_facts import Facts
from kept.promises.model.checkup_team import TEAM_ROWS
from kept.promises.model.words import day, grouped, span
from kept.vault.model.rules import Text

SCAN_OLD = timedelta(days=2)
COPY_OLD = timedelta(hours=48)
DRILL_OLD = timedelta(days=35)
READ_OLD = timedelta(days=90)
DELAY_LIMIT = timedelta(minutes=5)


NOBODY = Missing(Text("No customer is kept here yet.", "Здесь пока нет ни одного клиента."))


def data_keeper(facts: Facts) -> State:
    """Sealed, and searched within two days without a find."""
    if not facts.people:
        return NOBODY
    held = Text(
        f"People kept here: {facts.people}, sealed values: {facts.sealed_values}.",
        f"Людей здесь: {facts.people}, запертых значений: {facts.sealed_values}.",
    )
    if facts.scan_hits:
        return Missing(
            _and(held, "Some text lay open in the files.", "Часть текста лежит открыто.")
        )
    if facts.scanned_at is None or facts.now - facts.scanned_at > SCAN_OLD:
        return Partly(_and(held, "The files were not searched.", "Файлы давно не проверяли."))
    at = day(facts.scanned_at)
    return Done(
        _and(
            held,
            f"Files searched on {at.en}: nothing lay open. Other places are not searched yet.",
            f"Проверка файлов {at.ru}: открытого нет. Другие места пока не ищем.",
        )
    )


def access_who(facts: Facts) -> State:
    """Everybody has an account, and the accounts were looked through in time."""
    if not facts.accounts:
        return Missing(Text("Nobody has an account yet.", "Учётных записей пока нет."))
    accounts, readings = grouped(facts.accounts), grouped(facts.readings)
    held = Text(
        f"Accounts: {accounts.en}. Data read {readings.en} times, each for a reason.",
        f"Учётных записей: {accounts.ru}. Просмотров данных: {readings.ru}, каждый с целью.",
    )
    if facts.reviewed_at is None or facts.reviews_overdue:
        return Partly(_and(held, "Look through the accounts.", "Пора просмотреть, кто вхож."))
    at = day(facts.reviewed_at)
    return Done(_and(held, f"Looked through on {at.en}.", f"Просмотр: {at.ru}."))


def pass_strong(facts: Facts) -> State:
    """Everybody has a second factor; leaked passwords are refused by the program."""
    if not facts.accounts:
        return Missing(Text("Nobody has an account yet.", "Учётных записей пока нет."))
    n, of = facts.second_factor, facts.accounts
    held = Text(
        f"{n} of {of} sign in with a second step. Leaked passwords refused:"
        f" {facts.breached_refused}.",
        f"Вход в два шага: {n} из {of}. Отвергнуто утёкших паролей: {facts.breached_refused}.",
    )
    if not n:
        return Missing(held)
    return Done(held) if n >= of else Partly(held)


def list_origin(facts: Facts) -> State:
    """Every list brought in has an origin."""
    if not facts.imports:
        return Missing(Text("No list was brought in yet.", "Списков ещё не загружали."))
    named = facts.imports - facts.without_origin
    held = Text(
        f"{named} of {facts.imports} lists say where they come from.",
        f"Откуда список, известно: {named} из {facts.imports}.",
    )
    return Partly(held) if facts.without_origin else Done(held)


def see_all(facts: Facts) -> State:
    """Customers can get in, somebody did, and lines reach the page in time."""
    if not facts.has_mail:
        return Missing(
            Text(
                "No mail is set up, so nobody gets a code.", "Почта не настроена: код не прислать."
            )
        )
    held = Text(f"Own pages opened: {facts.visits}.", f"Своих страниц открыто: {facts.visits}.")
    if not facts.visits or facts.slowest_line is None:
        return Partly(_and(held, "Open one to try it.", "Откройте одну для пробы."))
    slow = span(facts.slowest_line)
    said = _and(held, f"Slowest line: {slow.en}.", f"Самая поздняя запись: {slow.ru}.")
    return Done(said) if facts.slowest_line <= DELAY_LIMIT else Partly(said)


def fix_own(facts: Facts) -> State:
    """Corrections and aliases are in use."""
    if not facts.people:
        return NOBODY
    held = Text(
        f"Corrections: {facts.corrections}, aliases: {facts.aliases}.",
        f"Правок данных: {facts.corrections}, вторых имён: {facts.aliases}.",
    )
    return Done(held) if facts.corrections or facts.aliases else Partly(held)


def consent_real(facts: Facts) -> State:
    """Consents are on record; that no send goes past them is measured later."""
    if not facts.people:
        return NOBODY
    held = Text(f"Answers on record: {facts.consents}.", f"Записано ответов: {facts.consents}.")
    if not facts.consents:
        return Missing(held)
    return Partly(_and(held, "Sends are not checked yet.", "Рассылки пока не проверяем."))


def ask_little(facts: Facts) -> State:
    """Every field says why; fields nobody uses are found later."""
    if not facts.people:
        return NOBODY
    return Partly(
        Text(
            f"Fields that do not say why: {facts.fields_without_why}. Unused ones come later.",
            f"Полей без пояснения: {facts.fields_without_why}. Лишние поля найдём позже.",
        )
    )


def own_accounts(facts: Facts) -> State:
    """Everybody has their own; private accounts at work are found later."""
    if not facts.accounts:
        return Missing(Text("Nobody has an account yet.", "Учётных записей пока нет."))
    return Partly(
        Text(
            f"Own accounts: {facts.accounts}. Shared ones are not searched for yet.",
            f"Личных входов: {facts.accounts}. Общие пароли пока не ищем.",
        )
    )


def seal_outside(facts: Facts) -> State:
    """Somebody outside watches the log."""
    if not facts.witnesses:
        return Missing(Text("Nobody outside watches yet.", "Снаружи пока никто не следит."))
    n = facts.witnesses
    return Partly(Text(f"Witnesses of the log: {n}.", f"Свидетелей журнала: {n}."))


def own_up(facts: Facts) -> State:
    """Every visible break has the owner's words."""
    held = Text(
        f"Broken promises: {facts.breaks}, answered: {facts.breaks_answered}.",
        f"Нарушено: {facts.breaks}, с ответом: {facts.breaks_answered}.",
    )
    if not facts.breaks:
        return Partly(_and(held, "Nothing to answer now.", "Пока отвечать не на что."))
    return Done(held) if facts.breaks_answered >= facts.breaks else Missing(held)


def _unsafe_copy(facts: Facts) -> Text | None:
    """Why a copy is worse than none; None where it is not."""
    if facts.read_without_key:
        return Text("It can be read with no key!", "Её можно прочесть без ключа!")
    if not facts.damaged_places:
        return None
    return Text(
        f"Places where it is damaged: {facts.damaged_places}.",
        f"Мест, где она повреждена: {facts.damaged_places}.",
    )


def backup_set(facts: Facts) -> State:
    """A fresh copy in a second place, tried with the key and without it."""
    if facts.copied_at is None:
        return Missing(Text("There is no copy elsewhere yet.", "В другом месте копии пока нет."))
    at = day(facts.copied_at)
    held = Text(
        f"Last copy on {at.en}, places with a fresh one: {facts.copy_places}.",
        f"Последняя копия {at.ru}, мест со свежей: {facts.copy_places}.",
    )
    if unsafe := _unsafe_copy(facts):
        return Missing(_and(held, unsafe.en, unsafe.ru))
    if facts.now - facts.copied_at > COPY_OLD:
        return Partly(_and(held, "It is too old.", "Она устарела."))
    if facts.drilled_at is None or facts.now - facts.drilled_at > DRILL_OLD:
        return Partly(_and(held, "It was not tried of late.", "Её давно не пробовали."))
    if facts.read_without_key is None:
        return Partly(_and(held, "Not yet tried with no key.", "Без ключа ещё не пробовали."))
    tried = day(facts.drilled_at)
    return Done(
        _and(
            held,
            f"All came back on {tried.en}. With no key it could not be read.",
            f"Всё вернулось {tried.ru}. Без ключа её не прочесть.",
        )
    )


def backup_understood(facts: Facts) -> State:
    """The plain report of a copy was read in the last quarter."""
    if facts.copied_at is None:
        return Missing(Text("There is no copy to read of.", "Читать пока не о чем: копии нет."))
    if facts.report_read_at is None:
        return Missing(Text("The report was not read yet.", "Отчёт ещё не читали."))
    at = day(facts.report_read_at)
    held = Text(f"Report read on {at.en}.", f"Отчёт прочли {at.ru}.")
    return Done(held) if facts.now - facts.report_read_at <= READ_OLD else Partly(held)


Judgement = Callable[[Facts], State]
JUDGEMENTS: Mapping[str, Judgement] = {
    "data.keeper": data_keeper,
    "access.who": access_who,
    "pass.strong": pass_strong,
    "list.origin": list_origin,
    "see.all": see_all,
    "fix.own": fix_own,
    "consent.real": consent_real,
    "ask.little": ask_little,
    "team.own.accounts": own_accounts,
    "seal.outside": seal_outside,
    "own.up": own_up,
    "backup.set": backup_set,
    "backup.understood": backup_understood,
}
ROWS: Sequence[Row] = (*BUSINESS_ROWS, *TEAM_ROWS, *CUSTOMER_ROWS)


def check_up(facts: Facts) -> tuple[Checked, ...]:
    """Every row with its state, in the order of the page."""
    return tuple(Checked(row, _state(row, facts)) for row in ROWS)


def _state(row: Row, facts: Facts) -> State:
    """Facts beat the owner's word only in what they show to be done."""
    judge = JUDGEMENTS.get(row.key)
    measured = judge(facts) if judge else Later()
    reason = facts.not_yours.get(row.key, "").strip()
    return NotYours(reason) if reason and not isinstance(measured, Done) else measured


def _and(first: Text, en: str, ru: str) -> Text:
    return Text(f"{first.en} {en}", f"{first.ru} {ru}")
