"""A repository behind SSH, spoken to as SFTP over the system's own `ssh`.

The owner's ~/.ssh/config, agent, hardware keys and known_hosts work as in the terminal; an unknown
server is refused, nobody is asked. A file is written under a temporary name, flushed, measured,
renamed over; then its folder is flushed where the server lets us. A server that cannot flush or
replace (`fsync@openssh.com`, `posix-rename@openssh.com`) is refused: what it holds is not safe.
Source: `docs/formats/backup.md`, places; ssh(1), ssh_config(5).
"""

import shlex
import sys
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager

from kept.backup.places import via_line
from kept.backup.places.addresses import SftpAddress
from kept.backup.places.layout import (
    FANS,
    OLD_TEMP,
    folders,
    is_name,
    is_temp,
    split_path,
    temp_name,
)
from kept.backup.places.sftp_files import (
    FOLDER_MODE,
    Entry,
    begin_file,
    code_of,
    flush_folder,
    forget_file,
    list_folders,
    name_file,
    read_file,
    refuse,
    write_file,
)
from kept.backup.places.sftp_link import Link
from kept.backup.places.sftp_wire import (
    FSYNC,
    POSIX_RENAME,
    Attributes,
    Code,
    ask_look,
    ask_make_folder,
    ask_remove,
)
from kept.backup.places.throttle import FREE, Pace
from kept.backup.places.trouble import STUCK
from kept.backup.places.via import Via, device_of
from kept.backup.ports import FileKind, Stored
from kept.base.clock import Clock
from kept.base.errors import ConflictError, NotFoundError, UnavailableError
from kept.crypto.chance import draw

CONNECTIONS = 4
_OPTIONS = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "NoHostAuthenticationForLocalhost=no",
    "ServerAliveInterval=30",
    "ServerAliveCountMax=4",
    "ConnectTimeout=30",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RequestTTY=no",
)
# With a demanded way no detour: a shared connection or a proxy would leave by another one.
_DIRECT = ("ControlMaster=no", "ControlPath=none", "ProxyUseFdpass=yes")


def ssh_command(
    address: SftpAddress,
    *,
    via: Via | None = None,
    device: str = "",
    program: Sequence[str] = ("ssh",),
) -> list[str]:
    """What is started; the host comes last, after `--`.

    Args:
        address: where the place lies.
        via: the only way out, where one is demanded.
        device: the interface that `via` means. ssh's own BindInterface takes no more than the
            interface's address, so the connection is made by `via_line` and handed to ssh.
        program: what speaks SSH, with options of its own.
    """
    options = list(_OPTIONS)
    if via is not None:
        line = [sys.executable, "-P", "-m", via_line.__name__, device, via.address]
        told = shlex.join(line).replace("%", "%%")
        options += [*_DIRECT, f"ProxyCommand={told} %h %p"]
    command = [*program, *(f"-o{option}" for option in options)]
    if address.port is not None:
        command += ["-p", str(address.port)]
    if address.user:
        command += ["-l", address.user]
    return [*command, "-s", "--", address.host, "sftp"]


