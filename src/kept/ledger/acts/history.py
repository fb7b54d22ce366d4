"""What was done with one person's data, as only the person and the house can read it?

Rules: every line is opened with the person's own key and compared with the entry that the log
holds: the commitment, the tag, the keys and the hour; one that does not fit is named, never
shown. A scan needs the tag key alone and finds the person's acts in the public bundles; a count
that is missing below a later one is an act that was left out.
Source: `docs/formats/ledger.md`, entry and opening.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import from_micros
from kept.base.encoding import Json
from kept.base.errors import MalformedError, TamperedError
from kept.crypto import places
from kept.crypto.sealing import SealKey, open_sealed
from kept.db.seam import Tx
from kept.ledger.acts.record import OPENING_VERSION
from kept.ledger.acts.serving import Log, entries_of
from kept.ledger.entry import Entry, Opening, UnknownVersion, exact_time, hour_of, tag_of
from kept.ledger.model import Head, Subject
from kept.ledger.ports import TileStore
from kept.ledger.store import act_rows, outbox, tree_rows
from kept.ledger.store.act_rows import ActRow
from kept.ledger.tiles import TILE_WIDTH

TRIES = 64  # counts without an entry after which a scan takes the trail to have ended


@dataclass(frozen=True, slots=True)
class SeenAct:
    """One act as the person sees it. `index` is None while it waits for its place."""

    act_id: int
    n: int
    kind: str
    role: str
    purpose: str
    at: datetime
    detail: Mapping[str, Json]
    opening: Opening
    origin: str | None
    index: int | None


@dataclass(frozen=True, slots=True)
class Scan:
    """Where the person's acts stand: (n, origin, index), and the counts that are missing."""

    found: tuple[tuple[int, str, int], ...]
    gaps: tuple[int, ...]


def acts_of(
    tx: Tx,
    tiles: TileStore,
    /,
    *,
    subject: Subject,
    after_n: int | None = None,
    before_n: int | None = None,
    limit: int = 50,
) -> list[SeenAct]:
    """A page of the person's acts: oldest first after `after_n`, else newest first.

    Raises:
        TamperedError: an act's row, opening or entry was changed; the act is named.
        UnavailableError: the tile store cannot be read.
    """
    if after_n is not None:
        rows = act_rows.acts_of(tx, subject.person_n, after_n=after_n, limit=limit)
    else:
        top = 1 << 62 if before_n is None else before_n
        rows = act_rows.acts_before(tx, subject.person_n, before_n=top, limit=limit)
    sealed = act_rows.openings(tx, [row.id for row in rows])
    book = Entries(tx, tiles)
    return [seen(book.of(row.id), subject, row, sealed.get(row.id)) for row in rows]


def one_of(tx: Tx, tiles: TileStore, /, *, subject: Subject, act_id: int) -> SeenAct | None:
    """One act of this person; None for anybody else's and for none.

    Raises:
        TamperedError: the act's row, opening or entry was changed.
        UnavailableError: the tile store cannot be read.
    """
    row = act_rows.act(tx, act_id)
    if row is None or row.person != subject.person_n:
        return None
    sealed = act_rows.openings(tx, [row.id]).get(row.id)
    return seen(Entries(tx, tiles).of(row.id), subject, row, sealed)


def unseal(
    subject: Subject, row: ActRow, sealed: bytes, /, *, commitment: bytes, origins: Sequence[str]
) -> Opening:
    """Open one stored opening of a person's act.

    Args:
        subject: the person's keys.
        row: the act.
        sealed: as stored.
        commitment: `c` of the act's entry; it is part of what the opening is bound to.
        origins: of the house's logs, newest first: one of them was current at the time.

    Raises:
        TamperedError: changed, another act's, or not what the entry commits to.
    """
    key = SealKey(subject.opening_key)
    for origin in origins:
        aad = places.opening(origin=origin, act_id=row.id, c=commitment)
        try:
            opening = Opening.decode(open_sealed(key, sealed, aad, key_version=OPENING_VERSION))
        except (TamperedError, MalformedError):
            continue
        if opening.commitment == commitment:
            return opening
    raise TamperedError(f"the opening of act {row.id}")


def disagreements(row: ActRow, entry: Entry, /, *, detail: Mapping[str, Json] | None) -> list[str]:
    """The columns of an act's row that its entry or its opened detail contradicts."""
    said = {"kind": entry.kind, "purpose": entry.purpose, "role": entry.role}
    held = {"kind": row.kind, "purpose": row.purpose, "role": row.role}
    odd = [name for name, value in held.items() if said[name] != value]
    if hour_of(from_micros(row.at)) != entry.hour:
        odd.append("at")
    if detail is None:
        return odd
    if detail.get("at") != exact_time(from_micros(row.at)) and "at" not in odd:
        odd.append("at")
    odd += [name for name in ("actor", "n") if detail.get(name) != getattr(row, name)]
    return odd


