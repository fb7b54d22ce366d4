"""How is a person's data opened? For a purpose, with an act, or not at all.

Order: gate, open in memory, record the act; what was opened stays inside `Pending` until that is
durable. A refusal is an act too, and the person sees it. There is no switch that turns this off.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.clock import from_micros
from kept.base.encoding import Json
from kept.base.errors import MalformedError
from kept.base.ids import PersonId
from kept.db.seam import Pending, Tx
from kept.ledger.acts.counts import opened_by
from kept.ledger.acts.record import record
from kept.ledger.model import OWN, Act, Actor, Kind
from kept.vault.acts.parts import (
    Known,
    VaultParts,
    any_person,
    known_person,
    last_consents,
    note_opening,
    open_cell,
)
from kept.vault.model.body import Mark, Value
from kept.vault.model.gate import (
    Asker,
    Granted,
    PersonState,
    Refused,
    Request,
    Situation,
    decide,
)
from kept.vault.model.masks import mask
from kept.vault.model.rules import Basis, Category, Field, FieldKind, Level
from kept.vault.store import people as store
from kept.vault.store.people import CellRow, PersonRow

DAY = timedelta(days=1)
MAX_WORDS = 400  # characters of a reference or a written reason


@dataclass(frozen=True, slots=True)
class Shown:
    """One field as it may be shown: `value` is None at level `present`."""

    field: Field
    value: Value | None
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class ShownCategory:
    """One opened category; `rev` goes back with a correction."""

    category: Category
    rev: int
    fields: tuple[Shown, ...]
    written_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenedPerson:
    """What a granted opening hands out, with the act that recorded it."""

    person: PersonId
    alias: str
    categories: tuple[ShownCategory, ...]
    act_id: int


def open_person(
    tx: Tx,
    vault: VaultParts,
    /,
    *,
    person: PersonId,
    request: Request,
    batch: str = "",
    now: datetime,
) -> Pending[OpenedPerson | Refused]:
    """Open categories of a person for a purpose. Records `person.read` or `person.refused`.

    Raises:
        NotFoundError: nobody has this id, or they were erased.
        MalformedError: a reference or reason that is too long, or an unknown category.
        TamperedError: a cell or a key was changed.
    """
    known = any_person(tx, vault, person)
    cells = cells_asked(tx, vault, known.row, request)
    answer = ask_gate(tx, vault, known, request=request, cells=cells, now=now)
    if isinstance(answer, Refused):
        return Pending(answer)
    note_opening(tx, now=now)
    opened = _open(vault, known, request=request, cells=cells, level=answer.level)
    more: dict[str, Json] = {"batch": batch} if batch else {}
    if answer.level is not Level.FULL:
        more["level"] = answer.level.value
    act_id = _record(tx, vault, known, request=request, kind=Kind.PERSON_READ, more=more, now=now)
    return Pending(OpenedPerson(person, known.row.alias, opened, act_id))


def ask_gate(
    tx: Tx,
    vault: VaultParts,
    person: Known,
    /,
    *,
    request: Request,
    cells: Mapping[int, CellRow],
    now: datetime,
) -> Granted | Refused:
    """The gate's answer, for verbs. Records `person.refused` where it is no.

    `cells` are those of `cells_asked`, which the gate looks at for their time alone.
    """
    situation = _situation(tx, vault, person.row, request=request, cells=cells, now=now)
    answer = decide(request, vault.rules, situation, now=now)
    if isinstance(answer, Refused):
        _record(
            tx,
            vault,
            person,
            request=request,
            kind=Kind.PERSON_REFUSED,
            more={"code": answer.code.value},
            now=now,
        )
    return answer


def cells_asked(
    tx: Tx, vault: VaultParts, row: PersonRow, request: Request
) -> Mapping[int, CellRow]:
    """The sealed categories that a well-formed request names, for the gate and then to be opened.

    Raises:
        MalformedError: a reference or reason that is too long, or an unknown category.
    """
    _check_words(vault, request)
    ids = [vault.rules.categories[key].id for key in request.categories]
    return store.cells_of(tx, row.n, ids)


def _check_words(vault: VaultParts, request: Request) -> None:
    if len(request.ref) > MAX_WORDS or len(request.reason) > MAX_WORDS:
        raise MalformedError("reason", f"at most {MAX_WORDS} characters")
    for key in request.categories:
        if key not in vault.rules.categories:
            raise MalformedError("category", "the book has no such category")


def _situation(
    tx: Tx,
    vault: VaultParts,
    row: PersonRow,
    *,
    request: Request,
    cells: Mapping[int, CellRow],
    now: datetime,
) -> Situation:
    due = {
        key: from_micros(cell.due_at) if cell.due_at is not None else None
        for key in request.categories
        if (cell := cells.get(vault.rules.categories[key].id)) is not None
    }
    purpose = vault.rules.purposes.get(request.purpose)
    asks_consent = purpose is not None and purpose.basis is Basis.CONSENT
    return Situation(
        person=PersonState(row.state),
        consents=last_consents(tx, row.n) if asks_consent else {},
        due=due,
        others_opened=_others_opened(tx, row, asker=request.asker, now=now),
    )


def _others_opened(tx: Tx, row: PersonRow, *, asker: Asker, now: datetime) -> tuple[int, int]:
    limits = asker.limits
    if limits is None:
        return 0, 0
    in_day = opened_by(tx, asker.actor, since=now - DAY)
    in_window = opened_by(tx, asker.actor, since=now - limits.window)
    return len(in_window - {row.n}), len(in_day - {row.n})


def _open(
    vault: VaultParts,
    person: Known,
    *,
    request: Request,
    cells: Mapping[int, CellRow],
    level: Level,
) -> tuple[ShownCategory, ...]:
    return tuple(
        show_category(vault, person, category=category, cell=cell, level=level)
        for category in vault.rules.categories.values()
        if category.key in request.categories and (cell := cells.get(category.id)) is not None
    )


def show_category(
    vault: VaultParts,
    person: Known,
    *,
    category: Category,
    cell: CellRow,
    level: Level,
    is_own: bool = False,
) -> ShownCategory:
    """Open one category at a level. For verbs that have asked the gate and record their act.

    Whoever is known by the alias alone is shown so to everybody but themselves: `is_own`.

    Raises:
        TamperedError: the cell was changed or moved.
    """
    content = open_cell(vault, person, cell)
    shown = tuple(
        Shown(
            field,
            _at_level(
                field,
                content.values[field.id],
                level=level,
                known_as=person.row.alias if person.row.is_alias_only and not is_own else None,
            ),
            content.marks.get(field.id),
        )
        for field in category.fields
        if field.id in content.values
    )
    return ShownCategory(
        category,
        cell.rev,
        shown,
        from_micros(cell.written_at),
        None if cell.due_at is None else from_micros(cell.due_at),
    )


def _at_level(field: Field, value: Value, *, level: Level, known_as: str | None) -> Value | None:
    if level is Level.PRESENT:
        return None
    if field.kind is FieldKind.NAME and known_as is not None:
        return known_as
    return value if level is Level.FULL else mask(field.kind, value, "en")


def _record(
    tx: Tx,
    vault: VaultParts,
    person: Known,
    *,
    request: Request,
    kind: Kind,
    more: Mapping[str, Json],
    now: datetime,
) -> int:
    detail: dict[str, Json] = dict(more)
    if request.ref.strip():
        detail["ref"] = request.ref.strip()
    if request.reason.strip():
        detail["reason"] = request.reason.strip()
    act = Act(
        kind,
        request.asker.actor,
        request.purpose if request.purpose in vault.rules.purposes else "unknown",
        categories=tuple(k for k in vault.rules.categories if k in request.categories),
        mask=vault.rules.mask_of(request.categories),
        detail=detail,
    )
    return record(tx, vault.origin, act=act, subject=person.keys.subject, now=now).act_id


def open_own(
    tx: Tx, vault: VaultParts, /, *, person: PersonId, now: datetime
) -> Pending[tuple[PersonRow, tuple[ShownCategory, ...]]]:
    """A person's own view of everything held on them. Records `person.own_view`.

    Raises:
        NotFoundError: nobody has this id, or they were erased.
        TamperedError: a cell or a key was changed.
    """
    known = known_person(tx, vault, person)
    cells = store.cells(tx, known.row.n)
    note_opening(tx, now=now)
    shown = tuple(
        show_category(vault, known, category=category, cell=cell, level=Level.FULL, is_own=True)
        for category in vault.rules.categories.values()
        if (cell := cells.get(category.id)) is not None
    )
    mask_ = sum(part.category.bit for part in shown)
    act = Act(
        Kind.OWN_VIEW,
        Actor("self", str(person), "self"),
        OWN,
        categories=tuple(part.category.key for part in shown),
        mask=mask_,
    )
    record(tx, vault.origin, act=act, subject=known.keys.subject, now=now)
    return Pending((known.row, shown))


def digest_of(env: bytes) -> str:
    """What an act says of a written envelope: its SHA-256, so a rolled-back row is found."""
    return hashlib.sha256(env).hexdigest()
