"""Who may bring copies here, and how much?

One account is one repository and one quota. The password is made by the program from 160 random
bits, shown once, and stored as an Argon2id hash. `clients.json` is replaced whole and looked at
again when it changed, so accounts are made and taken away while a server runs.
"""

import base64
import fcntl
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec

from kept.backup.keeping.folder import Folder, check_client
from kept.base.durable import replace_file, sync_folder
from kept.base.errors import ConflictError, MalformedError, NotFoundError, UnavailableError
from kept.crypto.chance import draw
from kept.crypto.passwords import Passwords

GIB = 1 << 30
MOST_GIB = 1 << 20  # 1 PiB
MOST_COSTS = 200  # characters
_PASSWORD_BYTES = 20


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One account. `password` is a PHC string, `since` UTC, `costs` a line the keeper wrote."""

    name: str
    quota_bytes: int
    password: str
    since: datetime
    costs: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`clients.json`."""

    version: int
    clients: tuple[Client, ...]


_READER: msgspec.json.Decoder[_File] = msgspec.json.Decoder(_File)
_Stamp = tuple[int, int, int]


class Accounts:
    """The accounts as the file has them now."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._stamp: _Stamp | None = None
        self._clients: Mapping[str, Client] = {}

    def all(self) -> Mapping[str, Client]:
        """Every account by its name.

        Raises:
            MalformedError: the file is none of ours.
            UnavailableError: it cannot be read.
        """
        try:
            found = self._folder.clients.stat()
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            if stamp != self._stamp:
                self._clients = _read(self._folder.clients.read_bytes())
                self._stamp = stamp
        except FileNotFoundError:
            self._clients, self._stamp = {}, None
        except OSError as error:
            raise UnavailableError(f"The accounts cannot be read: {error.strerror}.") from None
        return self._clients

    def named(self, name: str) -> Client:
        """One account.

        Raises:
            NotFoundError: there is none so called.
        """
        found = self.all().get(name)
        if found is None:
            raise NotFoundError(f"Nobody here is called {name}.")
        return found


def _read(raw: bytes) -> Mapping[str, Client]:
    try:
        found = _READER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise MalformedError("clients.json", "not a list of accounts") from None
    if found.version != 1:
        raise MalformedError("clients.json", "of another version of this program")
    return {check_client(one.name): one for one in found.clients}


@contextmanager
def _changing(folder: Folder) -> Generator[dict[str, Client]]:
    """The accounts to be changed, while nobody else changes them; written at the end.

    Raises:
        UnavailableError: they cannot be written; nothing was changed.
    """
    folder.make()
    handle = os.open(folder.root / "clients.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        clients = dict(Accounts(folder).all())
        yield clients
        content = msgspec.json.encode(_File(1, tuple(clients.values())))
        replace_file(folder.clients, msgspec.json.format(content) + b"\n", mode=0o600)
    except OSError as error:
        raise UnavailableError(f"The accounts cannot be written: {error.strerror}.") from None
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An account to be made; quota in GiB, `costs` a line for the client's page."""

    name: str
    quota_gib: float
    costs: str = ""

    def __post_init__(self) -> None:
        check_client(self.name)
        if not 0 < self.quota_gib <= MOST_GIB:
            raise MalformedError("--quota", "GiB above 0 and up to 1048576")
        if len(self.costs) > MOST_COSTS or not self.costs.isprintable():
            raise MalformedError("--costs", f"one line of at most {MOST_COSTS} characters")


def add(folder: Folder, wanted: Wanted, passwords: Passwords, *, now: datetime) -> str:
    """Make an account; the password, which is stored nowhere.

    Raises:
        ConflictError: the name is taken, or a repository of that name lies there.
        UnavailableError: nothing was made.
    """
    password = base64.b32encode(draw(_PASSWORD_BYTES)).decode().lower()
    with _changing(folder) as clients:
        if wanted.name in clients or folder.repository(wanted.name).exists():
            raise ConflictError(f"{wanted.name} is kept here already. Nothing was changed.")
        clients[wanted.name] = Client(
            name=wanted.name,
            quota_bytes=int(wanted.quota_gib * GIB),
            password=passwords.hash(password),
            since=now,
            costs=wanted.costs,
        )
    return password


def change(folder: Folder, name: str, *, quota_gib: float | None, costs: str | None) -> Client:
    """Give an account another quota or another line on its page; the account as it is now.

    A quota below what lies there removes nothing: no more comes in until there is room.

    Args:
        folder: the keeper's.
        name: whose.
        quota_gib: None: as it was.
        costs: None: as it was.

    Raises:
        MalformedError: an impossible quota or line.
        NotFoundError: nobody is so called.
        UnavailableError: nothing was changed.
    """
    with _changing(folder) as clients:
        old = clients.get(check_client(name))
        if old is None:
            raise NotFoundError(f"Nobody here is called {name}.")
        quota = old.quota_bytes / GIB if quota_gib is None else quota_gib
        wanted = Wanted(name, quota, old.costs if costs is None else costs)
        new = msgspec.structs.replace(
            old, quota_bytes=int(wanted.quota_gib * GIB), costs=wanted.costs
        )
        clients[name] = new
    return new


def remove(folder: Folder, name: str, *, now: datetime) -> str:
    """Take an account away; where its repository was moved to, "" when there was none.

    Raises:
        NotFoundError: nobody is so called.
        UnavailableError: not taken away.
    """
    with _changing(folder) as clients:
        if clients.pop(check_client(name), None) is None:
            raise NotFoundError(f"Nobody here is called {name}.")
        repository = folder.repository(name)
        aside = folder.root / "removed" / f"{name}-{now:%Y%m%dT%H%M%SZ}"
        if not repository.exists():
            return ""
        aside.parent.mkdir(mode=0o700, exist_ok=True)
        repository.rename(aside)
        sync_folder(aside.parent)
        sync_folder(repository.parent)
    return str(aside)
