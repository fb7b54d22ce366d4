"""Which service is this, and may it ask so often?

A key is looked up once and then known by SHA-256 of its text, in this process's memory: the text
itself is kept nowhere. What is remembered is only *what the key may do*, which never changes;
whether it is still live is asked in the very transaction that does the deed (`Call`), so a revoked
key opens nothing from the moment its revocation is durable, in every process at once.
The rate is a bucket of tokens for each key: `RATE` a second, twice that at once. A restart fills
it, and each server process counts for itself.
"""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from kept.base.ids import KeyId
from kept.db.seam import Database
from kept.staff.acts.keys import find_key
from kept.staff.model.keys import ApiKey
from kept.web.problems import Problem, ProblemError

SCHEME = "Bearer "
RATE = 2_000  # requests a second
BURST = 2 * RATE
KNOWN_MOST = 1_000
LISTS_MOST = 3  # that come in at once
CHALLENGE = (("WWW-Authenticate", 'Bearer realm="kept"'),)


# Unknown, wrong, ended and revoked keys are one answer.
SIGN_IN = Problem(401, "sign_in", "Send a live API key as Bearer token.", headers=CHALLENGE)


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


class Door:
    """Lets services in; one for each application. Used from its event loop alone."""

    def __init__(self) -> None:
        self._known: dict[bytes, ApiKey] = {}
        self._buckets: dict[KeyId, _Bucket] = {}
        self._lists = 0

    async def enter(self, db: Database, authorization: str | None, *, now: datetime) -> ApiKey:
        """The key behind an Authorization header. Hostile input.

        Raises:
            ProblemError: no live key (401), or one that asks too often (429).
        """
        if authorization is None or not authorization.startswith(SCHEME):
            raise ProblemError(SIGN_IN)
        text = authorization.removeprefix(SCHEME).strip()
        mark = hashlib.sha256(text.encode()).digest()
        key = self._known.get(mark)
        if key is None:
            key = await db.read_async(lambda tx: find_key(tx, text, now=now))
            if key is None:
                raise ProblemError(SIGN_IN)
            self._remember(mark, key)
        self._pay(key.id, now)
        return key

    def forget(self, key: KeyId) -> None:
        """The key has ended."""
        self._known = {mark: one for mark, one in self._known.items() if one.id != key}

    @contextmanager
    def importing(self) -> Generator[None]:
        """A place for one list: each holds a thread for as long as its sender likes.

        Raises:
            ProblemError: all places are taken.
        """
        if self._lists >= LISTS_MOST:
            raise ProblemError(Problem(429, "too_many", "Other lists are coming in. Wait.", 10))
        self._lists += 1
        try:
            yield
        finally:
            self._lists -= 1

    def note_use(self, key: KeyId, *, now: datetime) -> None:
        """Its use was written down."""
        for mark, one in self._known.items():
            if one.id == key:
                self._known[mark] = replace(one, last_used_at=now)

    def _remember(self, mark: bytes, key: ApiKey) -> None:
        if len(self._known) >= KNOWN_MOST:
            self._known.clear()
        self._known[mark] = key

    def _pay(self, key: KeyId, now: datetime) -> None:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(BURST, now)
        gained = (now - bucket.at).total_seconds() * RATE
        bucket.left, bucket.at = min(BURST, bucket.left + gained), now
        if bucket.left < 1:
            raise ProblemError(
                Problem(429, "too_many", "This key asks too often. Wait a moment.", 1)
            )
        bucket.left -= 1
