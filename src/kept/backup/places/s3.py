"""A repository in a bucket of S3 or of something that speaks like it.

A file's name is the SHA-256 that its PUT carries, so the server checks what arrives. A bucket
whose rules remove our files after some time is refused, where it tells its rules; so is one that
locks whatever is put there, for then our locks would stay too.
Source: Amazon S3 API reference; `docs/formats/backup.md`, places.
"""

import hashlib
import threading
from base64 import b64encode
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from kept.backup.places.addresses import S3Address
from kept.backup.places.layout import is_name, path_of
from kept.backup.places.s3_answers import Page, error_code, expires, locks_all, read_page
from kept.backup.places.s3_signing import (
    EMPTY_HASH,
    Keys,
    Unsigned,
    encode_path,
    encode_query,
    signed_headers,
)
from kept.backup.places.trouble import SOON, STUCK
from kept.backup.places.web import Answer, Request, Web, piece_of, range_header
from kept.backup.ports import FileKind, Stored
from kept.base.clock import Clock
from kept.base.errors import (
    ConflictError,
    MalformedError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)

_PASSING_CODES = frozenset({"RequestTimeout", "SlowDown", "InternalError", "OperationAborted"})
_MISSING = frozenset({"NoSuchKey", ""})  # an answer to HEAD has no body
_EXISTS = frozenset({409, 412})
Query = Sequence[tuple[str, str]]


