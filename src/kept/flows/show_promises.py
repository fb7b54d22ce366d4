"""What does the public see of all promises? Measured, sealed and signed, once for many visitors.

Rules: everything public is made from one snapshot and kept for `FRESH`, so a view costs no query;
what depends on the time of looking (colour, age) is computed from it at looking. One visitor at a
time takes stock anew, the others are served what stands.
Source: `docs/formats/seal.md`.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.db.seam import Database, Tx
from kept.flows.judge_promises import Standings, judge_promises
from kept.ledger.acts import counts, serving
from kept.ledger.acts.serving import Log
from kept.ledger.merkle import EMPTY_ROOT
from kept.ledger.notes import Checkpoint, Note, Signer
from kept.ledger.ports import TileStore
from kept.promises.model.seal import LedgerHead, Seal, SignedSeal, make_seal, sign_seal
from kept.vault.acts.parts import VaultParts

FRESH = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Stock:
    """All that is shown. `published_at` is when the log's newest page became public."""

    standings: Standings
    seal: Seal
    signed: SignedSeal
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Showing:
    """What showing needs of the house."""

    db: Database
    vault: VaultParts
    tiles: TileStore
    signer: Signer
    domain: str
    is_demo: bool


class Window:
    """The shop window: the last stock, taken anew when it is older than `FRESH`. Thread-safe."""

    def __init__(self, showing: Showing) -> None:
        self._showing = showing
        self._lock = threading.Lock()
        self._stock: Stock | None = None

    def fresh(self, *, now: datetime) -> Stock | None:
        """What stands in the window, if it is not too old at `now`. Asks nothing."""
        stock = self._stock
        return stock if stock is not None and now - stock.standings.at < FRESH else None

    def look(self, *, now: datetime) -> Stock:
        """What stands in the window at `now`; may measure, so not for the loop's thread.

        Raises:
            UnavailableError: the first stock could not be taken.
        """
        stock = self._stock
        if (found := self.fresh(now=now)) is not None:
            return found
        if not self._lock.acquire(blocking=stock is None):
            return stock or self._take(now)
        try:
            return self._take(now)
        finally:
            self._lock.release()

    def _take(self, now: datetime) -> Stock:
        showing = self._showing
        self._stock = showing.db.read(lambda tx: take_stock(tx, showing, now=now))
        return self._stock


def take_stock(tx: Tx, showing: Showing, /, *, now: datetime) -> Stock:
    """Measure, seal and sign. Reads only."""
    standings = judge_promises(tx, showing.vault, now=now)
    log = Log(showing.vault.origin, showing.tiles)
    seal = make_seal(
        showing.domain,
        _head(tx, log),
        standings.promises,
        now=now,
        is_demo=showing.is_demo,
    )
    published = counts.published_at(tx, log.origin)
    signed = sign_seal(seal, lambda text: _signed(showing.signer, text))
    return Stock(standings, seal, signed, published)


def _head(tx: Tx, log: Log) -> LedgerHead:
    """The newest public page of the log; an empty one before the first."""
    note = serving.checkpoint(tx, log)
    if note is None:
        return LedgerHead(log.origin, 0, EMPTY_ROOT)
    page = Checkpoint.parse(Note.parse(note).text)
    return LedgerHead(page.origin, page.size, page.root)


def _signed(signer: Signer, text: bytes) -> bytes:
    words = text.decode("ascii")
    return Note(words, (signer.sign(words),)).encode()
