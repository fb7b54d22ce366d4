"""What do the acts say, many at once? For checks that compare tables with them.

Reading and opening are apart: reading takes a snapshot and touches no secret, opening takes no
database. So a check can hold its snapshots short and open at leisure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kept.base.encoding import Json
from kept.base.errors import MalformedError, TamperedError
from kept.db.seam import Database, Tx
from kept.ledger.acts.counts import OPENING_ACTS
from kept.ledger.acts.history import Bundles, Entries, SeenAct, Standing, seen
from kept.ledger.entry import Entry, Opening
from kept.ledger.model import Kind, Subject
from kept.ledger.ports import TileStore
from kept.ledger.store import trail_rows
from kept.ledger.store.act_rows import ActRow

MOST_BUNDLES = 512  # kept in memory: 33 MB
AT_ONCE = 2_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SealedAct:
    """One act as it lies: its row, its sealed opening, where its entry stands."""

    row: ActRow
    sealed: bytes | None
    standing: Standing | None


class Dossier:
    """Reads acts in bulk; full bundles are kept from one snapshot to the next."""

    def __init__(self, tiles: TileStore) -> None:
        self._tiles = tiles
        self._full: Bundles = {}

    def of_people(self, tx: Tx, *, after: int, upto: int) -> dict[int, list[SealedAct]]:
        """The acts of people with row numbers in (after, upto], each person's in order."""
        entries, found = self._entries(tx), dict[int, list[SealedAct]]()
        for row, sealed in trail_rows.of_people(tx, after=after, upto=upto):
            if row.person is not None:
                one = SealedAct(row, sealed, _standing(entries, row.id))
                found.setdefault(row.person, []).append(one)
        return found

    def of_house(
        self, db: Database, kinds: Sequence[Kind], look: Callable[[Tx], T]
    ) -> tuple[list["HouseAct"], T]:
        """Acts of the house of some kinds, in order, and what `look` reads in the last snapshot.

        So the tables are read together with the newest acts. What cannot be opened, or does not
        fit its entry, is passed over: `verify_acts` names it.
        """
        found, names = list[HouseAct](), [kind.value for kind in kinds]

        def chunk(tx: Tx, after: int) -> tuple[list[SealedAct], T | None]:
            entries = self._entries(tx)
            rows = trail_rows.of_kinds(tx, names, after=after, limit=AT_ONCE)
            acts = [SealedAct(row, sealed, _standing(entries, row.id)) for row, sealed in rows]
            return acts, None if len(rows) == AT_ONCE else look(tx)

        after = 0
        while True:
            acts, seen_there = db.read(lambda tx, after=after: chunk(tx, after))
            for act in acts:
                after, detail = act.row.id, _public(act.standing, act.sealed)
                if detail is not None:
                    row = act.row
                    found.append(HouseAct(row.id, row.kind, row.actor, row.at, detail))
            if seen_there is not None:
                return found, seen_there

    def _entries(self, tx: Tx) -> Entries:
        if len(self._full) > MOST_BUNDLES:
            self._full.clear()
        return Entries(tx, self._tiles, self._full)


@dataclass(frozen=True, slots=True)
class HouseAct:
    """One act of the house; `at` in microseconds."""

    id: int
    kind: str
    actor: str
    at: int
    detail: Mapping[str, Json]


def open_acts(subject: Subject, acts: Sequence[SealedAct], /) -> list[SeenAct]:
    """The acts of one person, opened and compared with their entries.

    Raises:
        TamperedError: one was changed, taken out or cut loose; it is named.
    """
    found = list[SeenAct]()
    for at, act in enumerate(acts):
        if act.standing is None or act.row.n != at:
            raise TamperedError(f"act {act.row.id}" if act.row.n == at else f"count {at}")
        found.append(seen(act.standing, subject, act.row, act.sealed))
    return found


def cut_after(tx: Tx, /, *, after: int, people: int, acts: int) -> int | None:
    """The person (row number) with whom the people after `after` come to so many acts.

    None when `people` of them do not.
    """
    total = 0
    for person, count in trail_rows.counts(tx, after=after, limit=people):
        total += max(0, count)
        if total >= acts:
            return person
    return None


def strays(tx: Tx, /) -> list[str]:
    """Rows of the ledger's tables that belong to nothing in it."""
    acts = [f"the categories of act {act}" for act in trail_rows.masked(tx)]
    notes = trail_rows.strange_notes(tx)
    return acts + [f"ledger_checkpoints {origin} {size}: no such log" for origin, size in notes]


def openings_by_day(tx: Tx, /, *, day: int) -> dict[int, int]:
    """Acts that record an opening, by the beginning of their day (microseconds)."""
    return trail_rows.openings_by_day(tx, [kind.value for kind in OPENING_ACTS], day=day)


def _standing(entries: Entries, act_id: int) -> Standing | None:
    try:
        return entries.of(act_id)
    except (TamperedError, LookupError):
        return None


def _public(standing: Standing | None, sealed: bytes | None) -> Mapping[str, Json] | None:
    if standing is None or sealed is None:
        return None
    try:
        opening, entry = Opening.decode(sealed), Entry.decode(standing.entry)
        if isinstance(entry, Entry) and entry.commitment == opening.commitment:
            return opening.read()
    except MalformedError:
        return None
    return None
