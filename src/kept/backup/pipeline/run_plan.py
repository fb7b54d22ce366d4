"""What is a run to copy, what does it need of the world, and what does it tell?

Values alone. Paths are raw bytes as the file system spells them; bytes count what a file holds,
`packed` what lies in the place.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from kept.backup.cutting import NAME as CUT_NAME
from kept.backup.model.nodes import name_problem
from kept.backup.repo.locks import ProcessFacts
from kept.backup.repo.processes import own_facts, start_time_of
from kept.backup.repo.snapshots import Summary
from kept.backup.sources.excludes import Excludes
from kept.backup.sources.walk import Root, SkipReason, Unread
from kept.base.clock import Clock
from kept.base.errors import MalformedError

TAG = f"kept:{CUT_NAME}"  # on every snapshot of ours: how its files are cut
MIB = 2**20
LEAST_PART_BYTES = 4 * MIB  # restic's limits
MOST_PART_BYTES = 128 * MIB
USUAL_PART_BYTES = 16 * MIB
USUAL_WORKERS = 2
MOST_WORKERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A file that exists in the snapshot only: its bytes come one piece after the other."""

    at: bytes  # absolute clean path in the snapshot, inside no root
    pieces: Iterable[bytes]  # gone through once; whatever it raises means that there is no snapshot
    mtime_ns: int  # since 1970 UTC
    permissions: int = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What to copy and how.

    A root is told with all below it. `excludes` are the rules, `patterns` their spelling for the
    snapshot. Of `databases` (paths in the snapshot) the blobs are small.
    """

    roots: tuple[Root, ...] = ()
    streams: tuple[Stream, ...] = ()
    excludes: Excludes = field(default_factory=Excludes)
    patterns: tuple[str, ...] = ()
    databases: frozenset[bytes] = frozenset()
    hostname: str = ""  # empty: this machine's
    tags: tuple[str, ...] = ()  # beside ours
    program_version: str = "kept"
    part_bytes: int = USUAL_PART_BYTES
    workers: int = USUAL_WORKERS
    is_forced: bool = False  # read every file, whatever the parent says
    is_dry: bool = False  # store nothing, lock nothing
    is_counted: bool = True  # count files and bytes first, beside the run, so that an end is known

    def __post_init__(self) -> None:
        """Refuse what makes no run.

        Raises:
            MalformedError: nothing to copy, a size or number out of range, a stream's path that is
                not clean, twice there, or inside a root.
        """
        if not self.roots and not self.streams:
            raise MalformedError("plan", "names nothing to copy")
        if not LEAST_PART_BYTES <= self.part_bytes <= MOST_PART_BYTES:
            raise MalformedError("part size", "must be 4 to 128 MiB")
        if not 1 <= self.workers <= MOST_WORKERS:
            raise MalformedError("workers", f"must be 1 to {MOST_WORKERS}")
        taken = {root.at for root in self.roots}
        for stream in self.streams:
            names = stream.at.split(b"/")
            if names[0] or any(name_problem(name) is not None for name in names[1:]):
                raise MalformedError("stream", "not a clean absolute path")
            above = (stream.at[:at] or b"/" for at in _ends(stream.at))
            if b"/" in taken or stream.at in taken or not taken.isdisjoint(above):
                raise MalformedError("stream", "lies inside something else that is copied")
            taken.add(stream.at)

    @property
    def paths(self) -> tuple[str, ...]:
        """What the snapshot says it holds, sorted; what is not UTF-8 in them is replaced."""
        found = {root.at for root in self.roots} | {stream.at for stream in self.streams}
        return tuple(sorted(path.decode("utf-8", "replace") for path in found))


def _ends(path: bytes) -> Iterable[int]:
    return (at for at, char in enumerate(path) if char == ord("/") and at)


@dataclass(frozen=True, slots=True)
class Around:
    """The world around a run."""

    clock: Clock
    monotonic: Callable[[], float]  # seconds that never run backwards
    sleep: Callable[[float], None]  # seconds
    own: ProcessFacts = field(default_factory=own_facts)
    start_time_of: Callable[[int], int | None] = start_time_of


class Waits(StrEnum):
    """What the run waits for."""

    READING = "reading"
    PACKING = "packing"
    SENDING = "sending"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. Totals are None until they are counted, and what grew is not in them."""

    files: int  # done with, copied or unchanged
    size_bytes: int  # of these, before anything is packed
    sent_bytes: int  # stored in the place
    unread: int
    seconds: float  # since the run began
    waits: Waits
    files_in_all: int | None = None
    bytes_in_all: int | None = None


# Who looks on: called from the thread that called `back_up`, some five times a second; must return
# soon, and what it raises ends the run.
Watch: TypeAlias = Callable[[Progress], None]


def nobody(_: Progress) -> None:
    """A `Watch` that does not look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDone:
    """What a run did. Without `snapshot` it was dry or stopped; what was stored stays and is used.

    `unread` should have been copied and is missing: the copy is partial. `unsteady` changed while
    they were read, again and again: what was read is kept. `adopted` are parts that an interrupted
    run left in no index, `broken_parts` such as cannot be used.
    """

    snapshot: str | None  # 64 hex digits
    tree: bytes | None  # 32 bytes
    parent: str | None  # 64 hex digits
    summary: Summary | None
    unread: tuple[Unread, ...] = ()
    unsteady: tuple[bytes, ...] = ()
    skipped: Mapping[SkipReason, int] = field(default_factory=dict[SkipReason, int])
    adopted: tuple[str, ...] = ()
    broken_parts: tuple[str, ...] = ()
    is_stopped: bool = False

    @property
    def is_partial(self) -> bool:
        """Whether something that should be in the snapshot is not: exit code 3, as restic's."""
        return bool(self.unread)
