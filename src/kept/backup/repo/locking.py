"""May this run go on writing here, and how do others learn that it is at work?

1. Stale locks go first, removed by the run itself; a live one never.
2. Look, write our own, wait 200 ms, look again: of two who wrote at once each sees the other, and
   whoever finds one in the way takes its own back. Something may be read while we wait; whether it
   still stands is to be asked once the lock is held.
3. While it is held the lock is renewed every 5 minutes: the new file first, then the old one away.
4. Without a renewal for 22.5 minutes on the wall, or with our own file gone, the run must stop:
   others may take the repository for free. The wall's clock, not a monotonic one, which stands
   still while the machine sleeps.
5. A lock of 0 bytes is what a full disk left; it is nobody's.
Source: restic design document, "Locks"; `docs/formats/backup.md`, "Locks".
"""

import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from kept.backup.ports import FileKind, Place
from kept.backup.repo.locks import (
    GIVE_UP_AFTER,
    REFRESH_EVERY,
    Lock,
    ProcessFacts,
    in_the_way,
    is_stale,
    lock_members,
    read_lock,
)
from kept.backup.repo.times import Moment
from kept.base.clock import Clock
from kept.base.encoding import Json
from kept.base.errors import (
    ConflictError,
    MalformedError,
    NotFoundError,
    RefusedError,
    TamperedError,
    UnavailableError,
)

WAIT_S = 0.2  # restic's: so long may a place need until others see a new file
BEAT_S = 5.0  # how often a held lock looks at the clock


class UnpackedFiles(Protocol):
    """What of a repository a lock needs."""

    def save_unpacked(self, kind: FileKind, members: Mapping[str, Json]) -> str:
        """Seal and store; returns the name."""
        ...

    def load_unpacked(self, kind: FileKind, name: str) -> Json:
        """Read and open; NotFoundError where there is no such file."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The world around a lock: its place, the clock and the processes."""

    place: Place
    files: UnpackedFiles
    clock: Clock
    sleep: Callable[[float], None]  # seconds
    own: ProcessFacts
    start_time_of: Callable[[int], int | None]  # as `processes.start_time_of`


class HeldLock:
    """A lock that is ours until `release`. Its calls may come from several threads."""

    def __init__(
        self, around: Surroundings, name: str, *, exclusive: bool, since: datetime
    ) -> None:
        self._around = around
        self._names = [name]  # more than one only while an old one cannot be removed
        self._exclusive = exclusive
        self._renewed = since
        self._lost = ""
        self._guard = threading.Lock()

    def beat(self) -> None:
        """Renew the lock when 5 minutes have passed. Never raises: `demand` tells."""
        with self._guard:
            if self._lost or self._age() < REFRESH_EVERY:
                return
            if self._age() > GIVE_UP_AFTER:
                self._lost = "it could not be renewed for too long"
                return
            try:
                self._renew()
            except (UnavailableError, ConflictError, RefusedError):
                return  # tried again at the next beat, until it is too late

    def demand(self) -> None:
        """Go on only if the lock still holds. To be asked before anything is written.

        Raises:
            ConflictError: the lock is lost; nothing may be written any more.
        """
        with self._guard:
            if not self._lost and self._age() > GIVE_UP_AFTER:
                self._lost = "it could not be renewed for too long"
            if self._lost:
                raise ConflictError(
                    f"The lock on the repository was lost: {self._lost}. What was stored is kept;"
                    " start the run again and it goes on from there."
                )

    def release(self) -> None:
        """Take the lock away.

        Raises:
            UnavailableError: the place is away; the lock lapses by itself in half an hour.
        """
        with self._guard:
            self._lost = self._lost or "it was given back"
            while self._names:
                self._around.place.remove(FileKind.LOCK, self._names[-1])
                self._names.pop()

    def _age(self) -> timedelta:
        return self._around.clock.now() - self._renewed

    def _renew(self) -> None:
        """The new file, then the old ones away.

        Raises:
            UnavailableError: the place is away; the lock stands as it stood.
            ConflictError: the same.
            RefusedError: the new file stands, an old one may not be removed.
        """
        place = self._around.place
        present = {stored.name for stored in place.list(FileKind.LOCK)}
        if present.isdisjoint(self._names):
            self._lost = "somebody removed it"
            return
        at = self._around.clock.now()
        new = _write(self._around, at, exclusive=self._exclusive)
        self._renewed = at
        old, self._names = self._names, [*self._names, new]
        for name in old:
            if name != new:
                place.remove(FileKind.LOCK, name)
                self._names.remove(name)


