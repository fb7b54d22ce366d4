"""Who are the people of the demo? Made up from these lists and a seed; nobody of them lives.

Mail goes to the domains of RFC 2606 §3 alone. Telephone numbers come from the ranges that the
Bundesnetzagentur keeps free for film and theatre ("drama numbers"). Postcodes begin with 00, which
Germany gives to no place; streets and towns are made of two halves each.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """The same throws for the same seed, everywhere and for ever: SHA-256 of seed and count."""

    def __init__(self, seed: str) -> None:
        self._seed, self._thrown = seed, 0

    def below(self, sides: int) -> int:
        """A whole number from 0 to `sides` - 1."""
        self._thrown += 1
        digest = hashlib.sha256(f"{self._seed}/{self._thrown}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % sides

    def one_of(self, things: Sequence[T]) -> T:
        """One of them."""
        return things[self.below(len(things))]

    def falls(self, percent: int) -> bool:
        """True in so many of a hundred throws."""
        return self.below(100) < percent


@dataclass(frozen=True, slots=True)
class Made:
    """One made-up customer: what a row of the shop's list says."""

    values: dict[str, str]
    lang: str

    @property
    def email(self) -> str:
        """Where their code goes."""
        return self.values["email"]

    @property
    def order_no(self) -> str:
        """Their last order."""
        return self.values["order_no"]


COLUMNS = (
    "email",
    "phone",
    "name",
    "address",
    "town",
    "postcode",
    "country",
    "order_no",
    "customer_no",
    "last_order",
    "birth_date",
    "note",
)

_GIVEN = {
    "de": "Tina Jonas Lena Moritz Hanna Emil Clara Anton Greta Paul Ida Fritz Mila Oskar Nele "
    "Karl Frieda Theo Marta Bruno Elsa Hugo Lotte Kurt Rosa Ludwig Thea Otto Alma Konrad",
    "en": "Alice Tom Grace Harry Ruby Jack Daisy Oliver Poppy George Nora Arthur Ivy Edward "
    "Hazel Walter Edith Frank Olive Henry Martha Ralph Vera Stanley Mabel Victor Joan Cecil",
    "ru": "Анна/anna Иван/ivan Мария/maria Пётр/petr Ольга/olga Михаил/mikhail Елена/elena "
    "Павел/pavel Дарья/daria Андрей/andrei Софья/sofia Николай/nikolai Вера/vera Фёдор/fedor "
    "Нина/nina Глеб/gleb Тамара/tamara Лев/lev Зоя/zoya Роман/roman Лидия/lidia Марк/mark",
}
_FAMILY = {
    "de": "Ahrenbrück Birkwald Dornfelder Eichstätten Falkenried Grünauer Haselbach Immenhof "
    "Kiefernholt Lindwurm Moosbrugg Nesselrath Ottersbach Pappelau Quellmann Rosenthaler "
    "Schilfrohr Tannhoff Ulmengrund Weidenkamp Zirbelmann",
    "en": "Applewick Brambleton Copperdale Dunmere Elderby Fernhollow Gorsley Hartwell-Moss "
    "Inglethorpe Kettlewood Larkfield Mossgrove Nettleford Oatley Pebbleton Quillbrook Rushmere "
    "Saltbourne Thistledown Underhay Willowmarch",
    "ru": "Берёзкин/berezkin Ветров/vetrov Грачёв/grachev Дубравин/dubravin Ежевикин/ezhevikin "
    "Журавлёв/zhuravlev Зорин/zorin Ивушкин/ivushkin Луговой/lugovoi Ландышев/landyshev "
    "Мятлин/myatlin Осинин/osinin Полевой/polevoi Рябинин/ryabinin Снегирёв/snegirev "
    "Тополев/topolev Чайкин/chaikin Ягодин/yagodin",
}
_FEMALE = "Анна Мария Ольга Елена Дарья Софья Вера Нина Тамара Зоя Лидия"
_STREETS = (
    "Amsel Birken Dahlien Erlen Fasanen Ginster Holunder Kastanien Lerchen Mohn",
    "weg gasse ring allee ufer steig",
)
_TOWNS = (
    "Ahr Bern Dorn Ellen Finken Gras Hohen Kirsch Mühl Neu Reiher Sonn",
    "bachingen grundau heimsee hofen lohausen stettfeld walde",
)
_DOMAINS = ("example.org", "example.com", "example.net")
_DRAMA = (  # prefix, how many digits follow
    ("+493023125", 3),
    ("+496990009", 3),
    ("+494066969", 3),
    ("+492214710", 3),
    ("+498999998", 3),
)
_NOTES = {
    "de": ("Loose leaf only, please", "Rings twice", "Allergic to almonds", "Parcel to the shop"),
    "en": ("Likes strong black tea", "Please call before delivery", "Gift wrap at Christmas"),
    "ru": ("Без сахара и добавок", "Позвонить за час", "Любит иван-чай", "Оставить у консьержа"),
}


def make_people(count: int, dice: Dice, *, today: date) -> Iterator[Made]:
    """So many different customers, as the shop's list names them on a day."""
    phones = list(_phones(dice))
    for at in range(count):
        lang = dice.one_of(("de", "de", "en", "ru"))
        given, family = _pair(dice.one_of(_GIVEN[lang].split())), _family(dice, lang)
        name = f"{given[0]} {_agreed(family[0], given[0])}"
        mailbox = f"{_plain(given[1])}.{_plain(family[1])}{at + 1}"
        values = {
            "email": f"{mailbox}@{dice.one_of(_DOMAINS)}",
            "phone": phones[at % len(phones)] if at < len(phones) and dice.falls(85) else "",
            "name": name,
            **dict(zip(("address", "town", "postcode"), new_address(dice), strict=True)),
            "country": "Deutschland",
            "order_no": f"T-{10_000 + at * 3 + dice.below(3)}",
            "customer_no": f"K{4_000 + at}",
            "last_order": (today - timedelta(days=dice.below(700))).isoformat(),
            "birth_date": _birthday(dice) if dice.falls(30) else "",
            "note": dice.one_of(_NOTES[lang]) if dice.falls(20) else "",
        }
        yield Made(values, "ru" if lang == "ru" else "en")


def new_address(dice: Dice) -> tuple[str, str, str]:
    """Street and house, town, postcode."""
    street = "".join(dice.one_of(half.split()) for half in _STREETS)
    town = "".join(dice.one_of(half.split()) for half in _TOWNS)
    return f"{street} {1 + dice.below(140)}", town, f"00{dice.below(1000):03}"


def _pair(word: str) -> tuple[str, str]:
    shown, _, latin = word.partition("/")
    return shown, latin or shown


def _family(dice: Dice, lang: str) -> tuple[str, str]:
    return _pair(dice.one_of(_FAMILY[lang].split()))


def _agreed(family: str, given: str) -> str:
    """A Russian family name agrees with a woman's given one."""
    if given not in _FEMALE.split():
        return family
    return family[:-2] + "ая" if family.endswith("ой") else family + "а"


def _plain(word: str) -> str:
    spelled = word.casefold().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"}))
    return spelled.replace("ß", "ss")


def _phones(dice: Dice) -> Iterator[str]:
    for number in range(1000):
        start = dice.below(len(_DRAMA))
        for at in range(len(_DRAMA)):
            prefix, digits = _DRAMA[(start + at) % len(_DRAMA)]
            yield f"{prefix}{number:0{digits}}"


def _birthday(dice: Dice) -> str:
    return (date(1945, 1, 1) + timedelta(days=dice.below(22_000))).isoformat()
