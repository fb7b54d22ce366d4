"""What does the receiver answer? Who asks is known first; then a file, a list, or a page.

1. The browser's own files need no password; everything else does, whatever its path. Unknown names
   and wrong passwords get the same answer.
2. A client reaches its own paths alone; another's and those that do not exist look the same.
3. Nothing but locks is removed, nothing is replaced.
Source: restic manual, "REST Backend"; `docs/backup-receiver.md`.
"""

import asyncio
import os
from base64 import b64decode
from collections.abc import MutableMapping
from mimetypes import guess_type
from typing import Any
from urllib.parse import parse_qs

import msgspec
import structlog
from litestar.exceptions import PermissionDeniedException

from kept.backup.keeping.accounts import Accounts, Client
from kept.backup.keeping.door import Door, TooMany
from kept.backup.keeping.shelf import ONLY_ADDS, Shelf
from kept.backup.ports import FileKind
from kept.base.clock import Clock
from kept.base.errors import NotFoundError, RefusedError, UnavailableError
from kept.base.texts import choose_language
from kept.crypto.chance import draw
from kept.crypto.passwords import Passwords
from kept.web.assets import STATIC
from kept.web.buckets import place_of
from kept.web.guard import refuse_foreign
from kept.web.receiver.answers import (
    HTML,
    WORDS,
    Answer,
    Piece,
    Receive,
    Send,
    answer_with,
    range_of,
    send_piece,
    wait,
    words,
)
from kept.web.receiver.home import Keeper, home_page, results_page
from kept.web.receiver.targets import Target, What, static_of, target_of
from kept.web.receiver.uploads import CutError, Inflow, Traffic, take_in

VERSION_1, VERSION_2 = "application/vnd.x.restic.rest.v1", "application/vnd.x.restic.rest.v2"
REALM = 'Basic realm="kept", charset="UTF-8"'
MOST_LOGIN = 4096  # characters of an Authorization header
_NOBODY = "The name or the password is not right. Nothing was done."
_NOTHING = "There is nothing here. Nothing was done."
_log = structlog.get_logger("kept.receiver")

Scope = MutableMapping[str, Any]


class Asked:
    """One request: its parts, read once."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.raw_path: bytes = scope.get("raw_path") or b""
        self.query: bytes = scope.get("query_string") or b""
        self.pairs: list[tuple[bytes, bytes]] = list(scope["headers"])
        self.headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in self.pairs}
        self.address = (scope.get("client") or ("",))[0]
        self.inflow = Inflow(receive)

    @property
    def told(self) -> int | None:
        """The length that was announced; the server below checked its form."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

    @property
    def login(self) -> tuple[str, str] | None:
        """Name and password of Basic authentication. Hostile. Source: RFC 7617 §2."""
        scheme, _, code = self.headers.get("authorization", "")[:MOST_LOGIN].partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, colon, password = b64decode(code.strip(), validate=True).decode().partition(":")
        except ValueError:
            return None
        return (name, password) if colon else None


