"""What was measured? The rows a status is computed from, as plain values.

Rules: a collector writes a heartbeat even when it finds nothing, which alone tells `stale` from
"nothing happened"; drills are real test cases and are counted apart from customers; windows look
at `happened_at`, audits also at `recorded_at`. Nothing here names a person or a case.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from kept.base.errors import MalformedError
from kept.vault.model.rules import Text

MAX_PAUSE = timedelta(days=30)
BREAK_WINDOW = timedelta(days=90)
NUMBER_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a `zero` promise counts: "0 of 412 readings outside their purpose".

    Args:
        one: "of 1 reading" without the number; Russian in the genitive singular.
        many: the same for 2 and more; Russian in the genitive plural.
        fault: what would be wrong with one.
    """

    one: Text
    many: Text
    fault: Text


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows of a `zero` promise: how many things were looked at in the last 90 days."""

    checked: int
    subject: Subject
    first_at: datetime | None = None
    drills: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One matter with a clock. `finished_at` is None while it is open; `ref` names no person."""

    started_at: datetime
    due_at: datetime
    finished_at: datetime | None = None
    drill: bool = False
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Timed:
    """Rows of a `clock` or `share` promise: every case open or finished in the last 90 days."""

    cases: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """One success of something repeated: how many items, how long it took."""

    at: datetime
    items: int
    took: timedelta


@dataclass(frozen=True, slots=True)
class Proved:
    """Rows of a `fresh` promise."""

    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A paper behind a `declared` promise."""

    issued_at: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Papers:
    """Rows of a `declared` promise."""

    documents: tuple[Document, ...] = ()


Rows = Counted | Timed | Proved | Papers


@dataclass(frozen=True, slots=True)
class Break:
    """One violation. It can be explained, never taken back.

    Args:
        ref: stable within its promise, says nothing about a person; a second report of the same
            violation has the same.
        recorded_at: when the row was written; None while the collector has not yet noted it.
        explanation: the owner's words; they change no status.
    """

    ref: str
    happened_at: datetime
    recorded_at: datetime | None = None
    explanation: Text | None = None
    repaired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Concern:
    """A control that fails without harm so far; counts from `since` on, which may lie ahead."""

    what: Text
    since: datetime


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The collector's last sign of life, and how long it may stay silent."""

    at: datetime
    period: timedelta


@dataclass(frozen=True, slots=True)
class Pause:
    """The owner's public act: this promise rests, for a reason, at most 30 days."""

    since: datetime
    until: datetime
    reason: Text

    def __post_init__(self) -> None:
        if not timedelta(0) < self.until - self.since <= MAX_PAUSE:
            raise MalformedError("pause", "a promise rests for at most 30 days, with an end date")

    def covers(self, now: datetime) -> bool:
        """Whether the pause holds at `now`."""
        return self.since <= now < self.until


@dataclass(frozen=True, slots=True)
class Standing:
    """What the promises' own tables say about one promise."""

    breaks: tuple[Break, ...] = ()
    heartbeat: Heartbeat | None = None
    heartbeat_days: frozenset[date] = frozenset()
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything one status is computed from. `rows` None: nothing measures this promise."""

    rows: Rows | None = None
    breaks: tuple[Break, ...] = ()
    concerns: tuple[Concern, ...] = ()
    standing: Standing = field(default_factory=Standing)

    def all_breaks(self) -> tuple[Break, ...]:
        """Measured and noted violations, newest first; the noted one wins over its measurement."""
        by_ref = {b.ref: b for b in (*self.breaks, *self.standing.breaks)}
        return tuple(sorted(by_ref.values(), key=lambda b: b.happened_at, reverse=True))

    def beside(self, standing: Standing) -> "Evidence":
        """The same measurement with what the promises' own tables say."""
        return replace(self, standing=standing)
