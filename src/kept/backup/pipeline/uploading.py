"""When is a part stored, and when does an index name it?

1. At most two parts are on their way at once; who has a third one waits.
2. Index, claims and sums learn of a part only after its `put` returned.
3. An index file is written every 60 s or 20,000 blobs, and at the end: what a killed run stored
   before that is found again by its headers.
4. Before anything is written the lock is asked.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from kept.backup.pipeline.claims import Claims
from kept.backup.pipeline.inboxes import BrokenOffError, Inbox
from kept.backup.repo.index import BlobIndex
from kept.backup.repo.locking import HeldLock
from kept.backup.repo.packs import Listing, Part
from kept.backup.repo.repository import Repository

UPLOADS = 2
INDEX_EVERY_S = 60.0
INDEX_EVERY_BLOBS = 20_000


@dataclass(frozen=True, slots=True)
class Store:
    """Where a run writes to; without a lock it is dry and writes nothing."""

    repository: Repository
    index: BlobIndex
    claims: Claims
    lock: HeldLock | None


class Uploader:
    """Stores parts from threads of its own."""

    def __init__(
        self,
        store: Store,
        *,
        monotonic: Callable[[], float],
        woke: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Start the threads.

        Args:
            store: where to.
            monotonic: seconds that never run backwards.
            woke: called when a thread has come to its end.
            failed: told what went wrong, from any thread; it breaks the run off.
        """
        self._store = store
        self._monotonic = monotonic
        self._woke = woke
        self._failed = failed
        self._waiting: Inbox[Part] = Inbox(UPLOADS)
        self._guard = threading.Lock()
        self._listings: list[Listing] = []  # stored, in no index file yet
        self._blobs = 0  # in these
        self._indexed_at = monotonic()
        self.sent_bytes = 0
        self._at_work = UPLOADS
        self._threads = [
            threading.Thread(target=self._work, name=f"upload {number}", daemon=True)
            for number in range(UPLOADS)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_full(self) -> bool:
        """Whether whoever finishes a part now would have to wait."""
        return self._waiting.is_full

    def send(self, part: Part) -> None:
        """Take a part over; waits while two are on their way.

        Raises:
            BrokenOffError: the run is broken off.
        """
        self._waiting.put(part, 1)

    def offer(self, part: Part) -> bool:
        """Take a part over; False where two were on their way for a while.

        Raises:
            BrokenOffError: the run is broken off.
        """
        return self._waiting.offer(part, 1)

    def finish(self) -> None:
        """No more parts will come. When nothing `is_alive`, `save_index`."""
        self._waiting.finish()

    @property
    def is_alive(self) -> bool:
        """Whether parts may still be on their way."""
        return self._at_work > 0

    def break_off(self) -> None:
        """Drop the parts that wait; those on their way arrive or fail."""
        self._waiting.break_off()

    def join(self) -> None:
        """Wait for the threads."""
        for thread in self._threads:
            thread.join()

    def save_index(self) -> None:
        """Name every stored part in an index file.

        Raises:
            ConflictError: the lock was lost.
            UnavailableError: not stored.
        """
        with self._guard:
            listings, self._listings, self._blobs = self._listings, [], 0
            self._indexed_at = self._monotonic()
        if self._store.lock is None or not listings:
            return
        self._store.lock.demand()
        self._store.repository.save_indexes(listings)

    def _work(self) -> None:
        try:
            while (part := self._waiting.take()) is not None:
                self._keep(part)
                del part  # its memory is free before the next one is waited for
                self._waiting.release(1)
        except BrokenOffError:
            return
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the run's
            self._failed(error)
        finally:
            with self._guard:
                self._at_work -= 1
            self._woke()

    def _keep(self, part: Part) -> None:
        store, listing = self._store, part.listing
        if store.lock is not None:
            store.lock.demand()
            store.repository.save_part(part)
        store.index.add(listing)
        kind = listing.entries[0].kind
        store.claims.give_back(kind, [entry.id for entry in listing.entries])
        with self._guard:
            self.sent_bytes += len(part.content)
            self._listings.append(listing)
            self._blobs += len(listing.entries)
            is_due = (
                self._blobs >= INDEX_EVERY_BLOBS
                or self._monotonic() - self._indexed_at >= INDEX_EVERY_S
            )
        if is_due:
            self.save_index()
