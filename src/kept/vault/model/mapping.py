"""Which column of a table feeds which field, and how sure is that?

In this order: what the caller said (`--map column=field`); the field's own key or label; a known
heading; what the first rows hold. Content also overrules a heading that its values belie (columns
swapped). One field takes one column, or the parts of a name or an address; a column that feeds
nothing is dropped and named. A second column of the same meaning (`email (2)`) is dropped too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kept.base.errors import MalformedError
from kept.vault.model.headers import JOINERS, KIND_OF, MEANINGS, PARTS, WHOLE_OF, compact
from kept.vault.model.masks import mask
from kept.vault.model.normalise import normalise, tidy
from kept.vault.model.rows import Row
from kept.vault.model.rules import FieldKind, Lang, Rules, Text

EXAMPLES = 3
FITS = 0.8  # share of filled cells that must fit a kind before content speaks
BELIES = 0.2  # below it a heading is not believed
MIN_FILLED = 3  # cells, before content overrules a heading


class Confidence(StrEnum):
    """How a column found its field."""

    TOLD = "told"
    CERTAIN = "certain"
    LIKELY = "likely"
    GUESS = "guess"
    NONE = "none"


WHY: dict[str, Text] = {
    "told": Text("You said so.", "Так указали вы."),
    "certain": Text("The heading is the field's name.", "Заголовок совпадает с названием поля."),
    "likely": Text("The heading usually means this.", "Такой заголовок обычно значит это."),
    "guess": Text("The values look like it.", "Похоже по значениям."),
    "none": Text("No field is known for this column.", "Для этого столбца нет поля."),
    "taken": Text("Another column feeds this field.", "Это поле заполняет другой столбец."),
    "told_drop": Text("You left it out.", "Вы исключили его."),
}


@dataclass(frozen=True, slots=True)
class Source:
    """One field and the columns that are joined into it, in order."""

    field: str
    columns: tuple[str, ...]
    joiner: str = " "


@dataclass(frozen=True, slots=True)
class ColumnView:
    """One column as the preview shows it. `examples` are masked; none for a dropped column."""

    column: str
    field: str | None
    confidence: Confidence
    why: Text
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The decision, and what the owner is shown of it before the import."""

    sources: tuple[Source, ...]
    columns: tuple[ColumnView, ...]

    @property
    def used(self) -> frozenset[str]:
        """The columns that feed a field: a row is refused for no other (see `table.read`)."""
        return frozenset(column for source in self.sources for column in source.columns)

    @property
    def dropped(self) -> tuple[str, ...]:
        """The columns that feed nothing, in order."""
        return tuple(view.column for view in self.columns if view.field is None)


@dataclass(frozen=True, slots=True)
class _Claim:
    column: str
    field: str
    part: str  # "" for the whole field
    confidence: Confidence
    fit: float


def parse_override(text: str) -> tuple[str, str | None]:
    """Read `column=field`; `column=` leaves the column out. The last `=` parts the two.

    Raises:
        MalformedError: no `=`, or no column.
    """
    column, equals, target = text.rpartition("=")
    if not equals or not column:
        raise MalformedError("map", "write column=field, or column= to leave it out")
    return column, target.strip() or None


def map_columns(
    columns: Sequence[str],
    sample: Sequence[Row],
    rules: Rules,
    *,
    overrides: Mapping[str, str | None] | None = None,
    lang: Lang = "en",
) -> ColumnMap:
    """Decide for every column.

    Args:
        columns: unique names, as surveyed.
        sample: the first rows; 200 are enough.
        rules: tell the fields and the region of phones.
        overrides: column to field key or part (`last_name`), None to drop it.
        lang: of the masked examples.

    Raises:
        MalformedError: an override names no such column or field.
    """
    told = _told(overrides or {}, columns, rules)
    cells = {c: [r.values[c] for r in sample if r.values.get(c, "").strip()] for c in columns}
    claims = {c: _claim(c, cells[c], rules, told) for c in columns}
    sources = _settle([claim for claim in claims.values() if claim], rules)
    fed = {column: source.field for source in sources for column in source.columns}
    views: list[ColumnView] = []
    for column in columns:
        claim, field = claims[column], fed.get(column)
        if claim and field:
            shown = _examples(cells[column], field, rules, lang)
            views.append(ColumnView(column, field, claim.confidence, WHY[claim.confidence], shown))
        else:
            why = "taken" if claim else "told_drop" if column in told else "none"
            views.append(ColumnView(column, None, Confidence.NONE, WHY[why]))
    return ColumnMap(sources, tuple(views))


def sources_by_key(columns: Sequence[str], rules: Rules) -> tuple[Source, ...]:
    """The plain mapping of an API: columns that are exactly keys of fields."""
    known = rules.fields()
    return tuple(Source(column, (column,)) for column in columns if column in known)


