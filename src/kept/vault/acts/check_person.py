"""Does all that stands on one person agree with the keys and with the acts? Nothing goes out.

Each record opens where it stands and is the one last written; every row that an act writes is told
again from the acts (`vault.model.retold`) and compared. Reading was done before: nothing here
touches a database, so it may take its time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kept.base.clock import to_micros
from kept.base.encoding import row_digest
from kept.base.errors import MalformedError, TamperedError
from kept.db.seam import Row
from kept.ledger.acts.dossier import SealedAct, open_acts
from kept.ledger.acts.history import SeenAct
from kept.vault.acts.correct import keys_of
from kept.vault.acts.keyroom import PersonKeys
from kept.vault.acts.letters import kept_address
from kept.vault.acts.open import digest_of
from kept.vault.acts.parts import Known, VaultParts, open_cell, tags_of
from kept.vault.model.aliases import alias_digest
from kept.vault.model.body import Body
from kept.vault.model.forgetting import Step
from kept.vault.model.gate import PersonState
from kept.vault.model.graves import Grave
from kept.vault.model.retold import UNSAID, Retold, ToldAct, fits, retell
from kept.vault.store.erasures import ErasureRow
from kept.vault.store.letters import LetterRow
from kept.vault.store.people import CellRow, PersonRow

UNREADABLE = (TypeError, ValueError, LookupError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Dossiers:
    """All that lies about one person, unopened. `keys` is None where they are gone or changed."""

    row: PersonRow
    changed_at: int
    keys: PersonKeys | None
    cells: list[CellRow]
    consents: list[Row]
    origins: list[Row]
    exports: list[Row]
    sessions: list[Row]
    letters: list[LetterRow]
    erasure: ErasureRow | None
    tags: set[tuple[int, int, bytes, int]]
    acts: list[SealedAct]
    grave: Grave | None
    revoked: Mapping[str, int]

    @property
    def name(self) -> str:
        """How a fault names the person."""
        return f"person {self.row.id}"


def check_person(vault: VaultParts, held: Dossiers, /) -> list[str]:
    """What of one person is not as it was written; each fault begins with what it is."""
    state = held.row.state
    if state == PersonState.ERASED:
        return list(_erased(held))
    faults = list(_erasure(held))
    if held.keys is None:
        step = held.erasure.step if held.erasure else 0
        is_gone = state == PersonState.ERASING and step >= Step.BURIED and held.grave is not None
        return faults if is_gone else [*faults, f"the keys of {held.name}"]
    person = Known(held.row, held.keys)
    bodies, failed = _bodies(vault, person, held.cells)
    faults += [*failed, *_letters(vault, person, held)]
    try:
        acts = open_acts(held.keys.subject, held.acts)
    except (TamperedError, MalformedError, *UNREADABLE):
        return [*faults, f"the acts of {held.name}"]
    faults += [
        f"the categories of act {one.row.id} of {held.name}"
        for one, opened in zip(held.acts, acts, strict=True)
        if one.row.categories and "categories" not in opened.detail
    ]
    told = retell(_told(one) for one in acts)
    faults += _cells(vault, held, told)
    faults += [*_row(held, told), *_rows(held, told), *_begun(held, acts)]
    if not failed and not _tags_fit(vault, held, bodies):
        faults.append(f"the blind tags of {held.name}")
    return faults


def _told(act: SeenAct) -> ToldAct:
    return ToldAct(
        act.kind, str(act.detail.get("actor")), act.purpose, to_micros(act.at), act.detail
    )


def _erased(held: Dossiers) -> Iterator[str]:
    row = held.row
    said = (f"erased {row.id}", False, "", 0, 0)
    if said != (row.alias, row.is_alias_only, row.source, row.created_at, held.changed_at):
        yield f"the row of {held.name}, who was erased"
    lists = (held.cells, held.consents, held.origins, held.exports, held.sessions, held.letters)
    if any(lists) or held.tags or held.acts:
        yield f"something is left of {held.name}, who was erased"
    if held.keys is not None:
        yield f"the keys of {held.name}, who was erased, are here: its state was changed"
    if held.erasure is None or held.erasure.step < Step.DATA_GONE:
        yield f"the erasure of {held.name}"
    yield from _buried(held)


def _erasure(held: Dossiers) -> Iterator[str]:
    if held.row.state == PersonState.ERASING:
        if held.erasure is None or held.erasure.step > Step.KEYS_GONE:
            yield f"the erasure of {held.name}"
        elif held.erasure.step >= Step.BURIED:
            yield from _buried(held)
    elif held.erasure is not None or held.grave is not None:
        yield f"the erasure or tombstone of {held.name}, who is not being erased"


def _buried(held: Dossiers) -> Iterator[str]:
    """The tombstone says what the erasure says; it was written in the time of it."""
    one, grave = held.erasure, held.grave
    if one is None:
        return
    if one.person != held.row.id:
        yield f"the erasure of {held.name}"
    if grave is None:
        yield f"the tombstone of {held.name} is missing"
    elif (grave.act, grave.token_sha256) != (one.begun_act, one.token_sha256) or not (
        one.asked_at <= to_micros(grave.at)
        and (not one.done_at or to_micros(grave.at) <= one.done_at)
    ):
        yield f"the tombstone of {held.name}"


def _begun(held: Dossiers, acts: list[SeenAct]) -> Iterator[str]:
    """While the acts are here, an erasure is the one that they tell."""
    begun = [(one.act_id, to_micros(one.at)) for one in acts if one.kind == "erasure_begun"]
    if held.erasure is not None and (held.erasure.begun_act, held.erasure.asked_at) not in begun:
        yield f"the erasure of {held.name}"


def _bodies(
    vault: VaultParts, person: Known, cells: list[CellRow]
) -> tuple[dict[int, Body], list[str]]:
    bodies, faults = dict[int, Body](), list[str]()
    for cell in cells:
        try:
            bodies[cell.category_id] = open_cell(vault, person, cell)
        except (TamperedError, MalformedError, *UNREADABLE):
            faults.append(f"category {cell.category_id} of person {person.row.id}")
    return bodies, faults


def _letters(vault: VaultParts, person: Known, held: Dossiers) -> Iterator[str]:
    for letter in held.letters:
        try:
            kept_address(vault, person, letter)
        except (TamperedError, MalformedError, *UNREADABLE):
            yield f"a letter to {held.name}"


def _cells(vault: VaultParts, held: Dossiers, told: Retold) -> Iterator[str]:
    """Records that are not the ones last written; an unknown category is left to the book."""
    by_id = {cell.category_id: cell for cell in held.cells}
    for category in vault.rules.categories.values():
        cell, said = by_id.get(category.id), told.cells.get(category.key)
        if (digest_of(cell.env) if cell else None) != (said.sha256 if said else None):
            yield f"category {category.id} of {held.name} is not what was last written"
        elif cell and said:
            times = (cell.written_at, cell.due_at, cell.fresh_until)
            if not fits(times, (said.at, said.due_at, said.fresh_until)):
                yield f"the times of category {category.id} of {held.name}"


def _row(held: Dossiers, told: Retold) -> Iterator[str]:
    row = held.row
    for column, here, said in (
        ("alias", alias_digest(row.alias), told.alias),
        ("choice to be known by the alias alone", row.is_alias_only, told.is_alias_only),
        ("state", row.state, told.state),
        ("source", row.source, told.source),
        ("time of coming here", row.created_at, told.created_at),
        ("time of the last change", held.changed_at, told.changed_at),
    ):
        if said not in {here, UNSAID}:
            yield f"the {column} of {held.name}"


def _rows(held: Dossiers, told: Retold) -> Iterator[str]:
    consents = [(*row[:4], row[4].hex(), *row[5:]) for row in held.consents]
    if not _all_fit(consents, told.consents):
        yield f"the consents of {held.name}"
    if not _all_fit(held.origins, told.origins):
        yield f"the origins of {held.name}"
    if not _all_fit(sorted(held.exports), sorted(map(tuple, told.exports), key=_asked)):
        yield f"the requests for a copy of {held.name}"
    for token, started_at in held.sessions:
        here = row_digest(token), started_at
        if not any(fits(here, said) for said in told.sessions):
            yield f"a session of {held.name}"
    for purpose, at in told.withdrawn.items():
        if held.revoked.get(purpose, 0) < at:
            yield f"the withdrawal of {purpose} by {held.name} in keys.db"


def _asked(row: tuple[object, ...]) -> tuple[int, int]:
    number, at = row[0], row[1]
    return (number if isinstance(number, int) else 0, at if isinstance(at, int) else 0)


def _all_fit(held: Sequence[Iterable[object]], said: Sequence[Iterable[object]]) -> bool:
    return len(held) == len(said) and all(map(fits, held, said))


def _tags_fit(vault: VaultParts, held: Dossiers, bodies: Mapping[int, Body]) -> bool:
    wanted: set[tuple[int, int, bytes, int]] = set()
    for category in vault.rules.categories.values():
        if category.id in bodies:
            indexed = [field for field in category.fields if field.indexed]
            wanted.update(tags_of(vault, keys_of(vault, indexed, bodies[category.id])))
    return wanted == held.tags
