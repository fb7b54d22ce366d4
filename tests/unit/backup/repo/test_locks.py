"""Does a lock keep others out while it is meant, and never longer?"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kept.backup.ports import FileKind, Stored
from kept.backup.repo import locking
from kept.backup.repo.locking import (
    HeldLock,
    Surroundings,
    locked,
    remove_stale,
    take_lock,
)
from kept.backup.repo.locks import (
    Lock,
    ProcessFacts,
    in_the_way,
    is_stale,
    lock_members,
    read_lock,
)
from kept.backup.repo.processes import own_facts, start_time_of
from kept.backup.repo.times import Moment
from kept.base.clock import SetClock
from kept.base.encoding import Json
from kept.base.errors import ConflictError, MalformedError, NotFoundError, UnavailableError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWN = ProcessFacts(
    hostname="shop",
    username="ada",
    pid=100,
    uid=0,
    gid=0,
    boot_id="boot",
    start_time=500,
    machine="m1",
    pid_namespace="pid:[1]",
)
OTHER = replace(OWN, hostname="far", machine="m2", boot_id="else", pid=7)
RUNNING = {100: 500}


def lock_of(holder: ProcessFacts, *, age: timedelta = timedelta(0), exclusive: bool = False):
    """A lock taken `age` before NOW."""
    return Lock(time=Moment.of(NOW - age), exclusive=exclusive, holder=holder)


# --- the file


def test_the_file_is_restics():
    """The members stand in restic's order; ours stand behind them in one of their own."""
    members = lock_members(replace(lock_of(OWN, exclusive=True), holder=replace(OWN, uid=5, gid=6)))
    assert json.dumps(members) == (
        '{"time": "2026-11-21T12:00:00Z", "exclusive": true, "hostname": "shop", "username": "ada",'
        ' "pid": 100, "uid": 5, "gid": 6, "kept": {"boot_id": "boot", "start_time": 500,'
        ' "machine": "m1", "pid_namespace": "pid:[1]"}}'
    )
    assert read_lock(members) == replace(
        lock_of(OWN, exclusive=True), holder=replace(OWN, uid=5, gid=6)
    )
    assert "uid" not in lock_members(lock_of(OWN))


def test_restics_own_lock_is_read():
    """A lock without our facts says nothing about boot or process."""
    found = read_lock({
        "time": "2026-11-21T13:00:00+01:00",
        "exclusive": False,
        "hostname": "shop",
        "username": "root",
        "pid": 4,
    })
    assert found.time.utc() == NOW
    assert (found.holder.boot_id, found.holder.machine, found.exclusive) == ("", "", False)


@pytest.mark.parametrize(
    "members",
    [
        None,
        [],
        {},
        {"time": "now"},
        {"time": "2026-11-21T12:00:00Z", "exclusive": "no"},
        {"time": "2026-11-21T12:00:00Z", "pid": "1"},
        {"time": "2026-11-21T12:00:00Z", "uid": -1},
        {"time": "2026-11-21T12:00:00Z", "kept": []},
    ],
)
def test_hostile_locks_are_refused(members: Json):
    """Other forms are refused."""
    with pytest.raises(MalformedError):
        read_lock(members)


# --- the decisions


