"""How far is the work just now? A stream for the open page, in place of asking again and again.

An event `work` carries the part of the page made by the server; `done` names the page to go to, and
the stream ends. It ends as well with the session, with the house, and after `LONGEST`; a browser
comes back by itself.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from litestar import Request, get
from litestar.response import ServerSentEvent, ServerSentEventMessage
from litestar.types import ControllerRouterHandler

from kept.base.ids import StaffId
from kept.staff.acts.sessions import find_session
from kept.vault.model.rules import Lang
from kept.web.bounds import Limits, Streams
from kept.web.copying import Rehearsed
from kept.web.parts import Parts, WebParts
from kept.web.render import language_of, render
from kept.web.routes.desk.backup import HOME, SEE, works_of
from kept.web.routes.desk.backup_view import is_owner
from kept.web.routes.desk.backup_work import is_asked, work_view
from kept.web.routes.desk.shell import Shell
from kept.web.staff_session import Who, cookie_name
from kept.web.works import Work, Works

LOOK_S = 0.3
SESSION_EVERY = 10  # looks
LONGEST = timedelta(minutes=15)
RETRY_MS = 2_000


@dataclass(frozen=True, slots=True)
class Watching:
    """One open page of somebody signed in."""

    parts: WebParts
    token: str
    lang: Lang
    can_edit: bool

    def item(self, work: Work) -> str:
        """The part of the page, on one line."""
        shown = work_view(work, self.lang, now=self.parts.clock.now())
        text = render(
            "desk_backup_work.html", self.lang, work=shown, can_edit=self.can_edit, csrf=""
        )
        return " ".join(text.split())

    async def is_signed_in(self) -> bool:
        """Whether the session still lives."""
        now = self.parts.clock.now()
        found = await self.parts.db.read_async(lambda tx: find_session(tx, self.token, now=now))
        return found is not None


async def told(
    watching: Watching, works: Works, streams: Streams, who: StaffId
) -> AsyncGenerator[ServerSentEventMessage, None]:
    """The events of one stream."""
    streams.enter(who)
    last = ""
    try:
        yield ServerSentEventMessage(comment="here", retry=RETRY_MS)
        for n in range(int(LONGEST.total_seconds() / LOOK_S)):
            if streams.is_closing or (n % SESSION_EVERY == 0 and not await watching.is_signed_in()):
                return
            work = works.now
            if work is None or not work.is_running:
                yield ServerSentEventMessage(data=_next(work), event="done")
                return
            item = watching.item(work)
            if item != last:
                last = item
                yield ServerSentEventMessage(data=item, event="work")
            await asyncio.sleep(LOOK_S)
    finally:
        streams.leave(who)


def _next(work: Work | None) -> str:
    """Where to go when the work is over: to the question, where there is one."""
    if work is not None and isinstance(work.outcome, Rehearsed) and is_asked(work):
        return f"{HOME}/places/{work.place}/room"
    return HOME


@get("/desk/backup/events", opt=SEE)
async def events(
    request: Request[Any, Any, Any], parts: Parts, visitor: Who, bounds: Limits
) -> ServerSentEvent:
    """The stream."""
    who = visitor.account.id
    bounds.streams.require_place(who)
    watching = Watching(
        parts,
        request.cookies.get(cookie_name(parts), ""),
        language_of(request, parts),
        is_owner(Shell(request, parts, visitor)),
    )
    return ServerSentEvent(told(watching, works_of(request), bounds.streams, who))


ROUTES: list[ControllerRouterHandler] = [events]
