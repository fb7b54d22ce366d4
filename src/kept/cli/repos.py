"""How does a command of `kept backup` reach a repository, with or without a house?

With `--repo` it opens the repository with the passphrase given, as restic does, and needs no house.
Without it the repository is one of the house's places (`--place`, or the only one).
A password file is read as restic reads it: all of it, without the blanks around it.
"""

import getpass
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from kept.base.encoding import Json
from kept.base.errors import (
    ConflictError,
    MalformedError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from kept.cli.ctrl import never
from kept.cli.exits import LockedError, NoRepositoryError
from kept.cli.reach import Reach

if TYPE_CHECKING:
    from kept.backup.pipeline.loading import NamedSnapshot
    from kept.backup.pipeline.run_plan import Around
    from kept.backup.ports import Place
    from kept.backup.repo.locking import HeldLock, Surroundings
    from kept.backup.repo.repository import Repository
    from kept.crypto.secret import Secret

MAX_PASSWORD_FILE_BYTES = 64 * 1024
NEEDED = (
    "passphrase_needed",
    "A passphrase is needed. Give --passphrase-file. Nothing was done.",
)
LEAST_PREFIX = 4  # of an id that is typed
BLANKS = "\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)  # Go's unicode.IsSpace: what restic cuts off a password


@dataclass(frozen=True, slots=True, repr=False)
class Way:
    """Where a repository lies and how it opens; all but `url` is told by a house."""

    url: str
    via: str = ""
    name: str = ""
    password: str = ""
    keep: str = ""  # the policy in one line
    keys: str | None = None  # of a place of keys: when they were copied, "" for never
    known: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Copies:
    """Which repository is meant, as told before the command or after it."""

    at: Reach
    repo: str = ""
    place: str = ""
    secrets_file: Path | None = None
    via: str = ""
    ca_file: Path | None = None
    up_kib: int | None = None
    down_kib: int | None = None
    is_lockless: bool = False  # read without writing a lock
    _asked: list["Way"] = field(default_factory=list["Way"], repr=False)  # of the house, once

    @property
    def way(self) -> "Way":
        """Where the repository lies; of a house's place the house tells, once.

        Raises:
            KeptError: the house cannot be reached, or has no such place.
        """
        if self.repo:
            return Way(self.repo)
        if not self._asked:
            told: Any = self.at.do("backup way", place=self.place)
            known = {name: value for name, value in told["secrets"].items() if value}
            keys = (told["keys_copied_at"] or "") if told["holds"] == "keys" else None
            self._asked.append(
                Way(
                    told["url"],
                    told["via"],
                    told["name"],
                    told["password"],
                    told["keep"],
                    keys,
                    known,
                )
            )
        return self._asked[0]

    def listed(self, *, page: bool = False) -> tuple[str, bytes | None]:
        """What the house knows to lie at its place, a file a line, and its ledger's newest page.

        Without a house nothing is known.

        Args:
            page: the page is wanted, and is made where there is none.
        """
        if self.repo:
            return "", None
        told: Any = self.at.do("backup listed", place=self.way.name, page=page)
        return told["files"], told["checkpoint"] and told["checkpoint"].encode()

    def note(self, what: str, **figures: Json) -> None:
        """Write into the house's ledger what was done at its place; without a house nothing."""
        if not self.repo:
            self.at.do("backup note", place=self.way.name, what=what, figures=figures)

    @contextmanager
    def reached(self, stop: Callable[[], bool] = never) -> Generator["Place"]:
        """The place, closed again.

        Args:
            stop: asked while the place is away; True ends the waiting.

        Raises:
            KeptError: as `wiring.far_places.reach_place`; the house cannot be reached.
        """
        from kept.wiring.far_places import Route, reach_place

        way = self.way
        route = Route(
            self.secrets_file,
            self.via or way.via,
            self.ca_file,
            self.up_kib,
            self.down_kib,
            way.known,
        )
        place = reach_place(way.url, route, Patience(stop))
        try:
            yield place
        finally:
            place.close()

    @contextmanager
    def opened(self, stop: Callable[[], bool] = never) -> Generator["Repository"]:
        """The repository, opened with the passphrase; its place is closed again.

        Args:
            stop: asked while the place is away; True ends the waiting.

        Raises:
            NoRepositoryError: there is none.
            RefusedError: `wrong_password`.
            KeptError: it cannot be reached or read.
        """
        from kept.backup.repo.repository import open_repository

        if self.way.keys is not None:
            raise NoRepositoryError(_only_keys(self.way))
        with self.reached(stop) as place:
            password = self.password()
            try:
                repository = open_repository(place, password)
            except NotFoundError as error:
                raise NoRepositoryError(f"{error} {self._where_else(place)}") from None
            yield repository

    def _where_else(self, place: "Place") -> str:
        """What to do where there is no repository."""
        from kept.backup.ports import FileKind

        if not self.repo:
            return f"The copies of {self.way.name} should lie at {self.way.url}."
        try:
            has_snapshots = bool(place.list(FileKind.SNAPSHOT))
            holds_keys = bool(place.list(FileKind.KEY)) and not has_snapshots
        except UnavailableError:  # not even a folder
            holds_keys = False
        if holds_keys:
            return "A copy of a house's keys lies there, which holds no snapshots: leave it alone."
        return "Look at --repo; `kept backup --repo URL init` makes one."

    def password(self) -> "Secret":
        """What opens the repository.

        Raises:
            RefusedError: none was given.
            NotFoundError: the file cannot be read.
        """
        from kept.crypto.secret import Secret

        if not self.repo:
            return Secret(self.way.password.encode())
        told = self._told_password()
        if told is None and sys.stdin.isatty():
            return _typed("Passphrase of the repository: ")
        if told is None:
            raise RefusedError(*NEEDED)
        return told

    def new_password(self) -> "Secret":
        """What is to open a new repository; typed twice where it is typed.

        Raises:
            RefusedError: none was given, or the two differ.
            NotFoundError: the file cannot be read.
        """
        told = self._told_password()
        if told is None and sys.stdin.isatty():
            return typed_twice("Passphrase for the new repository")
        if told is None:
            raise RefusedError(*NEEDED)
        return told

    def _told_password(self) -> "Secret | None":
        if self.at.passphrase_file is not None:
            return read_password_file(self.at.passphrase_file)
        return self.at.told().passphrase


def _only_keys(way: Way) -> str:
    made = f"A copy of the keys lies there, made {way.keys}." if way.keys else "None is made yet."
    return (
        f"{way.name} is a place for the copy of the house's keys. {made} There are no snapshots:"
        " they lie at the places that hold data; `kept backup places` names them."
    )


Of = Annotated[Copies, Parameter(parse=False)]
"""What the group hands to a command that works on a repository."""


class Patience:
    """Waits while a place is away, says so, and ends at once when somebody wants it."""

    SLICE_S = 0.1
    LEAST_S = 1.0  # shorter waits are not worth a word; one for a speed limit is not broken off

    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop = stop

    def pace(self, seconds: float) -> None:
        """Wait so that the line stays under its limit; what ends in good order is slowed too.

        Raises:
            KeyboardInterrupt: somebody pressed Ctrl-C, and the limit is a very low one.
        """
        if seconds < self.LEAST_S:
            time.sleep(seconds)
        else:
            self.rest(seconds)

    def rest(self, seconds: float) -> None:
        """Wait for a place that is away.

        Raises:
            KeyboardInterrupt: somebody pressed Ctrl-C before or meanwhile.
        """
        until = time.monotonic() + seconds
        while not self._stop():
            if (left := until - time.monotonic()) <= 0:
                return
            time.sleep(min(self.SLICE_S, left))
        raise KeyboardInterrupt

    def tell(self, error: UnavailableError, seconds: float) -> None:
        """Say why there is a wait, where it is one that somebody may notice."""
        if seconds >= self.LEAST_S:
            print(
                f"{error} Trying again in {seconds:.0f} s. Ctrl-C ends it.",
                file=sys.stderr,
                flush=True,
            )


def read_password_file(path: Path) -> "Secret":
    """A password as restic's `--password-file` reads it.

    Raises:
        NotFoundError: it cannot be read.
        RefusedError: it is empty.
    """
    from kept.crypto.secret import Secret

    try:
        with path.open("rb") as file:
            raw = file.read(MAX_PASSWORD_FILE_BYTES + 1)
        wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise NotFoundError(f"{path} was to hold a passphrase but cannot be read.") from None
    if len(raw) > MAX_PASSWORD_FILE_BYTES or not text.strip(BLANKS):
        raise RefusedError("passphrase_needed", f"{path} holds no passphrase. Nothing was done.")
    return Secret(text.strip(BLANKS).encode())


def typed_twice(what: str) -> "Secret":
    """A new password from the terminal.

    Raises:
        RefusedError: the two differ, or it is too short.
    """
    from kept.crypto.argon import LEAST_CHARACTERS, check_length

    first = _typed(f"{what}, {LEAST_CHARACTERS} characters or more (write it down): ")
    check_length(first.reveal().decode())
    if first != _typed("The same again: "):
        raise RefusedError("passphrase_differs", "The two differ. Nothing was changed.")
    return first


def around() -> "Around":
    """The world around a run."""
    from kept.backup.pipeline.run_plan import Around
    from kept.base.clock import SystemClock

    return Around(clock=SystemClock(), monotonic=time.monotonic, sleep=time.sleep)


def surroundings(repository: "Repository") -> "Surroundings":
    """The world around a lock."""
    from kept.backup.repo.locking import Surroundings

    world = around()
    return Surroundings(
        place=repository.place,
        files=repository,
        clock=world.clock,
        sleep=world.sleep,
        own=world.own,
        start_time_of=world.start_time_of,
    )


@contextmanager
def holding(repository: "Repository", *, exclusive: bool) -> Generator["HeldLock"]:
    """The repository's lock for a while.

    Raises:
        LockedError: somebody else is at work there.
        UnavailableError: the place is away.
    """
    from contextlib import ExitStack

    from kept.backup.repo.locking import locked

    with ExitStack() as stack:
        with lock_told():
            lock = stack.enter_context(locked(surroundings(repository), exclusive=exclusive))
        yield lock


@contextmanager
def reading(of: Copies, stop: Callable[[], bool] = never) -> Generator["Repository"]:
    """The repository, with a shared lock unless none was wanted.

    Raises:
        LockedError: somebody is cleaning it.
        KeptError: as `Copies.opened`.
    """
    from contextlib import nullcontext

    with of.opened(stop) as repository:
        lock = nullcontext() if of.is_lockless else holding(repository, exclusive=False)
        with lock:
            yield repository


@contextmanager
def lock_told() -> Generator[None]:
    """Tell a conflict over the lock as such.

    Raises:
        LockedError: in place of any ConflictError.
    """
    try:
        yield
    except LockedError:
        raise
    except ConflictError as error:
        raise LockedError(str(error)) from None


def named(repository: "Repository", typed: str) -> "NamedSnapshot":
    """The snapshot that was typed, as `listing.resolve` reads it; damaged ones are told.

    Raises:
        NotFoundError: there is none, or several begin so.
        MalformedError: another form.
        UnavailableError: the place is away.
    """
    from kept.backup.pipeline.listing import resolve
    from kept.backup.pipeline.loading import load_snapshots

    found, broken = load_snapshots(repository)
    for one in broken:
        print(f"Snapshot {one.name[:8]} is damaged and passed over.", file=sys.stderr)
    try:
        return resolve(found, typed)
    except ConflictError as error:  # which is no lock
        raise NotFoundError(str(error)) from None


def one_of(names: list[str], typed: str, what: str) -> str:
    """The one name that begins with what was typed, as restic takes short ids.

    Raises:
        NotFoundError: none does, or several.
        MalformedError: too few characters.
    """
    if len(typed) < LEAST_PREFIX:
        raise MalformedError(what, f"give {LEAST_PREFIX} characters or more of its name")
    found = [name for name in names if name.startswith(typed.lower())]
    if not found:
        raise NotFoundError(f"No {what} begins with {typed}.")
    if len(found) > 1:
        raise NotFoundError(f"{len(found)} begin with {typed}; give more of the {what}'s name.")
    return found[0]


def _typed(prompt: str) -> "Secret":
    from kept.crypto.secret import Secret

    return Secret(getpass.getpass(prompt).encode())
