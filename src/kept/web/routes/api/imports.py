"""How does a long list of people come in? As lines of JSON, read while they arrive.

Constant memory, any length: the loop hands over what comes from the network, a thread of its own
parses, seals and stores it group by group. Each group is durable by itself. With an
Idempotency-Key a list that was cut off goes on where it stopped when it is sent again, and a
finished one is answered as before. Nothing of a line is kept beside the sealed record: a refusal
names its row, a field of the book and a code.
Source: NDJSON; `kept.flows.import_people`.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

from litestar.exceptions import InternalServerException
from litestar.response.base import ASGIResponse

from kept.base.encoding import part_list
from kept.base.errors import UnavailableError
from kept.crypto.chance import draw
from kept.db.seam import Pending
from kept.flows.import_people import ImportParts, Order, import_rows, provenance_of
from kept.staff.acts.replays import Told, is_answered, keep_told, told_before
from kept.staff.model.keys import Capability
from kept.vault.acts.intake import Run, refused_rows
from kept.vault.model.lines import lines
from kept.vault.model.mapping import sources_by_key
from kept.vault.model.people import Provenance
from kept.vault.model.rows import RefusedRow, Row
from kept.vault.model.table import from_json
from kept.web.routes.api.call import Call, encoded, retold, unfit
from kept.web.routes.api.contract import IDEMPOTENCY, NDJSON, Answer, Endpoint, Parameter
from kept.web.routes.api.shapes import ImportDone, RowRefusal

REFUSALS_MOST = 1_000
DROPPED_MOST = 100
ASK_EVERY_BYTES = 1 << 20  # of a list, whether its key is still live
IDLE_S = 30.0  # without a byte: the importing thread is let go
_LABEL = b"kept/api/import/v1"
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")  # so that no value is listed as a name
_END: Final = b""


async def take_in(call: Call) -> ASGIResponse:
    """Take a list in; rows that cannot be taken are named, the rest is in."""
    why, allowed = _provenance(call), _writable(call)
    call.require_key(purpose=why.purpose, categories=frozenset(), can=Capability.IMPORT)
    incoming = Incoming(
        call.request.stream(), asyncio.get_running_loop(), allowed, still_welcome=call.see_live
    )
    name = call.asked_as()
    if await call.read(lambda tx: is_answered(tx, call.key.id, name, now=call.now)):
        await incoming.drain()
        return retold(await _answer(call, incoming, None))
    sources = sources_by_key(sorted(allowed), call.parts.vault.rules)
    with call.importing():
        run = await asyncio.to_thread(
            import_rows,
            ImportParts(call.parts.clock, call.parts.db, call.parts.vault),
            incoming.rows(),
            Order(call.actor, call.key.name, sources, why),
            digest=_digest(call, name),
        )
    refused = await call.read(lambda tx: refused_rows(tx, run, most=REFUSALS_MOST))
    body = encoded(_done(run, refused, incoming)).decode()
    return retold(await _answer(call, incoming, Told(200, body, None)))


def _provenance(call: Call) -> Provenance:
    why = provenance_of(
        call.parts.vault.rules,
        purpose=call.query("purpose"),
        basis=call.query("basis"),
        source=call.query("source"),
    )
    if not why.source:
        unfit("query source", "say where the list comes from")
    return why


def _writable(call: Call) -> frozenset[str]:
    """The fields of the categories that the key is made for."""
    return frozenset(
        key
        for key, (category, _) in call.parts.vault.rules.fields().items()
        if category.key in call.key.scope.categories
    )


def _digest(call: Call, name: str) -> bytes:
    """By what the list is known when it is sent again; nothing known without a name."""
    if not name:
        return draw(32)
    return hashlib.sha256(part_list(_LABEL, call.key.id.raw, name.encode())).digest()


async def _answer(call: Call, incoming: "Incoming", made: Told | None) -> Told:
    """The answer made now and kept for a day, or the one made before for this very list.

    Raises:
        ConflictError: the Idempotency-Key was used for another list.
    """
    ask = call.ask(incoming.sha256())

    def work(tx: Any) -> Pending[Told]:  # noqa: ANN401
        before = None if ask is None else told_before(tx, ask, now=call.now)
        if before is not None:
            return Pending(before)
        if made is None:
            raise UnavailableError("The first answer has just run out. Send the list again.")
        return Pending(made) if ask is None else keep_told(tx, ask, made, now=call.now)

    return await call.write(work)


def _done(run: Run, refused: list[RefusedRow], incoming: "Incoming") -> ImportDone:
    refusals = [RowRefusal(r.number, r.column, r.code, r.sentence("en")) for r in refused]
    return ImportDone(
        run.read, run.added, run.merged, run.refused, refusals, sorted(incoming.dropped)
    )


class Incoming:
    """A body on its way in: read by the loop, consumed by the importing thread."""

    def __init__(
        self,
        stream: AsyncIterator[bytes],
        loop: asyncio.AbstractEventLoop,
        allowed: frozenset[str],
        *,
        still_welcome: Callable[[], None],
    ) -> None:
        self._stream, self._loop, self._allowed = stream, loop, allowed
        self._still_welcome = still_welcome
        self._hash = hashlib.sha256()
        self.dropped: set[str] = set()

    def rows(self) -> Iterator[Row | RefusedRow]:
        """Each line as a row, in the thread that takes them in."""
        for number, line in enumerate(lines(self._chunks(), b"\n"), start=1):
            if line is None:
                yield RefusedRow(number, None, "row_too_long")
            elif line and not line.isspace():
                yield self._row(number, line)

    def _row(self, number: int, line: bytes) -> Row | RefusedRow:
        row = from_json(number, line, used=self._allowed)
        if isinstance(row, RefusedRow):
            return row if row.column in self._allowed else row._replace(column=None)
        if not row.values.keys() <= self._allowed and len(self.dropped) < DROPPED_MOST:
            for name in row.values.keys() - self._allowed:
                self.dropped.add(name if _PLAIN_NAME.fullmatch(name) else "?")
        return row

    def _chunks(self) -> Iterator[bytes]:
        since_asked = 0
        while chunk := asyncio.run_coroutine_threadsafe(self._next(), self._loop).result():
            since_asked += len(chunk)
            if since_asked >= ASK_EVERY_BYTES:
                self._still_welcome()
                since_asked = 0
            yield chunk

    async def drain(self) -> None:
        """Read to the end for the hash alone."""
        while await self._next():
            pass

    async def _next(self) -> bytes:
        """The next bytes, none at the end.

        Raises:
            UnavailableError: nothing came for too long, or the caller went away.
        """
        try:
            async with asyncio.timeout(IDLE_S):
                async for chunk in self._stream:
                    if chunk:
                        self._hash.update(chunk)
                        return chunk
        except (TimeoutError, InternalServerException):
            raise UnavailableError(
                "The list stopped coming. Whole groups are in; send it again to go on."
            ) from None
        return _END

    def sha256(self) -> bytes:
        """Of everything that came."""
        return self._hash.digest()


_WORDS = {"type": "string", "maxLength": 400}
ENDPOINTS = (
    Endpoint(
        "POST",
        "/people/import",
        "importPeople",
        "Take a list of any length in: one JSON object a line, values by field key.",
        Capability.IMPORT,
        take_in,
        {200: Answer("What became of it. `refusals` holds the first thousand.", ImportDone)},
        body={"type": "string", "description": "NDJSON; a line holds at most 256 KiB."},
        body_type=NDJSON,
        parameters=(
            Parameter("purpose", "query", "Why they are kept; else the book's default.", _WORDS),
            Parameter("basis", "query", "On what ground; else the book's default.", _WORDS),
            Parameter("source", "query", "Where the list comes from; else the book's.", _WORDS),
            IDEMPOTENCY,
        ),
        problems=(409,),
        is_streamed=True,
    ),
)
