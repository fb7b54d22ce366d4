"""What does a snapshot say: of what, when, by whom, and how much?

Members in restic's order, empty ones left out; `summary` as restic writes it since 0.17, which
older ones pass over. The file itself is sealed and named by whoever stores it.
Source: restic design document, "Snapshots"; `docs/formats/backup.md`, "Snapshots".
"""

from dataclasses import dataclass

import msgspec

from kept.backup.repo.times import Moment
from kept.backup.repo.trees import parse_id
from kept.base.encoding import MAX_U32, MAX_U64, Json
from kept.base.errors import MalformedError

MAX_LIST = 100_000  # paths, excludes or tags of one snapshot
_COUNTS = (
    "files_new",
    "files_changed",
    "files_unmodified",
    "dirs_new",
    "dirs_changed",
    "dirs_unmodified",
    "data_blobs",
    "tree_blobs",
    "data_added",
    "data_added_packed",
    "total_files_processed",
    "total_bytes_processed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run did. Counts and bytes, never negative, 64 bits."""

    backup_start: Moment
    backup_end: Moment
    files_new: int = 0
    files_changed: int = 0
    files_unmodified: int = 0
    dirs_new: int = 0
    dirs_changed: int = 0
    dirs_unmodified: int = 0
    data_blobs: int = 0  # added, as are the three that follow
    tree_blobs: int = 0
    data_added: int = 0  # bytes before compression
    data_added_packed: int = 0  # bytes as stored
    total_files_processed: int = 0
    total_bytes_processed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One state of the copied folders."""

    time: Moment
    tree: bytes  # 32 bytes, the tree of `/`
    paths: tuple[str, ...]  # absolute; what is not UTF-8 in them was replaced
    parent: bytes | None = None  # 32 bytes, name of the snapshot it was compared with
    hostname: str = ""
    username: str = ""
    uid: int = 0  # 32 bits
    gid: int = 0  # 32 bits
    excludes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    original: bytes | None = None  # 32 bytes, the snapshot this one was made of
    program_version: str = ""
    summary: Summary | None = None


class _WireSummary(msgspec.Struct):
    backup_start: str
    backup_end: str
    files_new: int = 0
    files_changed: int = 0
    files_unmodified: int = 0
    dirs_new: int = 0
    dirs_changed: int = 0
    dirs_unmodified: int = 0
    data_blobs: int = 0
    tree_blobs: int = 0
    data_added: int = 0
    data_added_packed: int = 0
    total_files_processed: int = 0
    total_bytes_processed: int = 0


class _WireSnapshot(msgspec.Struct):
    time: str
    tree: str
    paths: list[str] | None = None
    parent: str | None = None
    hostname: str = ""
    username: str = ""
    uid: int = 0
    gid: int = 0
    excludes: list[str] | None = None
    tags: list[str] | None = None
    original: str | None = None
    program_version: str = ""
    summary: _WireSummary | None = None


def snapshot_members(snapshot: Snapshot) -> dict[str, Json]:
    """The members of the file in restic's order, empty ones left out.

    Raises:
        MalformedError: a time outside years 0 to 9999.
    """
    summary = snapshot.summary
    members: dict[str, Json] = {
        "time": snapshot.time.text(),
        "parent": None if snapshot.parent is None else snapshot.parent.hex(),
        "tree": snapshot.tree.hex(),
        "paths": list(snapshot.paths),
        "hostname": snapshot.hostname,
        "username": snapshot.username,
        "uid": snapshot.uid,
        "gid": snapshot.gid,
        "excludes": list(snapshot.excludes),
        "tags": list(snapshot.tags),
        "original": None if snapshot.original is None else snapshot.original.hex(),
        "program_version": snapshot.program_version,
        "summary": None if summary is None else _summary_members(summary),
    }
    always = ("time", "tree", "paths")
    return {name: value for name, value in members.items() if value or name in always}


def _summary_members(summary: Summary) -> dict[str, Json]:
    times = {"backup_start": summary.backup_start, "backup_end": summary.backup_end}
    counts: dict[str, Json] = {name: getattr(summary, name) for name in _COUNTS}
    return {name: moment.text() for name, moment in times.items()} | counts


def read_snapshot(members: Json) -> Snapshot:
    """Read the members of a snapshot file. Hostile input.

    Raises:
        MalformedError: a member missing, of the wrong type or beyond its bits, a time or an
            identifier of another form, or lists longer than 100,000.
    """
    try:
        wire = msgspec.convert(members, _WireSnapshot)
    except msgspec.ValidationError:
        raise MalformedError("snapshot", "a member is missing or of the wrong type") from None
    if not (0 <= wire.uid <= MAX_U32 and 0 <= wire.gid <= MAX_U32):
        raise MalformedError("snapshot", "an owner does not fit 32 bits")
    return Snapshot(
        time=Moment.parse(wire.time, "snapshot.time"),
        tree=parse_id(wire.tree, "snapshot.tree"),
        paths=_texts(wire.paths, "snapshot.paths"),
        parent=None if wire.parent is None else parse_id(wire.parent, "snapshot.parent"),
        hostname=wire.hostname,
        username=wire.username,
        uid=wire.uid,
        gid=wire.gid,
        excludes=_texts(wire.excludes, "snapshot.excludes"),
        tags=_texts(wire.tags, "snapshot.tags"),
        original=None if wire.original is None else parse_id(wire.original, "snapshot.original"),
        program_version=wire.program_version,
        summary=None if wire.summary is None else _summary(wire.summary),
    )


def _texts(found: list[str] | None, where: str) -> tuple[str, ...]:
    if found is not None and len(found) > MAX_LIST:
        raise MalformedError(where, f"more than {MAX_LIST}")
    return tuple(found or ())


def _summary(wire: _WireSummary) -> Summary:
    counts: dict[str, int] = {name: getattr(wire, name) for name in _COUNTS}
    if min(counts.values()) < 0 or max(counts.values()) > MAX_U64:
        raise MalformedError("snapshot.summary", "a count does not fit 64 bits")
    return Summary(
        backup_start=Moment.parse(wire.backup_start, "snapshot.summary.backup_start"),
        backup_end=Moment.parse(wire.backup_end, "snapshot.summary.backup_end"),
        **counts,
    )
