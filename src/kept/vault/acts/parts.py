"""What every verb of the vault needs, and the few steps they share.

A verb meets a person in three forms: the row, the keys (unwrapped for this call only) and the
opened bodies. None of them outlives the verb.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from kept.base.clock import from_micros, to_micros
from kept.base.encoding import Json
from kept.base.errors import ConflictError, NotFoundError
from kept.base.ids import PersonId
from kept.crypto import places
from kept.crypto.sealing import SealKey, open_sealed, seal
from kept.db.seam import Tx, Value
from kept.vault.acts.keyroom import KeyRoom, PersonKeys
from kept.vault.model import body
from kept.vault.model.body import Body
from kept.vault.model.gate import Consent, ConsentState, PersonState
from kept.vault.model.intake import IndexKey
from kept.vault.model.normalise import Normalised
from kept.vault.model.rules import Category, Rules
from kept.vault.store import people as store
from kept.vault.store import tally
from kept.vault.store.people import CellRow, PersonRow


@dataclass(frozen=True, slots=True)
class VaultParts:
    """The rules, the log's name and the keys that verbs work with."""

    rules: Rules
    origin: str
    keys: KeyRoom

    def category(self, category_id: int) -> Category | None:
        """A category by id; None when the book no longer declares it."""
        for category in self.rules.categories.values():
            if category.id == category_id:
                return category
        return None


def require_person(tx: Tx, person_id: PersonId) -> PersonRow:
    """The person's row.

    Raises:
        NotFoundError: nobody has this id.
    """
    row = store.person(tx, person_id)
    if row is None:
        raise NotFoundError("Nobody is kept under this id.")
    return row


@dataclass(frozen=True, slots=True)
class Known:
    """A person as a verb meets one: the row, and the keys for this call only."""

    row: PersonRow
    keys: PersonKeys


def note_opening(tx: Tx, *, now: datetime) -> None:
    """Count that sealed data is opened for somebody, where it is opened.

    The count is compared with the acts of `ledger.acts.counts.OPENING_ACTS` (promise access.seen).
    """
    tally.count(tx, at=to_micros(now))


def with_keys(vault: VaultParts, row: PersonRow) -> Known:
    """The person with keys.

    Raises:
        NotFoundError: the keys are gone.
        TamperedError: a wrap was changed.
    """
    return Known(row, vault.keys.person(row.id, row.n, row.keyver))


def any_person(tx: Tx, vault: VaultParts, person_id: PersonId) -> Known:
    """The person with this id, even while being forgotten.

    Raises:
        NotFoundError: nobody has this id, or the keys are gone.
        TamperedError: a wrap was changed.
    """
    return with_keys(vault, require_person(tx, person_id))


def known_person(tx: Tx, vault: VaultParts, person_id: PersonId) -> Known:
    """The person with this id.

    Raises:
        NotFoundError: nobody has this id, they are being forgotten, or the keys are gone.
        TamperedError: a wrap was changed.
    """
    row = require_person(tx, person_id)
    if PersonState(row.state) not in {PersonState.LIVE, PersonState.RESTRICTED}:
        raise NotFoundError("Nobody is kept under this id.")
    return with_keys(vault, row)


def open_cell(vault: VaultParts, person: Known, cell: CellRow) -> Body:
    """The body of a cell.

    Raises:
        TamperedError: the cell was changed or moved.
        MalformedError: sealed by a newer Kept.
    """
    aad = places.cell(
        vault_id=vault.keys.vault_id,
        person_id=person.row.id.raw,
        category_id=cell.category_id,
        rev=cell.rev,
        key_version=person.keys.version,
    )
    what = f"category {cell.category_id} of person {person.row.id}"
    keys = person.keys
    return body.decode(open_sealed(keys.seal, cell.env, aad, key_version=keys.version, what=what))


