"""The publishing beat of the ledger, the reserve of keys and the mark of the blind tags."""

from kept.flows.tend_keys import settle_reserve
from kept.ledger.acts.counts import published_at
from kept.vault.acts.retag import note_tagged
from kept.worker.parts import WorkerParts


def publish(parts: WorkerParts) -> None:
    """Make the newest signed checkpoint public when the beat is due."""
    now = parts.clock.now()
    last = parts.db.read(lambda tx: published_at(tx, parts.vault.origin))
    if last is None or now - last >= parts.publish_every:
        parts.sequencer.publish(now=now)


def tend_reserve(parts: WorkerParts) -> None:
    """Keep keys for newcomers ready, and those of newcomers for ever; mark how far tags go."""
    now = parts.clock.now()
    parts.vault.keys.top_up(now=now)
    settle_reserve(parts.db, parts.vault.keys, now=now)
    parts.db.write(lambda tx: note_tagged(tx, parts.vault))
