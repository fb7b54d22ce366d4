"""How are orders for copies that lie somewhere carried out? This runs in a process of its own."""

import os
from pathlib import Path

from kept.backup.model.forgetting import plan
from kept.backup.model.retention import DEFAULT, Policy
from kept.backup.pipeline.checking import Reading, check
from kept.backup.pipeline.forgetting import candidates, forget, refuse_adding_only
from kept.backup.pipeline.grace import GraceFolder
from kept.backup.pipeline.loading import NamedSnapshot, load_snapshots
from kept.backup.pipeline.pruning import Phase, PruneWatch, prune
from kept.backup.pipeline.restore_values import Progress, Wish
from kept.backup.pipeline.restoring import restore
from kept.backup.pipeline.run_plan import Around
from kept.backup.ports import FileKind, Place
from kept.backup.repo.locking import Surroundings, locked, remove_stale
from kept.backup.repo.repository import Repository, open_repository
from kept.backup.repo.snapshots import read_snapshot
from kept.crypto.secret import Secret
from kept.flows.copy_orders import Access, CopyProgress, Look, Stop
from kept.flows.upkeep_orders import (
    CheckDone,
    CheckOrder,
    Found,
    Going,
    RehearseDone,
    RehearseOrder,
    RestoreDone,
    RestoreOrder,
    RoomDone,
    RoomOrder,
    UnlockDone,
    UnlockOrder,
)

MOST_TOLD = 200  # paths and findings in an answer; the rest is counted
UpkeepOrder = RestoreOrder | CheckOrder | RehearseOrder | RoomOrder | UnlockOrder
UpkeepDone = RestoreDone | CheckDone | RehearseDone | RoomDone | UnlockDone


def carry_out(
    place: Place, order: UpkeepOrder, around: Around, *, look: Look, stop: Stop
) -> UpkeepDone:
    """Do it.

    Raises:
        KeptError: it could not be done; the message says what stays.
    """
    match order:
        case RestoreOrder():
            return bring_back(place, order, around, look=look, stop=stop)
        case CheckOrder():
            return look_through(place, order, around, look=look, stop=stop)
        case RehearseOrder():
            return rehearse(place, order, around, look=look, stop=stop)
        case RoomOrder():
            return make_room(place, order, around, look=look, stop=stop)
        case UnlockOrder():
            return unlock(place, order, around)


def bring_back(
    place: Place, order: RestoreOrder, around: Around, *, look: Look, stop: Stop
) -> RestoreDone:
    """Bring a path back, under a shared lock.

    Raises:
        KeptError: as `open_repository` and `restore`.
    """
    repository, began = _opened(place, order.access), around.monotonic()

    def shown(far: Progress) -> None:
        is_all = far.is_all_found
        look(
            CopyProgress(
                files=far.files_done,
                bytes=far.bytes_done,
                sent=0,
                unread=0,
                seconds=around.monotonic() - began,
                files_in_all=far.files_found if is_all else None,
                bytes_in_all=far.bytes_found if is_all else None,
            )
        )

    wish = Wish(target=os.fsencode(order.target), paths=(order.path or b"/",))
    with locked(_surroundings(repository, around), exclusive=False):
        state = read_snapshot(repository.load_unpacked(FileKind.SNAPSHOT, order.snapshot))
        done = restore(repository, state, wish, watch=shown, stop=stop)
    lost = tuple(one.path.decode("utf-8", "backslashreplace") for one in done.lost[:MOST_TOLD])
    return RestoreDone(done.files, done.bytes, lost, len(done.lost))


def look_through(
    place: Place, order: CheckOrder, around: Around, *, look: Look, stop: Stop
) -> CheckDone:
    """Look at every list, and read the parts that were asked for, under a shared lock.

    Raises:
        KeptError: as `open_repository`; the place is away.
    """
    repository, began = _opened(place, order.access), around.monotonic()
    reading = Reading.parse(order.subset) if order.subset else None

    def watch(_what: str, done: int, total: int | None) -> None:
        look(_counted(done, total, seconds=around.monotonic() - began))

    with locked(_surroundings(repository, around), exclusive=False):
        seen = check(repository, reading=reading, watch=watch, stop=stop)
    found = tuple(
        Found(one.problem.value, one.name.encode("utf-8", "replace").decode(), one.is_harmless)
        for one in seen.findings[:MOST_TOLD]
    )
    return CheckDone(
        snapshots=seen.snapshots,
        parts=seen.parts,
        read=seen.parts_read,
        bytes_read=seen.bytes_read,
        found=found,
        bad=sum(not one.is_harmless for one in seen.findings),
        is_whole=seen.is_whole,
    )


