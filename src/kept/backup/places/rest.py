"""A repository on a server of restic's REST protocol, version 2: a friend's, or `kept receiver`.

Such a server may only add. It tells by refusing to remove, and it refuses to replace; a file that
stands there with the size of ours is ours, since its name is the hash of its bytes.
Source: restic manual, "REST Backend"; `docs/formats/backup.md`, places.
"""

from base64 import b64encode

import msgspec

from kept.backup.places.addresses import RestAddress
from kept.backup.places.layout import is_name, sized_range, split_path
from kept.backup.places.trouble import STUCK
from kept.backup.places.web import MOST_BYTES, Answer, Request, Web, piece_of, range_header
from kept.backup.ports import FileKind, Stored
from kept.base.errors import ConflictError, NotFoundError, RefusedError, UnavailableError

_VERSION_2 = "application/vnd.x.restic.rest.v2"
_ONLY_ADDS = frozenset({403, 405})


class _Row(msgspec.Struct):
    """A file of a list of version 2; size in bytes."""

    name: str
    size: int


_LIST: msgspec.json.Decoder[list[_Row] | None] = msgspec.json.Decoder(list[_Row] | None)


class RestPlace:
    """`Place` on a REST server."""

    def __init__(self, address: RestAddress, web: Web) -> None:
        self._base = address.base
        self._web = web
        self._may_remove = True
        self._headers = {"accept": _VERSION_2}
        if address.password is not None:
            pair = address.user.encode() + b":" + address.password.reveal()
            self._headers["authorization"] = "Basic " + b64encode(pair).decode("ascii")

    @property
    def can_remove(self) -> bool:
        """False once the server refused to remove."""
        return self._may_remove

    def create(self) -> None:
        """Ask the server to make its folders.

        Raises:
            UnavailableError: it is away or does not let us.
        """
        answer = self._send("POST", "?create=true")
        if not answer.is_good:
            self._web.refuse(answer)

    def put(self, kind: FileKind, name: str, content: bytes | memoryview) -> None:
        """Send; the size is asked afterwards.

        Raises:
            ConflictError: another config stands there.
            MalformedError: the name has not the right form.
            UnavailableError: not stored.
        """
        path = _path(kind, name)
        if kind is FileKind.CONFIG and self._stands(content):
            return
        answer = self._send("POST", path, content=content)
        if not answer.is_good and not 400 <= answer.status < 500:
            self._web.refuse(answer)
        size = self._size(path)
        if size == len(content):
            return
        if not answer.is_good:
            self._web.refuse(answer)
        raise UnavailableError("The server holds another length than was sent.", retry_after=STUCK)

    def get(
        self, kind: FileKind, name: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """Read a piece.

        Raises:
            MalformedError: the name has not the right form.
            NotFoundError: no such file.
            UnavailableError: it cannot be read.
        """
        path = _path(kind, name)
        if offset < 0 or length == 0:  # rclone breaks off when a tail is longer than the file
            if (size := self._size(path)) is None:
                raise NotFoundError("This file is not in the copy.")
            offset, end = sized_range(size, offset, length)
            if offset == end:
                return b""
            length = end - offset
        answer = self._send("GET", path, headers=range_header(offset, length))
        if answer.status == 404:
            raise NotFoundError("This file is not in the copy.")
        if not answer.is_good and answer.status != 416:
            self._web.refuse(answer)
        return piece_of(answer, offset, length)

    def list(self, kind: FileKind) -> list[Stored]:
        """Every file of a kind.

        Raises:
            UnavailableError: the server is away, or its list cannot be understood.
        """
        if kind is FileKind.CONFIG:
            size = self._size("config")
            return [] if size is None else [Stored("", size)]
        answer = self._send("GET", f"{kind.value}/")
        if not answer.is_good:
            self._web.refuse(answer)
        return _listed(answer)

    def remove(self, kind: FileKind, name: str) -> None:
        """Remove a file.

        Raises:
            MalformedError: the name has not the right form.
            RefusedError: the server only adds.
            UnavailableError: it is away.
        """
        answer = self._send("DELETE", _path(kind, name))
        if answer.status in _ONLY_ADDS:
            self._may_remove = self._may_remove and kind is FileKind.LOCK
            raise RefusedError(
                "backup.only_adds", "This place only adds: nothing is removed there."
            )
        if not answer.is_good and answer.status != 404:
            self._web.refuse(answer)

    def close(self) -> None:
        """Hang up."""
        self._web.close()

    def _send(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        content: bytes | memoryview = b"",
    ) -> Answer:
        asked = {**self._headers, **(headers or {})}
        if method == "POST":
            asked["content-type"] = "application/octet-stream"
        return self._web.send(Request(method, self._base + path, asked, content), most=MOST_BYTES)

    def _size(self, path: str) -> int | None:
        """The size of a file in bytes; None when there is none."""
        answer = self._send("HEAD", path)
        if answer.status == 404:
            return None
        if not answer.is_good:
            self._web.refuse(answer)
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


def _path(kind: FileKind, name: str) -> str:
    _, leaf = split_path(kind, name)
    return leaf if kind is FileKind.CONFIG else f"{kind.value}/{leaf}"


def _listed(answer: Answer) -> list[Stored]:
    """The files of a list of version 2: `[{"name": …, "size": …}, …]`. Hostile.

    Raises:
        UnavailableError: of another form.
    """
    try:
        rows = _LIST.decode(answer.body) or []
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UnavailableError(
            "The server's list is not of version 2 of restic's protocol.", retry_after=STUCK
        ) from None
    return [Stored(row.name, row.size) for row in rows if is_name(row.name) and row.size >= 0]