def seal_cell(
    vault: VaultParts,
    key: SealKey,
    content: Body,
    *,
    person_id: PersonId,
    place: tuple[int, int],
    key_version: int,
) -> bytes:
    """The envelope of a body at `place` = (category id, revision).

    Raises:
        MalformedError: the body breaks a limit of its format.
    """
    category_id, rev = place
    aad = places.cell(
        vault_id=vault.keys.vault_id,
        person_id=person_id.raw,
        category_id=category_id,
        rev=rev,
        key_version=key_version,
    )
    return seal(key, body.encode(content.values, content.marks), aad, key_version=key_version)


class Tag(NamedTuple):
    """One blind tag, still of nobody."""

    kind: int
    ver: int
    tag: bytes
    field_id: int


def tags_of(vault: VaultParts, keys: Iterable[IndexKey]) -> list[Tag]:
    """The blind tags of index keys, in order."""
    made: list[Tag] = []
    for kind, field_id, key in keys:
        index = vault.keys.index(kind)
        made.append(Tag(index.kind, index.version, index.tag(key.decode("utf-8")), field_id))
    return made


def tag_rows(vault: VaultParts, person_n: int, keys: Iterable[IndexKey]) -> list[dict[str, Value]]:
    """Rows of blind tags for index keys."""
    return [{**tag._asdict(), "person_n": person_n} for tag in tags_of(vault, keys)]


def due_at(vault: VaultParts, category: Category, *, since: datetime) -> int | None:
    """When a category's time is over: the latest of the purposes that use it; None for never."""
    spans = [p.keep_for for p in vault.rules.purposes.values() if category.key in p.categories]
    known = [span for span in spans if span is not None]
    if not known or len(known) < len(spans):
        return None
    return to_micros(since + max(known))


def fresh_until(category: Category, *, since: datetime) -> int | None:
    """When the first value of a category should be asked for again; None for never."""
    spans = [f.fresh_for for f in category.fields if f.fresh_for is not None]
    return to_micros(since + min(spans)) if spans else None


def times_of(vault: VaultParts, categories: Iterable[Category], *, since: datetime) -> list[Json]:
    """What an act says of the times of written categories: [due, fresh] each, microseconds."""
    return [
        [due_at(vault, category, since=since), fresh_until(category, since=since)]
        for category in categories
    ]


def last_consents(tx: Tx, person_n: int) -> dict[str, Consent]:
    """What the person last said about each purpose."""
    return {
        row.purpose: Consent(
            ConsentState(row.state),
            row.notice,
            from_micros(row.at),
            None if row.expires_at is None else from_micros(row.expires_at),
        )
        for row in store.consents(tx, person_n)
    }


def write_cell(
    tx: Tx,
    vault: VaultParts,
    person: Known,
    /,
    *,
    category: Category,
    content: Body,
    old: CellRow | None,
    now: datetime,
) -> tuple[int, bytes]:
    """Seal a category anew; its revision and envelope.

    Raises:
        ConflictError: somebody else wrote this category meanwhile.
    """
    rev = old.rev + 1 if old else 1
    env = seal_cell(
        vault,
        person.keys.seal,
        content,
        person_id=person.row.id,
        place=(category.id, rev),
        key_version=person.keys.version,
    )
    values: dict[str, Value] = {
        "person_n": person.row.n,
        "category_id": category.id,
        "rev": rev,
        "env": env,
        "at": to_micros(now),
        "due_at": due_at(vault, category, since=now),
        "fresh_until": fresh_until(category, since=now),
    }
    if old is None:
        store.insert_cells(tx, [values])
    elif not store.update_cell(tx, values, old_rev=old.rev):
        raise ConflictError("Somebody changed this meanwhile. Look at it again, then save.")
    store.touch(tx, person.row.n, at=to_micros(now))
    return rev, env


def index_text(normalised: Normalised) -> str | None:
    """The text a tag is made of, or None when the value is not indexed."""
    return None if normalised.index_key is None else normalised.index_key.decode("utf-8")
