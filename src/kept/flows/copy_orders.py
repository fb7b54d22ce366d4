"""What is a process of its own told to do for a copy, and what does it answer?

Plain values that travel as JSON over a pipe: passwords among them, so nothing here has a repr.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kept.backup.model.places import PlaceSecrets
from kept.backup.model.report_reasons import FailedWhy


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """How a place and its repository are opened. `address` without credentials."""

    address: str
    secrets: PlaceSecrets
    password: str  # of the repository; "" for a place of keys, which has none
    via: str = ""
    bandwidth: str = ""  # as in the plan


@dataclass(frozen=True, slots=True, repr=False)
class PrepareOrder:
    """Make the repository, or see that ours is there; of keys: see that old ones can go."""

    access: Access
    is_for_keys: bool = False
    beside: str = ""  # the data folder: a place on the same disk is told
    may_share_disk: bool = False  # else such a place is refused


@dataclass(frozen=True, slots=True)
class PrepareDone:
    """The place is ready."""

    is_new: bool
    is_same_disk: bool


@dataclass(frozen=True, slots=True, repr=False)
class CopyOrder:
    """Make a snapshot."""

    access: Access
    roots: tuple[tuple[bytes, bytes], ...]  # (path in the snapshot, where it is read)
    databases: tuple[bytes, ...] = ()
    excludes: tuple[str, ...] = ()
    part_bytes: int = 16 << 20
    dsn: str = ""  # of a PostgreSQL that is dumped into the snapshot
    is_forced: bool = False
    is_dry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyDone:
    """What the run did; of a dry or stopped one `snapshot` is empty. `unread`: (path, errno)."""

    snapshot: bytes
    tree: bytes
    inventory: bytes
    inventory_root: bytes
    files: int
    files_new: int
    bytes: int
    bytes_sent: int
    verified: int
    seconds: int
    unread: tuple[tuple[str, int], ...] = ()
    unsteady: tuple[str, ...] = ()
    is_stopped: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class DrillOrder:
    """Take a sample back. `tree` is what the ledger says of the snapshot, 32 bytes."""

    access: Access
    snapshot: str  # 64 hex digits
    tree: bytes
    checkpoint: bytes
    picks: int
    target: str  # an empty folder


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillDone:
    """What came back: `house` is the folder with the house's own data, "" where there was none."""

    seed: bytes
    asked: int
    of: int
    good: int
    bad: tuple[str, ...]
    bytes: int
    seconds: int
    house: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class KeylessOrder:
    """Try to read the copy without its key. `needles` are 32 bytes each, of files it holds."""

    access: Access
    needles: tuple[bytes, ...]
    parts: int = 8


@dataclass(frozen=True, slots=True)
class KeylessDone:
    """What was tried, and what was found: all three counts should be 0."""

    parts: int
    keys_opened: int
    hits: int
    shrunk: int

    @property
    def is_open(self) -> bool:
        """Whether anything could be read."""
        return bool(self.keys_opened or self.hits or self.shrunk)


@dataclass(frozen=True, slots=True, repr=False)
class KeysOrder:
    """Put the sealed file at `path` in place of what is there."""

    access: Access
    path: str


@dataclass(frozen=True, slots=True)
class KeysDone:
    """The only file there now."""

    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The order was not carried out; `said` for the owner, without a path of a customer's file."""

    why: FailedWhy
    said: str
    code: str = ""  # of a refusal


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """How far a run is. Bytes before anything is packed; totals None until they are counted."""

    files: int
    bytes: int
    sent: int
    unread: int
    seconds: float
    waits: str = ""
    files_in_all: int | None = None
    bytes_in_all: int | None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """A place is away: why, and after how many seconds it is tried again."""

    said: str
    seconds: float


Look = Callable[[CopyProgress], None]
Hear = Callable[[Waits], None]
Stop = Callable[[], bool]


def unseen(_: CopyProgress) -> None:
    """A `Look` that does not look."""


def unheard(_: Waits) -> None:
    """A `Hear` that does not listen."""


def never() -> bool:
    """A `Stop` that never stops."""
    return False


class Engine(Protocol):
    """Carries orders out in a process of its own. A failure is an answer, never an exception."""

    def read_address(self, text: str) -> tuple[str, PlaceSecrets]:
        """An address without credentials, and the credentials that stood in it.

        Raises:
            MalformedError: no address.
            RefusedError: it would be reached without encryption.
        """
        ...

    def prepare(
        self, order: PrepareOrder, *, hear: Hear = unheard, stop: Stop = never
    ) -> PrepareDone | Failed:
        """Make a place ready. One that is away is waited for a short while."""
        ...

    def copy(
        self, order: CopyOrder, *, look: Look = unseen, stop: Stop = never
    ) -> CopyDone | Failed:
        """Make a snapshot."""
        ...

    def drill(self, order: DrillOrder, *, stop: Stop = never) -> DrillDone | Failed:
        """Take a sample back."""
        ...

    def try_keyless(self, order: KeylessOrder) -> KeylessDone | Failed:
        """Try to read without the key."""
        ...

    def put_keys(self, order: KeysOrder) -> KeysDone | Failed:
        """Replace a copy of keys."""
        ...
