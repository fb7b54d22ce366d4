"""How are orders for a copy carried out, at an open place? This runs in a process of its own.

Errors are those of the pillar; `why_failed` says them as a plain reason.
"""

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from kept.backup.model import inventory as inventories
from kept.backup.model.report_reasons import FailedWhy, UnreadWhy
from kept.backup.pipeline.backing_up import back_up
from kept.backup.pipeline.run_plan import Around, Progress, RunDone, RunPlan, Stream, Watch
from kept.backup.ports import FileKind, Place
from kept.backup.repo.repository import Repository, create_repository, has_config, open_repository
from kept.backup.sources.databases import DUMP
from kept.backup.sources.excludes import Excludes
from kept.backup.sources.walk import Root
from kept.base.errors import (
    ConflictError,
    KeptError,
    MalformedError,
    NotFoundError,
    RefusedError,
    TamperedError,
    UnavailableError,
)
from kept.crypto.chance import draw
from kept.crypto.secret import Secret
from kept.db.dump import dump_pieces
from kept.flows.copy_orders import (
    CopyDone,
    CopyOrder,
    CopyProgress,
    Failed,
    KeysDone,
    KeysOrder,
    Look,
    PrepareDone,
    PrepareOrder,
    Stop,
)

HOST = "kept"  # of house snapshots: the machine may change, its parents stay
_PROBE_BYTES = 64
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class SourceFailedError(UnavailableError):
    """What was to be copied could not be read whole."""


def prepare(
    place: Place, order: PrepareOrder, around: Around, *, is_same_disk: bool
) -> PrepareDone:
    """Make the repository, or open the one that is there with our password.

    Raises:
        RefusedError: the place of keys cannot let go of old ones; another's repository is there;
            keys and data would lie at one address.
        UnavailableError: the place cannot be reached or written.
        TamperedError: a repository is there and damaged.
    """
    if is_same_disk and not order.may_share_disk:
        raise RefusedError(
            "backup.same_disk",
            "This place is on the same disk as the house: both would be lost together. Choose"
            " another disk.",
        )
    place.create()
    if order.is_for_keys:
        _refuse_repository(place)
        _prove_removal(place)
        return PrepareDone(is_new=True, is_same_disk=is_same_disk)
    _refuse_keys(place)
    password = Secret(order.access.password.encode())
    try:
        create_repository(place, password, now=around.clock.now())
    except ConflictError:
        open_repository(place, password)
        return PrepareDone(is_new=False, is_same_disk=is_same_disk)
    return PrepareDone(is_new=True, is_same_disk=is_same_disk)


def _refuse_repository(place: Place) -> None:
    """Copies of keys and of data never lie at one address: each would lose the other's keys.

    Raises:
        RefusedError: a repository lies there.
        UnavailableError: the place cannot be reached or read.
    """
    if has_config(place):
        raise RefusedError(
            "backup.keys_beside_data",
            "A repository of copies lies there, and keys must never lie beside the data that they"
            " open. Choose another place for the copy of keys.",
        )


def _refuse_keys(place: Place) -> None:
    """The other way round: key files without a repository are a copy of the house's keys.

    Raises:
        RefusedError: a copy of keys lies there.
        UnavailableError: the place cannot be reached or read.
    """
    if not has_config(place) and place.list(FileKind.KEY):
        raise RefusedError(
            "backup.data_beside_keys",
            "A copy of keys lies there, and the data that they open must never lie beside it."
            " Choose another place for the copies of data.",
        )


def _prove_removal(place: Place) -> None:
    """A destroyed key must leave the copy too: see that a file goes when it is told to.

    Raises:
        RefusedError: it stays.
        UnavailableError: the place cannot be reached or written.
    """
    refused = RefusedError(
        "backup.keys_would_stay",
        "This place keeps what is deleted, so a destroyed key would live on there. Choose another"
        " place for the copy of keys.",
    )
    if not place.can_remove:
        raise refused
    probe = draw(_PROBE_BYTES)
    name = sha256(probe).hexdigest()
    place.put(FileKind.KEY, name, probe)
    try:
        place.remove(FileKind.KEY, name)
    except RefusedError:
        raise refused from None
    if any(one.name == name for one in place.list(FileKind.KEY)):
        raise refused


def copy(place: Place, order: CopyOrder, around: Around, *, look: Look, stop: Stop) -> CopyDone:
    """Make a snapshot; what lies at the place afterwards is listed with it.

    Raises:
        SourceFailedError: the database's dump did not come to its end; there is no snapshot.
        KeptError: as `open_repository` and `back_up`; there is no snapshot.
    """
    began = around.monotonic()
    repository = open_repository(place, Secret(order.access.password.encode()))
    done = back_up(repository, _plan(order, around), around, watch=_shown(look), stop=stop)
    if done.snapshot is None:
        return _unfinished(done, seconds=round(around.monotonic() - began))
    return _finished(repository, done, seconds=round(around.monotonic() - began))


