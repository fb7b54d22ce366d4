"""Do the blind tags still follow the data? Made anew from the opened cells where they do not.

find.db is derived: it may be missing, older than data.db, or made with another index key. Its mark
says up to which change it follows, under a name that only the present index keys give.
Nothing that is opened here goes out.
"""

import hashlib
from collections.abc import Sequence

from kept.base.errors import MalformedError, NotFoundError, TamperedError
from kept.db.seam import Pending, Tx
from kept.vault.acts.correct import reindex
from kept.vault.acts.parts import VaultParts, open_cell, with_keys
from kept.vault.model.gate import PersonState
from kept.vault.model.rules import INDEX_KIND_ID
from kept.vault.store import people as store
from kept.vault.store import tags

AT_ONCE = 500
_PROBE = "whose index is this"
_STANDING = frozenset({PersonState.LIVE, PersonState.RESTRICTED})


def mark_name(vault: VaultParts) -> str:
    """The name of the mark under the present index keys."""
    probes = b"".join(vault.keys.index(kind).tag(_PROBE) for kind in INDEX_KIND_ID)
    return f"tags {hashlib.sha256(probes).hexdigest()[:32]}"


def begin_retagging(tx: Tx, vault: VaultParts, /) -> Pending[int | None]:
    """From which change on tags are made anew; None when they follow the data.

    Without a mark of the present keys every tag is dropped first.
    """
    mark = tags.mark(tx, mark_name(vault))
    if mark is None:
        tags.drop_all(tx)
        return Pending(0)
    if mark >= tags.newest_change(tx):
        return Pending(None)
    tags.drop_orphans(tx)
    return Pending(mark)


def to_retag(tx: Tx, since: int, after: tuple[int, int], /) -> list[tuple[int, int]]:
    """The next people to be tagged anew, as (changed_at, person row). Reads only."""
    return tags.changed_since(tx, since, after=after, limit=AT_ONCE)


def retag(tx: Tx, vault: VaultParts, rows: Sequence[int], /) -> Pending[int]:
    """Make the tags of people anew; how many. Whoever does not open is left to `check`."""
    done = 0
    for person_n in rows:
        row = store.person_by_n(tx, person_n)
        if row is None or PersonState(row.state) not in _STANDING:
            continue
        try:
            person = with_keys(vault, row)
            cells = store.cells(tx, person_n)
            for category in vault.rules.categories.values():
                if cell := cells.get(category.id):
                    content = open_cell(vault, person, cell)
                    reindex(tx, vault, person_n, category=category, content=content)
        except (NotFoundError, TamperedError, MalformedError):
            continue
        done += 1
    return Pending(done)


def note_tagged(tx: Tx, vault: VaultParts, /) -> Pending[None]:
    """Move the mark to the newest change: every tag of it is in this very file."""
    name, newest = mark_name(vault), tags.newest_change(tx)
    if tags.mark(tx, name) != newest:
        tags.set_mark(tx, name, newest)
    return Pending(None)
