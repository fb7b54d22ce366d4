"""Where are people's keys, and how does a new person get one?

Wrapped secrets lie in keys.db, apart from the data. Two SQLite files are not atomic together, so
keys are made ahead in blocks (the *reserve*) and committed before anybody uses them; creating a
person needs only the data's own COMMIT. There is no "get or create": no key is ever made for an
existing id, and no unwrapped person key is kept beyond the call that needs it.
Source: `docs/formats/envelope.md`, keys; `docs/decisions/0007-key-reserve.md`.
"""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.clock import from_micros, to_micros
from kept.base.errors import NotFoundError, TamperedError, UnavailableError
from kept.base.ids import ID_BYTES, PersonId
from kept.crypto import chance
from kept.crypto.blind import BlindIndex
from kept.crypto.keys import (
    VaultKey,
    Wrapped,
    WrapPlace,
    opening_key,
    tag_key,
    unwrap_key,
    unwrap_secret,
    wrap_key,
    wrap_secret,
)
from kept.crypto.sealing import SealKey
from kept.crypto.secret import Secret
from kept.db.seam import Database, Pending, Tx
from kept.ledger.model import Subject
from kept.vault.model.graves import Grave
from kept.vault.model.normalise import VERSIONS
from kept.vault.model.rules import INDEX_KIND_ID, FieldKind
from kept.vault.store import key_rows
from kept.vault.store.key_rows import SEAL, TRAIL, IndexRow, Wraps

FIRST_VERSION = 1
TRAIL_VERSION = 1  # a trail secret lives and dies with the person
NOBODY_N = 0  # a row number that no person has
RESERVE_LOW = 256
RESERVE_BLOCK = 1024
RESERVE_LIFE = timedelta(hours=12)  # a process uses no older reserve of its own
LEFTOVER_AGE = timedelta(days=1)  # reserves of dead processes go after this


@dataclass(frozen=True, slots=True)
class Reserved:
    """A person id with keys, committed and not yet used."""

    made_at: datetime
    id: PersonId
    seal: SealKey
    tag_key: Secret
    opening_key: Secret

    def subject(self, person_n: int) -> Subject:
        """What the ledger needs to record this person's acts."""
        return Subject(person_n, self.tag_key, self.opening_key)


@dataclass(frozen=True, slots=True)
class PersonKeys:
    """One person's keys, unwrapped for one call."""

    version: int
    seal: SealKey
    subject: Subject


