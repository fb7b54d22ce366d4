"""Does every sealed record still open with its person's keys? Nothing that is opened goes out.

Reads in pages, each its own snapshot, so a running house can be checked. What fails is named by
the person's public id and the category, and the rest is checked on.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kept.base.errors import MalformedError, NotFoundError, TamperedError
from kept.db.seam import Database, Tx
from kept.vault.acts.parts import VaultParts, open_cell, with_keys
from kept.vault.store import people as store
from kept.vault.store.people import PersonRow

PAGE = 500


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the check: how many were looked at, what failed, where the next one begins."""

    people: int
    records: int
    faults: tuple[str, ...]
    last_n: int


def check_vault(db: Database, vault: VaultParts, /) -> Iterator[Page]:
    """Open every sealed record of everybody, a page at a time.

    Raises:
        UnavailableError: a database cannot be read.
    """
    page = Page(0, 0, (), 0)
    while True:
        page = db.read(lambda tx, after=page.last_n: _page(tx, vault, after))
        if not page.people:
            return
        yield page


def _page(tx: Tx, vault: VaultParts, after_n: int) -> Page:
    rows = store.people_after(tx, after_n=after_n, limit=PAGE)
    faults: list[str] = []
    records = 0
    for row in rows:
        found, failed = _person(tx, vault, row)
        records += found
        faults += failed
    return Page(len(rows), records, tuple(faults), rows[-1].n if rows else after_n)


def _person(tx: Tx, vault: VaultParts, row: PersonRow) -> tuple[int, list[str]]:
    cells = store.cells(tx, row.n)
    try:
        person = with_keys(vault, row)
    except (NotFoundError, TamperedError):
        return len(cells), [f"the keys of person {row.id}"]
    faults: list[str] = []
    for cell in cells.values():
        try:
            open_cell(vault, person, cell)
        except (TamperedError, MalformedError):
            faults.append(f"category {cell.category_id} of person {row.id}")
    return len(cells), faults