class SftpPlace:
    """`Place` on an SFTP server, with a few connections that threads share."""

    def __init__(
        self,
        address: SftpAddress,
        *,
        clock: Clock,
        via: Via | None = None,
        pace: Pace = FREE,
        program: Sequence[str] = ("ssh",),
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            address: where it lies.
            clock: tells which temporary files are a day old.
            via: the only way out, where one is demanded.
            pace: the limits of the line.
            program: what speaks SSH, with options of its own.
        """
        self._root = address.path.encode("utf-8", "surrogateescape").rstrip(b"/") or b"/"
        self._address = address
        self._program = tuple(program)
        self._clock = clock
        self._via = via
        self._pace = pace
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        self._idle: list[Link] = []
        self._lock = threading.Lock()

    @property
    def can_remove(self) -> bool:
        """As far as is known: the account may own its files."""
        return True

    def create(self) -> None:
        """Make every folder, also the 256 of data/.

        Raises:
            UnavailableError: the server is away, or a folder cannot be made.
        """
        paths = [*_parents(self._root), *(self._path(below) for below in folders())]
        with self._link() as link:
            link.exchange(ask_make_folder(path, FOLDER_MODE) for path in paths)
            looks = link.exchange(ask_look(path) for path in paths)
            if not all(isinstance(look, Attributes) and look.is_folder for look in looks):
                raise UnavailableError(
                    "The folder of the copy cannot be made on the server.", retry_after=STUCK
                )
            for path in (self._root, self._path("data")):
                flush_folder(link, path)

    def put(self, kind: FileKind, name: str, content: bytes | memoryview) -> None:
        """Write, flush, measure, rename, flush the folder.

        Raises:
            ConflictError: another config stands there.
            MalformedError: the name has not the right form.
            UnavailableError: not stored.
        """
        below, leaf = split_path(kind, name)
        folder = self._path(below) if below else self._root
        temp = folder + b"/" + temp_name(leaf, draw(4)).encode()
        final = folder + b"/" + leaf.encode()
        with self._link() as link:
            is_part = kind is FileKind.DATA
            pair = begin_file(link, temp, folder, may_make_folder=is_part)
            if not write_file(link, pair.file, content, self._pace):
                forget_file(link, temp, pair.folder)
                raise UnavailableError(
                    "The server cannot store the file: its disk may be full. "
                    "What lies there stays good.",
                    retry_after=STUCK,
                )
            is_config = kind is FileKind.CONFIG
            if not name_file(link, pair.folder, temp, final, is_new=is_config):
                forget_file(link, temp, None)
                if (
                    is_config
                    and (stands := read_file(link, final, (0, None), self._pace)) is not None
                ):
                    if stands != content:
                        raise ConflictError("A copy already stands in this folder.")
                    return
                raise UnavailableError("The server cannot name the file.", retry_after=STUCK)

    def get(
        self, kind: FileKind, name: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """Read a piece.

        Raises:
            MalformedError: the name has not the right form.
            NotFoundError: no such file.
            UnavailableError: it cannot be read.
        """
        below, leaf = split_path(kind, name)
        with self._link() as link:
            path = self._path(f"{below}/{leaf}" if below else leaf)
            found = read_file(link, path, (offset, length), self._pace)
        if found is None:
            raise NotFoundError("This file is not in the copy.")
        return found

    def remove(self, kind: FileKind, name: str) -> None:
        """Remove a file; all but parts durably, since order matters between kinds.

        Raises:
            MalformedError: the name has not the right form.
            UnavailableError: it cannot be removed.
        """
        below, leaf = split_path(kind, name)
        with self._link() as link:
            (answer,) = link.exchange([
                ask_remove(self._path(f"{below}/{leaf}" if below else leaf))
            ])
            if code_of(answer) not in {Code.OK, Code.NO_SUCH_FILE}:
                raise UnavailableError("The server does not let us remove.", retry_after=STUCK)
            if kind is not FileKind.DATA:
                flush_folder(link, self._path(below) if below else self._root)

    def close(self) -> None:
        """Hang up every connection that is idle."""
        with self._lock:
            links, self._idle = self._idle, []
        for link in links:
            link.close()

    def list(self, kind: FileKind) -> list[Stored]:
        """Every file of a kind; temporary ones a day old are removed on the way.

        Raises:
            UnavailableError: a folder is missing or cannot be read.
        """
        with self._link() as link:
            if kind is FileKind.CONFIG:
                return [*self._config(link)]
            top = self._path(kind.value)
            found = [*self._files(link, list_folders(link, [top]))]
            if kind is FileKind.DATA:
                fans = [self._path(f"data/{fan}") for fan in FANS]
                looks = link.exchange(ask_look(path) for path in fans)
                there = [
                    path
                    for path, look in zip(fans, looks, strict=True)
                    if code_of(look) != Code.NO_SUCH_FILE
                ]
                found += self._files(link, list_folders(link, there))
            return found

    @contextmanager
    def _link(self) -> Generator[Link]:
        """A connection for this thread alone.

        Raises:
            UnavailableError: no connection.
        """
        device = device_of(self._via)
        with self._places:
            with self._lock:
                link = self._idle.pop() if self._idle else None
            if link is None:
                link = self._connected(device)
            try:
                yield link
            finally:
                if link.is_clean:
                    with self._lock:
                        self._idle.append(link)
                else:
                    link.close()

    def _connected(self, device: str) -> Link:
        """A new connection to a server that can make files durable.

        Raises:
            UnavailableError: there is none.
        """
        command = ssh_command(self._address, via=self._via, device=device, program=self._program)
        link = Link(command)
        if not {FSYNC, POSIX_RENAME} <= link.extensions:
            link.close()
            raise UnavailableError(
                "This server cannot promise that a file is safe on its disk. It needs OpenSSH's "
                "fsync and posix-rename.",
                retry_after=STUCK,
            )
        return link

    def _path(self, below: str) -> bytes:
        return self._root.rstrip(b"/") + b"/" + below.encode()

    def _config(self, link: Link) -> Iterator[Stored]:
        root, config = link.exchange([ask_look(self._root), ask_look(self._path("config"))])
        if not isinstance(root, Attributes):
            refuse(root)
        if isinstance(config, Attributes) and config.size is not None:
            yield Stored("", config.size)
        elif code_of(config) != Code.NO_SUCH_FILE:
            refuse(config)

    def _files(self, link: Link, entries: Iterable[Entry]) -> Iterator[Stored]:
        oldest = (self._clock.now() - OLD_TEMP).timestamp()
        old: list[bytes] = []
        for entry in entries:
            name, known = entry.name.decode("ascii", "replace"), entry.known
            if is_name(name) and known.is_file and known.size is not None:
                yield Stored(name, known.size)
            elif is_temp(name) and known.modified is not None and known.modified < oldest:
                old.append(entry.folder + b"/" + entry.name)
        link.exchange(map(ask_remove, old))


def _parents(root: bytes) -> list[bytes]:
    """A path and the folders above it, the highest first."""
    ends = [at for at, byte in enumerate(root) if byte == ord("/") and at > 0]
    return [*(root[:at] for at in ends), root]
