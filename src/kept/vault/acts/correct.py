"""How is a wrong value put right? The old one is overwritten; the act keeps only what changed.

Writes name the revision they were made from; two people saving at once give one conflict. The act
commits to the new revision and the envelope's SHA-256: a row rolled back later is found.
Source: GDPR Art. 5(1)(d), 16.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kept.base.encoding import Json
from kept.base.errors import ConflictError, MalformedError, RefusedError
from kept.base.ids import PersonId
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import OWN, Act, Actor, Kind
from kept.vault.acts.letters import LINK, keep_address, moved_fields, use_of
from kept.vault.acts.open import ask_gate, cells_asked, digest_of
from kept.vault.acts.parts import (
    Known,
    VaultParts,
    any_person,
    open_cell,
    tag_rows,
    times_of,
    write_cell,
)
from kept.vault.model.body import Body, Mark, Status
from kept.vault.model.gate import PersonState, Refused, Request
from kept.vault.model.intake import IndexKey
from kept.vault.model.normalise import normalise
from kept.vault.model.rules import Category, Field
from kept.vault.store import people as store
from kept.vault.store import visits

MAX_VALUE = 8_000  # characters of one value


@dataclass(frozen=True, slots=True)
class Correction:
    """New values by field key; None takes a value out. `old_rev` 0 when nothing was there."""

    category: str
    old_rev: int
    values: Mapping[str, str | None]
    method: str = "self"
    lang: str = ""  # of who asked; the old e-mail address is told in it
    verified_at: int | None = None  # microseconds; when the values were checked
    session: bytes = b""  # SHA-256 of the token of the person's session that makes it


@dataclass(frozen=True, slots=True)
class Corrected:
    """The new revision, the act, and what does not look right though it was kept as written."""

    rev: int
    act_id: int
    problems: Mapping[str, str]


def correct(
    tx: Tx,
    vault: VaultParts,
    /,
    *,
    actor: Actor,
    person: PersonId,
    correction: Correction,
    purpose: str = OWN,
    now: datetime,
) -> Pending[Corrected]:
    """Overwrite values of one category. Records `person.corrected`.

    An e-mail address that is replaced or taken out is sent a notice, and whoever came in by it is
    out: a code under way and the person's sessions, but the one that makes this, are ended.

    Raises:
        NotFoundError: nobody has this id.
        RefusedError: the person is being erased.
        ConflictError: another revision stands there by now.
        MalformedError: no such category or field, or a value that is too long.
    """
    category = vault.rules.categories.get(correction.category)
    if category is None:
        raise MalformedError("category", "the book has no such category")
    known = any_person(tx, vault, person)
    if PersonState(known.row.state) not in {PersonState.LIVE, PersonState.RESTRICTED}:
        raise RefusedError("person_gone", "This person is being erased; nothing can be changed.")
    old = store.cells(tx, known.row.n).get(category.id)
    if (old.rev if old else 0) != correction.old_rev:
        raise ConflictError("Somebody changed this meanwhile. Look at it again, then save.")
    before = open_cell(vault, known, old) if old else Body()
    after, problems = changed(vault, category, before, correction=correction)
    rev, env = write_cell(tx, vault, known, category=category, content=after, old=old, now=now)
    reindex(tx, vault, known.row.n, category=category, content=after)
    _close_old_ways(
        tx,
        vault,
        known,
        moved=moved_fields(vault, category, before=before, after=after),
        before=before,
        correction=correction,
        actor=actor,
        now=now,
    )
    detail: dict[str, Json] = {
        "fields": sorted(correction.values),
        "rev": rev,
        "sha256": digest_of(env),
        "until": times_of(vault, [category], since=now),
    }
    if correction.method == LINK:
        detail["method"] = LINK
    act = Act(
        Kind.PERSON_CORRECTED,
        actor,
        purpose,
        categories=(category.key,),
        mask=category.bit,
        detail=detail,
    )
    done = record(tx, vault.origin, act=act, subject=known.keys.subject, now=now)
    return Pending(Corrected(rev, done.act_id, problems))


def _close_old_ways(
    tx: Tx,
    vault: VaultParts,
    person: Known,
    *,
    moved: Sequence[Field],
    before: Body,
    correction: Correction,
    actor: Actor,
    now: datetime,
) -> None:
    """Tell each address that was taken away, and end what it let in."""
    for field in moved:
        keep_address(
            tx,
            vault,
            person,
            use=use_of(field, before, by=actor, method=correction.method),
            field_id=field.id,
            address=str(before.values[field.id]),
            lang=correction.lang,
            now=now,
        )
    if moved:
        visits.drop_code(tx, person.row.n)
        visits.end_sessions(tx, person.row.n, but=correction.session)


def correct_for(
    tx: Tx,
    vault: VaultParts,
    /,
    *,
    person: PersonId,
    request: Request,
    correction: Correction,
    now: datetime,
) -> Pending[Corrected | Refused]:
    """Overwrite values for a purpose of the book: whoever may not open them may not change them.

    Records `person.corrected` or `person.refused`.

    Raises:
        KeptError: as `correct`.
    """
    known = any_person(tx, vault, person)
    cells = cells_asked(tx, vault, known.row, request)
    answer = ask_gate(tx, vault, known, request=request, cells=cells, now=now)
    if isinstance(answer, Refused):
        return Pending(answer)
    return correct(
        tx,
        vault,
        actor=request.asker.actor,
        person=person,
        correction=correction,
        purpose=request.purpose,
        now=now,
    ).map(lambda done: done)


def changed(
    vault: VaultParts, category: Category, before: Body, *, correction: Correction
) -> tuple[Body, dict[str, str]]:
    """The body after a correction, and codes of values that fit no shape of their kind.

    Raises:
        MalformedError: no such field, or a value that is too long.
    """
    fields = {field.key: field for field in category.fields}
    values, marks, problems = dict(before.values), dict(before.marks), dict[str, str]()
    for key, text in correction.values.items():
        if key not in fields:
            raise MalformedError("field", "this category has no such field")
        field = fields[key]
        marks.pop(field.id, None)
        if text is None or not text.strip():
            values.pop(field.id, None)
            continue
        if len(text) > MAX_VALUE:
            raise MalformedError(f"field {key}", f"at most {MAX_VALUE} characters")
        normal = normalise(field.kind, text, region=vault.rules.phone_region)
        values[field.id] = normal.value
        if normal.problem is not None and not normal.verified_shape:
            problems[key] = normal.problem
            marks[field.id] = Mark(Status.MALFORMED, None, correction.method, "")
        elif correction.verified_at is not None:
            marks[field.id] = Mark(Status.VERIFIED, correction.verified_at, correction.method, "")
    return Body(values, marks), problems


def reindex(tx: Tx, vault: VaultParts, person_n: int, *, category: Category, content: Body) -> None:
    """Make a category's blind tags those of its present values."""
    indexed = [field for field in category.fields if field.indexed]
    if not indexed:
        return
    store.delete_tags(tx, person_n, [field.id for field in indexed])
    store.insert_tags(tx, tag_rows(vault, person_n, keys_of(vault, indexed, content)))


def keys_of(vault: VaultParts, indexed: list[Field], content: Body) -> list[IndexKey]:
    """The keys by which the present values of indexed fields are found."""
    region = vault.rules.phone_region
    found: list[IndexKey] = []
    for field in indexed:
        if field.id not in content.values:
            continue
        key = normalise(field.kind, str(content.values[field.id]), region=region).index_key
        if key is not None:
            found.append(IndexKey(field.kind, field.id, key))
    return found
