"""How much was done? Counts of acts for reveal limits and for promises."""

from collections.abc import Sequence
from datetime import datetime

from kept.base.clock import from_micros, to_micros
from kept.db.seam import Tx
from kept.ledger import store
from kept.ledger.model import Actor, Kind

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
    return store.people_opened(
        tx, str(actor), [kind.value for kind in OPENING_KINDS], to_micros(since)
    )


def count_acts(tx: Tx, kinds: Sequence[Kind], /, *, since: datetime) -> int:
    """How many acts of these kinds there were since a time."""
    return sum(store.count_kind(tx, kind.value, to_micros(since)) for kind in kinds)


def newest_act_at(tx: Tx, /) -> int:
    """When the newest act was recorded, in microseconds; 0 before any."""
    return store.newest_at(tx)


def acts_waiting(tx: Tx, /) -> int:
    """How many recorded acts are not yet in the tree."""
    return store.waiting_count(tx)


def published_at(tx: Tx, origin: str, /) -> datetime | None:
    """When the newest public checkpoint was published."""
    at = store.newest_published_at(tx, origin)
    return None if at is None else from_micros(at)
