"""How does a waiting act become a signed place in the tree, whatever breaks in between?

One pass, in the order of its durable writes, never another: (1) one transaction takes acts out of
the outbox into leaves, places, edge and head; (2) tiles and bundles that became full are written
and read back, many at a time or when nothing waits: until then their rows stand in for them;
(3) the checkpoint is signed in memory and stays there; (4) the high-water mark is swapped; (5) the
checkpoint is stored, receipts exist from here; (6) on the beat it is published.
While more waits, a batch costs one COMMIT, and while the writer makes it durable, this thread does
(3) and (4) of the batch before and gathers the batch after; tiles (2) have a thread of their own,
and the rows of (5) ride in the (1) after the next. After any failure
everything is forgotten and read again from the head; signing the same size twice gives the same
bytes. Two leaders are held apart by the head's size and by the mark.
Source: `docs/formats/ledger.md`, sequencing.
"""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.clock import to_micros
from kept.base.errors import ConflictError, NotFoundError, TamperedError
from kept.crypto.secret import Secret
from kept.db.seam import Database, Pending, Tx
from kept.ledger.acts.integrate import Batch, current_tail, gather, put_in
from kept.ledger.acts.record import record
from kept.ledger.acts.starting import (
    ANOTHER_LEADER,
    MARK_MISSING,
    NOT_OPENED,
    TREE_CHANGED,
    Ready,
    Refusing,
    check_start,
)
from kept.ledger.acts.tail import Tail, stored_path
from kept.ledger.model import HOUSE, Act, Actor, Head, Kind
from kept.ledger.notes import Checkpoint, KeyKind, Signer, VerifierKey, sign_checkpoint
from kept.ledger.ports import HighWater, TileStore
from kept.ledger.store import checkpoint_rows, tree_rows

MOST_ENTRIES = 4_096  # of one pass: bounds how long the writer is held
TILES_AT_ONCE = 16  # full tiles that wait for their files while acts come in: 1 MiB of entries
TILES_AT_MOST = 64  # no more of them are held in memory: passes wait for the disk
REFRESH = timedelta(hours=1)  # a log that does not grow says so this often


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The newest log's origin, the 32-byte seed it signs with, and keys that signed before it."""

    origin: str
    seed: Secret
    former: tuple[VerifierKey, ...] = ()

    def signer(self) -> Signer:
        """Ready to sign."""
        return Signer.from_seed(self.origin, KeyKind.LOG, self.seed.reveal())


@dataclass(frozen=True, slots=True)
class Passed:
    """One pass: `taken` acts came into the tree, `signed` is the size the mark stands at.

    While more waits, the mark stands one pass behind: the next pass moves it.
    """

    taken: int
    signed: int


@dataclass(frozen=True, slots=True)
class Published:
    """The public checkpoint: its size, and whether it is newer than the one before."""

    size: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Storing:
    """Full tiles up to `size` on their way to their files."""

    size: int
    done: Future[None]


@dataclass(frozen=True, slots=True)
class _Ahead:
    """The batch after this one, gathered for at most `most` acts."""

    most: int
    batch: Batch


@dataclass(slots=True)
class _Hand:
    """What this leader knows from its own writes; thrown away after any failure."""

    mark: bytes  # the high-water mark as this leader last read or wrote it
    signed: int  # its size
    tail: Tail | None = None
    stored: int = 0  # up to which size every full tile was read back
    is_unsaved: bool = False  # the mark's checkpoint is not known to stand in the tables
    unsigned: Head | None = None  # durable, but the mark does not stand there yet
    storing: _Storing | None = None
    ahead: _Ahead | None = None

    @property
    def has_rows_to_settle(self) -> bool:
        """Whether step 5 or the dropping of stored leaves is still to be done."""
        return self.is_unsaved or (self.tail is not None and self.stored > self.tail.head.stored)


