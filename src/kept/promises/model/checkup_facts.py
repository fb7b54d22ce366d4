"""What is known of this house for the check-up? Measured facts, each with a value for "nothing"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured in this house.

    Args:
        people: customers kept, the erased not counted.
        sealed_values: values in sealed records.
        scanned_at: last search of the raw files for planted text.
        scan_hits: what it found in the clear.
        readings: times data was opened, 90 days.
        accounts: people who may sign in to the desk.
        second_factor: how many of them have one.
        breached_refused: passwords refused because they are known to thieves.
        reviewed_at: when the accounts were last looked through; reviews_overdue: how many late.
        imports: lists brought in; without_origin: how many of them without an origin.
        has_mail: whether a code can be sent to customers.
        visits: times a customer opened their own page; slowest_line: a reading's way to it.
        corrections, aliases: made by customers, or for them.
        consents: consents on record; fields_without_why: fields that do not say why.
        witnesses: outsiders who watch the log, not the owner's own.
        breaks: visible broken promises; breaks_answered: those the owner spoke to.
        copied_at: newest copy in a second place; copy_places: how many places have a fresh one.
        damaged_places: in how many places a drill or a check found damage.
        drilled_at: last time all came back from a copy; read_without_key: whether a copy could be.
        report_read_at: when the plain report of a copy was read last.
        not_yours: the owner's reasons, by row.
    """

    now: datetime
    people: int = 0
    sealed_values: int = 0
    scanned_at: datetime | None = None
    scan_hits: int = 0
    readings: int = 0
    accounts: int = 0
    second_factor: int = 0
    breached_refused: int = 0
    reviewed_at: datetime | None = None
    reviews_overdue: int = 0
    imports: int = 0
    without_origin: int = 0
    has_mail: bool = False
    visits: int = 0
    slowest_line: timedelta | None = None
    corrections: int = 0
    aliases: int = 0
    consents: int = 0
    fields_without_why: int = 0
    witnesses: int = 0
    breaks: int = 0
    breaks_answered: int = 0
    copied_at: datetime | None = None
    copy_places: int = 0
    damaged_places: int = 0
    drilled_at: datetime | None = None
    read_without_key: bool | None = None
    report_read_at: datetime | None = None
    not_yours: Mapping[str, str] = field(default_factory=dict[str, str])
