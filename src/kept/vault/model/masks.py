"""What may be seen of a value before a purpose is chosen?

Enough to recognise, too little to use: `a…@e….org`, the last two digits of a phone, initials, a
town, a year. Free text, addresses, postcodes and anything that fits no shape show nothing (`""`).
The mask is made here, in the house: the full value is never in the page.
"""

import re
from collections.abc import Callable

import idna

from kept.base.errors import MalformedError
from kept.vault.model.body import Value, date_of
from kept.vault.model.rules import FieldKind, Lang

DOTS = "…"
_PHONE = re.compile(r"\+[0-9]{7,15}")
_WORD = re.compile(r"\w")
MAX_INITIALS = 4


def mask(kind: FieldKind, value: Value, lang: Lang) -> str:
    """The masked form, "" for nothing.

    Args:
        kind: decides how much shows.
        value: as the body holds it.
        lang: of the words in it (`1984 г.`).
    """
    masker = _MASKS.get(kind)
    return masker(value, lang) if masker else ""


def _email(value: Value, _lang: Lang) -> str:
    local, at, domain = str(value).rpartition("@")
    name, dot, last = _readable(domain).rpartition(".")
    if not (local and at and name and dot and last):
        return ""
    return f"{local[0]}{DOTS}@{name[0]}{DOTS}.{last}"


def _readable(domain: str) -> str:
    if "xn--" not in domain:
        return domain
    try:
        return idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return ""


def _phone(value: Value, _lang: Lang) -> str:
    text = str(value)
    return DOTS + text[-2:] if _PHONE.fullmatch(text) else ""


def _name(value: Value, _lang: Lang) -> str:
    first = (_WORD.search(word) for word in str(value).split()[:MAX_INITIALS])
    return " ".join(f"{letter[0].upper()}." for letter in first if letter)


def _town(value: Value, _lang: Lang) -> str:
    return str(value)


def _year(value: Value, lang: Lang) -> str:
    if not isinstance(value, int):
        return ""
    try:
        year = date_of(value).year
    except MalformedError:
        return ""
    return f"{year} г." if lang == "ru" else str(year)


_MASKS: dict[FieldKind, Callable[[Value, Lang], str]] = {
    FieldKind.EMAIL: _email,
    FieldKind.PHONE: _phone,
    FieldKind.NAME: _name,
    FieldKind.TOWN: _town,
    FieldKind.BIRTH_DATE: _year,
    FieldKind.DATE: _year,
}
