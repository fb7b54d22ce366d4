"""One client's repository on the keeper's disk: only added to, never above its quota.

A file comes in under a temporary name in another folder of the same disk, is hashed on the way,
and gets its own name when the hash equals it and the bytes are flushed; the folder is flushed
after that. Bytes that prove to be those of a name may take the place of what stands there, which
mends a damaged file and changes no good one. Only locks are ever removed.
Source: restic manual, "REST Backend"; `docs/backup-receiver.md`.
"""

import errno
import hmac
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NoReturn, Protocol

from kept.backup.keeping.folder import Folder
from kept.backup.ports import FileKind, Stored
from kept.base.durable import sync_folder
from kept.base.errors import (
    ConflictError,
    MalformedError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from kept.crypto.chance import draw

MIB = 1 << 20
MOST_BYTES = {  # of one file; restic's own parts end at 128 MiB
    FileKind.CONFIG: MIB,
    FileKind.KEY: MIB,
    FileKind.LOCK: MIB,
    FileKind.SNAPSHOT: 32 * MIB,
    FileKind.INDEX: 128 * MIB,
    FileKind.DATA: 256 * MIB,
}
BLOCK = 4096  # a file takes whole blocks, so a million empty ones are not for nothing
SPARE = 4 * MIB  # locks may go so far above the quota: a full repository is still restored from
_NAME = re.compile(r"[0-9a-f]{64}")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FANS = tuple(f"{number:02x}" for number in range(256))


def is_name(text: str) -> bool:
    """Whether a file other than the config may be so called. Hostile."""
    return _NAME.fullmatch(text) is not None


def charge(size: int) -> int:
    """What a file of so many bytes takes of a quota."""
    return -(-size // BLOCK) * BLOCK + BLOCK


@dataclass(slots=True)
class Room:
    """Bytes taken and bytes being taken, of a quota; used by one thread."""

    quota: int
    taken: int = 0
    coming: int = 0

    def grow(self, mine: int, size: int, kind: FileKind) -> int | None:
        """Let an upload that had `mine` grow to a file of `size` bytes.

        What it has now; None when that is above the quota, and then it keeps what it had.
        """
        spare = SPARE if kind is FileKind.LOCK else 0
        wanted = charge(size)
        if self.taken + self.coming - mine + wanted > self.quota + spare:
            return None
        self.coming += wanted - mine
        return wanted


@dataclass(frozen=True, slots=True)
class Held:
    """What lies in a repository: parts are the files in `data`; bytes of everything but locks."""

    parts: int
    part_bytes: int
    snapshots: int
    others: int
    total_bytes: int


class FullError(UnavailableError):
    """The quota or the disk is used up; nothing of this file was kept."""


class _Digest(Protocol):
    """What of hashlib is used."""

    def update(self, data: bytes, /) -> None:
        """Take more."""
        ...

    def hexdigest(self) -> str:
        """What came so far."""
        ...


@dataclass(slots=True)
class Intake:
    """A file coming in. Its handle is closed by nobody while another thread still writes."""

    kind: FileKind
    name: str
    temporary: Path
    handle: int
    size: int = 0
    digest: _Digest = field(default_factory=sha256)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, piece: bytes) -> None:
        """Take more of it.

        Raises:
            FullError: the disk is full.
            UnavailableError: or broken.
        """
        with self.lock:
            try:
                self.digest.update(piece)
                view = memoryview(piece)
                while view:
                    view = view[os.write(self.handle, view) :]
            except OSError as error:
                _fail(error)
            self.size += len(piece)

    def flush(self) -> None:
        """Make the bytes durable.

        Raises:
            OSError: they are not.
        """
        with self.lock:
            os.fsync(self.handle)

    def drop(self) -> None:
        """Forget what came; again is fine."""
        with self.lock:
            if self.handle >= 0:
                os.close(self.handle)
                self.handle = -1
        self.temporary.unlink(missing_ok=True)


def _fail(error: OSError) -> NoReturn:
    """Say what the disk's answer means.

    Raises:
        FullError: nothing more fits on it.
        UnavailableError: anything else.
    """
    if error.errno in _FULL:
        raise FullError("The keeper's disk is full. What lies there stays good.") from None
    raise UnavailableError(f"The keeper's disk: {error.strerror}.") from None


class Shelf:
    """A client's repository. No method but `begin` and `drop` touches a temporary file."""

    def __init__(self, folder: Folder, client: str) -> None:
        self.root = folder.repository(client)
        self._incoming = folder.incoming(client)
        self._naming = threading.Lock()

    def create(self) -> None:
        """Make the folders of a repository; what stands is left alone.

        Raises:
            UnavailableError: they cannot be made.
        """
        kinds = [kind.value for kind in FileKind if kind is not FileKind.CONFIG]
        made = [self.root, *(self.root / kind for kind in kinds)]
        try:
            for path in (*made, *(self.root / "data" / fan for fan in _FANS)):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in (*reversed(made), self.root.parent, self.root.parent.parent):
                sync_folder(path)
        except OSError as error:
            _fail(error)

    def path(self, kind: FileKind, name: str) -> Path:
        """Where a file lies.

        Raises:
            MalformedError: the name is none.
        """
        if kind is FileKind.CONFIG:
            return self.root / "config"
        if not is_name(name):
            raise MalformedError("name", "must be 64 lower-case hex digits")
        if kind is FileKind.DATA:
            return self.root / "data" / name[:2] / name
        return self.root / kind.value / name

    def taken(self) -> int:
        """What the repository takes of its quota now.

        Raises:
            UnavailableError: it cannot be read.
        """
        return sum(charge(file.size) for kind in FileKind for file in self.files(kind))

    def files(self, kind: FileKind) -> Iterator[Stored]:
        """Every file of a kind; none where there is no repository.

        Raises:
            UnavailableError: it cannot be read.
        """
        if kind is FileKind.CONFIG:
            size = self.size(kind, "")
            yield from [] if size is None else [Stored("", size)]
            return
        folder = self.root / kind.value
        if kind is not FileKind.DATA:
            yield from _listed(folder)
            return
        for fan in _FANS:
            yield from (file for file in _listed(folder / fan) if file.name.startswith(fan))

    def size(self, kind: FileKind, name: str) -> int | None:
        """Bytes of a file; None when there is none.

        Raises:
            MalformedError: the name is none.
            UnavailableError: it cannot be read.
        """
        try:
            return self.path(kind, name).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            _fail(error)

    def open(self, kind: FileKind, name: str) -> int:
        """A handle to read a file; the caller closes it.

        Raises:
            MalformedError: the name is none.
            NotFoundError: no such file.
            UnavailableError: it cannot be read.
        """
        try:
            return os.open(self.path(kind, name), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise NotFoundError("There is no such file here.") from None
        except OSError as error:
            _fail(error)

    def held(self) -> Held:
        """What lies here.

        Raises:
            UnavailableError: it cannot be read.
        """
        sizes = {kind: [file.size for file in self.files(kind)] for kind in FileKind}
        del sizes[FileKind.LOCK]
        parts, snapshots = sizes[FileKind.DATA], sizes[FileKind.SNAPSHOT]
        total = sum(map(len, sizes.values()))
        return Held(
            parts=len(parts),
            part_bytes=sum(parts),
            snapshots=len(snapshots),
            others=total - len(parts) - len(snapshots),
            total_bytes=sum(map(sum, sizes.values())),
        )

    def begin(self, kind: FileKind, name: str) -> Intake:
        """Open a temporary file for an upload.

        Raises:
            MalformedError: the name is none.
            NotFoundError: there is no repository yet.
            UnavailableError: it cannot be written.
        """
        if not self.path(kind, name).parent.is_dir():
            raise NotFoundError("There is no repository here yet; ask for it with ?create=true.")
        temporary = self._incoming / draw(16).hex()
        try:
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            return Intake(kind, name, temporary, os.open(temporary, flags, 0o400))
        except OSError as error:
            _fail(error)

    def finish(self, intake: Intake) -> int:
        """Give an upload its name, durably; what the quota is charged more than before.

        Raises:
            ConflictError: another config stands here.
            MalformedError: the bytes have another hash than the name says.
            UnavailableError: it could not be made durable.
        """
        path = self.path(intake.kind, intake.name)
        is_config = intake.kind is FileKind.CONFIG
        if not is_config and not hmac.compare_digest(intake.digest.hexdigest(), intake.name):
            raise MalformedError("file", "its SHA-256 is not its name; nothing was kept")
        try:
            intake.flush()
            with self._naming:  # two uploads of one name are charged once
                before = self.size(intake.kind, intake.name)
                if is_config:
                    self._found(intake, path)
                else:
                    intake.temporary.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            _fail(error)
        return charge(intake.size) - (0 if before is None else charge(before))

    def _found(self, intake: Intake, path: Path) -> None:
        """Put the config in its place; the same one again is fine.

        Raises:
            ConflictError: another one stands there.
        """
        try:
            path.hardlink_to(intake.temporary)
        except FileExistsError:
            if path.read_bytes() != intake.temporary.read_bytes():
                raise ConflictError(
                    "A repository already stands here, and its config is never replaced."
                ) from None

    def remove(self, kind: FileKind, name: str) -> int:
        """Remove a lock; what the quota gets back. One that is not there is fine.

        Raises:
            MalformedError: the name is none.
            RefusedError: it is no lock.
            UnavailableError: it cannot be removed.
        """
        if kind is not FileKind.LOCK:
            raise RefusedError("receiver.only_adds", ONLY_ADDS)
        path = self.path(kind, name)
        with self._naming:
            size = self.size(kind, name)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                _fail(error)
        return 0 if size is None else charge(size)


ONLY_ADDS = (
    "This keeper only adds. Nothing is removed or replaced here but locks, so that a thief with"
    " your password cannot destroy your copies. To make room, ask the keeper."
)


def _listed(place: Path) -> Iterator[Stored]:
    try:
        with os.scandir(place) as entries:
            found = [one for one in entries if is_name(one.name)]
        for one in found:
            try:
                yield Stored(one.name, one.stat(follow_symlinks=False).st_size)
            except FileNotFoundError:  # a lock went meanwhile
                continue
    except FileNotFoundError:
        return
    except OSError as error:
        _fail(error)
