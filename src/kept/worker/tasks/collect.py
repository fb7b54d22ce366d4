"""Measures every promise, notes breaks, and leaves the heartbeats that tell stale from quiet."""

from kept.flows.judge_promises import collect_evidence
from kept.worker.parts import WorkerParts


def collect(parts: WorkerParts) -> None:
    """Measure and note."""
    collect_evidence(parts.db, parts.vault, now=parts.clock.now())
