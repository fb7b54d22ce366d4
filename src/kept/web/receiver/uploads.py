"""How does a file come in? In steps, never above the size, the quota, the pace, the count at once.

A body that is refused is read to its end first, up to a bound, so that the client hears why.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.backup.keeping.accounts import GIB, Client
from kept.backup.keeping.folder import Folder
from kept.backup.keeping.shelf import MOST_BYTES, FullError, Intake, Room, Shelf
from kept.backup.ports import FileKind
from kept.base.errors import ConflictError, KeptError, MalformedError, NotFoundError
from kept.web.receiver.answers import Answer, Receive, wait, words
from kept.web.receiver.targets import Target

AT_ONCE, AT_ONCE_EACH = 16, 8  # uploads of all, and of one client; restic sends 5 at once
IDLE_S = 30.0  # without a byte
GRACE_S = 60.0  # before the pace counts
LEAST_PER_S = 8 * 1024  # bytes, on the average after the grace
BATCH_BYTES = 1 << 20  # written and hashed in one go, away from the loop
DRAIN_BYTES = 64 << 20
DRAIN_S = 30.0
_BUSY_FOR = timedelta(seconds=5)
_BUSY = "Too many uploads at once. Nothing was lost; try again in a moment."
_STATUS: dict[type[KeptError], int] = {
    NotFoundError: 404,
    MalformedError: 400,
    ConflictError: 409,
    FullError: 507,
}
_SLOW = "The upload was too slow or stood still. Nothing of it was kept; send it again."


class CutError(Exception):
    """The client went away in the middle of its upload."""


@dataclass(slots=True)
class Desk:
    """A client's shelf and what of its quota is used; belongs to the loop."""

    shelf: Shelf
    room: Room
    open: int = 0


class Traffic:
    """All clients' desks, and how many uploads run now; belongs to the loop."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._desks: dict[tuple[str, datetime], Desk] = {}

    async def desk(self, client: Client) -> Desk:
        """The client's desk; what lies there is counted the first time.

        Raises:
            UnavailableError: the disk cannot be read.
        """
        key = client.name, client.since
        desk = self._desks.get(key)
        if desk is None:
            shelf = Shelf(self._folder, client.name)
            room = Room(client.quota_bytes, await asyncio.to_thread(shelf.taken))
            desk = self._desks.setdefault(key, Desk(shelf, room))
        desk.room.quota = client.quota_bytes
        return desk

    def is_busy(self, desk: Desk) -> bool:
        """Whether no more uploads are taken just now."""
        return desk.open >= AT_ONCE_EACH or sum(d.open for d in self._desks.values()) >= AT_ONCE


class Inflow:
    """The body of one request; read by one reader to its end or not at all."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_over = False

    async def batches(self) -> AsyncGenerator[bytes]:
        """What is left of the body, in batches of about a MiB.

        Raises:
            CutError: the client went away.
            TimeoutError: it stands still or is too slow.
        """
        began, total, batch = time.monotonic(), 0, bytearray()
        while not self._is_over:
            async with asyncio.timeout(IDLE_S):
                message = await self._receive()
            if message["type"] == "http.disconnect":
                raise CutError
            batch += message.get("body", b"")
            total += len(message.get("body", b""))
            if time.monotonic() - began > GRACE_S + total / LEAST_PER_S:
                raise TimeoutError
            self._is_over = not message.get("more_body", False)
            if batch and (self._is_over or len(batch) >= BATCH_BYTES):
                yield bytes(batch)
                batch.clear()

    async def drain(self) -> None:
        """Read what is left of a refused body, up to a bound; nothing is kept."""
        total = 0
        try:
            async with asyncio.timeout(DRAIN_S), aclosing(self.batches()) as body:
                async for piece in body:
                    total += len(piece)
                    if total > DRAIN_BYTES:
                        return
        except (CutError, TimeoutError):
            return


def _no_room(client: Client) -> Answer:
    return words(
        507,
        f"Your quota of {client.quota_bytes / GIB:.3g} GiB is used up. What lies here stays good;"
        " ask the keeper for more room.",
    )


def _too_large(kind: FileKind) -> Answer:
    return words(
        413,
        f"Files of {kind.value} may have at most {MOST_BYTES[kind] >> 20} MiB. Nothing was kept.",
    )


async def take_in(
    traffic: Traffic, client: Client, target: Target, inflow: Inflow, *, told: int | None
) -> Answer:
    """Take a file in. `told` is how many bytes the client announced.

    Raises:
        CutError: the client went away; nothing was kept.
        UnavailableError: the disk cannot be read.
    """
    desk = await traffic.desk(client)
    if (told or 0) > MOST_BYTES[target.kind]:
        answer = _too_large(target.kind)
    elif traffic.is_busy(desk):
        answer = wait(503, _BUSY, _BUSY_FOR)
    else:
        answer = await _counted(desk, client, target, inflow, told=told or 0)
    await inflow.drain()
    return answer


async def _counted(
    desk: Desk, client: Client, target: Target, inflow: Inflow, *, told: int
) -> Answer:
    """Take a file in, counted among those that come in now.

    Raises:
        CutError: the client went away.
        UnavailableError: the disk cannot be read.
    """
    desk.open += 1
    try:
        intake = await asyncio.to_thread(desk.shelf.begin, target.kind, target.name)
        try:
            return await _filled(desk, client, intake, inflow, told=told)
        finally:
            intake.drop()
    except TimeoutError:
        return words(408, _SLOW, connection="close")
    except (NotFoundError, MalformedError, ConflictError, FullError) as error:
        return words(_STATUS[type(error)], str(error))
    finally:
        desk.open -= 1


async def _filled(
    desk: Desk, client: Client, intake: Intake, inflow: Inflow, *, told: int
) -> Answer:
    """Read the body into the intake and give it its name.

    Raises:
        CutError: the client went away.
        KeptError: the file cannot be kept, for the reason it says.
        TimeoutError: the client stands still.
    """
    room = desk.room
    mine = room.grow(0, told, intake.kind)
    if mine is None:
        return _no_room(client)
    try:
        async with aclosing(inflow.batches()) as body:
            async for piece in body:
                size = intake.size + len(piece)
                if size > MOST_BYTES[intake.kind]:
                    return _too_large(intake.kind)
                grown = room.grow(mine, max(told, size), intake.kind)
                if grown is None:
                    return _no_room(client)
                mine = grown
                await asyncio.to_thread(intake.write, piece)
        more = await asyncio.to_thread(desk.shelf.finish, intake)
        room.taken += more  # apart: `+= await` would add to what it was before the wait
    finally:
        room.coming -= mine
    return Answer(200, b"")