def take_lock(
    around: Surroundings, *, exclusive: bool, meanwhile: Callable[[], None] | None = None
) -> HeldLock:
    """Lock the repository, once what is stale is gone.

    Args:
        around: the world.
        exclusive: whether nobody else may be at work.
        meanwhile: done while we wait; what it raises ends the taking.

    Raises:
        ConflictError: somebody else is at work; nothing was changed.
        UnavailableError: the place cannot be reached, read or written.
    """
    remove_stale(around)
    _look(around, exclusive=exclusive, passing="")
    at = around.clock.now()
    name = _write(around, at, exclusive=exclusive)
    try:
        _wait(around, meanwhile)
        _look(around, exclusive=exclusive, passing=name)
    except BaseException:  # Ctrl-C too must not leave our lock behind
        with suppress(UnavailableError):  # it lapses by itself; why we stop matters more
            around.place.remove(FileKind.LOCK, name)
        raise
    return HeldLock(around, name, exclusive=exclusive, since=at)


def _wait(around: Surroundings, meanwhile: Callable[[], None] | None) -> None:
    if meanwhile is None:
        around.sleep(WAIT_S)
        return
    waiting = threading.Thread(target=around.sleep, args=(WAIT_S,), name="lock", daemon=True)
    waiting.start()
    try:
        meanwhile()
    finally:
        waiting.join()


@contextmanager
def locked(
    around: Surroundings, *, exclusive: bool, meanwhile: Callable[[], None] | None = None
) -> Generator[HeldLock]:
    """Hold the lock for a while: a thread renews it, the end gives it back, however it comes.

    Args:
        around: the world.
        exclusive: whether nobody else may be at work.
        meanwhile: as `take_lock`.

    Raises:
        ConflictError: as `take_lock`.
        UnavailableError: as `take_lock`.
    """
    lock = take_lock(around, exclusive=exclusive, meanwhile=meanwhile)
    stopped = threading.Event()

    def beat() -> None:
        with suppress(KeyboardInterrupt):  # whoever waits for the place was told to end
            while not stopped.wait(BEAT_S):
                lock.beat()

    keeper = threading.Thread(target=beat, name="lock", daemon=True)
    keeper.start()
    try:
        yield lock
    finally:
        stopped.set()
        keeper.join()
        lock.release()


def remove_stale(around: Surroundings) -> int:
    """Remove every lock that nobody can mean any more; how many there were.

    Raises:
        UnavailableError: the place cannot be reached, read or written.
    """
    removed = 0
    for name, lock in _present(around):
        if lock is None or not _is_stale(around, lock):
            continue
        try:
            around.place.remove(FileKind.LOCK, name)
        except RefusedError:
            continue  # a place that only adds: the stale lock stays and is in nobody's way
        removed += 1
    return removed


def _look(around: Surroundings, *, exclusive: bool, passing: str) -> None:
    """Refuse to go on beside a live lock that forbids it, or one that nobody can read.

    Raises:
        ConflictError: there is such a lock.
        UnavailableError: the place cannot be reached or read.
    """
    live: list[Lock] = []
    for name, lock in _present(around):
        if name == passing:
            continue
        if lock is None:
            raise ConflictError(
                f"The lock {name[:8]} cannot be read, so nobody knows whether someone is at work."
                " Nothing was changed. If nobody is, remove that file from the folder locks."
            )
        if not _is_stale(around, lock):
            live.append(lock)
    if (other := in_the_way(live, exclusive=exclusive)) is not None:
        raise ConflictError(
            f"The repository is in use by process {other.holder.pid} on {other.holder.hostname},"
            f" since {other.time.text()}. Nothing was changed. Wait until it is done."
        )


def _present(around: Surroundings) -> Iterator[tuple[str, Lock | None]]:
    """Every lock with its name; None for one that cannot be read.

    Raises:
        UnavailableError: the place cannot be reached or read.
    """
    for stored in around.place.list(FileKind.LOCK):
        if stored.size == 0:
            continue
        try:
            yield stored.name, read_lock(around.files.load_unpacked(FileKind.LOCK, stored.name))
        except NotFoundError:
            continue  # given back between the list and the look
        except (MalformedError, TamperedError, RefusedError):
            yield stored.name, None


def _is_stale(around: Surroundings, lock: Lock) -> bool:
    now = around.clock.now()
    return is_stale(lock, now=now, own=around.own, start_time_of=around.start_time_of)


def _write(around: Surroundings, at: datetime, *, exclusive: bool) -> str:
    lock = Lock(time=Moment.of(at), exclusive=exclusive, holder=around.own)
    return around.files.save_unpacked(FileKind.LOCK, lock_members(lock))
