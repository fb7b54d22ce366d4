"""Is this the account's password, and is its stored hash still dear enough?

Argon2id of the NFKC form. Each hash takes 64 MiB, so only two run at once and sixteen wait; the
next is told to come back. An unknown account costs the same time as a known one.
Source: RFC 9106 §4; RFC 8265 on normalising (NFKC here, since passwords are typed on phones too).
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from kept.base.errors import TamperedError, UnavailableError
from kept.crypto.argon import (
    MOST_TYPED,
    RFC9106_SECOND,
    SALT_BYTES,
    Cost,
    check_length,
    normalised,
)
from kept.crypto.chance import draw

AT_ONCE = 2
WAITING = 16
_BUSY_FOR = timedelta(seconds=2)


class Passwords:
    """Hashes and verifies; one for the whole process, shared by all threads."""

    def __init__(
        self, cost: Cost = RFC9106_SECOND, *, at_once: int = AT_ONCE, waiting: int = WAITING
    ) -> None:
        self._argon = PasswordHasher(
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            salt_len=SALT_BYTES,
            type=Type.ID,
        )
        self._room = threading.BoundedSemaphore(at_once + waiting)
        self._turn = threading.BoundedSemaphore(at_once)
        self._nobody: str | None = None  # made at first need: it costs as much as a sign-in

    def hash(self, password: str) -> str:
        """The PHC string to store for a new password.

        Raises:
            RefusedError: shorter than 12 or longer than 256 characters.
            UnavailableError: too many are waiting already.
        """
        check_length(password)
        with self._taking_turns():
            return self._argon.hash(normalised(password))

    def is_right(self, stored: str | None, password: str) -> bool:
        """Does the password fit? `stored` None stands for an unknown account: no, as slowly.

        Raises:
            TamperedError: the stored text is no Argon2 hash.
            UnavailableError: too many are waiting already.
        """
        typed = normalised(password[: MOST_TYPED + 1])
        with self._taking_turns():
            try:
                return self._argon.verify(stored or self._stand_in(), typed) and stored is not None
            except VerifyMismatchError:
                return False
            except (InvalidHashError, VerificationError):
                raise TamperedError("a stored password hash") from None

    def _stand_in(self) -> str:
        if self._nobody is None:
            self._nobody = self._argon.hash(draw(SALT_BYTES))
        return self._nobody

    def needs_rehash(self, stored: str) -> bool:
        """Was it made with other parameters? Then hash again now, at this sign-in."""
        return self._argon.check_needs_rehash(stored)

    @contextmanager
    def _taking_turns(self) -> Generator[None]:
        if not self._room.acquire(blocking=False):
            raise UnavailableError("too many sign-ins at once", retry_after=_BUSY_FOR)
        try:
            with self._turn:
                yield
        finally:
            self._room.release()
