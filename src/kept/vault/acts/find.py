"""Who has this address, phone or number? A blind tag hints, an opened cell decides.

Each person found gets an act; a look that finds nobody is an act of the house. Neither holds what
was looked for. The answer holds the alias and masked values, never a full one.
"""

from dataclasses import dataclass
from datetime import datetime

from kept.base.errors import MalformedError, NotFoundError, RefusedError
from kept.base.ids import PersonId
from kept.db.seam import Pending, Tx
from kept.ledger.acts.counts import met_by
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Kind
from kept.vault.acts.keyroom import NOBODY_N
from kept.vault.acts.open import DAY, ShownCategory, show_category
from kept.vault.acts.parts import (
    Known,
    VaultParts,
    index_text,
    known_person,
    note_opening,
    open_cell,
    seal_cell,
    with_keys,
)
from kept.vault.model.body import Body
from kept.vault.model.gate import Asker, PersonState
from kept.vault.model.normalise import normalise
from kept.vault.model.rules import INDEX_KIND_ID, Category, FieldKind, Level, Role
from kept.vault.store import people as store
from kept.vault.store.people import CellRow, PersonRow

FIND = "find"  # the purpose of looking somebody up, in public entries
LIVE = frozenset({PersonState.LIVE, PersonState.RESTRICTED})
MAX_FOUND = 20
USUAL_FIELDS = 3  # of somebody's contact data: e-mail, phone, name
TOO_MANY = "You looked up many people within a short time. Wait a little, or ask the owner."
FINDER_ROLES = frozenset({"owner", "senior", "operator", "service"})


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody found: the alias and what the mask lets through."""

    person: PersonId
    alias: str
    masked: tuple[ShownCategory, ...]
    act_id: int


def kinds_of(value: str, *, region: str) -> list[tuple[FieldKind, str]]:
    """As what a typed value could be found: an e-mail, a phone or a number of ours."""
    kinds = [FieldKind.EMAIL] if "@" in value else list(INDEX_KIND_ID)
    texts = [(kind, index_text(normalise(kind, value, region=region))) for kind in kinds]
    return [(kind, text) for kind, text in texts if text is not None]


def find_people(
    tx: Tx,
    vault: VaultParts,
    /,
    *,
    asker: Asker,
    value: str,
    kind: FieldKind | None = None,
    now: datetime,
) -> Pending[list[Found]]:
    """Find people by an e-mail, phone, order or customer number.

    Records `person.found` for each, or `nobody.found`.

    Raises:
        RefusedError: this role does not look people up, or looked up too many.
        MalformedError: the value fits no kind that can be found.
    """
    _require_finder(asker)
    wanted = kinds_of(value, region=vault.rules.phone_region)
    if kind is not None:
        wanted = [pair for pair in wanted if pair[0] is kind]
    if not wanted:
        raise MalformedError("value", "not an e-mail, a phone or a number that could be found")
    people = matches(tx, vault, wanted, within=asker.categories)
    _require_measure(tx, people, asker=asker, now=now)
    found = [_answer(tx, vault, known, asker=asker, now=now) for known in people]
    if not found:
        pretend(tx, vault, *wanted[0])  # what covering the values of somebody found takes
        record(tx, vault.origin, act=Act(Kind.NOBODY_FOUND, asker.actor, HOUSE), now=now)
    return Pending(found)


def recognise(
    tx: Tx, vault: VaultParts, /, *, asker: Asker, person: PersonId, now: datetime
) -> Pending[Found]:
    """Show the mask of one known person again. Records `person.found`.

    Raises:
        RefusedError: this role does not look people up, or looked up too many.
        NotFoundError: nobody has this id, or they are being forgotten.
        TamperedError: a cell or a key was changed.
    """
    _require_finder(asker)
    known = known_person(tx, vault, person)
    if PersonState(known.row.state) not in LIVE:
        raise NotFoundError("Nobody is kept under this id.")
    _require_measure(tx, [known], asker=asker, now=now)
    return Pending(_answer(tx, vault, known, asker=asker, now=now))


def _require_finder(asker: Asker) -> None:
    """Check that this asker may look anybody up.

    Raises:
        RefusedError: the role may not, or the asker's access is over or overdue for review.
    """
    if asker.actor.role not in FINDER_ROLES or not asker.is_live:
        raise RefusedError("role_may_not", "Your role does not look people up.")
    if asker.is_review_overdue:
        raise RefusedError("review_overdue", "Your access is overdue for review by an owner.")


def _require_measure(tx: Tx, people: list[Known], *, asker: Asker, now: datetime) -> None:
    """Check that a colleague does not leaf through everybody by counting order numbers up.

    Raises:
        RefusedError: as many others were met as the book lets one person open.
    """
    limits = asker.limits
    if limits is None or asker.role is Role.SERVICE:  # a program asks for each order it sends
        return
    rows = {one.row.n for one in people}
    for most, span in ((limits.people, limits.window), (limits.people_a_day, DAY)):
        if rows and len(met_by(tx, asker.actor, since=now - span) - rows) >= most:
            raise RefusedError("too_many_people", TOO_MANY)


def matches(
    tx: Tx,
    vault: VaultParts,
    wanted: list[tuple[FieldKind, str]],
    *,
    within: frozenset[str] | None = None,
) -> list[Known]:
    """Live people one of whose opened values equals a wanted one. For verbs that record an act.

    `within` names the categories whose values may be looked at; None for all. Without anybody to
    look at, as much is done for nobody: strangers at the door measure how long this takes.
    """
    people: dict[int, Known] = {}
    looked = False
    for kind, text in wanted:
        index = vault.keys.index(kind)
        hints = store.tagged(tx, kind=INDEX_KIND_ID[kind], ver=index.version, tag=index.tag(text))
        for person_n, field_id in hints[:MAX_FOUND]:
            if within is not None and not _is_within(vault, field_id, within):
                continue
            looked = True
            if person_n not in people and (
                match := _verified(tx, vault, person_n, field_id=field_id, kind=kind, text=text)
            ):
                people[person_n] = match
    if not looked and wanted:
        pretend(tx, vault, *wanted[0])
    return list(people.values())


def pretend(tx: Tx, vault: VaultParts, kind: FieldKind, text: str) -> None:
    """Look at nobody as somebody is looked at: rows, keys, one cell, one value."""
    store.person_by_n(tx, NOBODY_N)
    store.cells(tx, NOBODY_N)
    person, keys = vault.keys.nobody()
    category = next(iter(vault.rules.categories.values())).id
    env = seal_cell(
        vault,
        keys.seal,
        Body(dict.fromkeys(range(1, USUAL_FIELDS + 1), text)),
        person_id=person,
        place=(category, 1),
        key_version=keys.version,
    )
    row = PersonRow(
        NOBODY_N,
        person,
        alias="",
        is_alias_only=False,
        state=PersonState.LIVE.value,
        keyver=keys.version,
        source="",
        created_at=0,
    )
    known = Known(row, keys)
    value = open_cell(vault, known, CellRow(category, 1, env, 0, None, None)).values[1]
    index_text(normalise(kind, str(value), region=vault.rules.phone_region))


def _verified(
    tx: Tx, vault: VaultParts, person_n: int, *, field_id: int, kind: FieldKind, text: str
) -> Known | None:
    row = store.person_by_n(tx, person_n)
    category = _category_of(vault, field_id)
    if row is None or category is None or PersonState(row.state) not in LIVE:
        return None
    cell = store.cells(tx, person_n).get(category.id)
    if cell is None:
        return None
    try:
        known = with_keys(vault, row)
    except NotFoundError:  # about to be erased: whoever else has this value is still found
        return None
    value = open_cell(vault, known, cell).values.get(field_id)
    kept = index_text(normalise(kind, str(value), region=vault.rules.phone_region))
    return known if value is not None and kept == text else None


def _is_within(vault: VaultParts, field_id: int, within: frozenset[str]) -> bool:
    category = _category_of(vault, field_id)
    return category is not None and category.key in within


def _category_of(vault: VaultParts, field_id: int) -> Category | None:
    for category in vault.rules.categories.values():
        if any(field.id == field_id for field in category.fields):
            return category
    return None


def _answer(tx: Tx, vault: VaultParts, person: Known, *, asker: Asker, now: datetime) -> Found:
    note_opening(tx, now=now)
    masked = _masked(tx, vault, person, asker)
    act = Act(
        Kind.PERSON_FOUND,
        asker.actor,
        FIND,
        categories=tuple(part.category.key for part in masked),
        mask=sum(part.category.bit for part in masked),
        detail={"level": Level.MASKED.value},
    )
    done = record(tx, vault.origin, act=act, subject=person.keys.subject, now=now)
    return Found(person.row.id, person.row.alias, masked, done.act_id)


def _masked(tx: Tx, vault: VaultParts, person: Known, asker: Asker) -> tuple[ShownCategory, ...]:
    cells = store.cells(tx, person.row.n)
    return tuple(
        show_category(vault, person, category=category, cell=cell, level=Level.MASKED)
        for category in vault.rules.categories.values()
        if any(field.indexed for field in category.fields)
        and (asker.categories is None or category.key in asker.categories)
        and (cell := cells.get(category.id)) is not None
    )
