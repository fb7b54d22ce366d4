"""Is this really that client? Unknown names and wrong passwords are told apart nowhere.

A password that was right once is known again by a keyed hash in memory, compared in constant time
and tied to the stored hash, so a client pays for Argon2 once an hour and not on each request.
Wrong ones are counted by network; beyond the bound the network waits, right password or not,
while clients already known come and go.
"""

import hmac
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from kept.backup.keeping.accounts import Accounts, Client
from kept.crypto.chance import draw
from kept.crypto.passwords import Passwords

WRONG_MOST = 10  # in a row from one network
FORGIVEN = timedelta(seconds=30)  # one more try every so long
KNOWN_FOR = timedelta(hours=1)
NETWORKS_MOST = 10_000


@dataclass(frozen=True, slots=True)
class TooMany:
    """The network has to wait so long."""

    wait: timedelta


@dataclass(slots=True)
class _Wrong:
    count: float
    at: datetime


class Door:
    """Lets clients in; thread-safe."""

    def __init__(self, accounts: Accounts, passwords: Passwords) -> None:
        self._accounts, self._passwords = accounts, passwords
        self._key = draw(32)
        self._known: dict[str, tuple[bytes, datetime]] = {}
        self._wrong: dict[str, _Wrong] = {}
        self._lock = threading.Lock()

    def known(self, name: str, password: str, *, now: datetime) -> Client | None:
        """The client, if this very password was right within the hour. Cheap.

        Raises:
            MalformedError: the accounts cannot be understood.
            UnavailableError: or cannot be read.
        """
        client = self._accounts.all().get(name)
        with self._lock:
            told, until = self._known.get(name, (b"", now))
        if client is None or until <= now:
            return None
        return client if hmac.compare_digest(told, self._mark(client, password)) else None

    def enter(
        self, name: str, password: str, *, network: str, now: datetime
    ) -> Client | TooMany | None:
        """The client; None for a wrong name or password. Takes as long as Argon2 does.

        Raises:
            MalformedError: the accounts cannot be understood.
            TamperedError: the stored hash is none.
            UnavailableError: too many try at once.
        """
        if (wait := self._wait(network, now)) is not None:
            return wait
        client = self._accounts.all().get(name)
        if not self._passwords.is_right(client.password if client else None, password):
            self._count(network, now)
            return None
        if client is not None:
            with self._lock:
                self._known[name] = (self._mark(client, password), now + KNOWN_FOR)
        return client

    def _mark(self, client: Client, password: str) -> bytes:
        said = sha256(password.encode("utf-8", "surrogatepass")).digest()
        return hmac.digest(self._key, said + client.password.encode(), "sha256")

    def _wait(self, network: str, now: datetime) -> TooMany | None:
        with self._lock:
            wrong = self._wrong.get(network)
            if wrong is None or (over := self._left(wrong, now) - WRONG_MOST + 1) <= 0:
                return None
            return TooMany(over * FORGIVEN)

    def _count(self, network: str, now: datetime) -> None:
        with self._lock:
            wrong = self._wrong.pop(network, None) or _Wrong(0.0, now)
            self._wrong[network] = _Wrong(self._left(wrong, now) + 1, now)
            if len(self._wrong) > NETWORKS_MOST:
                del self._wrong[next(iter(self._wrong))]

    @staticmethod
    def _left(wrong: _Wrong, now: datetime) -> float:
        return max(0.0, wrong.count - (now - wrong.at) / FORGIVEN)
