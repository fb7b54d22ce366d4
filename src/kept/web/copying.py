"""What does the desk ask of the copies? Values, and what the house does with them.

Wiring fills `Copying`: the entrance picks no adapter and opens no repository. What goes on just
now is `works`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from kept.backup.model.places import PlaceOrder, PlaceSecrets
from kept.backup.model.report_reasons import FailedWhy
from kept.base.errors import KeptError
from kept.ledger.model import Actor


class CopyFailedError(KeptError):
    """It failed, and why. `said` tells it where a rule said no, else ""."""

    def __init__(self, why: FailedWhy, said: str = "") -> None:
        super().__init__(said or why.value)
        self.why = why
        self.said = said


class Task(StrEnum):
    """What can be asked for."""

    COPY = "copy"
    DRILL = "drill"
    RESTORE = "restore"
    CHECK = "check"
    REHEARSE = "rehearse"
    ROOM = "room"
    UNLOCK = "unlock"


@dataclass(frozen=True, slots=True)
class Far:
    """How far some work is. Bytes before anything is packed; totals None until counted."""

    files: int = 0
    bytes: int = 0
    seconds: float = 0.0
    files_in_all: int | None = None
    bytes_in_all: int | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot. `name` has 64 hex digits; figures are None where it does not say them."""

    name: str
    at: datetime
    files: int | None
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder of a snapshot. `size` in bytes, of files alone."""

    name: bytes
    is_folder: bool
    is_file: bool
    size: int
    changed_at: datetime


class Returned(msgspec.Struct, frozen=True, tag=True):
    """What came back, where to, and the first paths of what did not; `lost_count` are all."""

    target: str
    files: int
    bytes: int
    lost: tuple[str, ...]
    lost_count: int


class Wrong(msgspec.Struct, frozen=True):
    """One thing that is wrong with a place: `problem` as in `backup.pipeline.findings`."""

    problem: str
    name: str
    is_harmless: bool


class Checked(msgspec.Struct, frozen=True, tag=True):
    """What a check saw; `found` are the first that are wrong, `bad` all that do harm."""

    snapshots: int
    parts: int
    read: int
    bytes_read: int
    found: tuple[Wrong, ...]
    bad: int


class Going(msgspec.Struct, frozen=True):
    """A snapshot that the rules let go. `size` in bytes, None where it does not say."""

    name: str
    at: datetime
    size: int | None


class Rehearsed(msgspec.Struct, frozen=True, tag=True):
    """What would go. `brakes`: why to look twice, as in `backup.model.forgetting`."""

    going: tuple[Going, ...]
    stays: int
    brakes: tuple[str, ...]
    parts: int
    freed_bytes: int


class Roomy(msgspec.Struct, frozen=True, tag=True):
    """What went."""

    snapshots: int
    parts: int
    freed_bytes: int


class Unlocked(msgspec.Struct, frozen=True, tag=True):
    """How many locks were surely nobody's and are gone, and how many stay."""

    removed: int
    left: int


class Cut(msgspec.Struct, frozen=True, tag=True):
    """It was told to end before its end."""


Outcome = Returned | Checked | Rehearsed | Roomy | Unlocked | Cut

Look = Callable[[Far], None]
Stop = Callable[[], bool]


class Copying(Protocol):
    """What the house does with its copies. Every call may take long, and raises `KeptError`."""

    def add(
        self, order: PlaceOrder, secrets: PlaceSecrets, *, actor: Actor, same_disk: bool
    ) -> None:
        """Make a place ready and remember it; `same_disk`: a folder beside the data is fine.

        Raises:
            MalformedError: no address.
            ConflictError: a place has this name.
            RefusedError: `backup.plain`: without encryption; `backup.same_disk`; another's
                repository is there; the demo takes no such place.
            UnavailableError: it cannot be reached or written. Nothing was remembered.
        """
        ...

    def copy(self, name: str, *, actor: Actor, work: "Ears") -> None:
        """Make a copy. A failure is noted by the house as well as raised."""
        ...

    def drill(self, name: str, *, actor: Actor, stop: Stop) -> None:
        """Take a sample back and compare it."""
        ...

    def snapshots(self, name: str) -> list[Saved]:
        """What lies at a place, newest first."""
        ...

    def folder_of(self, name: str, snapshot: str, path: bytes) -> list[Entry]:
        """What a folder of a snapshot holds, folders first."""
        ...

    def restore(
        self, name: str, snapshot: str, path: bytes, target: str, *, actor: Actor, work: "Ears"
    ) -> Returned | Cut:
        """Bring a file or folder back into a new or empty folder of this machine."""
        ...

    def check(self, name: str, *, actor: Actor, work: "Ears") -> Checked | Cut:
        """See whether every copy at a place is whole."""
        ...

    def rehearse(self, name: str, *, work: "Ears") -> Rehearsed | Cut:
        """Say what would go by the rules; nothing changes."""
        ...

    def make_room(
        self, name: str, going: tuple[str, ...], *, actor: Actor, work: "Ears"
    ) -> Roomy | Cut:
        """Let these snapshots go, and remove what none needs any more."""
        ...

    def unlock(self, name: str, *, work: "Ears") -> Unlocked | Cut:
        """Remove the locks of those who are surely gone."""
        ...

    def remove(self, name: str, *, is_copy_destroyed: bool, actor: Actor) -> None:
        """Take a place off the list; what lies there stays.

        Args:
            name: of the place.
            is_copy_destroyed: of a place of keys: the owner says that the copy there is no more.
            actor: who wants it.

        Raises:
            NotFoundError: no such place.
            ConflictError: a copy to it is under way.
            RefusedError: a copy of the keys lies there.
        """
        ...

    def first_target(self, name: str) -> str:
        """A folder that could take what is brought back, as a suggestion."""
        ...

    def first_folder(self) -> str:
        """A folder that could hold copies, as a suggestion; "" where there is none."""
        ...

    def prices(self) -> str | None:
        """The owner's prices (TOML); None until they were written."""
        ...

    def save_prices(self, text: str) -> None:
        """Keep them."""
        ...

    def last_work(self) -> tuple[bytes, bool] | None:
        """What was kept of the newest work, and whether the process that did it still runs."""
        ...

    def keep_work(self, work: bytes) -> None:
        """Keep what is known of some work, past the end of this process.

        Raises:
            OSError: the disk does not take it.
        """
        ...

    def note_fetched(self, *, actor: Actor, place: str) -> None:
        """Write down that what came back was taken away through the desk."""
        ...

    def close(self) -> None:
        """Let go of what was opened."""
        ...


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told of some work, and who may end it."""

    look: Look
    stop: Stop
