"""Who is the person in this row, and is it somebody already here?

A `Plan` is made once from the book and the mapping; `take` turns a row into a `NewPerson`: values
by category, keys to be found by, and the merge key: customer number, else e-mail, else phone, else
the file's hash and the row's number, so that a second run of the same file adds nobody. What was
first kept stays: a later row fills what is empty, and what differs is counted. A row that points
to two people is refused.

Source: guide "Import and export in bulk".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import itemgetter
from typing import NamedTuple, TypeVar

from kept.vault.model.body import MAX_MARK_CHARS, Mark, Status, Value
from kept.vault.model.mapping import Source
from kept.vault.model.normalise import PLAIN, normalise, plain_at_once, plain_together
from kept.vault.model.rows import RefusedRow, Row
from kept.vault.model.rules import FieldKind, Rules

T = TypeVar("T")

MERGE_KINDS = (FieldKind.CUSTOMER_NO, FieldKind.EMAIL, FieldKind.PHONE)  # strongest first
WORTH_A_BLOCK = 4  # fields: fewer are as quickly looked at one by one


class IndexKey(NamedTuple):
    """One key by which the person is found; becomes a blind tag in `crypto`."""

    kind: FieldKind
    field_id: int
    key: bytes


class MergeKey(NamedTuple):
    """What makes two rows the same person. `kind` None: the row itself (hash and number)."""

    kind: FieldKind | None
    key: bytes


class Problem(NamedTuple):
    """One value that was converted or kept as written. `code`: `refusals.VALUE_CODES`."""

    field: str
    code: str


class NewPerson(NamedTuple):
    """One row, ready to be sealed. Keys of `values` and `marks`: category id, field id."""

    number: int
    values: dict[int, dict[int, Value]]
    marks: dict[int, dict[int, Mark]]
    keys: tuple[IndexKey, ...]
    merge_key: MergeKey
    problems: tuple[Problem, ...]


class Merged(NamedTuple):
    """Two rows of one person. `differs` names fields whose later value was not taken."""

    person: NewPerson
    filled: int
    differs: tuple[int, ...]


class _Step(NamedTuple):
    column: str  # `take` unpacks the first five
    more: tuple[str, ...]
    category: int
    field_id: int
    is_plain: bool
    joiner: str
    key: str
    kind: FieldKind
    is_indexed: bool


class _Taken(NamedTuple):
    values: dict[int, dict[int, Value]]
    marks: dict[int, dict[int, Mark]]
    keys: list[IndexKey]
    problems: list[Problem]


class _Block(NamedTuple):
    """Plain fields of one category, each fed by one column: looked at together."""

    category: int
    columns: tuple[str, ...]
    field_ids: tuple[int, ...]
    pick: Callable[[Mapping[str, str]], tuple[str, ...]]
    steps: tuple[_Step, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What `take` does with every row of one import."""

    blocks: tuple[_Block, ...]
    steps: tuple[_Step, ...]  # the others, by category id, then field id
    region: str
    file_sha256: bytes
    source: str  # for marks; cut to what a mark may hold


def make_plan(
    rules: Rules,
    sources: Sequence[Source],
    *,
    file_sha256: bytes,
    source: str = "",
    region: str | None = None,
) -> Plan:
    """Prepare an import.

    Args:
        rules: the book's.
        sources: of a `ColumnMap`, or `sources_by_key`.
        file_sha256: what rows without a key are known by; for an API its idempotency key's hash.
        source: where the list came from.
        region: ISO 3166-1 code of this list's national phone numbers, if not the book's.

    Raises:
        KeyError: a source names a field that the book does not declare.
    """
    fields = rules.fields()
    steps: list[_Step] = []
    for feed in sources:
        category, field = fields[feed.field]
        steps.append(
            _Step(
                column=feed.columns[0],
                more=feed.columns[1:],
                joiner=feed.joiner,
                category=category.id,
                field_id=field.id,
                key=field.key,
                kind=field.kind,
                is_plain=field.kind in PLAIN,
                is_indexed=field.indexed,
            )
        )
    steps.sort(key=lambda step: (step.category, step.field_id))
    blocks = _blocks(steps)
    together = {step for block in blocks for step in block.steps}
    return Plan(
        blocks,
        tuple(step for step in steps if step not in together),
        region or rules.phone_region,
        file_sha256,
        source[:MAX_MARK_CHARS],
    )


def _blocks(steps: Sequence[_Step]) -> tuple[_Block, ...]:
    found: dict[int, list[_Step]] = {}
    for step in steps:
        if step.is_plain and not step.more:
            found.setdefault(step.category, []).append(step)
    return tuple(
        _Block(
            category,
            tuple(step.column for step in some),
            tuple(step.field_id for step in some),
            itemgetter(*(step.column for step in some)),
            tuple(some),
        )
        for category, some in found.items()
        if len(some) >= WORTH_A_BLOCK
    )


