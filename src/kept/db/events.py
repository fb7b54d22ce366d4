"""What happened on a stream since a client last looked? Rows with a gapless number a stream.

The number is given in the transaction that writes the event, so a client that resumes with the
last one it saw misses nothing. A bus only wakes earlier; it is never needed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.clock import to_micros
from kept.db.seam import Pending, Tx

KEEP = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `seq` counts from 1 in its stream."""

    seq: int
    kind: str
    body: Mapping[str, str | int]


def emit(tx: Tx, stream: str, kind: str, body: Mapping[str, str | int], /, *, now: datetime) -> int:
    """Append an event to a stream; its number. Bodies hold no person's data."""
    row = tx.row(
        "insert into event_streams (stream, next) values (:stream, 2)"
        " on conflict (stream) do update set next = event_streams.next + 1 returning next",
        stream=stream,
    )
    seq = (row[0] if row else 2) - 1
    tx.run(
        "insert into events (stream, seq, kind, body, at)"
        " values (:stream, :seq, :kind, :body, :at)",
        stream=stream,
        seq=seq,
        kind=kind,
        body=json.dumps(body, sort_keys=True),
        at=to_micros(now),
    )
    return seq


def since(tx: Tx, stream: str, /, *, after: int, most: int = 100) -> list[Event]:
    """Events of a stream after a number, in order."""
    found = tx.rows(
        "select seq, kind, body from events where stream = :stream and seq > :after"
        " order by seq limit :most",
        stream=stream,
        after=after,
        most=most,
    )
    return [Event(row[0], row[1], json.loads(row[2])) for row in found]


def forget_old(tx: Tx, /, *, now: datetime) -> Pending[int]:
    """Drop events past their time; how many."""
    return Pending(tx.run("delete from events where at < :before", before=to_micros(now - KEEP)))
