"""What may be kept, for which reason, by whom opened? The book's rules as plain values.

`promises.model.book` parses `promises.toml` into these; wiring hands them down. Category ids are
bit positions in `acts.categories` (0 to 62); field ids are numbers inside a category's sealed
blob. Both are for ever: a label may change, an id may not.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from kept.base.errors import MalformedError

Lang = str  # "en" | "ru"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or label in every language the house speaks."""

    en: str
    ru: str

    def get(self, lang: Lang) -> str:
        """The text in `lang`; English for any other language."""
        return self.ru if lang == "ru" else self.en


class FieldKind(StrEnum):
    """What a value is: decides its normaliser, its mask and whether it may be indexed."""

    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    ADDRESS = "address"
    TOWN = "town"
    POSTCODE = "postcode"
    BIRTH_DATE = "birth_date"
    ORDER_NO = "order_no"
    CUSTOMER_NO = "customer_no"
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"


INDEXABLE = frozenset({FieldKind.EMAIL, FieldKind.PHONE, FieldKind.ORDER_NO, FieldKind.CUSTOMER_NO})
INDEX_KIND_ID: dict[FieldKind, int] = {  # part of every blind tag; append only
    FieldKind.EMAIL: 1,
    FieldKind.PHONE: 2,
    FieldKind.ORDER_NO: 3,
    FieldKind.CUSTOMER_NO: 4,
}


class Basis(StrEnum):
    """The lawful basis of a purpose (GDPR Art. 6(1)(a)-(f))."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTERESTS = "legitimate_interests"


class Level(StrEnum):
    """How much of a value an opening shows; ordered by `LEVELS`."""

    PRESENT = "present"
    MASKED = "masked"
    FULL = "full"


LEVELS = (Level.PRESENT, Level.MASKED, Level.FULL)


class Role(StrEnum):
    """Who may act. The first four are staff; the rest are entrances of other kinds."""

    OWNER = "owner"
    SENIOR = "senior"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    SERVICE = "service"
    SELF = "self"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing kept on a person. `id` is 1 to 65535, unique in the house."""

    id: int
    key: str
    kind: FieldKind
    label: Text
    why: Text
    indexed: bool = False
    self_correct: bool = False
    fresh_for: timedelta | None = None

    def __post_init__(self) -> None:
        if self.indexed and self.kind not in INDEXABLE:
            raise MalformedError(f"field {self.key}", f"a {self.kind} must not be indexed")


@dataclass(frozen=True, slots=True)
class Category:
    """Fields sealed and granted as one. `id` is 0 to 62, a bit in `acts.categories`."""

    id: int
    key: str
    label: Text
    fields: tuple[Field, ...]

    @property
    def bit(self) -> int:
        """This category's bit in a mask of categories."""
        return 1 << self.id


@dataclass(frozen=True, slots=True)
class Purpose:
    """A reason to use data.

    `line` is what the customer reads ("to deliver your order"); `keep_for` counts from the last
    event the purpose knows of, None keeps as long as the person stays. `needs_reason` wants a
    written sentence, `needs_ref` an order, conversation or case. `levels` overrides `full`.
    """

    key: str
    label: Text
    line: Text
    basis: Basis
    roles: frozenset[Role]
    categories: frozenset[str]
    needs_ref: bool = False
    needs_reason: bool = False
    keep_for: timedelta | None = None
    notice: str = "1"
    levels: dict[Role, Level] = field(default_factory=dict[Role, Level])


@dataclass(frozen=True, slots=True)
class RevealLimits:
    """How many distinct people one actor may open: `docs/threat-model.md`, the curious operator."""

    people: int = 30
    window: timedelta = timedelta(minutes=10)
    people_a_day: int = 200


@dataclass(frozen=True, slots=True)
class ImportDefaults:
    """What an import states when its caller says nothing."""

    purpose: str
    basis: Basis
    source: str


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules the vault enforces. Keys of both mappings are the keys of their values."""

    categories: dict[str, Category]
    purposes: dict[str, Purpose]
    import_defaults: ImportDefaults
    phone_region: str = "DE"
    limits: RevealLimits = RevealLimits()

    def fields(self) -> dict[str, tuple[Category, Field]]:
        """Every field by key, with its category."""
        return {f.key: (c, f) for c in self.categories.values() for f in c.fields}

    def mask_of(self, categories: frozenset[str]) -> int:
        """The bit mask of these category keys.

        Raises:
            KeyError: a key the book does not declare.
        """
        return sum(self.categories[key].bit for key in categories)
