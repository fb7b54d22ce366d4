"""Which recommendations concern the customers? Rows of the check-up, in its order."""

from kept.promises.model.checkup import Level, Row
from kept.vault.model.rules import Text

CUSTOMER_ROWS = (
    Row(
        "ask.little",
        Level.CUSTOMER,
        Text(
            "Ask only for what you need, and say why at the field.",
            "Спрашивайте только нужное и пишите рядом зачем.",
        ),
        Text("See the fields", "Показать поля"),
        "/desk/people",
    ),
    Row(
        "consent.real",
        Level.CUSTOMER,
        Text(
            "Share nothing and send no ads without a yes.",
            "Без согласия ничего не передавайте и рекламу не шлите.",
        ),
        Text("See the answers", "Показать ответы"),
        "/desk/people",
    ),
    Row(
        "see.all",
        Level.CUSTOMER,
        Text(
            "Let people see who looked at their data.",
            "Дайте людям видеть, кто смотрел их данные.",
        ),
        Text("Open the page", "Открыть страницу"),
        "/me",
    ),
    Row(
        "fix.own",
        Level.CUSTOMER,
        Text(
            "Let people correct their data, use an alias or a spare address.",
            "Дайте людям исправлять данные и жить под псевдонимом.",
        ),
        Text("Open the page", "Открыть страницу"),
        "/me",
    ),
    Row(
        "data.clean",
        Level.CUSTOMER,
        Text(
            "Give ads and statistics only clean, fresh data with a yes.",
            "Рекламе давайте лишь свежие данные и только с согласия.",
        ),
        Text("See the data", "Показать данные"),
    ),
    Row(
        "ai.limits",
        Level.CUSTOMER,
        Text(
            "Say if machines learn from the data, and keep to it.",
            "Скажите, учатся ли на данных машины, и держите слово.",
        ),
        Text("Say it", "Указать"),
    ),
    Row(
        "card.safe",
        Level.CUSTOMER,
        Text(
            "Never keep card numbers. Take money only in a safe place.",
            "Не храните номера карт. Деньги берите в надёжном месте.",
        ),
        Text("Set it up", "Настроить"),
    ),
    Row(
        "order.clear",
        Level.CUSTOMER,
        Text(
            "Let terms, price and delivery be what you have shown.",
            "Пусть условия, цена и доставка будут как показано.",
        ),
        Text("Link your orders", "Связать заказы"),
    ),
    Row(
        "mail.ours",
        Level.CUSTOMER,
        Text(
            "Let customers tell your mail from a fake.",
            "Пусть клиент отличит ваше письмо от поддельного.",
        ),
        Text("Test your mail", "Проверить почту"),
    ),
    Row(
        "human.face",
        Level.CUSTOMER,
        Text(
            "A living person: real photo, real name, a call if wished.",
            "Живой человек: фото, имя, по желанию — звонок.",
        ),
        Text("Add a card", "Добавить карточку"),
    ),
    Row(
        "calm.talk",
        Level.CUSTOMER,
        Text(
            "No pressure. Do not sell where help is asked. Give time to decide.",
            "Не давите. Не продавайте там, где просят помощи. Дайте время.",
        ),
        Text("Turn it on", "Включить"),
    ),
    Row(
        "answer.time",
        Level.CUSTOMER,
        Text(
            "Answer in time, wherever you are asked.",
            "Отвечайте вовремя, где бы ни спросили.",
        ),
        Text("Set a time", "Задать срок"),
    ),
    Row(
        "history.found",
        Level.CUSTOMER,
        Text(
            "Find any talk or call in minutes.",
            "Любой разговор находите за минуты.",
        ),
        Text("Try a search", "Найти"),
    ),
    Row(
        "claim.way",
        Level.CUSTOMER,
        Text(
            "Have a clear way to complain, with a number and a date.",
            "Дайте понятный путь для жалоб, с номером и сроком.",
        ),
        Text("Set it up", "Настроить"),
    ),
    Row(
        "neutral.way",
        Level.CUSTOMER,
        Text(
            "If you cannot agree, let a neutral person decide.",
            "Если не сошлись, пусть решит посредник.",
        ),
        Text("Name one", "Назвать"),
    ),
    Row(
        "review.answer",
        Level.CUSTOMER,
        Text(
            "Read reviews, say thanks, and answer the bad ones.",
            "Все отзывы читайте, за них говорите спасибо, на плохие дайте ответ.",
        ),
        Text("Link reviews", "Связать отзывы"),
    ),
    Row(
        "vouch.near",
        Level.CUSTOMER,
        Text(
            "Let people hear of you from somebody they know.",
            "Пусть о вас скажет тот, кого человек знает.",
        ),
        Text("Ask a customer", "Попросить"),
    ),
    Row(
        "seal.outside",
        Level.CUSTOMER,
        Text(
            "Let somebody outside watch who may take the seal away.",
            "Пусть снаружи следит тот, кто может отнять печать.",
        ),
        Text("Name a witness", "Найти свидетеля"),
        "/desk/promises",
    ),
    Row(
        "own.up",
        Level.CUSTOMER,
        Text(
            "Own up when you fail.",
            "Не сдержали слово — так и скажите.",
        ),
        Text("See the breaks", "Показать срывы"),
        "/desk/promises",
    ),
    Row(
        "objection.heard",
        Level.CUSTOMER,
        Text(
            "Note why people say no, answer it, and see if it helped.",
            "Пишите, почему вам отказали, отвечайте и смотрите, помогло ли.",
        ),
        Text("Note one", "Записать"),
    ),
    Row(
        "worth.it",
        Level.CUSTOMER,
        Text(
            "See what trust brings: orders, consents and those who come back.",
            "Смотрите, что даёт вам доверие: сколько заказов, кто пришёл снова.",
        ),
        Text("See figures", "Показать числа"),
    ),
)
