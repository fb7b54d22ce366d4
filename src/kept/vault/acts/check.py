"""Is every row about people the one that the acts left, and does each sealed record open?

Pages of people are snapshots of their own, so a running house can be checked; opening is done
after the snapshot was let go. Who fails is read once more before they are named, for keys.db is a
file of its own and somebody may have been erased between. After the last page: what is nobody's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kept.base.encoding import Json, b64url
from kept.base.ids import PersonId
from kept.db.seam import Database, Row, Tx
from kept.ledger.acts.dossier import Dossier, HouseAct, SealedAct, cut_after, openings_by_day
from kept.ledger.model import Kind
from kept.ledger.ports import TileStore
from kept.vault.acts.check_person import UNREADABLE, Dossiers, check_person
from kept.vault.acts.erase import copies_digest, follow_of, rows_digest
from kept.vault.acts.parts import VaultParts
from kept.vault.model.forgetting import Step
from kept.vault.store import pages, tags, tally
from kept.vault.store import people as store
from kept.vault.store.pages import Page as Rows

PAGE = 250  # people in one snapshot
ACTS = 5_000  # or about so many acts
KEYS = 5_000


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the check: how many were looked at, what failed, where the next one begins."""

    people: int
    records: int
    faults: tuple[str, ...]
    last_n: int


def check_vault(db: Database, vault: VaultParts, tiles: TileStore, /) -> Iterator[Page]:
    """Check everybody, a page at a time; the last page has nobody and names what is nobody's.

    Raises:
        UnavailableError: a database cannot be read.
    """
    check = _Check(db, vault, Dossier(tiles))
    after = 0
    while page := check.page(after):
        yield page
        after = page.last_n
    faults = list(check.rest())
    again = set(check.rest()) if faults else set[str]()  # what stands, and is not just being done
    yield Page(0, 0, tuple(one for one in faults if one in again), after)


@dataclass(frozen=True, slots=True)
class _Check:
    db: Database
    vault: VaultParts
    dossier: Dossier

    def page(self, after: int) -> Page | None:
        """The next people; None after the last."""
        upto = self.db.read(lambda tx: _upto(tx, after))
        if upto is None:
            return None
        people = self._read(after, upto)
        faults = list[str]()
        for held in people:
            if _faults(self.vault, held):
                again = self._read(held.row.n - 1, held.row.n)
                faults += [fault for one in again for fault in _faults(self.vault, one)]
        return Page(len(people), sum(len(one.cells) for one in people), tuple(faults), upto)

    def _read(self, after: int, upto: int) -> list[Dossiers]:
        def work(tx: Tx) -> tuple[Rows, dict[int, list[SealedAct]]]:
            rows = pages.page(tx, after=after, upto=upto)
            return rows, self.dossier.of_people(tx, after=after, upto=upto)

        rows, acts = self.db.read(work)
        room = self.vault.keys
        keys = room.people([(row.id, row.n, row.keyver) for row, _ in rows.people])
        ids = [row.id.raw for row, _ in rows.people]
        graves, revoked = room.graves_of(ids), room.revoked_of(ids)
        return [
            Dossiers(
                row,
                changed_at,
                keys[row.id],
                rows.cells.get(row.n, []),
                rows.consents.get(row.n, []),
                rows.origins.get(row.n, []),
                rows.exports.get(row.n, []),
                rows.sessions.get(row.n, []),
                rows.letters.get(row.n, []),
                rows.erasures.get(row.n),
                rows.tags.get(row.n, set()),
                acts.get(row.n, []),
                graves.get(row.id.raw),
                {purpose: at for (raw, purpose), at in revoked.items() if raw == row.id.raw},
            )
            for row, changed_at in rows.people
        ]

    def rest(self) -> Iterator[str]:
        """What is nobody's, and what concerns the house."""
        yield from self._keys()
        yield from self.db.read(lambda tx: [*_stray_tags(tx), *_stray_acts(tx), *_stray_rows(tx)])
        yield from self.db.read(self._tallies)
        yield from self._imports()
        yield from self._graves()
        yield from self._copies()

    def _keys(self) -> Iterator[str]:
        room, after = self.vault.keys, b""
        while ids := room.live_ids(after=after, limit=KEYS):
            owners = self.db.read(lambda tx, ids=ids: store.owners(tx, ids))
            for raw in ids:
                if raw not in owners and room.holds_keys(PersonId(raw)):
                    yield f"the keys of nobody: {PersonId(raw)}"
            after = ids[-1]
        after = b""
        while ids := room.reserved_ids(after=after, limit=KEYS):
            yield from (f"a key of the reserve: {one}" for one in room.broken_reserve(ids))
            after = ids[-1]
        for kind, version in room.strange_indexes():
            yield f"index key {kind} version {version}"

    def _tallies(self, tx: Tx) -> list[str]:
        """Openings counted where data is opened, and the acts of that day: as many."""
        counted, recorded = pages.tallies(tx), openings_by_day(tx, day=tally.DAY)
        days = sorted(counted.keys() | recorded.keys())
        return [
            f"the count of openings (opening_tally {day})"
            for day in days
            if counted.get(day, 0) != recorded.get(day, 0)
        ]

    def _imports(self) -> list[str]:
        acts, (rows, origins) = self.dossier.of_house(
            self.db, (Kind.IMPORT_DONE,), lambda tx: (pages.imports(tx), pages.grounds(tx))
        )
        done = {one.detail.get("batch"): one for one in acts}
        grounds: dict[str, set[Row]] = {}
        for batch, *ground in origins:
            grounds.setdefault(batch, set()).add(tuple(ground))
        faults = list[str]()
        for row in rows:
            batch = b64url(row[1])
            said = done.pop(batch, None)
            people = grounds.get(batch, set())
            if not _import_fits(row, said) or not people <= {tuple(row[2:5])}:
                faults.append(f"import {batch} (import_run {row[0]})")
        return faults + [f"import {batch}: its row is gone" for batch in done]

    def _graves(self) -> Iterator[str]:
        """Every erasure that is done has its act, and every such act its erasure."""
        acts, rows = self.dossier.of_house(self.db, (Kind.ERASED_HERE,), pages.erasures_done)
        said: dict[str, list[Json]] = {}
        for act in acts:
            said.setdefault(str(act.detail.get("follow")), []).append(act.detail.get("rows"))
        graves = self.vault.keys.graves_of([row.person.raw for row in rows])
        for row in rows:
            told = said.pop(follow_of(row.token_sha256), None)
            digest = rows_digest(row, graves.get(row.person.raw), done_at=row.done_at or 0)
            if row.step != Step.DONE or told is None or not {digest, None} & set(told):
                yield f"the erasure of person {row.person} (erasure {row.n}) or its tombstone"
        yield from (f"an erasure is gone: the one of link {follow}" for follow in said)

    def _copies(self) -> Iterator[str]:
        """An erasure that waited for the copies of keys says so in its act; its end has one too."""
        kinds = (Kind.ERASED_HERE, Kind.ERASED_EVERYWHERE)
        acts, rows = self.dossier.of_house(self.db, kinds, pages.erasures_in_copies)
        waited = {
            str(one.detail.get("follow"))
            for one in acts
            if one.kind == Kind.ERASED_HERE and one.detail.get("copies") is True
        }
        ended = {one.id: one for one in acts if one.kind == Kind.ERASED_EVERYWHERE}
        for row in rows:
            follow = None if row[1] is None else follow_of(row[1])
            told = None if row[6] is None else ended.pop(row[6], None)
            waited.discard(follow or "")
            if not _copy_fits(row, follow, told):
                yield f"the row of erasure_copy {row[0]}"
        yield from (f"the row of erasure_copy that act {act} ended is gone" for act in ended)
        yield from (f"the row of erasure_copy for link {one} is gone" for one in waited)


