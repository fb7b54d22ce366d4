"""How does the house speak a language? The shipped catalogues, loaded once.

Texts are looked up by their English form; a missing one falls back to it (a test keeps both
languages complete). Plurals follow the catalogue: 1 день, 2 дня, 5 дней.
"""

from datetime import datetime
from functools import cache
from importlib import resources
from typing import Final, Literal

from babel.dates import format_date, format_datetime
from babel.support import NullTranslations, Translations

LANGUAGES: Final = ("en", "ru")
Language = Literal["en", "ru"]


@cache
def translations(lang: str) -> NullTranslations:
    """The catalogue of a language; English for one the house does not speak."""
    chosen = lang if lang in LANGUAGES else "en"
    folder = resources.files("kept.base").joinpath("locale", chosen, "LC_MESSAGES")
    try:
        with folder.joinpath("kept.mo").open("rb") as file:
            return Translations(file, domain="kept")
    except FileNotFoundError:
        return NullTranslations()


def choose_language(asked: str | None, stored: str | None, accepted: str, default: str) -> str:
    """Which language to speak: asked for just now, chosen before, the browser's, the house's.

    Args:
        asked: of `?lang=`.
        stored: of the cookie.
        accepted: an `Accept-Language` header (RFC 9110 §12.5.4); hostile.
        default: the house's own.
    """
    for wish in (asked, stored):
        if wish in LANGUAGES:
            return wish
    ranked = sorted(
        (_weighed(part) for part in accepted.split(",")[:20]), key=lambda pair: -pair[1]
    )
    for name, weight in ranked:
        if name in LANGUAGES and weight > 0:
            return name
    return default if default in LANGUAGES else "en"


def _weighed(part: str) -> tuple[str, float]:
    name, _, weight = part.partition(";q=")
    try:
        rank = float(weight) if weight else 1.0
    except ValueError:
        rank = 0.0
    return name.strip().lower().partition("-")[0], rank


def day_text(at: datetime, lang: str) -> str:
    """A date in words, without a full stop at its end: 21 Nov 2026, 21 нояб. 2026."""
    return format_date(at, "d MMM y", locale="ru" if lang == "ru" else "en_GB")


def number_text(n: int, lang: str) -> str:
    """A whole number in groups of three: 12,345 in English, 12 345 in Russian."""
    return f"{n:,}".replace(",", "\u202f" if lang == "ru" else ",")


def moment_text(at: datetime, lang: str) -> str:
    """A date and a time of day, UTC."""
    locale = "ru" if lang == "ru" else "en_GB"
    return format_datetime(at, "d MMM y, HH:mm 'UTC'", locale=locale)
