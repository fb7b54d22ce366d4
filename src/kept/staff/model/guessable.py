"""Which passwords does everybody think of? The rules behind the shipped table.

The table shipped with Kept is made from these rules, not from stolen lists: words people use (in
English, in Russian, in Russian typed on a Latin keyboard), with the years, digits and signs they
put behind them, walks over the keyboard and repetitions. Shorter than twelve characters is
refused anyway, so those are left out; capitals too, because a look-up also tries lower case.
`kept passwords build FILE` makes a better table from a published list; `docs/formats/breached.md`
says so to the owner.
"""

import hashlib
from collections.abc import Iterator
from itertools import product

from kept.staff.model.passwords import LONGEST, SHORTEST

_ENGLISH_TEXT = """
password passwort pass passw0rd p@ssw0rd p@ssword pa55word admin administrator root superuser
manager owner operator support service security secret private access login letmein welcome
hello test testing guest user username computer internet server system network database backup
company business office shop store market customer order orders delivery sales money dollar
summer winter spring autumn january february march april may june july august september october
november december monday tuesday wednesday thursday friday saturday sunday morning night
love lover iloveyou loveyou forever always princess prince angel baby babygirl sunshine rainbow
flower butterfly dragon monkey tiger lion panther eagle falcon phoenix wolf shadow ninja samurai
master hunter ranger killer soldier warrior knight wizard merlin gandalf pokemon starwars batman
superman spiderman ironman matrix freedom liberty america england london paris berlin germany
france canada australia chicago dallas boston newyork california texas football soccer baseball
basketball hockey tennis golf chelsea arsenal liverpool manchester barcelona realmadrid juventus
cowboys yankees lakers steelers packers michael michelle jennifer jessica jordan thomas robert
daniel andrew anthony william richard charlie george joshua matthew nicole ashley amanda hannah
sophie samantha elizabeth victoria alexander christian charles patrick jackson mercedes porsche
ferrari mustang corvette harley yamaha toyota google facebook instagram whatsapp telegram twitter
youtube microsoft windows android iphone samsung nintendo minecraft fortnite chocolate cookie
banana orange cherry strawberry pepper coffee whiskey vodka cheese pizza ginger silver golden
diamond crystal purple yellow green blue black white trustno1 whatever nothing changeme
default temporary blink182 metallica nirvana slipknot eminem asdfgh zxcvbn qwerty qwertz azerty
qwertyuiop asdfghjkl zxcvbnm qazwsx qazwsxedc abc abcd abcdef abc123 abcd1234
"""
_RUSSIAN_TEXT = """
пароль привет любовь солнце солнышко наташа саша маша даша катя настя марина ирина светлана
татьяна елена ольга юлия анна мария дмитрий андрей алексей александр сергей максим николай
владимир михаил виктор евгений антон артем иван роман денис кирилл павел москва россия питер
зенит спартак динамо локомотив цска шахтер киев одесса харьков минск родина победа свобода мама
папа мамочка семья котенок кошка собака тигр волк медведь дракон ангел демон король королева
принцесса красавица любимая любимый люблю тебя счастье удача деньги рубль доллар работа
директор начальник бухгалтер магазин заказ склад админ секрет доступ вход тест компьютер
интернет телефон машина дорога лето зима весна осень январь февраль март апрель май июнь июль
август сентябрь октябрь ноябрь декабрь понедельник пятница воскресенье шоколад клубника
апельсин вишня малина ягодка цветок роза лилия звезда космос ракета гагарин хоккей футбол
"""
_ENGLISH = _ENGLISH_TEXT.split()
_RUSSIAN = _RUSSIAN_TEXT.split()
_LATIN_TEXT = "a b v g d e zh z i y k l m n o p r s t u f h c ch sh sch  y  e yu ya"
_LATIN = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюя",
        _LATIN_TEXT.split(" "),
        strict=True,
    )
)
_KEYS = dict(  # the same key under a Latin layout
    zip(
        "йцукенгшщзхъфывапролджэячсмитьбю",
        "qwertyuiop[]asdfghjkl;'zxcvbnm,.",
        strict=True,
    )
)
_WALKS = (
    "1234567890",
    "0987654321",
    "qwertyuiop",
    "poiuytrewq",
    "asdfghjkl",
    "zxcvbnm",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "zaq12wsxcde34rfvbgt56yhn",
    "q1w2e3r4t5y6u7i8o9p0",
    "1q2w3e4r5t6y7u8i9o0p",
    "abcdefghijklmnopqrstuvwxyz",
    "a1b2c3d4e5f6g7h8i9j0",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertzuiopasdfghjklyxcvbnm",
    "йцукенгшщзхъфывапролджэячсмить",
)
_TAILS = (
    *("", "1", "12", "123", "1234", "12345", "123456", "1234567", "12345678", "123456789"),
    *("1234567890", "0", "00", "000", "0000", "007", "01", "11", "111", "1111", "22", "222"),
    *("321", "54321", "654321", "69", "77", "777", "7777", "88", "888", "99", "999", "666"),
    *("!", "!!", "!!!", "1!", "12!", "123!", "1234!", "12345!", "123456!", "@", "@1", "@123"),
    *("@1234", "#1", "#123", "$", "?", ".", "_1", "_123", "-123", "*", "qwerty", "abc", "123abc"),
)
_YEARS = tuple(str(year) for year in range(1950, 2031))
_YEAR_SIGNS = ("", "!", ".")
_PAIRED = 140  # words put behind one another


def common_passwords() -> Iterator[str]:
    """Every password the rules make that would otherwise be long enough; some come twice."""
    for candidate in _candidates():
        if SHORTEST <= len(candidate) <= LONGEST:
            yield candidate


def shipped_lines() -> Iterator[str]:
    """The same as `SHA1:count` lines, ready for `build_table`."""
    for password in common_passwords():
        digest = hashlib.sha1(password.encode("utf-8"), usedforsecurity=False).hexdigest()
        yield f"{digest}:1"


def _candidates() -> Iterator[str]:
    yield from _walks()
    yield from _repeats()
    words = _words()
    for word, tail in product(words, (*_TAILS, *_year_tails())):
        yield word + tail
    for first, second in product(words[:_PAIRED], repeat=2):
        yield first + second


def _words() -> list[str]:
    latin = ("".join(_LATIN[c] for c in word) for word in _RUSSIAN)
    typed = ("".join(_KEYS[c] for c in word) for word in _RUSSIAN)
    return list(dict.fromkeys([*_ENGLISH, *_RUSSIAN, *latin, *typed]))


def _year_tails() -> Iterator[str]:
    for year, sign in product(_YEARS, _YEAR_SIGNS):
        yield year + sign


def _walks() -> Iterator[str]:
    for walk in _WALKS:
        endless = walk * 3
        for start, length in product(range(len(walk)), range(SHORTEST, 21)):
            step = endless[start : start + length]
            yield from (step, step[::-1])


def _repeats() -> Iterator[str]:
    signs = "0123456789abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюя"
    for sign, length in product(signs, range(SHORTEST, 25)):
        yield sign * length
    for word, times in product([*_words(), "123", "1234", "12345", "qwe", "asd", "zxc"], (2, 3, 4)):
        yield word * times