class Receiver:
    """The ASGI application of one keeper's folder."""

    def __init__(
        self,
        keeper: Keeper,
        accounts: Accounts,
        passwords: Passwords,
        clock: Clock,
        *,
        is_https: bool,
    ) -> None:
        self._keeper, self._clock, self._is_https = keeper, clock, is_https
        self._door = Door(accounts, passwords)
        self._traffic = Traffic(keeper.folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; bugs get a number to quote.

        Raises:
            EOFError: a file became shorter while it was sent.
            TimeoutError: the client takes nothing; both break the connection off.
        """
        if scope["type"] != "http":
            return
        asked = Asked(scope, receive)
        try:
            answer = await self._answer(asked)
        except CutError:
            return
        except Exception as error:  # noqa: BLE001  # the client hears a number, the log the rest
            answer = _failed(error)
        is_bare = asked.method == "HEAD"
        try:
            if isinstance(answer, Piece):
                await send_piece(send, answer, is_https=self._is_https, bare=is_bare)
            else:
                await answer_with(send, answer, is_https=self._is_https, bare=is_bare)
        except (EOFError, TimeoutError):
            _log.warning("broke_off", method=asked.method)
            raise

    async def _answer(self, asked: Asked) -> Answer | Piece:
        if (static := static_of(asked.raw_path)) is not None and asked.method in {"GET", "HEAD"}:
            return await asyncio.to_thread(_static, static)
        try:
            refuse_foreign(asked.method, asked.pairs)
        except PermissionDeniedException as error:
            return words(403, error.detail)
        client = await self._who(asked)
        if isinstance(client, Answer):
            return client
        if asked.raw_path == b"/":
            return words(303, "Your page.", location=f"/{client.name}/")
        target = target_of(asked.raw_path)
        if target is None or target.client != client.name:
            await asked.inflow.drain()
            return words(404, _NOTHING)
        return await self._for(client, target, asked)

    async def _who(self, asked: Asked) -> Client | Answer:
        """The client that asks, or why it is not let in."""
        login, now = asked.login, self._clock.now()
        refusal = words(401, _NOBODY, www_authenticate=REALM, **_ending(asked))
        if login is None:
            return refusal
        if (known := self._door.known(*login, now=now)) is not None:
            return known
        network = place_of(asked.address)
        found = await asyncio.to_thread(self._door.enter, *login, network=network, now=now)
        if isinstance(found, TooMany):
            return wait(429, "There were too many wrong passwords from your network.", found.wait)
        if found is None:
            _log.warning("not_let_in", network=network)
            return refusal
        return found

    async def _for(self, client: Client, target: Target, asked: Asked) -> Answer | Piece:
        if asked.method in {"GET", "HEAD"}:
            if target.what is What.FILE:
                return await asyncio.to_thread(_file, self._shelf(client), target, asked)
            if target.what is What.LIST:
                return await asyncio.to_thread(_list, self._shelf(client), target.kind, asked)
            return await self._page(client, target, asked)
        return await self._change(client, target, asked)

    async def _change(self, client: Client, target: Target, asked: Asked) -> Answer:
        match asked.method, target.what:
            case "POST", What.FILE:
                return await take_in(self._traffic, client, target, asked.inflow, told=asked.told)
            case "POST", What.HOME:
                return await self._create(client, asked)
            case "DELETE", What.FILE | What.HOME:
                return await self._remove(client, target)
            case _:
                await asked.inflow.drain()
                return words(405, "This address is not used in this way. Nothing was done.")

    def _shelf(self, client: Client) -> Shelf:
        return Shelf(self._keeper.folder, client.name)

    async def _create(self, client: Client, asked: Asked) -> Answer:
        if parse_qs(asked.query.decode("latin-1")).get("create") != ["true"]:
            return words(400, "Ask with ?create=true to make a repository. Nothing was done.")
        await asyncio.to_thread(self._shelf(client).create)
        return Answer(200, b"")

    async def _remove(self, client: Client, target: Target) -> Answer:
        if target.what is not What.FILE:
            return words(403, ONLY_ADDS)
        desk = await self._traffic.desk(client)
        try:
            freed = await asyncio.to_thread(desk.shelf.remove, target.kind, target.name)
        except RefusedError as error:
            return words(403, error.reason)
        desk.room.taken -= freed
        return Answer(200, b"")

    async def _page(self, client: Client, target: Target, asked: Asked) -> Answer:
        told = parse_qs(asked.query.decode("latin-1")).get("lang", [None])[0]
        lang = choose_language(told, None, asked.headers.get("accept-language", "")[:500], "en")
        match target.what:
            case What.HOME:
                desk = await self._traffic.desk(client)
                held = await asyncio.to_thread(desk.shelf.held)
                text = await asyncio.to_thread(
                    home_page,
                    self._keeper,
                    client,
                    held,
                    desk.room.taken,
                    now=self._clock.now(),
                    lang=lang,
                )
                return Answer(200, text.encode(), HTML)
            case What.RESULTS:
                text = await asyncio.to_thread(results_page, self._keeper, client, lang=lang)
                return Answer(200, text.encode(), HTML)
            case What.KEY:
                return words(200, str(self._keeper.key))
            case _:
                path = self._keeper.folder.results(client.name) / target.name
                try:
                    return Answer(200, await asyncio.to_thread(path.read_bytes), WORDS)
                except OSError:
                    return words(404, _NOTHING)


def _ending(asked: Asked) -> dict[str, str]:
    """A stranger's body is not read: the connection ends with the answer."""
    return {"connection": "close"} if asked.method not in {"GET", "HEAD", "DELETE"} else {}


def _file(shelf: Shelf, target: Target, asked: Asked) -> Answer | Piece:
    """A file or the piece of it that was asked for."""
    try:
        handle = shelf.open(target.kind, target.name)
    except NotFoundError as error:
        return words(404, str(error))
    total = os.fstat(handle).st_size
    found = range_of(asked.headers.get("range", ""), total) if asked.method == "GET" else (0, total)
    if found is None:
        os.close(handle)
        return words(416, "The file ends before that.", content_range=f"bytes */{total}")
    return Piece(handle, *found, total)


def _list(shelf: Shelf, kind: FileKind, asked: Asked) -> Answer:
    """The files of a kind, as names or with their sizes."""
    files = list(shelf.files(kind))
    if VERSION_2 in asked.headers.get("accept", ""):
        rows = [{"name": file.name, "size": file.size} for file in files]
        return Answer(200, msgspec.json.encode(rows), VERSION_2)
    return Answer(200, msgspec.json.encode([file.name for file in files]), VERSION_1)


def _static(name: str) -> Answer:
    """One of the browser's own files."""
    path = STATIC / name
    if not path.is_file():
        return words(404, _NOTHING)
    kind = guess_type(name)[0] or "application/octet-stream"
    return Answer(200, path.read_bytes(), kind, {"cache-control": "public, max-age=600"})


def _failed(error: Exception) -> Answer:
    """What a failure looks like to a client."""
    if isinstance(error, UnavailableError):
        return wait(503, str(error), error.retry_after)
    ref = draw(4).hex()
    _log.error("failed", ref=ref, exc_info=error)
    return words(
        500, f"Something here is broken. Nothing was lost. If you write to us, quote {ref}."
    )
