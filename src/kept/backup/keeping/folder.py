"""What lies where in a keeper's folder?

`clients.json` accounts · `receiver.key` the seed that signs results · `repos/NAME/` repositories ·
`incoming/NAME/` uploads not yet whole · `results/NAME/` signed results · `removed/` repositories of
accounts that were taken away · `lock` held while a server runs.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kept.base.durable import replace_file
from kept.base.errors import ConflictError, MalformedError, NotFoundError, UnavailableError
from kept.crypto.chance import draw
from kept.ledger.notes import KeyKind, Signer

SEED_BYTES = 32
NAME_RULE = "1 to 32 of a-z, 0-9 and -, beginning with a letter or digit"
_CLIENT = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_NOT_CLIENTS = frozenset({"static"})  # a path of the pages' own files


def is_client(name: str) -> bool:
    """Whether an account may be so called. Hostile."""
    return _CLIENT.fullmatch(name) is not None and name not in _NOT_CLIENTS


def check_client(name: str) -> str:
    """The name, if an account may be so called.

    Raises:
        MalformedError: another form.
    """
    if not is_client(name):
        raise MalformedError("NAME", NAME_RULE)
    return name


@dataclass(frozen=True, slots=True)
class Folder:
    """The paths inside one keeper's folder."""

    root: Path

    @property
    def clients(self) -> Path:
        """The accounts."""
        return self.root / "clients.json"

    def repository(self, client: str) -> Path:
        """Where a client's repository lies. The name is checked."""
        return self.root / "repos" / check_client(client)

    def incoming(self, client: str) -> Path:
        """Where a client's uploads wait until they are whole."""
        return self.root / "incoming" / check_client(client)

    def results(self, client: str) -> Path:
        """Where the signed results of a client's checks lie."""
        return self.root / "results" / check_client(client)

    def make(self) -> None:
        """Make the folder itself, for this user alone.

        Raises:
            UnavailableError: it cannot be made.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UnavailableError(f"{self.root} cannot be made: {error.strerror}.") from None

    def require(self) -> None:
        """Refuse a folder in which no account was ever made.

        Raises:
            NotFoundError: it is none.
        """
        if not self.clients.is_file():
            raise NotFoundError(
                f"{self.root} keeps nobody's copies yet. Begin with"
                " `kept backup receiver client add NAME --quota GIB`."
            )

    def sweep(self) -> None:
        """Drop uploads that an earlier server never finished; only with the lock held."""
        shutil.rmtree(self.root / "incoming", ignore_errors=True)

    @contextmanager
    def held(self) -> Generator[None]:
        """Be the only server on this folder.

        Raises:
            ConflictError: another one runs.
        """
        handle = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise ConflictError("Another receiver is at work in this folder.") from None
            yield
        finally:
            os.close(handle)

    def signer(self) -> Signer:
        """Who signs the results of this keeper; made at first need.

        Raises:
            MalformedError: the file holds something else.
            UnavailableError: it cannot be read or written.
        """
        return signer_of(self.root / "receiver.key", "kept-receiver")


def signer_of(path: Path, who: str) -> Signer:
    """Who signs with the seed in a file, which is made when there is none.

    Args:
        path: holds 64 hex digits.
        who: the beginning of the signer's name.

    Raises:
        MalformedError: the file holds something else.
        UnavailableError: it cannot be read or written.
    """
    try:
        if not path.exists():
            replace_file(path, draw(SEED_BYTES).hex().encode() + b"\n", mode=0o600)
        seed = bytes.fromhex(path.read_text(encoding="ascii"))
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise MalformedError(path.name, "not 64 hex digits") from None
    bare = Signer.from_seed(who, KeyKind.LOG, seed)
    return Signer.from_seed(f"{who}-{bare.key.public[:4].hex()}", KeyKind.LOG, seed)