def _plan(order: CopyOrder, around: Around) -> RunPlan:
    streams = tuple[Stream, ...]()
    if order.dsn:
        now_ns = int(around.clock.now().timestamp()) * 10**9
        streams = (Stream(at=DUMP, pieces=_told_dump(Secret(order.dsn.encode())), mtime_ns=now_ns),)
    return RunPlan(
        roots=tuple(Root(at, source) for at, source in order.roots),
        streams=streams,
        excludes=Excludes.of(order.excludes),
        patterns=order.excludes,
        databases=frozenset((*order.databases, *(stream.at for stream in streams))),
        hostname=HOST,
        part_bytes=order.part_bytes,
        is_forced=order.is_forced,
        is_dry=order.is_dry,
    )


def _told_dump(dsn: Secret) -> Iterator[bytes]:
    try:
        yield from dump_pieces(dsn)
    except UnavailableError as error:
        raise SourceFailedError(str(error)) from error


def _shown(look: Look) -> Watch:
    def watch(progress: Progress) -> None:
        look(
            CopyProgress(
                files=progress.files,
                bytes=progress.size_bytes,
                sent=progress.sent_bytes,
                unread=progress.unread,
                seconds=progress.seconds,
                waits=progress.waits.value,
                files_in_all=progress.files_in_all,
                bytes_in_all=progress.bytes_in_all,
            )
        )

    return watch


def _finished(repository: Repository, done: RunDone, *, seconds: int) -> CopyDone:
    items = inventories.inventory(
        (kind.value, stored.name, stored.size)
        for kind in FileKind
        if kind is not FileKind.LOCK
        for stored in repository.list(kind)
    )
    assert done.summary is not None  # noqa: S101  # a snapshot has one
    assert done.snapshot is not None  # noqa: S101  # asked before
    summary = done.summary
    return replace(
        _unfinished(done, seconds=seconds),
        snapshot=bytes.fromhex(done.snapshot),
        tree=done.tree or b"",
        inventory=inventories.encode(items),
        inventory_root=inventories.inventory_root(items),
        files=summary.total_files_processed,
        files_new=summary.files_new,
        bytes=summary.total_bytes_processed,
        bytes_sent=summary.data_added_packed,
        verified=summary.data_blobs + summary.tree_blobs,
    )


def _unfinished(done: RunDone, *, seconds: int) -> CopyDone:
    return CopyDone(
        snapshot=b"",
        tree=b"",
        inventory=b"",
        inventory_root=b"",
        files=0,
        files_new=0,
        bytes=0,
        bytes_sent=0,
        verified=0,
        seconds=seconds,
        unread=tuple((_readable(one.path), one.code) for one in done.unread),
        unsteady=tuple(_readable(path) for path in done.unsteady),
        is_stopped=done.is_stopped,
    )


def put_keys(place: Place, order: KeysOrder) -> KeysDone:
    """Put the new file, then take every other away, then see that it stands alone.

    Killed in between, two stand there; the next one takes both away.

    Raises:
        RefusedError: an old one cannot be removed, or a repository lies there.
        UnavailableError: the place cannot be reached or written, or an old one stayed.
    """
    _refuse_repository(place)
    with open(order.path, "rb") as file:  # noqa: PTH123  # a path as text, from the order
        sealed = file.read()
    digest = sha256(sealed)
    name = digest.hexdigest()
    place.put(FileKind.KEY, name, sealed)
    for stored in place.list(FileKind.KEY):
        if stored.name != name:
            place.remove(FileKind.KEY, stored.name)
    if [stored.name for stored in place.list(FileKind.KEY)] != [name]:
        raise UnavailableError("An old copy of the keys is still there. It is tried again.")
    return KeysDone(digest.digest(), len(sealed))


def why_failed(error: BaseException) -> Failed:  # noqa: PLR0911  # a table, read from above
    """A failure as a plain reason and a sentence."""
    said = str(error) if isinstance(error, KeptError) else type(error).__name__
    match error:
        case SourceFailedError():
            return Failed(FailedWhy.SOURCE, said)
        case RefusedError(code="wrong_password"):
            return Failed(FailedWhy.WRONG_KEY, said, error.code)
        case RefusedError(code="repository_too_new"):
            return Failed(FailedWhy.NEWER, said, error.code)
        case RefusedError():
            return Failed(FailedWhy.REFUSED, said, error.code)
        case ConflictError():
            return Failed(FailedWhy.BUSY, said)
        case TamperedError() | MalformedError():
            return Failed(FailedWhy.DAMAGED, said)
        case NotFoundError():
            return Failed(FailedWhy.AWAY, said)
        case UnavailableError():
            return Failed(_why_away(error, said), said)
        case OSError():
            return Failed(FailedWhy.SOURCE, said)
        case _:
            return Failed(FailedWhy.UNKNOWN, said)


def _why_away(error: UnavailableError, said: str) -> FailedWhy:
    """Places say "full" by the system's number or, from far, by words alone."""
    cause = error.__cause__
    if (isinstance(cause, OSError) and cause.errno in _FULL) or " full" in said:
        return FailedWhy.FULL
    return FailedWhy.PRIVATE_LINE if "VPN" in said else FailedWhy.AWAY


def unread_why(code: int) -> UnreadWhy:
    """Why a file was not read, from the system's number."""
    if code in {errno.EACCES, errno.EPERM}:
        return UnreadWhy.DENIED
    if code in {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP}:
        return UnreadWhy.VANISHED
    return UnreadWhy.BROKEN


def _readable(path: bytes) -> str:
    return os.fsdecode(path).encode("utf-8", "replace").decode()
