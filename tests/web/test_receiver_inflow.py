"""Does the receiver wait for a slow client, and how long?"""

import asyncio
from typing import Any

import pytest

from kept.web.receiver import uploads
from kept.web.receiver.uploads import CutError, Inflow


def body(*pieces: bytes, pause_s: float = 0.0, cut: bool = False) -> Inflow:
    """A request's body that comes in pieces, with pauses; perhaps its end never comes."""
    waiting = list(pieces)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause_s)
        if not waiting:
            return {"type": "http.disconnect"}
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": cut or bool(waiting)}

    return Inflow(receive)


async def test_pieces_are_joined_to_batches() -> None:
    """Nothing is lost, and a batch is at least a MiB but for the last."""
    pieces = [bytes([number]) * 300_000 for number in range(9)]
    got = [batch async for batch in body(*pieces).batches()]
    assert b"".join(got) == b"".join(pieces)
    assert [len(batch) for batch in got] == [1_200_000, 1_200_000, 300_000]


async def test_a_client_that_stands_still_is_let_go(monkeypatch) -> None:
    """No byte for the time allowed ends the upload."""
    monkeypatch.setattr(uploads, "IDLE_S", 0.05)
    with pytest.raises(TimeoutError):
        [batch async for batch in body(b"x", pause_s=5).batches()]


async def test_a_client_that_drips_is_let_go(monkeypatch) -> None:
    """A byte now and then keeps no upload open: the average counts after the grace."""
    monkeypatch.setattr(uploads, "GRACE_S", 0.05)
    with pytest.raises(TimeoutError):
        [batch async for batch in body(*[b"x"] * 100, pause_s=0.02).batches()]


async def test_a_client_that_goes_away() -> None:
    """Half a body is no body."""
    with pytest.raises(CutError):
        [batch async for batch in body(b"half", cut=True).batches()]


async def test_a_body_that_was_read_is_not_waited_for(monkeypatch) -> None:
    """After its end there is nothing left to drain, so the answer leaves at once."""
    monkeypatch.setattr(uploads, "IDLE_S", 5)
    inflow = body(b"whole")
    assert [batch async for batch in inflow.batches()] == [b"whole"]
    async with asyncio.timeout(1):
        await inflow.drain()


async def test_a_refused_body_is_read_up_to_a_bound(monkeypatch) -> None:
    """Beyond it the client is not listened to any more."""
    monkeypatch.setattr(uploads, "DRAIN_BYTES", 3_000_000)
    inflow = body(*[b"x" * 1_100_000] * 100)
    await inflow.drain()
    left = [len(batch) async for batch in inflow.batches()]
    assert 90 < len(left) < 100
