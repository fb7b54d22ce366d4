"""Is every sealed record the one last written, and does all around it fit? Nothing goes out.

For each person: the keys open, each record opens where it stands, the newest act that wrote it
commits to its envelope (so a row put back from an older copy is found), and the blind tags are
those of the values. Then: no key without an owner. Pages are snapshots of their own, so a running
house can be checked; what fails is named by the person's public id, and the rest is checked on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kept.base.encoding import Json
from kept.base.errors import MalformedError, NotFoundError, TamperedError
from kept.base.ids import PersonId
from kept.db.seam import Database, Tx
from kept.ledger.acts.history import SeenAct, acts_of
from kept.ledger.model import Kind
from kept.ledger.ports import TileStore
from kept.vault.acts.correct import keys_of
from kept.vault.acts.open import digest_of
from kept.vault.acts.parts import Known, VaultParts, open_cell, tag_rows, with_keys
from kept.vault.model.body import Body
from kept.vault.store import people as store
from kept.vault.store import tags
from kept.vault.store.people import PersonRow

PAGE = 100
ACTS = 200
KEYS = 5_000
_UNREADABLE = (TypeError, ValueError, LookupError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the check: how many were looked at, what failed, where the next one begins."""

    people: int
    records: int
    faults: tuple[str, ...]
    last_n: int


def check_vault(db: Database, vault: VaultParts, tiles: TileStore, /) -> Iterator[Page]:
    """Check everybody, a page at a time; the last page has nobody and names stray keys and tags.

    Raises:
        UnavailableError: a database cannot be read.
    """
    page = Page(0, 0, (), 0)
    while True:
        page = db.read(lambda tx, after=page.last_n: _page(tx, vault, tiles, after))
        if not page.people:
            break
        yield page
    faults = [*_stray_keys(db, vault), *db.read(_stray_tags), *db.read(_stray_acts)]
    yield Page(0, 0, tuple(faults), page.last_n)


def _page(tx: Tx, vault: VaultParts, tiles: TileStore, after_n: int) -> Page:
    rows = store.people_after(tx, after_n=after_n, limit=PAGE)
    faults: list[str] = []
    records = 0
    for row in rows:
        found, failed = _person(tx, vault, tiles, row)
        records += found
        faults += failed
    return Page(len(rows), records, tuple(faults), rows[-1].n if rows else after_n)


def _person(tx: Tx, vault: VaultParts, tiles: TileStore, row: PersonRow) -> tuple[int, list[str]]:
    cells = store.cells(tx, row.n)
    try:
        person = with_keys(vault, row)
    except (NotFoundError, TamperedError):
        return len(cells), [f"the keys of person {row.id}"]
    faults, bodies = list[str](), dict[int, Body]()
    for cell in cells.values():
        try:
            bodies[cell.category_id] = open_cell(vault, person, cell)
        except (TamperedError, MalformedError):
            faults.append(f"category {cell.category_id} of person {row.id}")
    try:
        written = _written(tx, tiles, person)
    except (TamperedError, MalformedError, *_UNREADABLE):
        return len(cells), [*faults, f"the acts of person {row.id}"]
    held = {number: digest_of(cell.env) for number, cell in cells.items()}
    faults += _against_acts(vault, row, held=held, written=written)
    if len(bodies) == len(cells) and not _tags_fit(tx, vault, row, bodies):
        faults.append(f"the blind tags of person {row.id}")
    return len(cells), faults


def _written(tx: Tx, tiles: TileStore, person: Known) -> dict[str, str | None]:
    """What the newest act on each category says was written; None where it was taken out.

    Raises:
        TamperedError: an act was changed.
    """
    written: dict[str, str | None] = {}
    before: int | None = None
    while found := acts_of(tx, tiles, subject=person.keys.subject, before_n=before, limit=ACTS):
        for act in found:
            for category, digest in _of_act(act):
                written.setdefault(category, digest)
        before = found[-1].n
    return written


def _of_act(act: SeenAct) -> list[tuple[str, str | None]]:
    """(category, envelope digest) of what an act wrote."""
    categories = _words(act.detail.get("categories"))
    if act.kind == Kind.RETENTION_EXPIRED:
        return [(category, None) for category in categories]
    if act.kind in {Kind.PERSON_ADDED, Kind.PERSON_MERGED, Kind.PERSON_CORRECTED}:
        digests = act.detail.get("sha256")
        known = [digests] if isinstance(digests, str) else _words(digests)
        return list(zip(categories, known, strict=False))
    return []


def _words(value: Json) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _against_acts(
    vault: VaultParts, row: PersonRow, *, held: Mapping[int, str], written: Mapping[str, str | None]
) -> Iterator[str]:
    """Records that are not the ones last written; an unknown category is left to the book."""
    for category in vault.rules.categories.values():
        if held.get(category.id) != written.get(category.key):
            yield f"category {category.id} of person {row.id} is not what was last written"


def _tags_fit(tx: Tx, vault: VaultParts, row: PersonRow, bodies: Mapping[int, Body]) -> bool:
    wanted: set[tuple[int, int, bytes, int]] = set()
    for category in vault.rules.categories.values():
        if category.id in bodies:
            indexed = [field for field in category.fields if field.indexed]
            keys = keys_of(vault, indexed, bodies[category.id])
            for tag in tag_rows(vault, row.n, keys):
                wanted.add((tag["kind"], tag["ver"], tag["tag"], tag["field_id"]))  # type: ignore[arg-type]
    return wanted == tags.of_person(tx, row.n)


def _stray_tags(tx: Tx) -> list[str]:
    count = tags.count_orphans(tx)
    return [f"{count} blind tags of nobody"] if count else []


def _stray_acts(tx: Tx) -> list[str]:
    return [f"act {act} is of nobody" for act in store.acts_of_nobody(tx)]


def _stray_keys(db: Database, vault: VaultParts) -> Iterator[str]:
    """Keys that are nobody's: what a person's erasing destroys may not stand."""
    after = b""
    while ids := vault.keys.live_ids(after=after, limit=KEYS):
        owners = db.read(lambda tx, ids=ids: store.owners(tx, ids))
        yield from (f"the keys of nobody: {PersonId(raw)}" for raw in ids if raw not in owners)
        after = ids[-1]