def take(plan: Plan, row: Row) -> NewPerson | RefusedRow:
    """The person in this row, or that it holds nothing to keep."""
    taken = _Taken({}, {}, [], [])
    given = row.values
    for block in plan.blocks:
        ids, texts = _filled(block, given)
        if texts and plain_together(texts):
            taken.values[block.category] = dict(zip(ids, texts, strict=True))
        else:
            _one_by_one(plan, block.steps, given, taken)
    _one_by_one(plan, plan.steps, given, taken)
    if not taken.values:
        return RefusedRow(row.number, None, "nothing_to_keep")
    return NewPerson(
        row.number,
        taken.values,
        taken.marks,
        tuple(taken.keys),
        _merge_key(taken.keys, plan, row.number),
        tuple(taken.problems),
    )


def _filled(block: _Block, given: Mapping[str, str]) -> tuple[Sequence[int], Sequence[str]]:
    """Ids and texts of those fields of a block that this row has."""
    try:
        texts = block.pick(given)
    except KeyError:
        texts = tuple(given.get(column, "") for column in block.columns)
    if all(texts):
        return block.field_ids, texts
    return tuple(compress(block.field_ids, texts)), tuple(filter(None, texts))


def _one_by_one(
    plan: Plan, steps: Sequence[_Step], given: Mapping[str, str], taken: _Taken
) -> None:
    for step in steps:
        column, more, category, field_id, is_plain = step[:5]
        text = _joined(step, given) if more else given.get(column, "")
        if not text:
            continue
        bare = plain_at_once(text) if is_plain else None
        if bare is None:
            _normalise(plan, step, text, taken)
        elif category in taken.values:
            taken.values[category][field_id] = bare
        else:
            taken.values[category] = {field_id: bare}


def _normalise(plan: Plan, step: _Step, text: str, taken: _Taken) -> None:
    found = normalise(step.kind, text, region=plan.region)
    if found.value == "":
        return
    taken.values.setdefault(step.category, {})[step.field_id] = found.value
    if found.index_key is not None and step.is_indexed:
        taken.keys.append(IndexKey(step.kind, step.field_id, found.index_key))
    if found.problem is not None:
        taken.problems.append(Problem(step.key, found.problem))
    if not found.verified_shape:
        mark = Mark(Status.MALFORMED, None, "import", plan.source)
        taken.marks.setdefault(step.category, {})[step.field_id] = mark


def merge(existing: NewPerson, new: NewPerson) -> Merged | RefusedRow:
    """A later row of the person in an earlier row of the same batch."""
    if contradicts(existing.keys, new.keys):
        return RefusedRow(new.number, None, "ambiguous")
    values = dict(existing.values)
    marks = dict(existing.marks)
    filled: set[int] = set()
    differs: list[int] = []
    for category, fields in new.values.items():
        values[category], own, other = fill(values.get(category, {}), fields)
        filled.update(own)
        differs += other
        taken = {k: m for k, m in new.marks.get(category, {}).items() if k in own}
        if taken:
            marks[category] = marks.get(category, {}) | taken
    keys = existing.keys + tuple(key for key in new.keys if key.field_id in filled)
    person = existing._replace(
        values=values, marks=marks, keys=keys, problems=existing.problems + new.problems
    )
    return Merged(person, len(filled), tuple(differs))


def fill(
    kept: Mapping[int, Value], new: Mapping[int, Value]
) -> tuple[dict[int, Value], tuple[int, ...], tuple[int, ...]]:
    """One category: kept values, new ones where there were none; ids filled, ids differing."""
    filled = tuple(key for key in new if key not in kept or kept[key] == "")
    differs = tuple(key for key in new if key not in filled and kept[key] != new[key])
    return {**kept, **{key: new[key] for key in filled}}, filled, differs


def contradicts(kept: Sequence[IndexKey], new: Sequence[IndexKey]) -> bool:
    """Do they carry different customer numbers? Then they are two people, whatever else fits."""
    numbers = {key.field_id: key.key for key in kept if key.kind is FieldKind.CUSTOMER_NO}
    return any(
        numbers.get(key.field_id, key.key) != key.key
        for key in new
        if key.kind is FieldKind.CUSTOMER_NO
    )


def choose(person: NewPerson, found: Mapping[IndexKey, frozenset[T]]) -> T | RefusedRow | None:
    """Whom, of those already kept, this row means; None for nobody yet.

    The strongest key that finds anybody must find one; a customer number and an e-mail must not
    find two. A phone is asked only where the row has neither: families share one.

    Args:
        person: the row.
        found: for each of its keys, the people found and confirmed by it.
    """
    hits = {
        kind: frozenset[T]().union(*(found.get(key, ()) for key in person.keys if key.kind is kind))
        for kind in MERGE_KINDS
    }
    strong = hits[FieldKind.CUSTOMER_NO] | hits[FieldKind.EMAIL]
    if person.merge_key.kind is FieldKind.PHONE:
        strong = hits[FieldKind.PHONE]
    if len(strong) > 1:
        return RefusedRow(person.number, None, "ambiguous")
    return next(iter(strong), None)


def _joined(step: _Step, given: Mapping[str, str]) -> str:
    parts = (given.get(column, "").strip() for column in (step.column, *step.more))
    return step.joiner.join(part for part in parts if part)


def _merge_key(keys: Sequence[IndexKey], plan: Plan, number: int) -> MergeKey:
    for kind in MERGE_KINDS:
        for key in keys:
            if key.kind is kind:
                return MergeKey(kind, key.key)
    return MergeKey(None, plan.file_sha256 + number.to_bytes(8))
