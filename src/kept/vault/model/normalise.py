"""What is the one way to write this value, and by which bytes is it found?

A value that fits its kind is kept in its normal form and, for the four kinds that may be
indexed, has a key. One that does not fit is kept as it was written, has no key, and says why by
a code of `kept.vault.model.refusals`. Nothing is evaluated: `=cmd` is seven bits of text.

A change of outcome here is a new number in `VERSIONS` and so a new index version: a tag made by
the old normaliser is not found by the new one.

Source: guide "Finding people"; RFC 5321 §4.1.2, RFC 5891 (IDNA 2008) with UTS #46, ITU-T E.164.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple
from unicodedata import is_normalized, normalize

import idna

from kept.vault.model.body import Value, date_of
from kept.vault.model.days import read_day
from kept.vault.model.phones import to_e164, with_plus
from kept.vault.model.rules import FieldKind, Lang

VERSIONS: dict[FieldKind, int] = {  # part of the index version; append, never lower
    FieldKind.EMAIL: 1,
    FieldKind.PHONE: 1,
    FieldKind.ORDER_NO: 1,
    FieldKind.CUSTOMER_NO: 1,
}
PLAIN = frozenset({FieldKind.NAME, FieldKind.ADDRESS, FieldKind.TOWN, FieldKind.TEXT})
MAX_EMAIL_CHARS = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
MAX_LOCAL_OCTETS = 64  # RFC 5321 §4.5.3.1.1
MAX_NUMBER_CHARS = 64  # order and customer numbers

_DASHES = frozenset(("-", "--", "---"))
_NOTHING = _DASHES | frozenset((
    ".",
    "/",
    "?",
    "n/a",
    "na",
    "none",
    "null",
    "nil",
    "nan",
    "нет",
    "н/д",
    "б/н",
    "неизвестно",
))
_LONGEST_NOTHING = max(map(len, _NOTHING))
_SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]{1,2}")
_PLAIN_EMAIL = re.compile(
    r"[a-z0-9_%+'-]+(?:\.[a-z0-9_%+'-]+)*@"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)
_LOCAL = re.compile(
    r"[^\s\x00-\x20\x7f()<>\[\]:;@\\,\".]+(?:\.[^\s\x00-\x20\x7f()<>\[\]:;@\\,\".]+)*"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
_PLAIN_LINES = re.compile(r"[^ \n][^\n]{2,}[^ \n](?:\n[^ \n][^\n]{2,}[^ \n])*")
_PLAIN_ASCII_LINES = re.compile(r"[!-~][ -~]{2,}[!-~](?:\n[!-~][ -~]{2,}[!-~])*")
_SPACES = re.compile(r"\s+")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}[.,][0-9]{1,9}")
_FLAGS = {
    **dict.fromkeys(("1", "yes", "y", "true", "on", "x", "да", "д", "истина", "✓", "+"), True),
    **dict.fromkeys(("0", "no", "n", "false", "off", "нет", "н", "ложь"), False),
}


class Normalised(NamedTuple):
    """One value as it will be kept."""

    value: Value  # "" for nothing at all
    index_key: bytes | None
    verified_shape: bool  # it fits its kind; nobody has verified that it is true
    problem: str | None = None  # a code of `refusals`


def normalise(kind: FieldKind, value: str, *, region: str) -> Normalised:
    """The value's normal form, its key and what is wrong with it.

    Args:
        kind: decides the normaliser.
        value: hostile text.
        region: ISO 3166-1 code: how national phone numbers and `01/02/2026` are read.
    """
    text = tidy(value)
    if len(text) <= _LONGEST_NOTHING and _says_nothing(kind, text):
        return _EMPTY
    return _BY_KIND[kind](text, region)


def _says_nothing(kind: FieldKind, text: str) -> bool:
    return not text or (kind is not FieldKind.TEXT and text.casefold() in _NOTHING_FOR[kind])


def tidy(value: str) -> str:
    """Stripped, in NFC and without control characters: what happens to every text.

    Line feeds and tabs stay. Escape sequences would be run by the terminal that shows them.
    """
    text = value.strip()
    if not text.isprintable():
        text = _CONTROLS.sub("", text).strip()
    if text.isascii() or is_normalized("NFC", text):
        return text
    return normalize("NFC", text)


def plain_at_once(text: str) -> str | None:
    """`normalise` of the kinds in `PLAIN` for text that is plainly in order; None to ask it."""
    if len(text) > 3 and text.isprintable() and "  " not in text:
        bare = text.strip()
        if len(bare) > 3 and (bare.isascii() or is_normalized("NFC", bare)):
            return bare
    return None


def plain_together(texts: Sequence[str]) -> bool:
    """Whether `plain_at_once` would leave every one of these texts as it is; one look at all."""
    lines = "\n".join(texts)
    if "  " in lines or lines.count("\n") >= len(texts):
        return False
    if lines.isascii():  # one scan for what is printable and where the spaces stand
        return _PLAIN_ASCII_LINES.fullmatch(lines) is not None
    return (
        "".join(texts).isprintable()
        and is_normalized("NFC", lines)
        and _PLAIN_LINES.fullmatch(lines) is not None
    )


def as_text(kind: FieldKind, value: Value, lang: Lang) -> str:
    """A kept value for reading: days as dates, flags as words."""
    if isinstance(value, bool):
        words = ("нет", "да") if lang == "ru" else ("no", "yes")
        return words[value]
    if kind in {FieldKind.DATE, FieldKind.BIRTH_DATE} and isinstance(value, int):
        day = date_of(value)
        return day.strftime("%d.%m.%Y") if lang == "ru" else day.isoformat()
    return str(value)


def _as_written(text: str, problem: str) -> Normalised:
    return Normalised(text, None, verified_shape=False, problem=problem)


def _email(text: str, _region: str) -> Normalised:
    if len(text) > MAX_EMAIL_CHARS:
        return _as_written(text, "email_invalid")
    address = text if _is_plain_email(text.lower()) else _email_slow(text)
    if address is None:
        return _as_written(text, "email_invalid")
    address = address.lower()
    return Normalised(address, address.encode(), verified_shape=True)


def _is_plain_email(text: str) -> bool:
    return (
        bool(_PLAIN_EMAIL.fullmatch(text))
        and text.find("@") <= MAX_LOCAL_OCTETS
        and "--" not in text[text.find("@") :]  # A-labels are checked by IDNA
    )


def _email_slow(text: str) -> str | None:
    local, at, domain = text.rpartition("@")
    local = normalize("NFC", local.lower())
    if not at or not _LOCAL.fullmatch(local) or len(local.encode()) > MAX_LOCAL_OCTETS:
        return None
    try:
        name = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return None
    last = name.rpartition(".")[2]
    if "." not in name or last.isdigit() or len(local) + len(name) >= MAX_EMAIL_CHARS:
        return None
    return f"{local}@{name}"


def _phone(text: str, region: str) -> Normalised:
    if _SCIENTIFIC.fullmatch(text):
        return _as_written(text, "phone_rounded")
    written = with_plus(text.removesuffix(".0"), region=region)
    number = to_e164(written, region=region)
    if number is None:
        return _as_written(text, "phone_invalid")
    return Normalised(number, number.encode("ascii"), verified_shape=True)


def _number_key(text: str, _region: str) -> Normalised:
    if _SCIENTIFIC.fullmatch(text):
        return _as_written(text, "number_rounded")
    if text.isascii() and text.isprintable() and " " not in text:
        key = text.upper()
    else:
        bare = _SPACES.sub("", normalize("NFKC", text)).upper()
        key = normalize("NFKC", bare)  # a space that went, and some capitals, leave loose accents
    if len(key) > MAX_NUMBER_CHARS or not key.strip("0") or not any(map(str.isalnum, key)):
        return _as_written(text, "number_invalid")
    return Normalised(key, key.encode(), verified_shape=True)


def _plain(text: str, _region: str) -> Normalised:
    return Normalised(text, None, verified_shape=True)


def _one_line(text: str, _region: str) -> Normalised:
    return Normalised(_SPACES.sub(" ", text), None, verified_shape=True)


def _postcode(text: str, _region: str) -> Normalised:
    return Normalised(tidy(_SPACES.sub(" ", text).upper()), None, verified_shape=True)


def _day(text: str, region: str) -> Normalised:
    day, problem = read_day(text, region=region)
    if day is None:
        return _as_written(text, problem or "date_unclear")
    return Normalised(day, None, verified_shape=True, problem=problem)


def _number(text: str, _region: str) -> Normalised:
    bare = text.replace("\u00a0", "").replace(" ", "")
    if _WHOLE.fullmatch(bare):
        return Normalised(int(bare), None, verified_shape=True)
    if _DECIMAL.fullmatch(bare):
        return Normalised(float(bare.replace(",", ".")), None, verified_shape=True)
    return _as_written(text, "not_a_number")


def _flag(text: str, _region: str) -> Normalised:
    answer = _FLAGS.get(text.casefold())
    if answer is None:
        return _as_written(text, "not_yes_or_no")
    return Normalised(answer, None, verified_shape=True)


_EMPTY = Normalised("", None, verified_shape=True)
_BY_KIND: dict[FieldKind, Callable[[str, str], Normalised]] = {
    FieldKind.EMAIL: _email,
    FieldKind.PHONE: _phone,
    FieldKind.NAME: _one_line,
    FieldKind.ADDRESS: _plain,
    FieldKind.TOWN: _one_line,
    FieldKind.POSTCODE: _postcode,
    FieldKind.BIRTH_DATE: _day,
    FieldKind.ORDER_NO: _number_key,
    FieldKind.CUSTOMER_NO: _number_key,
    FieldKind.TEXT: _plain,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _day,
    FieldKind.FLAG: _flag,
}
_NOTHING_FOR = {  # "Na" is a name and a town, "нет" an answer
    kind: _DASHES if kind in PLAIN or kind in {FieldKind.FLAG, FieldKind.POSTCODE} else _NOTHING
    for kind in FieldKind
}