class Sequencer:
    """Signs for the newest log. One thread at a time; the leader's lock is the caller's."""

    def __init__(
        self, db: Database, /, *, tiles: TileStore, high_water: HighWater, keys: LogKeys
    ) -> None:
        self._db, self._tiles, self._high_water = db, tiles, high_water
        self._signer = keys.signer()
        self._keys = (self._signer.key, *keys.former)
        self._hand: _Hand | None = None
        self._refusing: Refusing | None = None
        self._beside = ThreadPoolExecutor(1, "tiles")

    @property
    def key(self) -> VerifierKey:
        """The line that others pin."""
        return self._signer.key

    def start(self) -> Ready | Refusing:
        """Check everything anew; passes sign only after a `Ready`.

        Raises:
            UnavailableError: database, tiles or mark cannot be read or written now.
        """
        self._forget()
        mark = self._high_water.read()  # before the snapshot: the head never runs behind it
        found = self._db.read(lambda tx: check_start(tx, self._tiles, self._keys, mark=mark))
        if isinstance(found, Refusing):
            return self._refuse(found)
        try:
            mark = found.mark or self._swap(None, found.head)
        except ConflictError:
            return self._refuse(ANOTHER_LEADER)
        self._refusing = None
        self._hand = _Hand(mark, found.marked, is_unsaved=found.marked > 0)
        return Ready(found.head, mark, found.marked)

    def run(self, *, now: datetime, most: int = MOST_ENTRIES) -> Passed | Refusing:
        """One pass over at most `most` waiting acts; does nothing while refusing.

        Raises:
            UnavailableError: something is away; the next call goes on from what is durable.
        """
        if self._refusing is None and self._hand is None:
            self.start()
        if self._refusing is not None or self._hand is None:
            return self._refusing or NOT_OPENED
        try:
            return self._pass(self._hand, now, most)
        except ConflictError:
            return self._refuse(ANOTHER_LEADER)
        except (TamperedError, NotFoundError):
            return self._refuse(TREE_CHANGED)
        except BaseException:
            self._forget()  # what is durable is unknown: read it again
            raise

    def publish(self, *, now: datetime) -> Published | None:
        """Make the newest signed checkpoint public; None when the beat has nothing to say.

        Witnesses are asked before this marks the row: whatever cosignatures stand in the table
        by then are served with it.

        Raises:
            UnavailableError: the database is away.
        """
        if self._refusing is not None:
            return None
        return self._db.write(lambda tx: Pending(_publish(tx, self._signer.name, now)))

    def adopt(self, *, actor: Actor, now: datetime) -> Ready | Refusing:
        """Write a missing mark for what the database holds, and record that this was done.

        Raises:
            UnavailableError: something is away; nothing was signed.
        """
        found = self.start()
        if found != MARK_MISSING:
            return found
        act = Act(Kind.LEDGER_ADOPTED, actor, HOUSE)
        origin = self._signer.name

        def adopted(tx: Tx) -> Pending[Head | None]:
            record(tx, origin, act=act, now=now)
            return Pending(tree_rows.head(tx, origin))

        head = self._db.write(adopted)
        if head is not None:
            self._swap(None, head)
        return self.start()

    def _refuse(self, why: Refusing) -> Refusing:
        self._forget()
        self._refusing = why
        return why

    def _forget(self) -> None:
        """Let go of what was known, once nothing more of it is under way."""
        hand, self._hand = self._hand, None
        if hand is not None and hand.storing is not None:
            wait([hand.storing.done])

    def _pass(self, hand: _Hand, now: datetime, most: int) -> Passed:
        if self._is_idle(hand):
            return Passed(0, hand.signed)
        batch = self._next(hand, most)
        has_more = batch.count == most
        writing = self._begin(hand, batch, now)  # 1
        try:
            self._move(hand)  # 3 and 4 of the pass before
            if has_more:
                hand.ahead = _Ahead(most, self._gather_after(batch, most))
        finally:
            wait([writing])
        writing.result()
        hand.tail = tail = batch.after
        if tail.waiting_tiles >= (TILES_AT_ONCE if batch.count else 1):
            self._store(hand, tail)  # 2
        if not has_more or tail.waiting_tiles >= TILES_AT_MOST:
            _shelve(hand)
        if tail.head.size > hand.signed:
            hand.unsigned = tail.head
        if not has_more:
            self._move(hand)
            self._finish(hand, now)  # 5; when more waits, with the next 1 but one
        return Passed(batch.count, hand.signed)

    def _move(self, hand: _Hand) -> None:
        """Sign for what is durable and move the mark there; only now may the signature be seen."""
        if hand.unsigned is not None:
            hand.mark = self._swap(hand.mark, hand.unsigned)
            hand.signed, hand.is_unsaved, hand.unsigned = hand.unsigned.size, True, None

    def _store(self, hand: _Hand, tail: Tail) -> None:
        """Begin to write what is full, unless that is still being done for the tiles before."""
        if hand.storing is not None and hand.storing.done.done():
            _shelve(hand)
        if hand.storing is None and hand.stored <= tail.head.stored:
            full = [(stored_path(tail.head.log, tile), content) for tile, content in tail.full()]
            done = self._beside.submit(self._tiles.put, full)  # the store reads back what it wrote
            hand.storing = _Storing(tail.full_size, done)

    def _next(self, hand: _Hand, most: int) -> Batch:
        """What this pass takes in, as it was gathered beside the one before, or now."""
        ahead, hand.ahead = hand.ahead, None
        if ahead is not None and ahead.most == most:
            return ahead.batch.trimmed(hand.stored)
        known = self._db.read(
            lambda tx: gather(tx, current_tail(tx, self._signer.name, known=hand.tail), most=most)
        )
        return known.trimmed(hand.stored)

    def _gather_after(self, batch: Batch, most: int) -> Batch:
        return self._db.read(lambda tx: gather(tx, batch.after, most=most, beside=batch))

    def _finish(self, hand: _Hand, now: datetime) -> None:
        if hand.tail is not None and hand.has_rows_to_settle:
            batch = Batch(hand.tail, hand.tail).trimmed(hand.stored)
            self._begin(hand, batch, now).result()
            hand.tail = batch.after

    def _begin(self, hand: _Hand, batch: Batch, now: datetime) -> Future[None]:
        """Begin to make a batch durable, and with it the checkpoint of the mark that stands."""
        settled = (hand.signed, hand.mark) if hand.is_unsaved else None

        def work(tx: Tx) -> Pending[None]:
            if settled is not None:
                size, note = settled
                at = to_micros(now)
                checkpoint_rows.put_checkpoint(tx, self._signer.name, size=size, note=note, at=at)
            put_in(tx, batch)
            return Pending(None)

        hand.is_unsaved = False
        return self._db.submit(work)

    def _is_idle(self, hand: _Hand) -> bool:
        """Whether there is nothing to write: all is settled, nothing waits, nobody else grew it."""
        tail = hand.tail
        if tail is None or hand.has_rows_to_settle or tail.waiting_tiles:
            return False
        if tail.head.size != hand.signed:
            return False
        return self._db.read(
            lambda tx: (
                tree_rows.head(tx, tail.head.origin) == tail.head
                and not gather(tx, tail, most=1).count
            )
        )

    def _swap(self, old: bytes | None, head: Head) -> bytes:
        """Sign in memory, then swap the mark; only after that does the signature exist outside."""
        note = self._signed(head)
        self._high_water.swap(old, note)
        return note

    def _signed(self, head: Head) -> bytes:
        checkpoint = Checkpoint(head.origin, head.size, head.root)
        return sign_checkpoint(checkpoint, self._signer).encode()


def _shelve(hand: _Hand) -> None:
    """Wait for the tiles that are on their way; from here their entries may leave the tables."""
    if hand.storing is not None:
        hand.storing.done.result()
        hand.stored, hand.storing = hand.storing.size, None


def _publish(tx: Tx, origin: str, now: datetime) -> Published | None:
    newest, last = (
        checkpoint_rows.newest_checkpoint(tx, origin, published=False),
        checkpoint_rows.published(tx, origin),
    )
    if newest is None:
        return None
    size, at = newest[0], to_micros(now)
    is_new = last is None or last[0] < size
    if last is not None and not is_new and at - last[1] < REFRESH // timedelta(microseconds=1):
        return None
    checkpoint_rows.publish(tx, origin, size, at=at)
    return Published(size, is_new)
