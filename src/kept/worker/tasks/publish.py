"""The publishing beat of the ledger, and the reserve of keys."""

from kept.ledger.acts.counts import published_at
from kept.worker.parts import WorkerParts


def publish(parts: WorkerParts) -> None:
    """Make the newest signed checkpoint public when the beat is due."""
    now = parts.clock.now()
    last = parts.db.read(lambda tx: published_at(tx, parts.vault.origin))
    if last is None or now - last >= parts.publish_every:
        parts.sequencer.publish(now=now)


def tend_reserve(parts: WorkerParts) -> None:
    """Keep keys for newcomers ready."""
    parts.vault.keys.top_up(now=parts.clock.now())