def _told(
    overrides: Mapping[str, str | None], columns: Sequence[str], rules: Rules
) -> dict[str, str | None]:
    """The overrides by the table's own spelling of its columns.

    Raises:
        MalformedError: no such column, two alike, or no such field.
    """
    fields = rules.fields()
    told: dict[str, str | None] = {}
    for column, target in overrides.items():
        alike = [c for c in columns if c == column] or [c for c in columns if _same(c, column)]
        if len(alike) != 1:
            raise MalformedError(f"map {column}", "the table has no such column")
        if target is not None and target not in fields and WHOLE_OF.get(target) not in fields:
            raise MalformedError(f"map {column}", "the book has no such field")
        told[alike[0]] = target
    return told


def _same(one: str, other: str) -> bool:
    return tidy(one).casefold() == tidy(other).casefold()


def _claim(
    column: str, cells: list[str], rules: Rules, told: Mapping[str, str | None]
) -> _Claim | None:
    if column in told:
        target = told[column]
        return _as_claim(column, target, Confidence.TOLD, rules) if target else None
    claim = _by_heading(column, rules)
    if claim is None:
        return _by_content(column, cells, rules)
    kind = rules.fields()[claim.field][1].kind
    if kind not in {FieldKind.EMAIL, FieldKind.PHONE}:
        return claim
    claim = replace(claim, fit=_fit(cells, kind, rules))
    if len(cells) < MIN_FILLED or claim.fit > BELIES:
        return claim
    return _by_content(column, cells, rules) or claim


def _by_heading(column: str, rules: Rules) -> _Claim | None:
    name = compact(column)
    for key, (_, field) in rules.fields().items():
        if name in {compact(key), compact(field.label.en), compact(field.label.ru)}:
            return _Claim(column, key, "", Confidence.CERTAIN, 1.0)
    meaning = MEANINGS.get(name)
    return _as_claim(column, meaning, Confidence.LIKELY, rules) if meaning else None


def _as_claim(column: str, target: str, confidence: Confidence, rules: Rules) -> _Claim | None:
    fields = rules.fields()
    if target in fields:
        return _Claim(column, target, "", confidence, 1.0)
    whole = WHOLE_OF.get(target, target)
    kind = KIND_OF.get(whole)
    key = whole if whole in fields else _first_of(kind, rules)
    part = target if target in WHOLE_OF else ""
    return _Claim(column, key, part, confidence, 1.0) if key else None


def _first_of(kind: FieldKind | None, rules: Rules) -> str | None:
    return next((k for k, (_, f) in rules.fields().items() if f.kind is kind), None)


def _by_content(column: str, cells: list[str], rules: Rules) -> _Claim | None:
    for kind in (FieldKind.EMAIL, FieldKind.PHONE):
        key = _first_of(kind, rules)
        likely = cells if kind is FieldKind.EMAIL else [c for c in cells if _dialled(c)]
        if key and len(likely) >= max(1, FITS * len(cells)):
            fit = _fit(likely, kind, rules)
            if fit >= FITS:
                return _Claim(column, key, "", Confidence.GUESS, fit)
    return None


def _dialled(cell: str) -> bool:
    """Written as a phone is: a bare number may be anything."""
    text = cell.strip()
    return text.startswith(("+", "00", "0", "8")) and sum(c.isdigit() for c in text) >= 10


def _fit(cells: list[str], kind: FieldKind, rules: Rules) -> float:
    if not cells:
        return 0.0
    found = [normalise(kind, cell, region=rules.phone_region) for cell in cells]
    return sum(n.verified_shape and n.value != "" for n in found) / len(cells)


_RANK = {c: rank for rank, c in enumerate(reversed(Confidence))}


def _settle(claims: list[_Claim], rules: Rules) -> tuple[Source, ...]:
    """One source a field: all columns told, else the surest whole one, else the parts."""
    sources: list[Source] = []
    for key in rules.fields():
        own = [claim for claim in claims if claim.field == key]
        chosen = [c for c in own if c.confidence is Confidence.TOLD]
        whole = [c for c in own if not c.part]
        if not chosen and whole and not _is_first_name(whole, own):
            chosen = [max(whole, key=lambda c: (_RANK[c.confidence], c.fit))]
        if columns := _ordered(chosen or own):
            sources.append(Source(key, columns, JOINERS.get(key, " ")))
    return tuple(sources)


def _is_first_name(whole: list[_Claim], own: list[_Claim]) -> bool:
    """`Имя` beside `Фамилия` is a first name, `Name` beside `Surname` too."""
    parts = {claim.part for claim in own}
    return len(whole) == 1 and "last_name" in parts and "first_name" not in parts


def _ordered(claims: list[_Claim]) -> tuple[str, ...]:
    """The columns in the order of the parts; the first column of each part."""
    order = [p for parts in PARTS.values() for p in parts]
    first: dict[str, str] = {}
    for claim in claims:
        first.setdefault(claim.part or claim.column, claim.column)
    place = {c.part or c.column: order.index(c.part) if c.part else 0 for c in claims}
    return tuple(first[key] for key in sorted(first, key=place.__getitem__))


def _examples(cells: list[str], field: str, rules: Rules, lang: Lang) -> tuple[str, ...]:
    kind = rules.fields()[field][1].kind
    found = (normalise(kind, cell, region=rules.phone_region).value for cell in cells[:EXAMPLES])
    return tuple(mask(kind, value, lang) for value in found)
