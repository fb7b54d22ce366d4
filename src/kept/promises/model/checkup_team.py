"""Which recommendations concern those who work here? Rows of the check-up, in its order."""

from kept.promises.model.checkup import Level, Row
from kept.vault.model.rules import Text

TEAM_ROWS = (
    Row(
        "team.taught",
        Level.TEAM,
        Text(
            "Teach the team the basics, and again each year.",
            "Учите команду основам, и каждый год снова.",
        ),
        Text("Start the course", "Начать курс"),
    ),
    Row(
        "team.signed",
        Level.TEAM,
        Text(
            "Have the rules of work and of silence signed.",
            "Пусть все подпишут правила и неразглашение.",
        ),
        Text("Ask to sign", "Дать на подпись"),
    ),
    Row(
        "team.own.accounts",
        Level.TEAM,
        Text(
            "No private accounts at work, and no shared logins.",
            "Никаких личных аккаунтов в работе и общих паролей.",
        ),
        Text("Invite by name", "Пригласить"),
        "/desk/team",
    ),
    Row(
        "team.no.secrets",
        Level.TEAM,
        Text(
            "Let the team answer in networks without knowing the passwords.",
            "Пусть команда отвечает в сетях, не зная паролей.",
        ),
        Text("Link a channel", "Связать канал"),
    ),
    Row(
        "team.leave",
        Level.TEAM,
        Text(
            "When somebody leaves, close every door the same day.",
            "Кто ушёл, тому в тот же день закройте все двери.",
        ),
        Text("See who left", "Кто ушёл"),
    ),
    Row(
        "team.told",
        Level.TEAM,
        Text(
            "Tell the team what is measured and why. Measure work, not people.",
            "Скажите команде, что измеряете и зачем. Мерьте труд, а не людей.",
        ),
        Text("Tell the team", "Рассказать"),
    ),
    Row(
        "team.kpi",
        Level.TEAM,
        Text(
            "Agree on goals for speed and quality, and look at them together.",
            "Условьтесь о целях и смотрите на них вместе.",
        ),
        Text("Set a goal", "Задать цель"),
    ),
    Row(
        "team.safe",
        Level.TEAM,
        Text(
            "Guard the team from fraud, bad links and abuse.",
            "Берегите команду от мошенников, вредных ссылок и брани.",
        ),
        Text("Set the guard", "Включить"),
    ),
    Row(
        "team.shield",
        Level.TEAM,
        Text(
            "Nobody bears the risk of a doubtful refund alone.",
            "Никто не решает о спорном возврате в одиночку.",
        ),
        Text("Set two people", "Назначить двоих"),
    ),
    Row(
        "team.backed",
        Level.TEAM,
        Text(
            "Give a hard customer to the one who knows best.",
            "С трудным клиентом пусть говорит тот, у кого больше опыта.",
        ),
        Text("Choose who", "Выбрать"),
    ),
    Row(
        "team.learn",
        Level.TEAM,
        Text(
            "Learn from conflicts, with names taken out.",
            "Учитесь на конфликтах, убрав имена.",
        ),
        Text("Mark a case", "Отметить случай"),
    ),
    Row(
        "team.heard",
        Level.TEAM,
        Text(
            "Hear partners and colleagues too.",
            "Слушайте и партнёров, и коллег.",
        ),
        Text("Ask them", "Спросить"),
    ),
)
