"""What can the vault tell of its own work? Counts and times for promises; nobody's data."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.clock import from_micros, to_micros
from kept.db.seam import Pending, Tx
from kept.ledger.acts.counts import OPENING_ACTS, count_acts
from kept.vault.acts.parts import VaultParts
from kept.vault.store import erasures, exports, scans, tally

DRILL_SOURCE = "drill"  # marks people who are planted, not customers


@dataclass(frozen=True, slots=True)
class Openings:
    """Openings counted where data is opened, and acts that record one, over the same days."""

    since: datetime
    opened: int
    recorded: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with its clock. `ref` names no person."""

    ref: str
    asked_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Searched:
    """One search of the raw files for planted text."""

    at: datetime
    sealed_values: int
    hits: int


def openings(tx: Tx, /, *, since: datetime) -> Openings:
    """Both counts from the first whole day on."""
    first, opened = tally.opened_since(tx, to_micros(since))
    start = from_micros(first)
    return Openings(start, opened, count_acts(tx, OPENING_ACTS, since=start))


def erasures_asked(tx: Tx, /, *, since: datetime) -> list[Asked]:
    """Requests for erasure that are open, or were asked for or done since a time."""
    return [
        _asked("erasure", n, asked, done)
        for n, asked, done in erasures.asked_since(tx, to_micros(since))
    ]


def exports_asked(tx: Tx, /, *, since: datetime) -> list[Asked]:
    """Requests for a copy that are open, or were asked for or delivered since a time."""
    return [
        _asked("export", n, asked, done)
        for n, asked, done in exports.asked_since(tx, to_micros(since))
    ]


def _asked(kind: str, n: int, asked: int, done: int | None) -> Asked:
    return Asked(f"{kind}-{n}", from_micros(asked), None if done is None else from_micros(done))


def searches(tx: Tx, /, *, since: datetime) -> list[Searched]:
    """Searches of the raw files since a time."""
    return [Searched(from_micros(at), n, hits) for at, n, hits in scans.since(tx, to_micros(since))]


def is_search_due(tx: Tx, /, *, every: timedelta, now: datetime) -> bool:
    """Whether the last search is older than a time."""
    at = scans.newest_at(tx)
    return at is None or now - from_micros(at) >= every


def note_search(
    tx: Tx, vault: VaultParts, /, *, sealed_values: int, places: list[str], now: datetime
) -> Pending[None]:
    """Keep what a search found. Evidence, not an act; a hit becomes a noted break."""
    del vault
    scans.insert(
        tx,
        at=to_micros(now),
        sealed_values=sealed_values,
        hits=len(places),
        places="\n".join(places)[:2000],
    )
    return Pending(None)
