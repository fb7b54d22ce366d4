"""How does the desk speak of copies? Kinds of places, sizes, ages, and what is kept how long."""

from datetime import datetime, timedelta
from enum import StrEnum

from babel.numbers import format_decimal

from kept.backup.model.report import State
from kept.backup.model.retention import ALL, Policy
from kept.backup.model.spans import Span
from kept.promises.model.words import DAYS, HOURS, MONTHS, Noun, span
from kept.vault.model.rules import Lang, Text

KB = 1000
BYTES = Noun(("byte", "bytes"), ("байт", "байта", "байт"))
YEARS = Noun(("year", "years"), ("год", "года", "лет"))
UNITS = (
    Text("bytes", "байт"),
    Text("kB", "кБ"),
    Text("MB", "МБ"),
    Text("GB", "ГБ"),
    Text("TB", "ТБ"),
)
JUST_NOW = Text("just now", "только что")
AGO = Text("{length} ago", "{length} назад")
EVERYTHING = Text("everything of the last {span}", "всё за последние {span}")
WITHIN: dict[str, Text] = {
    "hourly": Text("one an hour for {span}", "по одной в час за {span}"),
    "daily": Text("one a day for {span}", "по одной в день за {span}"),
    "weekly": Text("one a week for {span}", "по одной в неделю за {span}"),
    "monthly": Text("one a month for {span}", "по одной в месяц за {span}"),
    "yearly": Text("one a year for {span}", "по одной в год за {span}"),
}
COUNTED: dict[str, Text] = {
    "last": Text("the last {n}", "последние {n}"),
    "hourly": Text("one an hour, {n} of them", "по одной в час, всего {n}"),
    "daily": Text("one a day, {n} of them", "по одной в день, всего {n}"),
    "weekly": Text("one a week, {n} of them", "по одной в неделю, всего {n}"),
    "monthly": Text("one a month, {n} of them", "по одной в месяц, всего {n}"),
    "yearly": Text("one a year, {n} of them", "по одной в год, всего {n}"),
}
UNBOUNDED: dict[str, Text] = {
    "last": Text("all of them", "все без исключения"),
    "hourly": Text("one an hour for ever", "по одной в час, бессрочно"),
    "daily": Text("one a day for ever", "по одной в день, бессрочно"),
    "weekly": Text("one a week for ever", "по одной в неделю, бессрочно"),
    "monthly": Text("one a month for ever", "по одной в месяц, бессрочно"),
    "yearly": Text("one a year for ever", "по одной в год, бессрочно"),
}
TAGGED = Text("those that carry a mark", "копии с пометкой")


class Way(StrEnum):
    """How a place is reached."""

    FOLDER = "folder"
    SFTP = "sftp"
    S3 = "s3"
    REST = "rest"


WAYS: dict[Way, Text] = {
    Way.FOLDER: Text("A disk", "Диск"),
    Way.SFTP: Text("A machine by SSH", "Машина по SSH"),
    Way.S3: Text("A cloud bucket (S3)", "Облако (S3)"),
    Way.REST: Text("A keeper (REST)", "Хранитель (REST)"),
}
TOLD: dict[Way, Text] = {
    Way.FOLDER: Text(
        "A folder on another disk of this machine: quick and cheap, but it burns with the shop.",
        "Папка на другом диске этой машины: быстро и дёшево, но сгорит вместе с магазином.",
    ),
    Way.SFTP: Text(
        "A machine of yours somewhere else. This one must be able to get in there with a key.",
        "Ваша машина в другом месте. Эта машина должна входить туда по ключу.",
    ),
    Way.S3: Text(
        "Room that you rent. It is far away; you pay each month for what lies there.",
        "Место в аренду. Оно далеко; платите каждый месяц за то, что там лежит.",
    ),
    Way.REST: Text(
        "A friend or a firm that keeps it for you. They can add and never erase, nor read.",
        "Знакомый или фирма, что хранит за вас. Там можно добавить, но не стереть и не прочесть.",
    ),
}
STATES: dict[State, tuple[str, Text]] = {
    State.NONE: ("unmeasured", Text("no copy yet", "копии нет")),
    State.OPEN: ("broken", Text("not safe", "под угрозой")),
    State.DAMAGED: ("broken", Text("damaged", "повреждена")),
    State.LACKING: ("at_risk", Text("not everywhere", "не везде")),
    State.OLD: ("broken", Text("too old", "устарела")),
    State.FAILED: ("at_risk", Text("not all went well", "не всё удалось")),
    State.INCOMPLETE: ("at_risk", Text("not whole", "не вся")),
    State.UNTRIED: ("at_risk", Text("not tried yet", "не проверена")),
    State.GOOD: ("kept", Text("good", "в порядке")),
}


def way_of(address: str) -> Way:
    """How an address, written as restic does, is reached."""
    scheme = address.partition(":")[0]
    return Way(scheme) if scheme in {"sftp", "s3", "rest"} else Way.FOLDER


def size_text(size: int, lang: Lang) -> str:
    """Bytes in decimal units, three digits: `1.24 GB`, `812 kB`."""
    amount, unit = float(size), 0
    while amount >= KB and unit < len(UNITS) - 1:
        amount, unit = amount / KB, unit + 1
    if unit == 0:
        return BYTES.count(size).get(lang)
    digits = 0 if amount >= 100 else 1 if amount >= 10 else 2
    pattern = "0" if not digits else "0." + "#" * digits
    shown = format_decimal(amount, format=pattern, locale="ru" if lang == "ru" else "en")
    return f"{shown} {UNITS[unit].get(lang)}"


def age_text(at: datetime, now: datetime, lang: Lang) -> str:
    """How long ago, in two units at most."""
    length = now - at
    if length < timedelta(minutes=1):
        return JUST_NOW.get(lang)
    return AGO.get(lang).format(length=span(length).get(lang))


def clock_text(minute: int) -> str:
    """A minute of the day as a clock shows it."""
    return f"{minute // 60:02}:{minute % 60:02}"


def kept_text(policy: Policy, lang: Lang) -> str:
    """What is kept how long, in words."""
    said: list[str] = []
    if policy.within:
        said.append(EVERYTHING.get(lang).format(span=_span(policy.within, lang)))
    for name, n in policy.counts.items():
        if n == ALL:
            said.append(UNBOUNDED[name].get(lang))
        elif n:
            said.append(COUNTED[name].get(lang).format(n=n))
    for name, length in policy.spans.items():
        if length:
            said.append(WITHIN[name].get(lang).format(span=_span(length, lang)))
    said += [TAGGED.get(lang)] if policy.tags else []
    text = "; ".join(said)
    return text[:1].upper() + text[1:] + "."


def _span(length: Span, lang: Lang) -> str:
    parts = (
        (length.years, YEARS), (length.months, MONTHS), (length.days, DAYS), (length.hours, HOURS),
    )  # fmt: skip
    return " ".join(noun.count(n).get(lang) for n, noun in parts if n)
