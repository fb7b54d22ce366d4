"""How does the desk call roles, sections and sign-in refusals?"""

from kept.vault.model.rules import Role, Text

# The nouns of `kept.web.lines.ROLES`, which stand in sentences: one word for one role.
ROLES: dict[Role, Text] = {
    Role.OWNER: Text("Owner", "Владелец"),
    Role.SENIOR: Text("Senior", "Старший"),
    Role.OPERATOR: Text("Support", "Поддержка"),
    Role.AUDITOR: Text("Auditor", "Проверяющий"),
}
ROLE_MAY: dict[Role, Text] = {
    Role.OWNER: Text(
        "Everything, and the team, keys, lists and promises.",
        "Всё, а ещё команда, ключи, списки и обещания.",
    ),
    Role.SENIOR: Text(
        "Opens and corrects data for a reason, and erases people who ask for it.",
        "Открывает и правит данные с целью, удаляет тех, кто попросил.",
    ),
    Role.OPERATOR: Text(
        "Finds a person, opens and corrects data for a reason.",
        "Находит человека, открывает и правит данные с целью.",
    ),
    Role.AUDITOR: Text(
        "Sees promises, the log and the team. Never a customer's data.",
        "Видит обещания, журнал и команду. Данных клиентов не видит.",
    ),
}
UNRECOGNISED = Text(
    "E-mail, password and code do not fit together. Nothing was changed. Try again.",
    "Почта, пароль и код не подходят друг к другу. Ничего не изменилось. Попробуйте ещё раз.",
)
WAIT = Text(
    "Too many tries. The next one is looked at from {at} UTC on. Your data is safe.",
    "Слишком много попыток. Следующую примем после {at} UTC. Данные в безопасности.",
)
NEVER = Text("never", "никогда")
FILE_CHANGED = Text("A file of the log was changed", "Файл журнала изменён")
FILE_WHY = Text(
    "{path} is not what was written. Run kept verify: it names what was changed. Put the file back"
    " from a copy.",
    "{path} уже не тот, что был записан. Выполните kept verify: он назовёт, что изменено. Верните"
    " файл из копии.",
)
