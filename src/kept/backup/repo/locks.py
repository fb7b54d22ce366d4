"""Who holds the repository, is that lock still meant, and may I take mine?

1. Shared locks go together; an exclusive one stands alone.
2. A lock is stale when it is older than 30 minutes, for its holder renews it every 5.
3. It is stale at once when its process is gone for certain: same host name and same machine, and
   either the machine was started anew since, or within one numbering of processes there is no such
   process or another one under its number. A container may share its host's name and number its
   processes anew, so a missing process alone proves nothing.
4. A time to come is not stale: that clock is wrong, its process may well be at work.
Source: restic design document, "Locks"; `docs/formats/backup.md`, "Locks".
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from kept.backup.repo.times import Moment
from kept.base.encoding import MAX_U32, Json
from kept.base.errors import MalformedError

STALE_AFTER = timedelta(minutes=30)  # restic's; others may then remove the lock
REFRESH_EVERY = timedelta(minutes=5)  # restic's
GIVE_UP_AFTER = timedelta(minutes=22, seconds=30)  # without a renewal: early enough to stop


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFacts:
    """Which process, such that no other process of any machine is taken for it.

    Empty or zero where the system does not tell; what is not told proves nothing.
    """

    hostname: str
    username: str
    pid: int
    uid: int
    gid: int
    boot_id: str = ""  # drawn anew at each start of the kernel
    start_time: int = 0  # of the process, ticks since the start of the kernel
    machine: str = ""  # a hash of the machine's own number
    pid_namespace: str = ""  # within which `pid` is a number of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """One lock as it lies in the repository."""

    time: Moment
    exclusive: bool
    holder: ProcessFacts


class _WireKept(msgspec.Struct):
    boot_id: str = ""
    start_time: int = 0
    machine: str = ""
    pid_namespace: str = ""


class _WireLock(msgspec.Struct):
    time: str
    exclusive: bool = False
    hostname: str = ""
    username: str = ""
    pid: int = 0
    uid: int = 0
    gid: int = 0
    kept: _WireKept | None = None


def lock_members(lock: Lock) -> dict[str, Json]:
    """The members of the file in restic's order; `kept` is ours, restic passes over it.

    Raises:
        MalformedError: a time outside years 0 to 9999.
    """
    holder = lock.holder
    members: dict[str, Json] = {
        "time": lock.time.text(),
        "exclusive": lock.exclusive,
        "hostname": holder.hostname,
        "username": holder.username,
        "pid": holder.pid,
    }
    if holder.uid:
        members["uid"] = holder.uid
    if holder.gid:
        members["gid"] = holder.gid
    members["kept"] = {
        "boot_id": holder.boot_id,
        "start_time": holder.start_time,
        "machine": holder.machine,
        "pid_namespace": holder.pid_namespace,
    }
    return members


def read_lock(members: Json) -> Lock:
    """Read the members of a lock file. Hostile input.

    Raises:
        MalformedError: no time, a member of the wrong type, or an owner beyond 32 bits.
    """
    try:
        wire = msgspec.convert(members, _WireLock)
    except msgspec.ValidationError:
        raise MalformedError("lock", "a member is missing or of the wrong type") from None
    if not (0 <= wire.uid <= MAX_U32 and 0 <= wire.gid <= MAX_U32):
        raise MalformedError("lock", "an owner does not fit 32 bits")
    kept = wire.kept or _WireKept()
    holder = ProcessFacts(
        hostname=wire.hostname,
        username=wire.username,
        pid=wire.pid,
        uid=wire.uid,
        gid=wire.gid,
        boot_id=kept.boot_id,
        start_time=kept.start_time,
        machine=kept.machine,
        pid_namespace=kept.pid_namespace,
    )
    return Lock(time=Moment.parse(wire.time, "lock.time"), exclusive=wire.exclusive, holder=holder)


def is_stale(
    lock: Lock, *, now: datetime, own: ProcessFacts, start_time_of: Callable[[int], int | None]
) -> bool:
    """Whether nobody can mean this lock any more (rules 2 to 4).

    Args:
        lock: of any process, ours too.
        now: aware.
        own: the process that asks.
        start_time_of: ticks since the start of the kernel of a process of `own`'s numbering, 0
            where it is hidden, None where there is no such process.
    """
    return now - lock.time.utc() > STALE_AFTER or _is_gone(lock.holder, own, start_time_of)


def _is_gone(
    holder: ProcessFacts, own: ProcessFacts, start_time_of: Callable[[int], int | None]
) -> bool:
    if not (holder.boot_id and holder.machine) or holder.hostname != own.hostname:
        return False
    if holder.machine != own.machine or not own.boot_id:
        return False
    if holder.boot_id != own.boot_id:
        return True
    if not holder.pid_namespace or holder.pid_namespace != own.pid_namespace:
        return False
    return holder.start_time > 0 and start_time_of(holder.pid) not in {holder.start_time, 0}


def in_the_way(locks: Iterable[Lock], *, exclusive: bool) -> Lock | None:
    """The first lock that forbids another one of this sort, or None (rule 1)."""
    return next((lock for lock in locks if exclusive or lock.exclusive), None)
