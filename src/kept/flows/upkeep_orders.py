"""What is a process of its own told to do with copies that lie somewhere, and what does it answer?

As `copy_orders`: plain values that travel as JSON over a pipe, passwords among them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kept.backup.model.forgetting import Noted
from kept.flows.copy_orders import Access, Failed, Look, Stop


@dataclass(frozen=True, slots=True, repr=False)
class RestoreOrder:
    """Bring a path of a snapshot (64 hex digits) back into a new or empty folder."""

    access: Access
    snapshot: str
    path: bytes
    target: str


@dataclass(frozen=True, slots=True)
class RestoreDone:
    """What came back; `lost` are the paths of the first that did not, `lost_count` are all."""

    files: int
    bytes: int
    lost: tuple[str, ...]
    lost_count: int


@dataclass(frozen=True, slots=True, repr=False)
class CheckOrder:
    """Look at every list of a place, and read the parts of `subset`, as `5%`; "": none."""

    access: Access
    subset: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong: `problem` as in `pipeline.findings`."""

    problem: str
    name: str
    is_harmless: bool


@dataclass(frozen=True, slots=True)
class CheckDone:
    """What a check saw; `found` are the first that are wrong, `bad` are all that do harm."""

    snapshots: int
    parts: int
    read: int
    bytes_read: int
    found: tuple[Found, ...]
    bad: int
    is_whole: bool  # False where it was ended early


@dataclass(frozen=True, slots=True, repr=False)
class RehearseOrder:
    """Say what would go by the rules, and how much room that makes. Changes nothing."""

    access: Access
    keep: str  # the rules in one line
    grace: str  # the folder in which forgotten snapshots of this machine wait
    noted: Noted  # what the house knows of the snapshots there


@dataclass(frozen=True, slots=True)
class Going:
    """A snapshot that would go. `size` in bytes before packing; None where it does not say."""

    name: str
    at: datetime
    size: int | None


@dataclass(frozen=True, slots=True)
class RehearseDone:
    """What would be done. `brakes`: why a person should look twice, as in `model.forgetting`."""

    going: tuple[Going, ...]
    stays: int
    brakes: tuple[str, ...]
    parts: int
    freed_bytes: int


@dataclass(frozen=True, slots=True, repr=False)
class RoomOrder:
    """Let these snapshots go, 14 days in grace, and remove what none needs any more."""

    access: Access
    going: tuple[str, ...]
    grace: str


@dataclass(frozen=True, slots=True)
class RoomDone:
    """What went: `removed` and `repacked` parts; `broken` parts were left alone."""

    forgotten: tuple[str, ...]
    removed: int
    repacked: int
    freed_bytes: int
    broken: int
    is_stopped: bool


@dataclass(frozen=True, slots=True, repr=False)
class UnlockOrder:
    """Remove the locks of those who are surely gone."""

    access: Access


@dataclass(frozen=True, slots=True)
class UnlockDone:
    """How many locks were removed, and how many stay because somebody may be at work."""

    removed: int
    left: int


class UpkeepEngine(Protocol):
    """Carries orders out in a process of its own. A failure is an answer, never an exception."""

    def restore(self, order: RestoreOrder, *, look: Look, stop: Stop) -> RestoreDone | Failed:
        """Bring files back."""
        ...

    def check(self, order: CheckOrder, *, look: Look, stop: Stop) -> CheckDone | Failed:
        """See whether all is whole."""
        ...

    def rehearse(self, order: RehearseOrder, *, look: Look, stop: Stop) -> RehearseDone | Failed:
        """Say what would go."""
        ...

    def make_room(self, order: RoomOrder, *, look: Look, stop: Stop) -> RoomDone | Failed:
        """Let it go."""
        ...

    def unlock(self, order: UnlockOrder, *, look: Look, stop: Stop) -> UnlockDone | Failed:
        """Remove stale locks."""
        ...
