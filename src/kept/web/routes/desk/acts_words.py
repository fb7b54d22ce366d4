"""What is one line of the log called on the desk? The kind of act in words; nobody is named."""

from kept.ledger.acts.bare import BareAct
from kept.ledger.model import Kind
from kept.vault.model.rules import Lang, Text
from kept.web.lines import ROLES

KINDS: dict[Kind, Text] = {
    Kind.PERSON_ADDED: Text("A person was taken in", "Записан новый человек"),
    Kind.PERSON_MERGED: Text("A person's data was added to", "Данные человека дополнены"),
    Kind.PERSON_READ: Text("Data was opened", "Данные открыты"),
    Kind.PERSON_REFUSED: Text("Opening was refused", "В открытии отказано"),
    Kind.PERSON_FOUND: Text("A person was looked up", "Человека нашли поиском"),
    Kind.PERSON_CORRECTED: Text("Data was corrected", "Данные исправлены"),
    Kind.PERSON_SIGNED_IN: Text("A customer signed in", "Клиент вошёл"),
    Kind.OWN_VIEW: Text("A customer saw their own data", "Клиент смотрел свои данные"),
    Kind.PERSON_LISTED: Text("A person was shown in a list", "Человек показан в списке"),
    Kind.ALIAS_ADDED: Text("An alias was changed", "Сменено имя в системе"),
    Kind.CONSENT_GIVEN: Text("A customer's yes was noted", "Записано согласие клиента"),
    Kind.CONSENT_WITHDRAWN: Text("A customer's no was noted", "Записан отказ клиента"),
    Kind.EXPORT_ASKED: Text("A copy was asked for", "Запрошена копия"),
    Kind.EXPORT_READY: Text("A copy was made", "Копия собрана"),
    Kind.EXPORT_TAKEN: Text("A copy was taken", "Копия скачана"),
    Kind.EGRESS_MAIL: Text("A letter left", "Отправлено письмо"),
    Kind.RETENTION_EXPIRED: Text(
        "Data was deleted: its time was over", "Срок вышел, данные удалены"
    ),
    Kind.ERASURE_BEGUN: Text("An erasure began", "Начато стирание"),
    Kind.ERASED_HERE: Text("An erasure was finished here", "Стирание здесь закончено"),
    Kind.ERASED_EVERYWHERE: Text("An erasure was finished everywhere", "Стёрто отовсюду"),
    Kind.NOBODY_FOUND: Text("A search found nobody", "Поиск никого не нашёл"),
    Kind.IMPORT_DONE: Text("A list was brought in", "Загружен список"),
    Kind.BOOK_CHANGED: Text("The book was changed", "Изменена книга"),
    Kind.LEDGER_OPENED: Text("The log was opened", "Журнал открыт"),
    Kind.LEDGER_SUCCEEDS: Text("A new log follows the old one", "Новый журнал сменил старый"),
    Kind.LEDGER_KEY_ADDED: Text("The log got another key", "У журнала новый ключ"),
    Kind.LEDGER_ADOPTED: Text("Lines were adopted after a restore", "Записи приняты из копии"),
    Kind.STAFF_INVITED: Text("A colleague was invited", "Приглашён сотрудник"),
    Kind.STAFF_JOINED: Text("A colleague joined", "Пришёл сотрудник"),
    Kind.STAFF_SIGNED_IN: Text("A colleague signed in", "Сотрудник вошёл"),
    Kind.STAFF_ROLE_CHANGED: Text("A role was changed", "Сменена роль"),
    Kind.STAFF_REVIEWED: Text("A role was confirmed", "Роль подтверждена"),
    Kind.STAFF_DISABLED: Text("An account was closed", "Учётная запись закрыта"),
    Kind.STAFF_FACTOR_RESET: Text("A second key was reset", "Второй ключ сброшен"),
    Kind.STAFF_PASSWORD_CHANGED: Text("A password was changed", "Сменён пароль"),
    Kind.STAFF_PASSKEY_ADDED: Text("A passkey was added", "Добавлен ключ доступа"),
    Kind.STAFF_PASSKEY_DROPPED: Text("A passkey was removed", "Убран ключ доступа"),
    Kind.KEY_ISSUED: Text("A program got a key", "Программе выдан ключ"),
    Kind.KEY_REVOKED: Text("A program's key was taken back", "Ключ программы отозван"),
    Kind.PROMISE_PUBLISHED: Text("A promise was published", "Опубликовано обещание"),
    Kind.PROMISE_BROKEN: Text("A promise was broken", "Обещание нарушено"),
    Kind.PROMISE_PAUSED: Text("A promise was paused", "Обещание на паузе"),
    Kind.PROMISE_EXPLAINED: Text("A break was explained", "Нарушение объяснено"),
    Kind.PROMISE_WITHDRAWN: Text("A promise was taken back", "Обещание отозвано"),
    Kind.CHECKUP_ANSWERED: Text("A row of the check-up was answered", "Дан ответ в проверке"),
    Kind.KEYS_REWRAPPED: Text("A way to open the house was renewed", "Обновлён способ открыть дом"),
    Kind.BACKUP_PLACE_ADDED: Text("A place for copies was added", "Добавлено место для копий"),
    Kind.BACKUP_PLACE_CHANGED: Text("A place for copies was changed", "Изменено место для копий"),
    Kind.BACKUP_PLAN_CHANGED: Text("The plan of copies was changed", "Изменён план копий"),
    Kind.BACKUP_DONE: Text("A copy was made", "Сделана копия"),
    Kind.BACKUP_FAILED: Text("A copy failed", "Копия не удалась"),
    Kind.BACKUP_CHECKED: Text("A copy was checked", "Копия проверена"),
    Kind.BACKUP_FORGOTTEN: Text("Old copies were let go", "Старые копии отпущены"),
    Kind.BACKUP_PRUNED: Text("Room of old copies was freed", "Освобождено место старых копий"),
    Kind.BACKUP_RESTORED: Text("Files were taken back from a copy", "Файлы взяты из копии"),
    Kind.BACKUP_KEY_CHANGED: Text("A key of a copy was changed", "Сменён ключ копии"),
    Kind.BACKUP_REPORT_READ: Text("The report on the copy was read", "Прочитан отчёт о копии"),
    Kind.BACKUP_PLACE_REMOVED: Text("A place for copies was taken off", "Убрано место для копий"),
    Kind.BACKUP_FETCHED: Text("Files of a copy were downloaded", "Файлы из копии скачаны"),
    Kind.DRILL_DONE: Text("Bringing data back was tried", "Проверено, что данные вернутся"),
    Kind.DRILL_KEYLESS: Text("A copy was tried without its key", "Копию открывали без ключа"),
    Kind.KEY_COPY_REPLACED: Text("The copy of keys was replaced", "Копия ключей заменена"),
}
_KNOWN = {kind.value: said for kind, said in KINDS.items()}


def kind_words(act: BareAct, lang: Lang) -> str:
    """The kind, and the role that did it where one is told."""
    said = _KNOWN.get(act.kind)
    words = said.get(lang) if said else act.kind
    who = ROLES.get(act.role)
    return f"{words} ({who.get(lang).lower()})" if who else words