class KeyRoom:
    """Unwraps people's keys; keeps the reserve and the blind indexes. Thread-safe."""

    def __init__(
        self, keys: Database, *, vault_id: bytes, epochs: Mapping[int, VaultKey], current: int
    ) -> None:
        self.vault_id = vault_id
        self._keys = keys
        self._epochs = epochs
        self._current = epochs[current]
        self._reserve: deque[Reserved] = deque()
        self._lock = threading.Lock()
        self._indexes: dict[FieldKind, BlindIndex] = {}
        self._nobody: tuple[Reserved, dict[str, Wrapped]] | None = None

    def open(self, *, now: datetime) -> None:
        """Load the index secrets, making them the first time."""
        made = self._keys.write(lambda tx: Pending(self._load_indexes(tx, now)))
        self._indexes = made
        self._nobody = self._make(now)

    def index(self, kind: FieldKind) -> BlindIndex:
        """The blind index of a kind of field, in its current version."""
        return self._indexes[kind]

    def person(self, person_id: PersonId, person_n: int, version: int) -> PersonKeys:
        """A person's keys.

        Raises:
            NotFoundError: the keys are gone: the person was erased.
            TamperedError: a wrap was changed or swapped.
        """
        return self._unwrapped(person_id, person_n, version, self._wraps(person_id))

    def people(
        self, wanted: Sequence[tuple[PersonId, int, int]], /
    ) -> dict[PersonId, PersonKeys | None]:
        """Many people's keys by (id, row number, version): None where they are gone or changed."""
        wraps = key_rows.wraps_of(self._keys.look_up, [one.raw for one, _, _ in wanted])
        found: dict[PersonId, PersonKeys | None] = {}
        for person_id, person_n, version in wanted:
            try:
                found[person_id] = self._unwrapped(
                    person_id, person_n, version, wraps.get(person_id.raw, {})
                )
            except (NotFoundError, TamperedError, UnavailableError):
                found[person_id] = None
        return found

    def broken_reserve(self, ids: Sequence[bytes], /) -> list[PersonId]:
        """Those of these ids of the reserve whose keys do not open."""
        wraps = key_rows.wraps_of(self._keys.look_up, ids)
        wanted = [(PersonId(raw), 0, FIRST_VERSION) for raw in ids if raw in wraps]
        return [person for person, keys in self.people(wanted).items() if keys is None]

    def graves_of(self, ids: Sequence[bytes], /) -> dict[bytes, Grave]:
        """Tombstones of some people by raw id."""
        return key_rows.graves_of(self._keys.look_up, ids)

    def revoked_of(self, ids: Sequence[bytes], /) -> dict[tuple[bytes, str], int]:
        """When (microseconds) some people took consents back, by raw id and purpose."""
        return key_rows.revoked_of(self._keys.look_up, ids)

    def strange_indexes(self) -> list[tuple[int, int]]:
        """(kind, version) of index keys that are none of ours or do not open."""
        known = {(INDEX_KIND_ID[kind], VERSIONS[kind]) for kind in INDEX_KIND_ID}
        rows = self._keys.read(lambda tx: key_rows.indexes(tx.rows))
        return [
            (row.kind, row.version)
            for row in rows
            if (row.kind, row.version) not in known or not self._is_index(row)
        ]

    def _is_index(self, row: IndexRow) -> bool:
        place = self._place(None, f"index{row.kind}", row.version)
        try:
            unwrap_secret(self._epoch(row.epoch), row.wrapped, place)
        except (TamperedError, UnavailableError):
            return False
        return True

    def _unwrapped(
        self,
        person_id: PersonId,
        person_n: int,
        version: int,
        wraps: Wraps,
    ) -> PersonKeys:
        sealed, trail = wraps.get((SEAL, version)), wraps.get((TRAIL, TRAIL_VERSION))
        if sealed is None or trail is None:
            raise NotFoundError("Nobody is kept under this id.")
        seal_key = unwrap_key(
            self._epoch(sealed[0]), sealed[1], self._place(person_id, SEAL, version)
        )
        secret = unwrap_secret(
            self._epoch(trail[0]), trail[1], self._place(person_id, TRAIL, TRAIL_VERSION)
        )
        return PersonKeys(
            version, seal_key.key, Subject(person_n, tag_key(secret), opening_key(secret))
        )

    def nobody(self) -> tuple[PersonId, PersonKeys]:
        """Keys of somebody who does not exist, got by the work that a person's keys take.

        So that the time of looking somebody up says little about whether there is anybody.

        Raises:
            UnavailableError: the room was not opened yet.
        """
        if self._nobody is None:
            raise UnavailableError("The keys are not open yet.")
        made, wraps = self._nobody
        self._wraps(made.id)
        unwrapped = unwrap_key(
            self._current, wraps[SEAL], self._place(made.id, SEAL, FIRST_VERSION)
        )
        place = self._place(made.id, TRAIL, TRAIL_VERSION)
        secret = unwrap_secret(self._current, wraps[TRAIL], place)
        subject = Subject(NOBODY_N, tag_key(secret), opening_key(secret))
        return made.id, PersonKeys(FIRST_VERSION, unwrapped.key, subject)

    def take(self, count: int, *, now: datetime) -> list[Reserved]:
        """Ids with committed keys; refills the reserve first when it runs short.

        What lay here for too long is left lying: another server may have cleared it away.

        Raises:
            UnavailableError: keys.db cannot be written; nobody was created.
        """
        with self._lock:
            while self._reserve and now - self._reserve[0].made_at > RESERVE_LIFE:
                self._reserve.popleft()
            if len(self._reserve) < count:
                self._refill(max(RESERVE_BLOCK, count - len(self._reserve)), now)
            return [self._reserve.popleft() for _ in range(count)]

    def top_up(self, *, now: datetime) -> None:
        """Keep the reserve above its low mark; for quiet moments.

        Raises:
            UnavailableError: keys.db cannot be written.
        """
        with self._lock:
            if len(self._reserve) < RESERVE_LOW:
                self._refill(RESERVE_BLOCK, now)

    def give_back(self, unused: Sequence[Reserved]) -> None:
        """Return what a transaction did not use.

        Only after it ended well: one that failed at COMMIT may be stored all the same.
        """
        with self._lock:
            self._reserve.extendleft(reversed(unused))

    def destroy(self, person_id: PersonId) -> None:
        """Delete every key of a person and make the bytes leave the file.

        Raises:
            UnavailableError: the rows are gone but the bytes are not proven gone; call again.
        """
        self._keys.write(lambda tx: Pending(key_rows.delete(tx, person_id.raw)))
        self._keys.scrub()

    def bury(self, grave: Grave) -> None:
        """Write the tombstone. Idempotent: the first one stands."""
        self._keys.write(lambda tx: Pending(key_rows.bury(tx, grave)))

    def revoke(self, person_id: PersonId, purpose: str, *, now: datetime) -> None:
        """Note a withdrawn consent, so that a restore of old data replays it."""
        self._keys.write(
            lambda tx: Pending(key_rows.revoke(tx, person_id.raw, purpose, at=to_micros(now)))
        )

    def holds_keys(self, person_id: PersonId) -> bool:
        """Whether any key of this person exists."""
        return bool(self._wraps(person_id))

    def graves(self) -> list[Grave]:
        """Everybody with a tombstone."""
        return self._keys.read(lambda tx: key_rows.graves(tx.rows))

    def grave(self, person_id: PersonId) -> Grave | None:
        """Somebody's tombstone."""
        return key_rows.graves_of(self._keys.look_up, [person_id.raw]).get(person_id.raw)

    def revocations(self) -> list[tuple[PersonId, str, datetime]]:
        """(person, purpose, time) of withdrawn consents."""
        rows = self._keys.read(lambda tx: key_rows.revocations(tx.rows))
        return [(PersonId(raw), purpose, from_micros(at)) for raw, purpose, at in rows]

    def keyless(self, ids: Sequence[bytes]) -> list[bytes]:
        """Which of these raw ids, in ascending order, have no seal key."""
        if not ids:
            return []
        held = self._keys.read(lambda tx: key_rows.with_seal(tx.rows, first=ids[0], last=ids[-1]))
        return [raw for raw in ids if raw not in held]

    def counts(self) -> tuple[int, int]:
        """How many people have keys, and how many of those keys are of an old epoch."""
        epoch = self._current.epoch
        return self._keys.read(lambda tx: key_rows.count_live(tx.rows, epoch=epoch))

    def settle(self, exists: Mapping[bytes, bool], *, now: datetime) -> None:
        """Mark used reserve rows live and drop old leftovers. `exists` by raw person id."""
        used = [raw for raw, is_used in exists.items() if is_used]
        unused = [raw for raw, is_used in exists.items() if not is_used]

        def work(tx: Tx) -> Pending[None]:
            key_rows.mark_live(tx, used)
            key_rows.drop_reserve(tx, unused, before=to_micros(now - LEFTOVER_AGE))
            return Pending(None)

        self._keys.write(work)

    def reserved_ids(self, *, after: bytes = b"", limit: int = 1000) -> list[bytes]:
        """Raw ids of reserve rows not yet marked live, above `after`, in ascending order."""
        return self._keys.read(
            lambda tx: key_rows.ids(tx.rows, "reserved", after=after, limit=limit)
        )

    def live_ids(self, *, after: bytes = b"", limit: int = 1000) -> list[bytes]:
        """Raw ids that have a key and are not of the reserve, above `after`, ascending."""
        return self._keys.read(lambda tx: key_rows.ids(tx.rows, "live", after=after, limit=limit))

    def _refill(self, count: int, now: datetime) -> None:
        made = [self._make(now) for _ in range(count)]
        epoch, at = self._current.epoch, to_micros(now)
        rows = sorted(
            (
                (one.id.raw, kind, FIRST_VERSION, epoch, wrapped)
                for one, wraps in made
                for kind, wrapped in wraps.items()
            ),
            key=lambda row: row[:2],
        )
        self._keys.write(lambda tx: Pending(key_rows.insert_reserve(tx, rows, at)))
        self._reserve.extend(reserved for reserved, _ in made)

    def _make(self, now: datetime) -> tuple[Reserved, dict[str, Wrapped]]:
        person_id = PersonId.from_random(chance.draw(ID_BYTES))
        seal_secret, trail = chance.fresh_secret(), chance.fresh_secret()
        key, wrap = wrap_key(self._current, seal_secret, self._place(person_id, SEAL, 1))
        wraps = {
            SEAL: wrap,
            TRAIL: wrap_secret(self._current, trail, self._place(person_id, TRAIL, 1)),
        }
        return Reserved(now, person_id, key, tag_key(trail), opening_key(trail)), wraps

    def _wraps(self, person_id: PersonId) -> Wraps:
        return key_rows.wraps(self._keys.look_up, person_id.raw)

    def _place(self, person_id: PersonId | None, kind: str, version: int) -> WrapPlace:
        return WrapPlace(self.vault_id, person_id.raw if person_id else None, kind, version)

    def _epoch(self, number: int) -> VaultKey:
        try:
            return self._epochs[number]
        except KeyError:
            raise UnavailableError(
                "A key was wrapped in an epoch this process does not hold. Restart Kept."
            ) from None

    def _load_indexes(self, tx: Tx, now: datetime) -> dict[FieldKind, BlindIndex]:
        return {kind: self._load_index(tx, kind, now) for kind in INDEX_KIND_ID}

    def _load_index(self, tx: Tx, kind: FieldKind, now: datetime) -> BlindIndex:
        number, version = INDEX_KIND_ID[kind], VERSIONS[kind]
        place = self._place(None, f"index{number}", version)
        row = key_rows.index(tx.rows, number, version)
        if row is None:
            secret = chance.fresh_secret()
            wrapped = wrap_secret(self._current, secret, place)
            made = IndexRow(number, version, self._current.epoch, wrapped)
            key_rows.insert_index(tx, made, at=to_micros(now))
        else:
            secret = unwrap_secret(self._epoch(row.epoch), row.wrapped, place)
        return BlindIndex(secret, vault_id=self.vault_id, kind=number, version=version)
