"""How is a promise kept, counted and broken, and what can its number not show? In plain words.

The page of one promise shows these beside its sentence and number. A promise the owner adds and
that has no measure says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from kept.promises.model.promise import Kind, Promise
from kept.promises.model.words import span
from kept.vault.model.rules import Text


@dataclass(frozen=True, slots=True)
class Explained:
    """What we do, what we count, and what the number cannot show."""

    how: Text
    counted: Text
    cannot: Text


OUTSIDE = Text(
    "It cannot show work done outside of this desk.",
    "Оно не покажет того, что сделано в обход этой программы.",
)
UNKNOWN = Explained(
    how=Text("The owner gives their word.", "Владелец даёт слово."),
    counted=Text("No program counts this yet.", "Программа этого пока не считает."),
    cannot=Text("Without a number you can only trust us.", "Без числа остаётся верить на слово."),
)
EXPLAINED: Mapping[str, Explained] = {
    "access.seen": Explained(
        how=Text(
            "We write down who looks first, and show the data after that.",
            "Сначала пишем, кто смотрит, и лишь потом показываем данные.",
        ),
        counted=Text(
            "We count each time the lock is opened: for a look, a list, a letter, a copy, or your"
            " own visit. Then we match it with the log.",
            "Считаем, сколько раз отпирали данные: для просмотра, списка, письма, копии или вас"
            " самих. Потом сверяем с журналом.",
        ),
        cannot=OUTSIDE,
    ),
    "use.purpose": Explained(
        how=Text(
            "To open your data, a person here has to say why. The program refuses the rest.",
            "Чтобы открыть данные, надо выбрать цель. Всё прочее программа не даст.",
        ),
        counted=Text(
            "We check the reason each time one of us reads your data. Letters, copies and your own"
            " visits have no such reason, so they are not counted here.",
            "По каждому просмотру сотрудником проверяем, была ли на то цель. У писем, копий и ваших"
            " визитов её нет, и здесь их не считаем.",
        ),
        cannot=Text(
            "It cannot show if a person lied about the reason.",
            "Оно не покажет, если человек солгал о цели.",
        ),
    ),
    "erase.proof": Explained(
        how=Text(
            "We destroy your key. What it locked can then not be read by us or by anyone.",
            "Мы уничтожаем ваш ключ. Что им заперто, уже никто не прочтёт, и мы тоже.",
        ),
        counted=Text(
            "We count the days from your request to the end of the key, in our copies too.",
            "Считаем дни от вашей просьбы до конца ключа, и в наших копиях тоже.",
        ),
        cannot=Text(
            "It cannot reach a copy made in another way, or notes on paper.",
            "До копии, снятой в обход программы, и до записей на бумаге ей не достать.",
        ),
    ),
    "export.fast": Explained(
        how=Text(
            "You ask on your page, and the program packs all we hold.",
            "Вы просите на своей странице, и программа собирает всё, что у нас есть.",
        ),
        counted=Text(
            "We count the time from your request to the ready copy.",
            "Считаем время от просьбы до готовой копии.",
        ),
        cannot=OUTSIDE,
    ),
    "locked.rest": Explained(
        how=Text(
            "All that we hold about you is locked before it is put on the disk.",
            "Всё о вас мы запираем до того, как запишем на диск.",
        ),
        counted=Text(
            "Each day we hide a known text and search all files for it.",
            "Каждый день прячем пробный текст и ищем его во всех файлах.",
        ),
        cannot=Text(
            "It does not help if a thief takes the keys as well.",
            "Замок не поможет, если украдут и ключи.",
        ),
    ),
    "backup.daily": Explained(
        how=Text(
            "Each night we lock all that we hold, and then send it to a second place.",
            "Каждую ночь мы запираем всё, что храним, и лишь потом шлём в другое место.",
        ),
        counted=Text(
            "We count the hours since the last copy that came to its end.",
            "Считаем часы от последней копии, которая дошла до конца.",
        ),
        cannot=Text(
            "It does not show if the copy can be used. For that we try it.",
            "Оно не покажет, годна ли копия. Для этого мы её пробуем.",
        ),
    ),
    "restore.drill": Explained(
        how=Text(
            "We bring files back from the copy and compare them. The log picks which ones.",
            "Мы берём файлы из копии и сверяем их. Какие — выбирает журнал.",
        ),
        counted=Text(
            "We count the days since the last try in which all was the same.",
            "Считаем дни от последней пробы, когда всё совпало.",
        ),
        cannot=Text(
            "A few files are tried, not all. One bad file can be missed.",
            "Мы пробуем часть файлов. Один плохой можно и не заметить.",
        ),
    ),
}
KIND_WORDS: Mapping[Kind, Text] = {
    Kind.ZERO: Text("One miss breaks it", "Хватит одного нарушения"),
    Kind.CLOCK: Text("One late case breaks it", "Хватит одного опоздания"),
    Kind.SHARE: Text("Too many late cases break it", "Если опозданий слишком много"),
    Kind.FRESH: Text("A proof that is too old breaks it", "Если проверка устарела"),
    Kind.DECLARED: Text("A paper out of date breaks it", "Если срок документа истёк"),
}


def explain(promise: Promise) -> Explained:
    """The words for this promise."""
    return EXPLAINED.get(promise.key, UNKNOWN)


def bound_words(promise: Promise) -> Text:
    """The bound in words: "At most 7 d for each"."""
    length = span(promise.bound or timedelta(0))
    if promise.kind is Kind.CLOCK:
        return Text(f"At most {length.en} for each", f"На каждый — не дольше {length.ru}")
    if promise.kind is Kind.SHARE:
        return Text(
            f"At least {promise.target} of 100 within {length.en}",
            f"Не меньше {promise.target} из 100 не дольше {length.ru}",
        )
    if promise.kind is Kind.FRESH:
        return Text(f"A proof no older than {length.en}", f"Проверка не старше {length.ru}")
    if promise.kind is Kind.DECLARED:
        return Text("Until the day on the paper", "До дня, который стоит в документе")
    return Text("Not a single one in 90 days", "Ни одного за 90 дней")
