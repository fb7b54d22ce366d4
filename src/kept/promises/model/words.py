"""How are numbers, lengths of time and days said, in English and Russian?

Number and noun always come together, because Russian needs three forms and the right case: «за 1
день, 2 дня, 5 дней», «у 1 человека, у 3 человек». Source of the plural rule: Unicode CLDR, ru.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from kept.base.texts import number_text
from kept.vault.model.rules import Text

MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS_RU = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Noun:
    """A countable noun: English one and many; Russian forms for 1, 2 and 5 in one case."""

    en: tuple[str, str]
    ru: tuple[str, str, str]

    def count(self, n: int) -> Text:
        """The number with its noun."""
        said = grouped(n)
        return Text(f"{said.en} {self.en[n != 1]}", f"{said.ru} {self.ru[russian_form(n)]}")


# Accusative, as after «за» and «через».
DAYS = Noun(("day", "days"), ("день", "дня", "дней"))
HOURS = Noun(("hour", "hours"), ("час", "часа", "часов"))
MINUTES = Noun(("minute", "minutes"), ("минуту", "минуты", "минут"))
MONTHS = Noun(("month", "months"), ("месяц", "месяца", "месяцев"))
# Genitive, as after «у», «из» and «до».
PEOPLE = Noun(("person", "people"), ("человека", "человек", "человек"))
PROMISES = Noun(("promise", "promises"), ("обещания", "обещаний", "обещаний"))
# Nominative.
TESTS = Noun(("test", "tests"), ("проверка", "проверки", "проверок"))
THINGS = Noun(("item", "items"), ("запись", "записи", "записей"))


def grouped(n: int) -> Text:
    """A whole number in groups of three: `4,170`, «4 170»."""
    return Text(number_text(n, "en"), number_text(n, "ru"))


def russian_form(n: int) -> int:
    """0 as for 1 and 21, 1 as for 2 to 4 and 22, 2 as for 0, 5 to 20 and 25."""
    tail, last = n % 100, n % 10
    if last == 1 and tail != 11:
        return 0
    if 2 <= last <= 4 and not 12 <= tail <= 14:
        return 1
    return 2


def span(length: timedelta) -> Text:
    """A measured length of time in two units at most: `3 h 10 min`, `2 d 4 h`, `40 s`."""
    seconds = max(0, int(length.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        pairs = ((days, "d", "д"), (hours, "h", "ч"))
    elif hours:
        pairs = ((hours, "h", "ч"), (minutes, "min", "мин"))
    elif minutes:
        pairs = ((minutes, "min", "мин"),)
    else:
        pairs = ((seconds, "s", "с"),)
    shown = [pair for pair in pairs if pair[0]] or [pairs[0]]
    return Text(
        " ".join(f"{n} {en}" for n, en, _ in shown), " ".join(f"{n} {ru}" for n, _, ru in shown)
    )


def when(at: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(at: date) -> Text:
    """A day in words, UTC: `3 Nov 2026`, «3 ноября 2026»."""
    return Text(
        f"{at.day} {MONTHS_EN[at.month - 1]} {at.year}",
        f"{at.day} {MONTHS_RU[at.month - 1]} {at.year}",
    )


def ago(at: datetime, now: datetime) -> Text:
    """How long ago in whole days: `today`, `6 days ago`, «6 дней назад»."""
    days = max(0, (now - at).days)
    if days == 0:
        return Text("today", "сегодня")
    said = DAYS.count(days)
    return Text(f"{said.en} ago", f"{said.ru} назад")