def _copy_fits(row: Row, follow: str | None, told: HouseAct | None) -> bool:
    n, token_sha256, asked_at, done_at, destroyed_at, at, act = row
    if follow is None or done_at is None or not asked_at <= destroyed_at <= done_at:
        return False
    if at is None or act is None or told is None:
        return at is None and act is None
    digest = copies_digest(n, token_sha256, destroyed_at)
    return told.at == at and _of_it(told, follow, digest)


def _of_it(told: HouseAct, follow: str, digest: str) -> bool:
    """An act of an older Kept keeps no digest."""
    return told.detail.get("follow") == follow and told.detail.get("rows") in {None, digest}


def _upto(tx: Tx, after: int) -> int | None:
    numbers = pages.numbers_after(tx, after=after, limit=PAGE)
    if not numbers:
        return None
    cut = cut_after(tx, after=after, people=PAGE, acts=ACTS)
    return numbers[-1] if cut is None else max(numbers[0], min(cut, numbers[-1]))


def _faults(vault: VaultParts, held: Dossiers) -> list[str]:
    try:
        return check_person(vault, held)
    except UNREADABLE:
        return [f"the rows of {held.name}"]


def _import_fits(row: Row, said: HouseAct | None) -> bool:
    basis, actor, state, read, added, merged, refused, changed_at = row[3], *row[5:]
    if said is None:
        return state != "done"
    detail = said.detail
    return (state, actor, changed_at, read, added, merged, refused, basis) == (
        "done",
        said.actor,
        said.at,
        *(detail.get(name) for name in ("read", "added", "merged", "refused", "basis")),
    )


def _stray_tags(tx: Tx) -> list[str]:
    count = tags.count_orphans(tx)
    return [f"{count} blind tags of nobody"] if count else []


def _stray_acts(tx: Tx) -> list[str]:
    return [f"act {act} is of nobody" for act in store.acts_of_nobody(tx)]


def _stray_rows(tx: Tx) -> list[str]:
    return [f"{table} of nobody: row {n}" for table, n in pages.strays(tx)]
