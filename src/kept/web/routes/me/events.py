"""Who looked just now? A stream of a person's acts, each a list item made by the server.

The event's id is the act's count, so a browser that comes back says where it stopped and misses
nothing. The table is polled each second; an act that gets its place in the log is told again, with
its receipt. A stream ends by itself after `LONGEST`, with its session, and when the house closes.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import ServerSentEvent, ServerSentEventMessage

from kept.db.seam import Tx
from kept.ledger.acts import history
from kept.ledger.acts.history import SeenAct
from kept.ledger.model import Subject
from kept.vault.acts import own, visit
from kept.web.bounds import Limits, Streams
from kept.web.parts import Parts, WebParts
from kept.web.render import language_of, render
from kept.web.routes.me.told import is_own_visit, tell
from kept.web.visitors import Customer, Me

POLL_S = 1.0
LONGEST = timedelta(minutes=15)
AT_ONCE = 50
WATCHED_MOST = 200  # acts that wait for their place
RETRY_MS = 2_000
JUST_NOW = timedelta(minutes=2)


@dataclass(slots=True)
class Following:
    """Where one stream stands: the last count told, and the acts told before their place."""

    customer: Customer
    last: int
    waiting: set[int] = field(default_factory=set[int])
    is_new: bool = True

    def fresh(self, tx: Tx, parts: WebParts) -> list[SeenAct] | None:
        """What is new since the last time, oldest first; None once the session is over."""
        if visit.visitor(tx, self.customer.token, now=parts.clock.now()) is None:
            return None
        subject = own.own_subject(tx, parts.vault, self.customer.person)
        if self.is_new:
            self._watch_the_page(tx, parts, subject)
        found = history.acts_of(tx, parts.tiles, subject=subject, after_n=self.last, limit=AT_ONCE)
        placed = [
            act
            for act_id in sorted(self.waiting)
            if (act := history.one_of(tx, parts.tiles, subject=subject, act_id=act_id))
            and act.index is not None
        ]
        self.waiting.difference_update(act.act_id for act in placed)
        self.last = max((act.n for act in found), default=self.last)
        shown = [act for act in found if not is_own_visit(act)]
        unplaced = [act.act_id for act in shown if act.index is None]
        self.waiting.update(unplaced[: WATCHED_MOST - len(self.waiting)])
        return [*placed, *shown]

    def _watch_the_page(self, tx: Tx, parts: WebParts, subject: Subject) -> None:
        """Acts that the page may have shown before they had their place are told once more."""
        since = parts.clock.now() - JUST_NOW
        page = history.acts_of(
            tx, parts.tiles, subject=subject, before_n=self.last + 1, limit=AT_ONCE
        )
        recent = [a.act_id for a in page if a.at >= since and not is_own_visit(a)]
        self.waiting.update(recent)
        self.is_new = False


async def told(
    parts: WebParts, streams: Streams, following: Following, *, lang: str, polls: int
) -> AsyncGenerator[ServerSentEventMessage, None]:
    """The events of one stream, at most `polls` seconds long."""
    streams.enter(following.customer.person)
    try:
        yield ServerSentEventMessage(comment="here", retry=RETRY_MS)
        for _ in range(polls):
            acts = await parts.db.read_async(lambda tx: following.fresh(tx, parts))
            if acts is None or streams.is_closing:
                return
            for act in acts:
                words = tell(act, parts.vault.rules, lang)
                item = " ".join(render("me_act.html", lang, act=words).split())
                yield ServerSentEventMessage(data=item, event="act", id=str(following.last))
            await asyncio.sleep(POLL_S)
    finally:
        streams.leave(following.customer.person)


@get("/me/events")
async def events(
    request: Request[Any, Any, Any], customer: Me, parts: Parts, bounds: Limits
) -> ServerSentEvent:
    """The stream, from the last act the browser has."""
    last = _last(request)
    bounds.streams.require_place(customer.person)
    following = Following(customer, last)
    polls = int(LONGEST.total_seconds() / POLL_S)
    lang = language_of(request, parts)
    return ServerSentEvent(told(parts, bounds.streams, following, lang=lang, polls=polls))


def _last(request: Request[Any, Any, Any]) -> int:
    """`Last-Event-ID` of a browser that comes back, else what its page said. Hostile."""
    for said in (request.headers.get("last-event-id", ""), request.query_params.get("after", "")):
        if said.isascii() and said.isdigit() and len(said) < 12:
            return int(said)
    return -1


ROUTES: list[HTTPRouteHandler] = [events]
