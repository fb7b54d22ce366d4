"""What do the pillars tell the promises about themselves? One snapshot, all their reading verbs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.backup.acts import proofs, runs
from kept.backup.acts.places import places
from kept.backup.model.places import Holds
from kept.backup.model.runs import COPIED, RunState
from kept.db.seam import Tx
from kept.ledger.acts import counts
from kept.ledger.acts.counts import Ground
from kept.promises.model.measures import CopyMade, Delays, DrillMade, Request, Scan, Tally
from kept.vault.acts import evidence
from kept.vault.acts.evidence import Asked
from kept.vault.model.rules import Rules

_MOST_RUNS = 5000


@dataclass(frozen=True, slots=True)
class HouseEvidence:
    """`EvidenceSource` over one snapshot of a house."""

    tx: Tx
    rules: Rules
    now: datetime

    def readings_outside_purpose(self, since: datetime) -> Tally:
        """All readings, judged anew by the book: role, purpose and categories must fit."""
        grounds = counts.readings(self.tx, since=since)
        faults = tuple(
            (f"{g.role}-{g.purpose}-{g.mask}", g.last_at) for g in grounds if not self._allows(g)
        )
        first = min((g.first_at for g in grounds), default=None)
        return Tally(sum(g.count for g in grounds), first, faults)

    def _allows(self, ground: Ground) -> bool:
        purpose = self.rules.purposes.get(ground.purpose)
        if purpose is None or ground.role not in {role.value for role in purpose.roles}:
            return False
        return not ground.mask & ~self.rules.mask_of(purpose.categories)

    def openings_without_act(self, since: datetime) -> Tally:
        """Openings against acts; each day's difference in either direction is one fault."""
        found = evidence.openings(self.tx, since=since)
        first = counts.first_opening_at(self.tx, since=found.since)
        difference = abs(found.opened - found.recorded)
        faults = ((f"openings-{difference}", self.now),) if difference else ()
        return Tally(found.opened, first, faults)

    def erasures(self, since: datetime) -> tuple[Request, ...]:
        """Requests for erasure."""
        return _requests(evidence.erasures_asked(self.tx, since=since))

    def exports(self, since: datetime) -> tuple[Request, ...]:
        """Requests for a copy."""
        return _requests(evidence.exports_asked(self.tx, since=since))

    def scan_results(self, since: datetime) -> tuple[Scan, ...]:
        """Searches of the raw files."""
        found = evidence.searches(self.tx, since=since)
        return tuple(Scan(one.at, one.sealed_values, one.hits) for one in found)

    def page_delays(self, since: datetime) -> Delays:
        """A line is on the page as soon as its act; what can lag is its place in the log."""
        n = counts.count_acts(self.tx, counts.OPENING_ACTS, since=since)
        return Delays(n, counts.longest_waiting(self.tx, now=self.now))

    def copies(self, since: datetime) -> tuple[CopyMade, ...]:
        """Copies in a place that is not on the disk of the house."""
        far = {one.n for one in places(self.tx, holds=Holds.DATA) if not one.order.is_near}
        return tuple(
            CopyMade(
                run.started_at,
                run.files,
                timedelta(seconds=run.seconds),
                run.state is RunState.DONE,
            )
            for run in runs.runs(self.tx, since=since, most=_MOST_RUNS)
            if run.place_n in far and run.state in COPIED
        )

    def drills(self, since: datetime) -> tuple[DrillMade, ...]:
        """Drills; one that passed counts only if the house's own data came back whole."""
        return tuple(
            DrillMade(
                one.at,
                one.good,
                timedelta(seconds=one.seconds),
                is_passed=one.is_passed and one.has_house,
            )
            for one in proofs.drills(self.tx, since=since)
        )


def _requests(asked: list[Asked]) -> tuple[Request, ...]:
    return tuple(Request(one.asked_at, one.done_at, ref=one.ref) for one in asked)