def scan(tx: Tx, tiles: TileStore, /, *, subject: Subject) -> Scan:
    """Every place of the house's logs whose tag is the person's, by the public bundles alone.

    Raises:
        TamperedError: a bundle is gone or cannot be read.
        UnavailableError: the tile store cannot be read.
    """
    tags = {
        tag: (head.origin, index)
        for head in reversed(tree_rows.heads(tx))
        for index, tag in _tags(tx, tiles, head)
    }
    key, found = subject.tag_key.reveal(), dict[int, tuple[str, int]]()
    n = last = 0
    while n <= last + TRIES:
        if place := tags.get(tag_of(key, n)):
            found[n], last = place, n
        n += 1
    gaps = tuple(k for k in range(max(found, default=0)) if k not in found)
    return Scan(tuple((k, *place) for k, place in found.items()), gaps)


def _tags(tx: Tx, tiles: TileStore, head: Head) -> Iterator[tuple[int, bytes]]:
    for number in range(-(-head.size // TILE_WIDTH)):
        entries = entries_of(tx, Log(head.origin, tiles), head, bundle=number)
        for at, entry in enumerate(map(Entry.decode, entries)):
            if isinstance(entry, Entry):
                yield number * TILE_WIDTH + at, entry.tag


@dataclass(frozen=True, slots=True)
class Standing:
    """The entry of an act with its place, None while it waits, and every origin of the house."""

    entry: bytes
    origin: str | None
    index: int | None
    origins: Sequence[str]


Bundles = dict[tuple[int, int], tuple[bytes, ...]]
"""Entries by log and number of the bundle."""


class Entries:
    """The entries of acts, wherever they stand or wait; each bundle is read once.

    Args of the constructor: the snapshot, the tiles, and full bundles read before, which never
    change and are added to.
    """

    def __init__(self, tx: Tx, tiles: TileStore, full: Bundles | None = None) -> None:
        self._tx, self._tiles = tx, tiles
        self._heads = {head.log: head for head in tree_rows.heads(tx)}
        self._full = {} if full is None else full
        self._edge: Bundles = {}
        self.origins = [head.origin for head in self._heads.values()]

    def of(self, act_id: int) -> Standing:
        """Where one act stands.

        Raises:
            TamperedError: the act has neither a place nor a waiting entry.
        """
        place = tree_rows.place(self._tx, act_id)
        if place is None:
            entry = outbox.waiting_entry(self._tx, act_id)
            if entry is None:
                raise TamperedError(f"act {act_id}")
            return Standing(entry, None, None, self.origins)
        head, (number, at) = self._heads[place[0]], divmod(place[1], TILE_WIDTH)
        entries = self._bundle(head, number)
        return Standing(entries[at], head.origin, place[1], self.origins)

    def _bundle(self, head: Head, number: int) -> tuple[bytes, ...]:
        key = head.log, number
        found = self._full.get(key) or self._edge.get(key)
        if found is None:
            found = entries_of(self._tx, Log(head.origin, self._tiles), head, bundle=number)
            keep = self._full if (number + 1) * TILE_WIDTH <= head.stored else self._edge
            keep[key] = found
        return found


def seen(standing: Standing, subject: Subject, row: ActRow, sealed: bytes | None, /) -> SeenAct:
    """One act, opened and compared with its entry.

    Raises:
        TamperedError: the act's row, opening or entry was changed.
    """
    entry = _entry(standing.entry, row.id)
    if sealed is None or row.n is None:
        raise TamperedError(f"the opening of act {row.id}")
    opening = unseal(subject, row, sealed, commitment=entry.commitment, origins=standing.origins)
    try:
        detail = opening.read()
    except MalformedError:
        raise TamperedError(f"the opening of act {row.id}") from None
    if entry.tag != tag_of(subject.tag_key.reveal(), row.n):
        raise TamperedError(f"the count of act {row.id}")
    if odd := disagreements(row, entry, detail=detail):
        raise TamperedError(f"act {row.id} ({', '.join(odd)})")
    return SeenAct(
        act_id=row.id,
        n=row.n,
        kind=row.kind,
        role=row.role,
        purpose=row.purpose,
        at=from_micros(row.at),
        detail=detail,
        opening=opening,
        origin=standing.origin,
        index=standing.index,
    )


def _entry(raw: bytes, act_id: int) -> Entry:
    try:
        entry = Entry.decode(raw)
    except MalformedError:
        raise TamperedError(f"the entry of act {act_id}") from None
    if isinstance(entry, UnknownVersion):
        raise TamperedError(f"the entry of act {act_id}")
    return entry