def rehearse(
    place: Place, order: RehearseOrder, around: Around, *, look: Look, stop: Stop
) -> RehearseDone:
    """Say what the rules let go and how much room that makes; nothing is changed.

    Raises:
        RefusedError: `place_only_adds`; the rules keep nothing.
        KeptError: as `open_repository` and `prune`.
    """
    repository = _opened(place, order.access)
    refuse_adding_only(repository)
    found, _ = load_snapshots(repository)
    policy = Policy.parse(order.keep) if order.keep else DEFAULT
    now, noted = around.clock.now(), order.noted
    sights = noted.by_now((one.name for one in found), now)
    drilled_at = noted.drilled_at(now)
    made = plan(policy, candidates(found), sights, now=now, drilled_at=drilled_at)
    going = {one.id for one in made.remove}
    brakes = {brake.value for group in made.groups if group.remove for brake in group.brakes}
    brakes |= {brake.value for brake in made.brakes} if going else set[str]()
    done = prune(
        repository,
        around=_surroundings(repository, around),
        grace=_grace(repository, order.grace),
        dry_run=True,
        watch=_pruning(look, around),
        stop=stop,
    )
    return RehearseDone(
        going=tuple(_going(one) for one in found if one.name in going),
        stays=len(found) - len(going),
        brakes=tuple(sorted(brakes)),
        parts=done.removed + done.repacked,
        freed_bytes=max(0, done.freed_bytes),
    )


def make_room(
    place: Place, order: RoomOrder, around: Around, *, look: Look, stop: Stop
) -> RoomDone:
    """Let snapshots go into grace, then remove what no snapshot leans on.

    Raises:
        NotFoundError: one of them is not there; those before it wait in grace.
        KeptError: as `open_repository`, `forget` and `prune`.
    """
    repository = _opened(place, order.access)
    surroundings, grace = _surroundings(repository, around), _grace(repository, order.grace)
    refuse_adding_only(repository)
    gone = (
        forget(repository, order.going, grace=grace, around=surroundings) if order.going else None
    )
    done = prune(
        repository,
        around=surroundings,
        grace=grace,
        watch=_pruning(look, around),
        stop=stop,
    )
    return RoomDone(
        forgotten=() if gone is None else gone.names,
        removed=done.removed,
        repacked=done.repacked,
        freed_bytes=max(0, done.freed_bytes),
        broken=len(done.broken),
        is_stopped=stop(),
    )


def unlock(place: Place, order: UnlockOrder, around: Around) -> UnlockDone:
    """Remove the locks of those who are surely gone; nobody else's.

    Raises:
        KeptError: as `open_repository`; the place is away.
    """
    repository = _opened(place, order.access)
    removed = remove_stale(_surroundings(repository, around))
    left = sum(1 for stored in repository.list(FileKind.LOCK) if stored.size)
    return UnlockDone(removed, left)


def _opened(place: Place, access: Access) -> Repository:
    return open_repository(place, Secret(access.password.encode()))


def _surroundings(repository: Repository, around: Around) -> Surroundings:
    return Surroundings(
        place=repository.place,
        files=repository,
        clock=around.clock,
        sleep=around.sleep,
        own=around.own,
        start_time_of=around.start_time_of,
    )


def _grace(repository: Repository, folder: str) -> GraceFolder:
    """The waiting room of this repository, the same that the terminal uses."""
    return GraceFolder(Path(folder) / repository.config.id)


def _going(one: NamedSnapshot) -> Going:
    summary = one.snapshot.summary
    size = None if summary is None else summary.total_bytes_processed
    return Going(one.name, one.snapshot.time.utc(), size)


def _counted(done: int, total: int | None, *, seconds: float) -> CopyProgress:
    """Steps of a piece of work that has no files; no bytes are told, so no speed either."""
    return CopyProgress(files=done, bytes=0, sent=0, unread=0, seconds=seconds, files_in_all=total)


def _pruning(look: Look, around: Around) -> PruneWatch:
    began = around.monotonic()

    def watch(_phase: Phase, done: int, total: int | None) -> None:
        look(_counted(done, total, seconds=around.monotonic() - began))

    return watch
