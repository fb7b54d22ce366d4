"""How do the promises stand now? Measured from one snapshot; and noted, by the collector."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kept.db.seam import Database, Pending, Tx
from kept.flows.evidence import HouseEvidence
from kept.ledger.model import Actor
from kept.promises.acts.collect import collect, standing
from kept.promises.acts.publish import in_force
from kept.promises.kinds.judge import judge
from kept.promises.model.evidence import Evidence
from kept.promises.model.measures import measure
from kept.promises.model.promise import Promise
from kept.promises.model.status import Judged
from kept.vault.acts.parts import VaultParts

COLLECTOR = Actor("worker", "collector", "worker")


@dataclass(frozen=True, slots=True)
class Standings:
    """Every promise in force with its status, and the time all of it was measured."""

    at: datetime
    promises: tuple[tuple[Promise, Judged], ...]


def judge_promises(tx: Tx, vault: VaultParts, /, *, now: datetime) -> Standings:
    """The status of every promise in force. Reads only."""
    source = HouseEvidence(tx, vault.rules, now)
    found: list[tuple[Promise, Judged]] = []
    for promise in in_force(tx, now=now):
        beside = standing(tx, key=promise.key, now=now)
        evidence = measure(promise, source, now).beside(beside)
        found.append((promise, judge(promise, evidence, now)))
    return Standings(now, tuple(found))


def collect_evidence(db: Database, vault: VaultParts, /, *, now: datetime) -> tuple[str, ...]:
    """Measure every promise, note new breaks, leave the heartbeats; the keys of new breaks."""
    measured = db.read(lambda tx: _measure(tx, vault, now))
    return db.write(lambda tx: _note(tx, vault, measured, now))


def _measure(tx: Tx, vault: VaultParts, now: datetime) -> list[tuple[Promise, Evidence]]:
    source = HouseEvidence(tx, vault.rules, now)
    return [(promise, measure(promise, source, now)) for promise in in_force(tx, now=now)]


def _note(
    tx: Tx, vault: VaultParts, measured: Sequence[tuple[Promise, Evidence]], now: datetime
) -> Pending[tuple[str, ...]]:
    broken: list[str] = []
    for promise, evidence in measured:
        pending = collect(
            tx, vault.origin, actor=COLLECTOR, promise=promise, evidence=evidence, now=now
        )
        pending.map(lambda refs, key=promise.key: broken.extend(key for _ in refs))
    return Pending(tuple(broken))