@pytest.mark.parametrize(
    ("holder", "age_minutes", "stale"),
    [
        (OTHER, 30, False),
        (OTHER, 31, True),
        (OTHER, -600, False),  # another clock runs ahead: its process may be at work
        (OWN, 29, False),
        (OWN, 31, True),  # our own machine slept: others may have taken the place meanwhile
        (replace(OWN, pid=101), 0, True),  # no such process
        (replace(OWN, start_time=499), 0, True),  # its number was given to another one
        (replace(OWN, pid=102), 0, False),  # a process whose start is hidden
        (replace(OWN, boot_id="before", pid=100), 0, True),  # this machine was started anew
        (replace(OWN, boot_id="before", machine="m2"), 0, False),  # a namesake
        (replace(OWN, boot_id="before", machine=""), 0, False),
        (replace(OWN, boot_id="", pid=101), 0, False),
        (replace(OWN, hostname="far", pid=101), 0, False),
        (replace(OWN, pid_namespace="pid:[2]", pid=101), 0, False),  # a container beside us
        (replace(OWN, pid_namespace="", pid=101), 0, False),
        (replace(OWN, start_time=0, pid=101), 0, False),
        (ProcessFacts(hostname="shop", username="", pid=101, uid=0, gid=0), 29, False),  # restic's
    ],
)
def test_which_locks_are_stale(holder: ProcessFacts, age_minutes: int, *, stale: bool):
    """Old locks are, and those of a process that is certainly gone; nothing else is."""
    running = RUNNING | {102: 0}
    lock = lock_of(holder, age=timedelta(minutes=age_minutes))
    assert is_stale(lock, now=NOW, own=OWN, start_time_of=running.get) is stale


def test_who_is_in_the_way():
    """Shared ones go together; an exclusive one stands alone."""
    shared, alone = lock_of(OTHER), lock_of(OTHER, exclusive=True)
    assert in_the_way([shared], exclusive=False) is None
    assert in_the_way([shared, alone], exclusive=False) is alone
    assert in_the_way([shared], exclusive=True) is shared
    assert in_the_way([], exclusive=True) is None


def test_facts_of_this_very_process():
    """What the machine tells about us agrees with what it tells about any process."""
    own = own_facts()
    assert own.pid == os.getpid()
    assert own.start_time == start_time_of(os.getpid())
    assert own.start_time
    assert own.start_time > 0
    assert own.boot_id
    assert start_time_of(2**22 + 1) is None  # beyond the kernel's largest number
    assert start_time_of(0) is None
    assert start_time_of(-1) is None


# --- taking, renewing, giving back