class S3Place:
    """`Place` in a bucket."""

    def __init__(self, address: S3Address, keys: Keys, web: Web, *, clock: Clock) -> None:
        split = urlsplit(address.base)
        self._origin = f"{split.scheme}://{split.netloc}"
        self._host = split.netloc
        self._bucket = split.path
        self._prefix = f"{address.prefix}/" if address.prefix else ""
        self._keys = keys
        self._web = web
        self._clock = clock
        self._lock = threading.Lock()
        self._is_lasting = False

    @property
    def can_remove(self) -> bool:
        """As far as is known: the keys may do all."""
        return True

    def create(self) -> None:
        """A bucket has no folders; look whether it is there and keeps what it gets.

        Raises:
            RefusedError: the bucket's rules remove our files after some time.
            UnavailableError: it is away or does not let us in.
        """
        self._page(self._prefix + FileKind.KEY.value, "")
        self._require_lasting()

    def put(self, kind: FileKind, name: str, content: bytes | memoryview) -> None:
        """Send with its hash; the size of a part is asked afterwards.

        Raises:
            ConflictError: another config stands there.
            MalformedError: the name has not the right form.
            RefusedError: the bucket's rules remove our files after some time.
            UnavailableError: not stored.
        """
        path = path_of(kind, name)
        self._require_lasting()
        is_config = kind is FileKind.CONFIG
        if is_config and self._stands(content):
            return
        digest = hashlib.sha256(content).digest() if is_config else bytes.fromhex(name)
        headers = {
            "content-type": "application/octet-stream",
            "x-amz-checksum-sha256": b64encode(digest).decode("ascii"),
            **({"if-none-match": "*"} if is_config else {}),
        }
        answer = self._send("PUT", path, headers=headers, content=content, digest=digest.hex())
        if is_config and answer.status in _EXISTS and self._stands(content):
            return
        if not answer.is_good:
            self._refuse(answer)
        if kind is FileKind.DATA and self._size(path) != len(content):
            raise UnavailableError(
                "The bucket holds another length than was sent.", retry_after=SOON
            )

    def get(
        self, kind: FileKind, name: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """Read a piece.

        Raises:
            MalformedError: the name has not the right form.
            NotFoundError: no such file.
            UnavailableError: it cannot be read.
        """
        path = path_of(kind, name)
        if length == 0:
            if self._size(path) is None:
                raise NotFoundError("This file is not in the copy.")
            return b""
        answer = self._send("GET", path, headers=range_header(offset, length))
        if answer.status == 404 and error_code(answer.body) in _MISSING:
            raise NotFoundError("This file is not in the copy.")
        if not answer.is_good and answer.status != 416:
            self._refuse(answer)
        return piece_of(answer, offset, length)

    def list(self, kind: FileKind) -> list[Stored]:
        """Every file of a kind, page by page.

        Raises:
            UnavailableError: the bucket is away, or its list cannot be understood.
        """
        if kind is FileKind.CONFIG:
            size = self._size("config")
            return [] if size is None else [Stored("", size)]
        return [*self._listed(kind)]

    def remove(self, kind: FileKind, name: str) -> None:
        """Remove a file.

        Raises:
            MalformedError: the name has not the right form.
            RefusedError: these keys may not remove, or the object is locked.
            UnavailableError: the bucket is away.
        """
        answer = self._send("DELETE", path_of(kind, name))
        if answer.status == 403 and error_code(answer.body) == "AccessDenied":
            raise RefusedError(
                "backup.only_adds", "This place only adds: nothing is removed there."
            )
        if not answer.is_good and answer.status != 404:
            self._refuse(answer)

    def close(self) -> None:
        """Hang up."""
        self._web.close()

    def _listed(self, kind: FileKind) -> Iterator[Stored]:
        folder = f"{self._prefix}{kind.value}/"
        token = ""
        while True:
            page = self._page(folder, token)
            for key, size in page.entries:
                name = key.rpartition("/")[2]
                if is_name(name) and key == self._prefix + path_of(kind, name):
                    yield Stored(name, size)
            if not page.next_token:
                return
            token = page.next_token

    def _page(self, prefix: str, token: str) -> Page:
        """One page of a list.

        Raises:
            UnavailableError: the bucket is away, or its list cannot be understood.
        """
        query = [("list-type", "2"), ("prefix", prefix)]
        if token:
            query.append(("continuation-token", token))
        answer = self._send("GET", None, query=query)
        if not answer.is_good:
            self._refuse(answer)
        try:
            return read_page(answer.body)
        except MalformedError as error:
            raise UnavailableError(
                "The bucket's list cannot be understood.", retry_after=STUCK
            ) from error

    def _require_lasting(self) -> None:
        """Look once whether the bucket keeps what it gets; who may not ask passes.

        Raises:
            RefusedError: its rules remove our files after some time, or lock all of them.
            UnavailableError: the bucket is away.
        """
        with self._lock:
            if self._is_lasting:
                return
            answer = self._send("GET", None, query=[("lifecycle", "")])
            if answer.status >= 500 and answer.status != 501:
                self._refuse(answer)
            try:
                is_ending = answer.is_good and expires(answer.body, self._prefix)
            except MalformedError:
                is_ending = False  # something that speaks like S3, but not about rules
            if is_ending:
                raise RefusedError(
                    "backup.expiry",
                    "The bucket removes files after some time, by a rule of its own. Such a copy "
                    "breaks. Switch off the rule for this folder.",
                )
            self._require_free_locks()
            self._is_lasting = True

    def _require_free_locks(self) -> None:
        """Look whether our own locks can be taken away again; who may not ask passes.

        Raises:
            RefusedError: the bucket locks every object for a time, our locks too.
            UnavailableError: the bucket is away.
        """
        answer = self._send("GET", None, query=[("object-lock", "")])
        if answer.status >= 500 and answer.status != 501:
            self._refuse(answer)
        try:
            is_locking = answer.is_good and locks_all(answer.body)
        except MalformedError:
            is_locking = False  # something that speaks like S3, but not about locks
        if is_locking:
            raise RefusedError(
                "backup.locks_all",
                "The bucket locks each new file for a time, by a rule of its own. Our own locks "
                "could not be taken away again. Switch off its default retention.",
            )

    def _size(self, path: str) -> int | None:
        """The size of a file in bytes; None when there is none."""
        answer = self._send("HEAD", path)
        if answer.status == 404:
            return None
        if not answer.is_good:
            self._refuse(answer)
        return int(answer.headers.get("content-length", "-1"))

    def _stands(self, content: bytes | memoryview) -> bool:
        """Whether this config stands there already.

        Raises:
            ConflictError: another one does.
        """
        try:
            found = self.get(FileKind.CONFIG, "")
        except NotFoundError:
            return False
        if found != content:
            raise ConflictError("A copy already stands in this place.")
        return True

    def _refuse(self, answer: Answer) -> None:
        """Say what an answer means that is not the hoped-for one.

        Raises:
            UnavailableError: always.
        """
        code = error_code(answer.body)
        if code in _PASSING_CODES and answer.status < 500:
            raise UnavailableError("The server is busy right now.", retry_after=SOON)
        if code == "NoSuchBucket":
            raise UnavailableError("There is no such bucket.", retry_after=STUCK)
        if code == "RequestTimeTooSkewed":
            raise UnavailableError(
                "This machine's clock is wrong, so the bucket refuses us.", retry_after=STUCK
            )
        self._web.refuse(answer)

    def _send(
        self,
        method: str,
        path: str | None,
        *,
        query: Query = (),
        headers: dict[str, str] | None = None,
        content: bytes | memoryview = b"",
        digest: str = EMPTY_HASH,
    ) -> Answer:
        """Sign and send; a path of None is the bucket itself."""
        whole = self._bucket + ("/" if path is None else f"/{self._prefix}{path}")
        unsigned = Unsigned(method, self._host, whole, query, headers or {}, digest)
        signed = signed_headers(unsigned, self._keys, self._clock.now())
        url = self._origin + encode_path(whole) + (f"?{encode_query(query)}" if query else "")
        return self._web.send(Request(method, url, signed, content))
