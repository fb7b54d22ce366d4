"""What does this house keep, for which reasons, and what does it promise? The whole book.

`parse_book` reads the text of `promises.toml` and refuses, naming the place: unknown keys, ids
used twice, more than 63 categories, purposes without a basis, indexes over values that many people
share, promises without their bound. What it returns is whole; nothing half-valid exists.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from kept.base.errors import MalformedError
from kept.promises.model.book_promises import read_promises
from kept.promises.model.book_rules import read_rules
from kept.promises.model.promise import Promise
from kept.promises.model.table import Table, one_of
from kept.vault.model.rules import Role, Rules

MAX_BOOK_BYTES = 1 << 20
FORMAT = 1
_DOMAIN = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}")
_COUNTRY = re.compile(r"[A-Z]{2}")  # ISO 3166-1 alpha-2
_CONTACT = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,253}")
LANGUAGES = ("en", "ru")
STAFF = frozenset({Role.OWNER, Role.SENIOR, Role.OPERATOR, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Business:
    """Who promises.

    Args:
        domain: lower-case host name, written into the seal and the badge.
        language: what the house speaks first, `en` or `ru`.
        country: ISO 3166-1 alpha-2.
        contact: address for questions about data.
    """

    name: str
    domain: str
    language: str
    country: str
    contact: str


@dataclass(frozen=True, slots=True)
class Team:
    """Rules for staff: who needs a second factor, and how often access is reviewed."""

    second_factor: frozenset[Role]
    review_every: timedelta


@dataclass(frozen=True, slots=True)
class Book:
    """`promises.toml` as values; `promises` by key, in the book's order."""

    business: Business
    rules: Rules
    promises: dict[str, Promise]
    team: Team


def parse_book(text: str) -> Book:
    """Read the book.

    Args:
        text: the file's content. Written by the owner, so mistakes are expected.

    Raises:
        MalformedError: not TOML, or a rule above is broken; `where` names the place.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BOOK_BYTES:
        raise MalformedError("the book", "is longer than a book may be (1 MB)")
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MalformedError("the book", f"cannot be read: {error}") from None
    root = Table(data, "")
    root.whole("format", least=FORMAT, most=FORMAT)
    business, region = _read_business(root.table("business"))
    book = Book(
        business=business,
        rules=read_rules(root, phone_region=region),
        promises=read_promises(root.table("promise")),
        team=_read_team(root.table("team")),
    )
    root.close()
    return book


def _read_business(table: Table) -> tuple[Business, str]:
    business = Business(
        name=table.text("name"),
        domain=_shaped(table, "domain", _DOMAIN, advice="write a name such as shop.example"),
        language=_word(table, "language", LANGUAGES),
        country=_shaped(table, "country", _COUNTRY, advice="write two capital letters, such as DE"),
        contact=_shaped(table, "contact", _CONTACT, advice="write an e-mail address"),
    )
    region = _shaped(
        table, "phone_region", _COUNTRY, advice="write two capital letters, such as DE"
    )
    table.close()
    return business, region


def _read_team(table: Table) -> Team:
    place = table.place("second_factor")
    roles = frozenset(one_of(word, Role, place) for word in table.names("second_factor"))
    if not roles <= STAFF:
        raise MalformedError(place, "only people who work here: owner, senior, operator, auditor")
    review = table.duration("review_every")
    if review is None:
        raise MalformedError(table.place("review_every"), "is missing")
    table.close()
    return Team(roles, review)


def _shaped(table: Table, key: str, shape: re.Pattern[str], *, advice: str) -> str:
    value = table.text(key)
    if not shape.fullmatch(value):
        raise MalformedError(table.place(key), advice)
    return value


def _word(table: Table, key: str, words: Iterable[str]) -> str:
    value = table.text(key)
    if value not in words:
        raise MalformedError(table.place(key), "write one of: " + ", ".join(words))
    return value
