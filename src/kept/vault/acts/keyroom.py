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
from kept.db.seam import Database, Pending, Row, Tx
from kept.ledger.model import Subject
from kept.vault.model.normalise import VERSIONS
from kept.vault.model.rules import INDEX_KIND_ID, FieldKind

Held = tuple[int, Wrapped]  # a stored wrap and its epoch
SEAL, TRAIL = "seal", "trail"
FIRST_VERSION = 1
TRAIL_VERSION = 1  # a trail secret lives and dies with the person
NOBODY_N = 0  # a row number that no person has
RESERVE_LOW = 256
RESERVE_BLOCK = 1024
RESERVE_LIFE = timedelta(hours=12)  # a process uses no older reserve of its own
ASKED_AT_ONCE = 200  # ids in one question
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
class Grave:
    """What keys.db keeps of somebody erased: nothing personal. `token_sha256` is of the link."""

    person: PersonId
    at: datetime
    act: int
    token_sha256: bytes


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
        wraps = self._wraps_of([one.raw for one, _, _ in wanted])
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
        wraps = self._wraps_of(ids)
        wanted = [(PersonId(raw), 0, FIRST_VERSION) for raw in ids if raw in wraps]
        return [person for person, keys in self.people(wanted).items() if keys is None]

    def graves_of(self, ids: Sequence[bytes], /) -> dict[bytes, Grave]:
        """Tombstones of some people by raw id."""
        rows = self._of(ids, "select person_id, at, act, token_sha256 from tombstone")
        return {
            row[0]: Grave(PersonId(row[0]), from_micros(row[1]), row[2], row[3] or row[0])
            for row in rows
        }

    def revoked_of(self, ids: Sequence[bytes], /) -> dict[tuple[bytes, str], int]:
        """When (microseconds) some people took consents back, by raw id and purpose."""
        rows = self._of(ids, "select person_id, purpose, at from revocation")
        return {(row[0], row[1]): row[2] for row in rows}

    def strange_indexes(self) -> list[tuple[int, int]]:
        """(kind, version) of index keys that are none of ours or do not open."""
        known = {(INDEX_KIND_ID[kind], VERSIONS[kind]) for kind in INDEX_KIND_ID}
        rows = self._keys.read(
            lambda tx: tx.rows("select kind, version, epoch, wrap, commitment from index_key")
        )
        return [
            (row[0], row[1])
            for row in rows
            if (row[0], row[1]) not in known or not self._is_index(row)
        ]

    def _is_index(self, row: Row) -> bool:
        number, version, epoch, wrap, pin = row
        place = self._place(None, f"index{number}", version)
        try:
            unwrap_secret(self._epoch(epoch), Wrapped(wrap, pin), place)
        except (TamperedError, UnavailableError):
            return False
        return True

    def _of(self, ids: Sequence[bytes], question: str) -> list[Row]:
        """Rows of a question about some raw person ids, a few hundred at a time."""
        found = list[Row]()
        for start in range(0, len(ids), ASKED_AT_ONCE):
            some = {f"v{i}": raw for i, raw in enumerate(ids[start : start + ASKED_AT_ONCE])}
            names = ", ".join(f":{name}" for name in some)
            found += self._keys.look_up(f"{question} where person_id in ({names})", **some)
        return found

    def _wraps_of(self, ids: Sequence[bytes]) -> dict[bytes, dict[tuple[str, int], Held]]:
        found: dict[bytes, dict[tuple[str, int], Held]] = {}
        question = "select person_id, kind, keyver, epoch, wrap, commitment from person_key"
        for raw, kind, keyver, epoch, wrap, pin in self._of(ids, question):
            found.setdefault(raw, {})[kind, keyver] = epoch, Wrapped(wrap, pin)
        return found

    def _unwrapped(
        self,
        person_id: PersonId,
        person_n: int,
        version: int,
        wraps: Mapping[tuple[str, int], Held],
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
        self._keys.write(
            lambda tx: Pending(
                tx.run("delete from person_key where person_id = :id", id=person_id.raw)
            )
        )
        self._keys.scrub()

    def bury(self, grave: Grave) -> None:
        """Write the tombstone. Idempotent: the first one stands."""
        self._keys.write(
            lambda tx: Pending(
                tx.run(
                    "insert into tombstone (person_id, at, act, token_sha256)"
                    " values (:id, :at, :act, :token) on conflict (person_id) do nothing",
                    id=grave.person.raw,
                    at=to_micros(grave.at),
                    act=grave.act,
                    token=grave.token_sha256,
                )
            )
        )

    def revoke(self, person_id: PersonId, purpose: str, *, now: datetime) -> None:
        """Note a withdrawn consent, so that a restore of old data replays it."""
        self._keys.write(
            lambda tx: Pending(
                tx.run(
                    "insert into revocation (person_id, purpose, at) values (:id, :purpose, :at)"
                    " on conflict (person_id, purpose) do update set at = excluded.at",
                    id=person_id.raw,
                    purpose=purpose,
                    at=to_micros(now),
                )
            )
        )

    def holds_keys(self, person_id: PersonId) -> bool:
        """Whether any key of this person exists."""
        return bool(self._wraps(person_id))

    def graves(self) -> list[Grave]:
        """Everybody with a tombstone."""
        return self._keys.read(
            lambda tx: [
                Grave(PersonId(row[0]), from_micros(row[1]), row[2], row[3] or row[0])
                for row in tx.rows("select person_id, at, act, token_sha256 from tombstone")
            ]
        )

    def grave(self, person_id: PersonId) -> Grave | None:
        """Somebody's tombstone."""
        found = self._keys.look_up(
            "select at, act, token_sha256 from tombstone where person_id = :id", id=person_id.raw
        )
        return (
            Grave(person_id, from_micros(found[0][0]), found[0][1], found[0][2] or person_id.raw)
            if found
            else None
        )

    def revocations(self) -> list[tuple[PersonId, str, datetime]]:
        """(person, purpose, time) of withdrawn consents."""
        return self._keys.read(
            lambda tx: [
                (PersonId(row[0]), row[1], from_micros(row[2]))
                for row in tx.rows("select person_id, purpose, at from revocation")
            ]
        )

    def keyless(self, ids: Sequence[bytes]) -> list[bytes]:
        """Which of these raw ids, in ascending order, have no seal key."""
        if not ids:
            return []
        rows = self._keys.read(
            lambda tx: tx.rows(
                "select person_id from person_key where person_id >= :first and person_id <= :last"
                " and kind = :kind",
                first=ids[0],
                last=ids[-1],
                kind=SEAL,
            )
        )
        held = {row[0] for row in rows}
        return [raw for raw in ids if raw not in held]

    def counts(self) -> tuple[int, int]:
        """How many people have keys, and how many of those keys are of an old epoch."""
        return self._keys.read(self._count)

    def settle(self, exists: Mapping[bytes, bool], *, now: datetime) -> None:
        """Mark used reserve rows live and drop old leftovers. `exists` by raw person id."""
        used = [{"id": raw} for raw, is_used in exists.items() if is_used]
        unused = [{"id": raw} for raw, is_used in exists.items() if not is_used]
        before = to_micros(now - LEFTOVER_AGE)

        def work(tx: Tx) -> Pending[None]:
            tx.run_many("update person_key set state = 'live' where person_id = :id", used)
            tx.run_many(
                "delete from person_key where person_id = :id and state = 'reserved'"
                " and made_at < :before",
                [{**one, "before": before} for one in unused],
            )
            return Pending(None)

        self._keys.write(work)

    def reserved_ids(self, *, after: bytes = b"", limit: int = 1000) -> list[bytes]:
        """Raw ids of reserve rows not yet marked live, above `after`, in ascending order."""
        return self._keys.read(
            lambda tx: [
                row[0]
                for row in tx.rows(
                    "select person_id from person_key where state = 'reserved' and kind = :kind"
                    " and person_id > :after order by person_id limit :limit",
                    kind=SEAL,
                    after=after,
                    limit=limit,
                )
            ]
        )

    def live_ids(self, *, after: bytes = b"", limit: int = 1000) -> list[bytes]:
        """Raw ids that have a key and are not of the reserve, above `after`, ascending."""
        rows = self._keys.read(
            lambda tx: tx.rows(
                "select person_id from person_key where person_id > :after and kind = :kind"
                " and state = 'live' order by person_id limit :limit",
                after=after,
                kind=SEAL,
                limit=limit,
            )
        )
        return [row[0] for row in rows]

    def _count(self, tx: Tx) -> tuple[int, int]:
        row = tx.row(
            "select count(*), coalesce(sum(case when epoch < :epoch then 1 else 0 end), 0)"
            " from person_key where kind = :kind and state = 'live'",
            epoch=self._current.epoch,
            kind=SEAL,
        )
        return (row[0], row[1]) if row else (0, 0)

    def _refill(self, count: int, now: datetime) -> None:
        made = [self._make(now) for _ in range(count)]
        epoch, at = self._current.epoch, to_micros(now)
        rows: list[tuple[bytes, str, int, int, bytes, bytes, int]] = [
            (reserved.id.raw, kind, FIRST_VERSION, epoch, wrapped.wrap, wrapped.commitment, at)
            for reserved, wraps in made
            for kind, wrapped in wraps.items()
        ]
        rows.sort()

        def work(tx: Tx) -> Pending[None]:
            tx.run_many(
                "insert into person_key (person_id, kind, keyver, epoch, wrap, commitment, state,"
                " made_at) values (:id, :kind, :keyver, :epoch, :wrap, :commitment, 'reserved',"
                " :at)",
                rows,
            )
            return Pending(None)

        self._keys.write(work)
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

    def _wraps(self, person_id: PersonId) -> dict[tuple[str, int], Held]:
        """(epoch, wrap) by kind and version."""
        found = self._keys.look_up(
            "select kind, keyver, epoch, wrap, commitment from person_key where person_id = :id",
            id=person_id.raw,
        )
        return {(row[0], row[1]): (row[2], Wrapped(row[3], row[4])) for row in found}

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
        row = tx.row(
            "select epoch, wrap, commitment from index_key where kind = :kind and version = :v",
            kind=number,
            v=version,
        )
        if row is not None:
            secret = unwrap_secret(self._epoch(row[0]), Wrapped(row[1], row[2]), place)
            return BlindIndex(secret, vault_id=self.vault_id, kind=number, version=version)
        secret = chance.fresh_secret()
        wrapped = wrap_secret(self._current, secret, place)
        tx.run(
            "insert into index_key (kind, version, epoch, wrap, commitment, made_at)"
            " values (:kind, :v, :epoch, :wrap, :commitment, :at)",
            kind=number,
            v=version,
            epoch=self._current.epoch,
            wrap=wrapped.wrap,
            commitment=wrapped.commitment,
            at=to_micros(now),
        )
        return BlindIndex(secret, vault_id=self.vault_id, kind=number, version=version)
