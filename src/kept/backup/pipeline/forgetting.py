"""How is a snapshot forgotten so that it can still be brought back?

Two steps: its file is kept on the trusted host for 14 days and only then taken from the place;
what it leans on stays until `prune` finds the grace over. Which ones go is decided in
`model.forgetting`, and a person is asked where that says so.
Source: decision 0042; restic design document, "Read and Write Ordering".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from kept.backup.model.retention import Candidate
from kept.backup.pipeline.grace import GraceFolder
from kept.backup.pipeline.loading import NamedSnapshot
from kept.backup.ports import FileKind
from kept.backup.repo.locking import Surroundings, locked
from kept.backup.repo.repository import Repository
from kept.backup.repo.snapshots import Snapshot
from kept.base.errors import RefusedError, UnavailableError


@dataclass(frozen=True, slots=True)
class ForgottenNow:
    """The names of the snapshots that went, or would go."""

    names: tuple[str, ...]
    is_rehearsal: bool


def candidates(snapshots: Iterable[NamedSnapshot]) -> list[Candidate]:
    """Snapshots as retention sees them."""
    return [
        Candidate(
            id=one.name,
            time=_own_time(one.snapshot),
            tags=one.snapshot.tags,
            host=one.snapshot.hostname,
            paths=one.snapshot.paths,
            size=None
            if one.snapshot.summary is None
            else one.snapshot.summary.total_bytes_processed,
        )
        for one in snapshots
    ]


def _own_time(snapshot: Snapshot) -> datetime:
    offset = timezone(timedelta(minutes=snapshot.time.offset_minutes))
    return snapshot.time.utc().astimezone(offset)


def refuse_adding_only(repository: Repository) -> None:
    """Refuse where nothing can be removed, before anything is begun.

    Raises:
        RefusedError: `place_only_adds`.
    """
    if not repository.place.can_remove:
        raise RefusedError(
            "place_only_adds",
            "This place only takes copies and removes none, so that a thief with its password"
            " cannot either. Nothing was changed. Do this from the machine that may remove there.",
        )


def forget(
    repository: Repository,
    names: Iterable[str],
    *,
    grace: GraceFolder,
    around: Surroundings,
    dry_run: bool = False,
) -> ForgottenNow:
    """Take snapshots from the place, after they were kept in grace.

    Args:
        repository: open.
        names: of snapshots, 64 hex digits each.
        grace: of this repository, on this host.
        around: for the exclusive lock, taken and given back here.
        dry_run: only see that they are there.

    Raises:
        NotFoundError: one is not there; those before it are gone.
        ConflictError: somebody is at work there.
        RefusedError: the place only adds.
        UnavailableError: the place cannot be written, or the grace folder cannot.
    """
    wanted = tuple(dict.fromkeys(names))
    if dry_run:
        for name in wanted:
            repository.place.get(FileKind.SNAPSHOT, name, length=1)
        return ForgottenNow(wanted, is_rehearsal=True)
    refuse_adding_only(repository)
    with locked(around, exclusive=True) as lock:
        for name in wanted:
            sealed = repository.place.get(FileKind.SNAPSHOT, name)
            try:
                grace.put(name, sealed, around.clock.now())
            except OSError as refused:
                raise UnavailableError(
                    f"The forgotten copy could not be kept on this machine ({refused.strerror})."
                    " It stays where it is."
                ) from None
            lock.demand()
            repository.place.remove(FileKind.SNAPSHOT, name)
    return ForgottenNow(wanted, is_rehearsal=False)


def bring_back(
    repository: Repository, name: str, *, grace: GraceFolder, around: Surroundings
) -> None:
    """Put a forgotten snapshot back in its place.

    Raises:
        NotFoundError: it does not wait in grace.
        TamperedError: its file was changed there.
        ConflictError: somebody is cleaning the place.
        UnavailableError: the place cannot be written.
    """
    with locked(around, exclusive=False) as lock:
        sealed = grace.read(name)
        lock.demand()
        repository.place.put(FileKind.SNAPSHOT, name, sealed)
    grace.remove(name)
