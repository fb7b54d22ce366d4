"""What came of a run, a drill, a trial? Plain values that verbs write and reports read."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kept.backup.model.report import Unread
from kept.backup.model.report_reasons import FailedWhy

MOST_UNREAD_KEPT = 1000  # named in the table; the rest is counted


class RunState(StrEnum):
    """How far a run came. `PARTIAL`: there is a snapshot, and files are missing from it."""

    RUNNING = "running"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"


COPIED = (RunState.DONE, RunState.PARTIAL)


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What a run made. Names are 32 bytes; `verified` blobs were opened again before they left."""

    snapshot: bytes
    tree: bytes
    inventory: bytes  # the list itself, of `model.inventory`
    inventory_root: bytes
    files: int
    files_new: int
    bytes: int
    bytes_sent: int
    verified: int
    seconds: int
    unread: tuple[Unread, ...] = ()
    gone: int = 0  # files that lay there after the copy before, and that the house did not remove


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is remembered."""

    n: int
    place_n: int
    state: RunState
    why: FailedWhy | None
    started_at: datetime
    ended_at: datetime | None
    seconds: int
    snapshot: bytes | None
    inventory_root: bytes | None
    files: int
    files_new: int
    bytes: int
    bytes_sent: int
    unread_count: int
    unread: tuple[Unread, ...]
    act: int | None


class HouseFound(StrEnum):
    """How the copy of the house's own database came back."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    ABSENT = "absent"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class HouseSeen:
    """How it came back, and, where it could not be tried, why and what to do: `said`."""

    found: HouseFound
    said: str = ""


@dataclass(frozen=True, slots=True)
class DrillFigures:
    """What a drill found.

    Args:
        snapshot: which one, 32 bytes.
        checkpoint: the signed note the sample was drawn from.
        seed: 32 bytes.
        asked: how many files were drawn; `of` how many there are.
        good: how many came back as they had been.
        bad: paths of those that did not.
        bytes: taken back.
        seconds: how long it took.
        house: how the database copy came back.
        where: "here", or the host that restored.
    """

    snapshot: bytes
    checkpoint: bytes
    seed: bytes
    asked: int
    of: int
    good: int
    bad: tuple[str, ...]
    bytes: int
    seconds: int
    house: HouseFound = HouseFound.UNTRIED
    where: str = "here"

    @property
    def is_passed(self) -> bool:
        """Whether something came back, and nothing was damaged."""
        return (
            0 < self.good == self.asked
            and not self.bad
            and self.house not in {HouseFound.DAMAGED, HouseFound.ABSENT}
        )


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill as it is remembered."""

    place_n: int
    at: datetime
    of: int
    good: int
    bad: tuple[str, ...]
    bytes: int
    seconds: int
    is_passed: bool
    act: int
    has_house: bool = False  # the house's own data came back whole


@dataclass(frozen=True, slots=True)
class Trial:
    """A try to read the copy without its key."""

    at: datetime
    is_open: bool
    act: int
