"""Which kind judges this promise? One entry: promise, evidence and time in, state and number out.

A promise that nothing measures, or whose rows are of another kind than declared, is `unmeasured`;
only a declared promise needs no heartbeat, because a paper has no collector.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from kept.promises.kinds import clock, declared, fresh, share, zero
from kept.promises.model.evidence import (
    NUMBER_WINDOW,
    Counted,
    Evidence,
    Heartbeat,
    Papers,
    Proved,
    Timed,
)
from kept.promises.model.promise import Kind, Promise
from kept.promises.model.status import Judged, Number, State, Verdict, settle
from kept.vault.model.rules import Text

NOTHING = Text("no measurement yet", "измерений ещё нет")


def judge(promise: Promise, evidence: Evidence, now: datetime) -> Judged:
    """The status of one promise; a pure function of its three arguments."""
    if promise.kind is Kind.DECLARED and evidence.standing.heartbeat is None:
        alive = replace(evidence.standing, heartbeat=Heartbeat(now, timedelta(0)))
        verdict = _verdict(promise, evidence, now)
        return replace(settle(verdict, evidence.beside(alive), now), measured_at=verdict.first_at)
    return settle(_verdict(promise, evidence, now), evidence, now)


def _verdict(promise: Promise, evidence: Evidence, now: datetime) -> Verdict:
    match promise.kind, evidence.rows:
        case Kind.ZERO, Counted() as rows:
            return zero.judge(rows, evidence.all_breaks(), now=now)
        case Kind.CLOCK, Timed() as rows:
            return clock.judge(rows, now=now)
        case Kind.SHARE, Timed() as rows:
            return share.judge(rows, target=promise.target, now=now)
        case Kind.FRESH, Proved() as rows:
            return fresh.judge(rows, period=promise.bound or timedelta(0), now=now)
        case Kind.DECLARED, Papers() as rows:
            return declared.judge(rows, now=now)
        case _:
            return Verdict(State.UNMEASURED, Number(0, 0, NUMBER_WINDOW, NOTHING))