class Yard:
    """A place's locks in memory, that can be told to fail, and what happens while one waits."""

    def __init__(self) -> None:
        self.files: dict[str, Json] = {}
        self.empty: list[str] = []
        self.broken: set[str] = set()
        self.away: set[str] = set()  # of save, list, remove
        self.clock = SetClock(NOW)
        self.meanwhile: Callable[[], object] = lambda: None
        self.slept: list[float] = []
        self.count = 0

    can_remove = True

    def create(self) -> None:
        """Nothing to make."""

    def close(self) -> None:
        """Nothing to close."""

    def put(self, kind: FileKind, name: str, content: bytes | memoryview) -> None:
        """A lock never comes this way."""
        raise AssertionError

    def get(
        self, kind: FileKind, name: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """Nor goes."""
        raise AssertionError

    def list(self, kind: FileKind) -> list[Stored]:
        """The locks there are."""
        assert kind is FileKind.LOCK
        self._reach("list")
        return [Stored(name, 150) for name in self.files] + [Stored(one, 0) for one in self.empty]

    def remove(self, kind: FileKind, name: str) -> None:
        """One lock less."""
        assert kind is FileKind.LOCK
        self._reach("remove")
        self.files.pop(name, None)

    def save_unpacked(self, kind: FileKind, members: Mapping[str, Json]) -> str:
        """One lock more."""
        assert kind is FileKind.LOCK
        self._reach("save")
        self.count += 1
        name = f"{self.count:064x}"
        self.files[name] = json.loads(json.dumps(members))
        return name

    def load_unpacked(self, kind: FileKind, name: str) -> Json:
        """What a lock says."""
        assert kind is FileKind.LOCK
        if name in self.broken:
            raise MalformedError("lock", "broken")
        if name not in self.files:
            raise NotFoundError(name)
        return self.files[name]

    def _reach(self, verb: str) -> None:
        if verb in self.away:
            raise UnavailableError("the place is away")

    def sleep(self, seconds: float) -> None:
        """Let the others do something."""
        self.slept.append(seconds)
        self.meanwhile()

    def around(self, own: ProcessFacts = OWN) -> Surroundings:
        """What a lock of `own` sees."""
        return Surroundings(
            place=self,
            files=self,
            clock=self.clock,
            sleep=self.sleep,
            own=own,
            start_time_of=RUNNING.get,
        )

    def plant(self, lock: Lock) -> str:
        """Somebody else's lock."""
        return self.save_unpacked(FileKind.LOCK, lock_members(lock))


@pytest.fixture
def yard() -> Yard:
    """An empty one."""
    return Yard()


def test_a_lock_is_there_until_it_is_given_back(yard: Yard):
    """It lies in the place while it is held, and nothing is left of it afterwards."""
    held = take_lock(yard.around(), exclusive=True)
    (members,) = yard.files.values()
    assert read_lock(members) == lock_of(OWN, exclusive=True)
    assert yard.slept == [0.2]
    held.demand()
    held.release()
    assert yard.files == {}
    with pytest.raises(ConflictError):
        held.demand()


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("theirs", [False, True])
def test_two_at_once(yard: Yard, exclusive: bool, theirs: bool):
    """Two that only add go together; with one that removes nobody else does."""
    first = take_lock(yard.around(OTHER), exclusive=theirs)
    before = dict(yard.files)
    if exclusive or theirs:
        with pytest.raises(ConflictError, match="process 7 on far"):
            take_lock(yard.around(), exclusive=exclusive)
        assert yard.files == before
        first.release()
    take_lock(yard.around(), exclusive=exclusive)


def test_two_who_write_at_the_same_moment(yard: Yard):
    """What came between the look and the write is seen at the second look; ours is taken back."""
    theirs: list[str] = []
    yard.meanwhile = lambda: theirs.append(yard.plant(lock_of(OTHER)))
    with pytest.raises(ConflictError):
        take_lock(yard.around(), exclusive=True)
    assert list(yard.files) == theirs


def test_an_interrupt_while_waiting_leaves_nothing(yard: Yard):
    """Ctrl-C in the 200 ms gives the lock back."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    yard.meanwhile = interrupt
    with pytest.raises(KeyboardInterrupt):
        take_lock(yard.around(), exclusive=False)
    assert yard.files == {}


@pytest.mark.parametrize("error", [KeyboardInterrupt, UnavailableError("away")])
def test_what_is_done_while_waiting(yard: Yard, error: BaseException | type[BaseException]):
    """It is done once our lock is there, and where it fails the lock is given back."""
    seen: list[int] = []
    held = take_lock(yard.around(), exclusive=False, meanwhile=lambda: seen.append(len(yard.files)))
    assert (seen, yard.slept) == ([1], [0.2])
    held.release()

    def fail() -> None:
        raise error

    with pytest.raises((KeyboardInterrupt, UnavailableError)):
        take_lock(yard.around(), exclusive=False, meanwhile=fail)
    assert yard.files == {}


def test_stale_locks_go_and_live_ones_stay(yard: Yard):
    """A run clears what a crash left, itself, and touches nobody's live lock."""
    crashed = yard.plant(lock_of(replace(OWN, pid=99), exclusive=True))
    old = yard.plant(lock_of(OTHER, age=timedelta(minutes=31), exclusive=True))
    live = yard.plant(lock_of(OTHER, age=timedelta(minutes=29)))
    held = take_lock(yard.around(), exclusive=False)
    assert {crashed, old}.isdisjoint(yard.files)
    held.release()
    assert list(yard.files) == [live]
    assert remove_stale(yard.around()) == 0


def test_an_empty_lock_is_nobodys(yard: Yard):
    """What a full disk left of a lock keeps nobody out."""
    yard.empty = ["f" * 64]
    take_lock(yard.around(), exclusive=True)


def test_a_lock_that_nobody_can_read(yard: Yard):
    """It might be meant: the run stops, says which file, and removes nothing."""
    name = yard.plant(lock_of(OTHER))
    yard.broken.add(name)
    with pytest.raises(ConflictError, match=name[:8]):
        take_lock(yard.around(), exclusive=False)
    assert list(yard.files) == [name]


def test_a_lock_that_goes_while_we_look(yard: Yard, monkeypatch: pytest.MonkeyPatch):
    """One given back between the list and the look is not in the way."""
    gone = [Stored("e" * 64, 150)]
    real = yard.list
    monkeypatch.setattr(yard, "list", lambda kind: real(kind) + gone)
    take_lock(yard.around(), exclusive=True)


def run_for(yard: Yard, held: HeldLock, minutes: int) -> None:
    """Let a run of that many minutes beat every 30 seconds."""
    for _ in range(minutes * 2):
        yard.clock.advance(timedelta(seconds=30))
        held.beat()


def test_a_run_of_forty_minutes(yard: Yard):
    """The lock never grows older than 5 minutes, never is absent, and nobody gets in."""
    held = take_lock(yard.around(), exclusive=True)
    for _ in range(80):
        yard.clock.advance(timedelta(seconds=30))
        held.beat()
        held.demand()
        (members,) = yard.files.values()
        assert yard.clock.now() - read_lock(members).time.utc() < timedelta(minutes=5)
        with pytest.raises(ConflictError):
            take_lock(yard.around(OTHER), exclusive=False)
    held.release()
    assert yard.files == {}


def test_the_new_file_comes_before_the_old_one_goes(yard: Yard):
    """While an old file cannot be removed two lie there, never none; later all are removed."""
    held = take_lock(yard.around(), exclusive=False)
    yard.away = {"remove"}
    run_for(yard, held, 11)
    assert len(yard.files) == 3
    held.demand()
    yard.away = set()
    run_for(yard, held, 5)
    assert len(yard.files) == 1
    held.release()
    assert yard.files == {}


@pytest.mark.parametrize("away", ["save", "list"])
def test_a_place_that_is_away_too_long(yard: Yard, away: str):
    """22 minutes are endured; after 22.5 nothing may be written, for others may come in."""
    held = take_lock(yard.around(), exclusive=True)
    yard.away = {away}
    run_for(yard, held, 22)
    held.demand()
    run_for(yard, held, 1)
    with pytest.raises(ConflictError):
        held.demand()
    yard.away = set()
    run_for(yard, held, 10)
    with pytest.raises(ConflictError):
        held.demand()  # once lost it stays lost
    held.release()
    assert yard.files == {}


def test_a_place_that_comes_back_in_time(yard: Yard):
    """A link cut for 20 minutes costs nothing."""
    held = take_lock(yard.around(), exclusive=True)
    yard.away = {"save", "list", "remove"}
    run_for(yard, held, 20)
    yard.away = set()
    run_for(yard, held, 30)
    held.demand()


def test_a_machine_that_slept(yard: Yard):
    """After 23 minutes of sleep the wall's clock tells, and the lock is not renewed by stealth."""
    held = take_lock(yard.around(), exclusive=False)
    yard.clock.advance(timedelta(minutes=23))
    before = dict(yard.files)
    held.beat()
    assert yard.files == before
    with pytest.raises(ConflictError):
        held.demand()


def test_a_lock_that_somebody_removed(yard: Yard):
    """Who finds the own file gone stops: another may be at work already."""
    held = take_lock(yard.around(), exclusive=False)
    yard.files.clear()
    run_for(yard, held, 6)
    with pytest.raises(ConflictError, match="removed"):
        held.demand()
    assert yard.files == {}


def test_the_thread_that_renews(yard: Yard, monkeypatch: pytest.MonkeyPatch):
    """`locked` renews on its own and gives back even when the work inside fails."""
    import threading

    beaten = threading.Event()
    real = HeldLock.beat

    def beat(held: HeldLock) -> None:
        real(held)
        if "2".rjust(64, "0") in yard.files:
            beaten.set()

    monkeypatch.setattr(locking, "BEAT_S", 0.001)
    monkeypatch.setattr(HeldLock, "beat", beat)

    def work() -> None:
        with locked(yard.around(), exclusive=True):
            yard.clock.advance(timedelta(minutes=5))
            assert beaten.wait(10)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()
    assert yard.files == {}
