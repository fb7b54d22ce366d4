"""What does a new house's book say? The shipped template, filled with the business.

The template holds its comments in both languages; the owner's stays, the other goes. What the
owner typed is written as a TOML basic string (TOML 1.0, "String"), so no name can break the file.
"""

import json
from importlib import resources

from kept.base.errors import MalformedError
from kept.promises.model.book import parse_book

_COMMENT = {"en": "#en ", "ru": "#ru "}
_SOURCE = {"en": "our list of customers from before", "ru": "наш прежний список клиентов"}


def default_book(
    *, name: str, contact: str, domain: str = "localhost", language: str = "en", country: str = "DE"
) -> str:
    """The text of a new `promises.toml`; it parses.

    Args:
        name: the business, as its owner writes it.
        contact: the owner's e-mail address.
        domain: where the trust page will stand; lower case.
        language: `en` or `ru`, also of the comments.
        country: ISO 3166-1 alpha-2; also how bare phone numbers are read.

    Raises:
        MalformedError: a value that the book would refuse.
    """
    values = {
        "NAME": name,
        "DOMAIN": domain,
        "LANGUAGE": language,
        "COUNTRY": country,
        "PHONE_REGION": country,
        "CONTACT": contact,
        "SOURCE": _SOURCE.get(language, _SOURCE["en"]),
    }
    lines = (_line(line, values, language) for line in _template().splitlines())
    text = "\n".join(line for line in lines if line is not None) + "\n"
    parse_book(text)
    return text


def _template() -> str:
    return resources.files("kept.promises").joinpath("default.toml").read_text(encoding="utf-8")


def _line(line: str, values: dict[str, str], language: str) -> str | None:
    if line.startswith(tuple(_COMMENT.values())):
        mark = _COMMENT.get(language, _COMMENT["en"])
        return "# " + line.removeprefix(mark) if line.startswith(mark) else None
    key, at, marker = line.partition(" = @")
    return f"{key} = {_quoted(values[marker.rstrip('@')], key)}" if at else line


def _quoted(value: str, key: str) -> str:
    if not value.isprintable():
        raise MalformedError(f"business.{key}", "holds a sign that cannot be printed")
    return json.dumps(value, ensure_ascii=False)  # of printable text, a TOML basic string too
