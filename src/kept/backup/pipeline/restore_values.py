"""What is to be put back, how far is it, and what came back in the end?"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

MAX_UNSET_TOLD = 100
EXIT_WHOLE = 0
EXIT_LOST = 1


class LostWhy(StrEnum):
    """Why an entry did not come back."""

    MISSING = "missing"  # a piece of it is in no part that is there
    DAMAGED = "damaged"  # a piece of it was changed after it was written
    UNREAD = "unread"  # the place did not give a piece of it
    NO_LIST = "no list"  # the list of this folder is missing or damaged: all below it
    IN_THE_WAY = "in the way"  # something else stands at its target
    REFUSED = "refused"  # this user may not make it
    NOT_TAKEN = "not taken"  # the target's disk did not take it
    DIFFERS = "differs"  # it was written and reads back otherwise


@dataclass(frozen=True, slots=True)
class Lost:
    """An entry that did not come back; `path` as in the snapshot, `detail` for a technician."""

    path: bytes
    why: LostWhy
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to restore of a snapshot, where to, and how.

    Each of `paths` (absolute, in the snapshot) comes back under its own name right below `target`,
    `/` as what is in it. With `full_paths` it keeps its place below the snapshot's root.
    """

    target: bytes
    paths: tuple[bytes, ...] = (b"/",)
    full_paths: bool = False
    dry_run: bool = False  # nothing is written; what is missing is told all the same
    replace: bool = False  # a target that holds something is fine, and files in it are replaced
    sparse: bool = True  # pieces of nothing but zeros become holes
    verify: bool = False  # read every file back and compare
    owner: bool | None = None  # set user and group by number; None: if this user may
    workers: int = 3  # 1 to 64


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: files and bytes found so far and done, and whether all were found."""

    files_found: int
    bytes_found: int
    files_done: int
    bytes_done: int
    is_all_found: bool


Watch = Callable[[Progress], None]  # called from one thread at a time


def unwatched(_progress: Progress) -> None:
    """The watch of a run that nobody looks at."""


@dataclass(frozen=True, slots=True)
class UnsetFact:
    """A fact of an entry the system did not let us set."""

    path: bytes
    fact: str
    code: int  # errno


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back. Bytes are those of the files' contents."""

    files: int
    bytes: int
    folders: int
    others: int  # links, fifos, devices
    passed_over: int  # sockets, which no backup can put back
    verified: int  # files read back and found the same
    lost: tuple[Lost, ...]
    unset: tuple[UnsetFact, ...]  # the first 100
    unset_count: int

    @property
    def exit_code(self) -> int:
        """0, or 1 where something is lost."""
        return EXIT_LOST if self.lost else EXIT_WHOLE
