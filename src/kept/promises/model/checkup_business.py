"""Which recommendations concern the business itself? Rows of the check-up, in its order."""

from kept.promises.model.checkup import Level, Row
from kept.vault.model.rules import Text

BUSINESS_ROWS = (
    Row(
        "data.where",
        Level.BUSINESS,
        Text(
            "Know where your customers' data lies: every file, mailbox and list.",
            "Знайте, где лежат данные клиентов: каждый файл, ящик и список.",
        ),
        Text("Search for data", "Найти данные"),
    ),
    Row(
        "data.keeper",
        Level.BUSINESS,
        Text(
            "Keep it in one safe place, and locked.",
            "Держите их в одном надёжном месте и под замком.",
        ),
        Text("Bring a list in", "Загрузить список"),
        "/desk/import",
    ),
    Row(
        "access.who",
        Level.BUSINESS,
        Text(
            "Control who can see it, and why.",
            "Следите, кто может их видеть и зачем.",
        ),
        Text("Look through the team", "Просмотреть команду"),
        "/desk/team",
    ),
    Row(
        "way.locked",
        Level.BUSINESS,
        Text(
            "Send data only over locked ways.",
            "Шлите данные лишь по тем путям, что заперты.",
        ),
        Text("Test your ways", "Проверить каналы"),
    ),
    Row(
        "soft.fresh",
        Level.BUSINESS,
        Text(
            "Update your programs often.",
            "Ставьте новые версии программ сразу, как они вышли.",
        ),
        Text("See what is old", "Что устарело"),
    ),
    Row(
        "backup.set",
        Level.BUSINESS,
        Text(
            "Back data up: lock it first, then keep it in a second place.",
            "Делайте копии: сначала закройте, потом храните в другом месте.",
        ),
        Text("Set up a copy", "Настроить копию"),
        "/desk/backup",
    ),
    Row(
        "backup.understood",
        Level.BUSINESS,
        Text(
            "Know what your own copy holds, with no help from a technician.",
            "Понимайте свою копию сами, без техника.",
        ),
        Text("Read the report", "Прочесть отчёт"),
        "/desk/backup",
    ),
    Row(
        "pass.strong",
        Level.BUSINESS,
        Text(
            "No weak, old or leaked passwords. Sign in with a second step.",
            "Никаких слабых и утёкших паролей. Вход — в два шага.",
        ),
        Text("Add a second step", "Добавить второй шаг"),
        "/desk/team",
    ),
    Row(
        "hole.door",
        Level.BUSINESS,
        Text(
            "Give those who find holes a door. Answer fast, fix fast.",
            "Дайте нашедшим дыру дверь. Отвечайте и чините быстро.",
        ),
        Text("Open the door", "Открыть дверь"),
    ),
    Row(
        "breach.ready",
        Level.BUSINESS,
        Text(
            "Be ready to tell people of a leak: who was hit and who was not.",
            "Будьте готовы сказать об утечке: кого она задела, а кого нет.",
        ),
        Text("Start a drill", "Начать учения"),
    ),
    Row(
        "vendor.ask",
        Level.BUSINESS,
        Text(
            "Ask partners how they keep data until you are satisfied.",
            "Спрашивайте партнёров, как они хранят данные, пока не станет ясно.",
        ),
        Text("Ask a partner", "Спросить партнёра"),
    ),
    Row(
        "offer.odd",
        Level.BUSINESS,
        Text(
            "Beware of those who pay too well for your ads: they may want your list.",
            "Не верьте тем, кто слишком щедро платит за рекламу: им нужен ваш список.",
        ),
        Text("Check an offer", "Проверить оферту"),
    ),
    Row(
        "list.origin",
        Level.BUSINESS,
        Text(
            "Never buy or use lists of unknown origin.",
            "Не покупайте и не берите списки неизвестно откуда.",
        ),
        Text("Bring a list in", "Загрузить список"),
        "/desk/import",
    ),
    Row(
        "list.canary",
        Level.BUSINESS,
        Text(
            "Find out who leaked a list.",
            "Узнайте, кто выдал список.",
        ),
        Text("Plant a mark", "Поставить метку"),
    ),
    Row(
        "paper.shred",
        Level.BUSINESS,
        Text(
            "Shred papers, wipe disks, watch the bin.",
            "Режьте бумаги, стирайте диски, следите за мусором.",
        ),
        Text("Note a disposal", "Записать"),
    ),
    Row(
        "device.clean",
        Level.BUSINESS,
        Text(
            "Keep work computers clean and up to date.",
            "Держите в порядке компьютеры, на которых идёт работа.",
        ),
        Text("Check a device", "Проверить"),
    ),
    Row(
        "site.clean",
        Level.BUSINESS,
        Text(
            "No foreign scripts that spy on your pages.",
            "Никаких чужих скриптов, что следят на ваших страницах.",
        ),
        Text("Test your site", "Проверить сайт"),
    ),
    Row(
        "flood.stand",
        Level.BUSINESS,
        Text(
            "Stay up when somebody floods your site.",
            "Устойте, если вас завалят запросами.",
        ),
        Text("Run a test", "Испытать"),
    ),
    Row(
        "abroad.known",
        Level.BUSINESS,
        Text(
            "Know what goes abroad or to the state, and log each request.",
            "Знайте, что уходит за рубеж или властям, и пишите каждый запрос.",
        ),
        Text("Note a request", "Записать запрос"),
    ),
    Row(
        "law.papers",
        Level.BUSINESS,
        Text(
            "Publish papers that match what you do: on data, safety and disputes.",
            "Публикуйте правила, которые похожи на дело: о данных, защите, спорах.",
        ),
        Text("See the papers", "Показать правила"),
    ),
)
