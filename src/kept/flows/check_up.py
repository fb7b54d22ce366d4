"""How far has this house come, row by row? The pillars' figures, judged by the check-up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.backup.acts import proofs
from kept.backup.acts.places import places
from kept.backup.acts.runs import last_copy
from kept.backup.acts.standing import report_of
from kept.backup.model.places import Holds
from kept.backup.model.report import State, state_of
from kept.base.clock import EPOCH
from kept.db.seam import Tx
from kept.flows.evidence import HouseEvidence
from kept.ledger.acts import counts
from kept.ledger.model import Kind
from kept.promises.acts.collect import standing
from kept.promises.acts.not_yours import not_yours
from kept.promises.model.book import Book
from kept.promises.model.checkup import Checked
from kept.promises.model.checkup_facts import Facts
from kept.promises.model.checkup_judge import COPY_OLD, check_up
from kept.promises.model.evidence import Break
from kept.staff.acts.evidence import team_figures
from kept.vault.acts import evidence
from kept.vault.acts.intake import count_runs
from kept.vault.acts.listing import count_cells, count_people
from kept.vault.model.rules import Rules

QUARTER = timedelta(days=90)


def checked_up(tx: Tx, book: Book, /, *, has_mail: bool, now: datetime) -> tuple[Checked, ...]:
    """Every row with its state, from one snapshot."""
    return check_up(facts_of(tx, book, has_mail=has_mail, now=now))


def facts_of(tx: Tx, book: Book, /, *, has_mail: bool, now: datetime) -> Facts:
    """What is measured of this house today."""
    team, breaks = team_figures(tx, now=now), _breaks(tx, book, now)
    imports, without_origin = count_runs(tx)
    copies = _copies(tx, book, now)
    searched = max(evidence.searches(tx, since=now - QUARTER), key=lambda s: s.at, default=None)
    return Facts(
        now,
        people=count_people(tx),
        sealed_values=count_cells(tx),
        scanned_at=searched.at if searched else None,
        scan_hits=searched.hits if searched else 0,
        readings=counts.count_acts(tx, counts.OPENING_KINDS, since=now - QUARTER),
        accounts=team.active,
        second_factor=team.with_second_factor,
        breached_refused=team.breached_refused,
        reviewed_at=team.last_review,
        reviews_overdue=team.reviews_overdue,
        imports=imports,
        without_origin=without_origin,
        has_mail=has_mail,
        visits=_ever(tx, Kind.OWN_VIEW),
        slowest_line=counts.longest_waiting(tx, now=now),
        corrections=_ever(tx, Kind.PERSON_CORRECTED),
        aliases=_ever(tx, Kind.ALIAS_ADDED),
        consents=_ever(tx, Kind.CONSENT_GIVEN, Kind.CONSENT_WITHDRAWN),
        fields_without_why=_unexplained(book.rules),
        breaks=len(breaks),
        breaks_answered=sum(one.explanation is not None for one in breaks),
        copied_at=copies.copied_at,
        copy_places=copies.places,
        damaged_places=copies.damaged,
        drilled_at=copies.drilled_at,
        read_without_key=copies.is_open,
        report_read_at=copies.read_at,
        not_yours=not_yours(tx),
    )


@dataclass(frozen=True, slots=True)
class _Copies:
    copied_at: datetime | None
    places: int
    damaged: int
    drilled_at: datetime | None
    is_open: bool | None
    read_at: datetime | None


def _copies(tx: Tx, book: Book, now: datetime) -> _Copies:
    source = HouseEvidence(tx, book.rules, now)
    made, drills = source.copies(now - QUARTER), source.drills(now - QUARTER)
    far = [one for one in places(tx, holds=Holds.DATA) if not one.order.is_near]
    newest = [last_copy(tx, one) for one in far]
    on = [one for one in places(tx, holds=Holds.DATA) if one.is_enabled and last_copy(tx, one)]
    stands = {one.n: state_of(report_of(tx, one, now=now)) for one in on}
    is_bad = {one.n for one in on if stands[one.n] in {State.OPEN, State.DAMAGED}}
    trials = [proofs.trial_at(tx, one) for one in on]
    is_open = any(one.is_open for one in trials if one is not None)
    read = proofs.last_reading(tx)
    return _Copies(
        copied_at=max((one.at for one in made), default=None),
        places=sum(
            run is not None and run.place_n not in is_bad and now - run.started_at <= COPY_OLD
            for run in newest
        ),
        damaged=sum(state is State.DAMAGED for state in stands.values()),
        drilled_at=max((one.at for one in drills if one.is_passed), default=None),
        is_open=is_open if is_open or (trials and None not in trials) else None,
        read_at=None if read is None else read[0],
    )


def _ever(tx: Tx, *kinds: Kind) -> int:
    return counts.count_acts(tx, kinds, since=EPOCH)


def _breaks(tx: Tx, book: Book, now: datetime) -> list[Break]:
    return [one for key in book.promises for one in standing(tx, key=key, now=now).breaks]


def _unexplained(rules: Rules) -> int:
    return sum(not field.why.en.strip() for _, field in rules.fields().values())
