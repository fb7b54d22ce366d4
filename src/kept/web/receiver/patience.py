"""How long may a client take to say what it wants? Half a minute for the head of each request.

uvicorn bounds the wait between requests; a client that sends its first line letter by letter is
bounded here.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 30.0


class Impatient(HttpToolsProtocol):
    """uvicorn's protocol, with an end to the wait for a request's head."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  # as uvicorn has it
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._rest()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins: wait for the rest of its head."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """It is known what is wanted."""
        self._rest()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._rest()
        self._due = self.loop.call_later(HEAD_S, self.timeout_keep_alive_handler)

    def _rest(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
