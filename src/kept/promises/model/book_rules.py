"""Which categories, fields and purposes does the book declare? Tables into the vault's rules.

Rules: ids are unique and for ever; a category is one of 63 bits; a purpose names a lawful basis
(GDPR Art. 6(1)) and only categories that exist.
"""

from collections.abc import Iterable

from kept.base.errors import MalformedError
from kept.promises.model.table import Table, one_of
from kept.vault.model.rules import (
    INDEXABLE,
    Basis,
    Category,
    Field,
    FieldKind,
    ImportDefaults,
    Level,
    Purpose,
    RevealLimits,
    Role,
    Rules,
)

MAX_CATEGORIES = 63  # bits of `acts.categories`, a signed 64-bit number
MAX_FIELD_ID = 65_535


def read_rules(root: Table, *, phone_region: str) -> Rules:
    """Read `category`, `purpose`, `import` and `limits`.

    Raises:
        MalformedError: naming the place.
    """
    categories = _read_categories(root.table("category"))
    purposes = {
        key: _read_purpose(key, table, categories)
        for key, table in root.table("purpose").tables().items()
    }
    if not purposes:
        raise MalformedError("purpose", "at least one reason is needed")
    return Rules(
        categories=categories,
        purposes=purposes,
        import_defaults=_read_import(root.table("import"), purposes),
        phone_region=phone_region,
        limits=_read_limits(root.table("limits")) if root.has("limits") else RevealLimits(),
    )


def _read_categories(table: Table) -> dict[str, Category]:
    tables = table.tables()
    if not 1 <= len(tables) <= MAX_CATEGORIES:
        raise MalformedError("category", f"from 1 to {MAX_CATEGORIES} categories are possible")
    categories = {key: _read_category(key, inner) for key, inner in tables.items()}
    _refuse_twice((f"category.{c.key}.id", c.id) for c in categories.values())
    fields = [(c, f) for c in categories.values() for f in c.fields]
    _refuse_twice((f"category.{c.key}.field.{f.key}.id", f.id) for c, f in fields)
    _refuse_twice((f"category.{c.key}.field.{f.key}", f.key) for c, f in fields)
    return categories


def _refuse_twice(places: Iterable[tuple[str, int | str]]) -> None:
    seen: dict[int | str, str] = {}
    for where, value in places:
        if value in seen:
            raise MalformedError(where, f"is already used by {seen[value]}")
        seen[value] = where


def _read_category(key: str, table: Table) -> Category:
    number = table.whole("id", least=0, most=MAX_CATEGORIES - 1)
    label = table.both()
    fields = tuple(
        _read_field(name, inner) for name, inner in table.table("field").tables().items()
    )
    if not fields:
        raise MalformedError(table.place("field"), "a category holds at least one field")
    table.close()
    return Category(id=number, key=key, label=label, fields=fields)


def _read_field(key: str, table: Table) -> Field:
    kind = table.choice("kind", FieldKind)
    indexed = table.flag("indexed", default=False)
    if indexed and kind not in INDEXABLE:
        raise MalformedError(
            table.place("indexed"),
            f"a {kind} is shared by many people, so an index over it would give them away",
        )
    field = Field(
        id=table.whole("id", least=1, most=MAX_FIELD_ID),
        key=key,
        kind=kind,
        label=table.both(),
        why=table.both("why"),
        indexed=indexed,
        self_correct=table.flag("self_correct", default=False),
        fresh_for=table.duration("fresh_for"),
    )
    table.close()
    return field


def _read_purpose(key: str, table: Table, categories: dict[str, Category]) -> Purpose:
    names = table.names("categories")
    for name in names:
        if name not in categories:
            raise MalformedError(table.place("categories"), f"no category named {name}")
    if not names:
        raise MalformedError(table.place("categories"), "name at least one category")
    if not table.has("basis"):
        raise MalformedError(table.place("basis"), "no reason without a lawful basis")
    purpose = Purpose(
        key=key,
        label=table.both(),
        line=table.both("line"),
        basis=table.choice("basis", Basis),
        roles=_roles(table, "roles"),
        categories=frozenset(names),
        needs_ref=table.flag("needs_ref", default=False),
        needs_reason=table.flag("needs_reason", default=False),
        keep_for=table.duration("keep_for"),
        notice=table.text("notice", default="1"),
        levels=_read_levels(table.table("levels")) if table.has("levels") else {},
    )
    table.close()
    return purpose


def _roles(table: Table, key: str) -> frozenset[Role]:
    place = table.place(key)
    return frozenset(one_of(word, Role, place) for word in table.names(key))


def _read_levels(table: Table) -> dict[Role, Level]:
    levels = {role: table.choice(role, Level) for role in Role if table.has(role)}
    table.close()
    return levels


def _read_import(table: Table, purposes: dict[str, Purpose]) -> ImportDefaults:
    name = table.text("purpose")
    if name not in purposes:
        raise MalformedError(table.place("purpose"), f"no purpose named {name}")
    defaults = ImportDefaults(name, table.choice("basis", Basis), table.text("source"))
    if defaults.basis is not purposes[name].basis:
        raise MalformedError(table.place("basis"), f"purpose {name} rests on another basis")
    table.close()
    return defaults


def _read_limits(table: Table) -> RevealLimits:
    window = table.duration("window")
    limits = RevealLimits(
        people=table.whole("people", least=1, most=10_000, default=RevealLimits().people),
        window=RevealLimits().window if window is None else window,
        people_a_day=table.whole(
            "people_a_day", least=1, most=1_000_000, default=RevealLimits().people_a_day
        ),
    )
    table.close()
    return limits
