"""How much was done? Counts of acts for reveal limits and for promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.clock import from_micros, to_micros
from kept.db.seam import Tx
from kept.ledger.model import Actor, Kind
from kept.ledger.store import act_rows, checkpoint_rows, outbox, tallies

OPENING_KINDS = (Kind.PERSON_READ, Kind.PERSON_LISTED)  # what reveal limits count
OPENING_ACTS = (
    *OPENING_KINDS,
    Kind.PERSON_FOUND,
    Kind.OWN_VIEW,
    Kind.EXPORT_READY,
    Kind.EGRESS_MAIL,
)  # every kind that hands something out: as many acts as openings


def opened_by(tx: Tx, actor: Actor, /, *, since: datetime) -> set[int]:
    """Row numbers of the people whose data the actor opened since a time."""
    return act_rows.people_opened(
        tx, str(actor), [kind.value for kind in OPENING_KINDS], to_micros(since)
    )


def met_by(tx: Tx, actor: Actor, /, *, since: datetime) -> set[int]:
    """Row numbers of the people whom the actor opened or looked up since a time."""
    kinds = [kind.value for kind in (*OPENING_KINDS, Kind.PERSON_FOUND)]
    return act_rows.people_opened(tx, str(actor), kinds, to_micros(since))


def count_acts(tx: Tx, kinds: Sequence[Kind], /, *, since: datetime) -> int:
    """How many acts of these kinds there were since a time."""
    return sum(tallies.count_kind(tx, kind.value, to_micros(since)) for kind in kinds)


def newest_act_at(tx: Tx, /) -> int:
    """When the newest act was recorded, in microseconds; 0 before any."""
    return tallies.newest_at(tx)


def acts_waiting(tx: Tx, /) -> int:
    """How many recorded acts are not yet in the tree."""
    return outbox.waiting_count(tx)


def published_at(tx: Tx, origin: str, /) -> datetime | None:
    """When the newest public checkpoint was published."""
    at = checkpoint_rows.newest_published_at(tx, origin)
    return None if at is None else from_micros(at)


@dataclass(frozen=True, slots=True)
class Ground:
    """Readings made on one ground: `mask` has the bits of the categories opened."""

    purpose: str
    role: str
    mask: int
    count: int
    first_at: datetime
    last_at: datetime


def readings(tx: Tx, /, *, since: datetime) -> list[Ground]:
    """Readings of people's data since a time, by the ground they were made on."""
    found = tallies.readings_by_ground(tx, Kind.PERSON_READ.value, to_micros(since))
    return [Ground(p, r, m, c, from_micros(a), from_micros(z)) for p, r, m, c, a, z in found]


def first_opening_at(tx: Tx, /, *, since: datetime) -> datetime | None:
    """When data was first opened for anybody since a time."""
    times = [tallies.first_at(tx, kind.value, to_micros(since)) for kind in OPENING_ACTS]
    known = [at for at in times if at is not None]
    return from_micros(min(known)) if known else None


def longest_waiting(tx: Tx, /, *, now: datetime) -> timedelta:
    """For how long the oldest recorded act has waited for its place in the tree."""
    at = outbox.oldest_waiting_at(tx)
    return timedelta(0) if at is None else max(now - from_micros(at), timedelta(0))


def most_told(tx: Tx, /, *, most: int) -> list[int]:
    """Row numbers of the people with the most acts, the most first."""
    return tallies.busiest(tx, most)
