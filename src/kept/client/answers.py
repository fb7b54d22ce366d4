"""What does the API answer? Frozen values; a member this version does not know is passed over."""

from datetime import datetime

from msgspec import Struct

Value = str | int | float | bool


class Found(Struct, frozen=True):
    """Somebody found; `masked` by category and field."""

    id: str
    alias: str
    masked: dict[str, dict[str, str | None]]
    act: int


class Taken(Struct, frozen=True):
    """Whose record a person's values became: `outcome` is added or merged."""

    id: str
    outcome: str
    act: int | None


class HeldCategory(Struct, frozen=True):
    """That something is kept in a category."""

    rev: int
    written_at: datetime
    due_at: datetime | None


class Outline(Struct, frozen=True):
    """What can be said of somebody without opening anything."""

    id: str
    alias: str
    state: str
    since: datetime
    categories: dict[str, HeldCategory]


class Cell(Struct, frozen=True):
    """One category, opened. `rev` goes back with a change."""

    id: str
    alias: str
    category: str
    rev: int
    values: dict[str, Value | None]
    malformed: list[str]
    written_at: datetime | None
    due_at: datetime | None
    act: int


class BatchCell(Struct, frozen=True):
    """One category of one person in a batch."""

    rev: int
    values: dict[str, Value | None]


class BatchItem(Struct, frozen=True):
    """One person of a batch; `code` and `detail` tell why nothing was opened."""

    id: str
    alias: str | None = None
    categories: dict[str, BatchCell] = {}
    act: int | None = None
    code: str | None = None
    detail: str | None = None


class Changed(Struct, frozen=True):
    """The new revision; `problems` are fields kept as written, with a code each."""

    rev: int
    act: int
    problems: dict[str, str]


class Consent(Struct, frozen=True):
    """What somebody last said about a purpose."""

    purpose: str
    state: str
    notice: str
    at: datetime
    expires_at: datetime | None


class Erasure(Struct, frozen=True):
    """It has begun. `follow` is a link for the person alone."""

    act: int
    state: str
    follow: str


class Act(Struct, frozen=True):
    """One act as its public entry tells it; `index` None while it waits for its place."""

    act: int
    kind: str
    role: str
    purpose: str
    at: datetime
    index: int | None


class RowRefusal(Struct, frozen=True):
    """One row of a list that was not taken."""

    row: int
    column: str | None
    code: str
    sentence: str


class Imported(Struct, frozen=True):
    """What became of a list; `refusals` holds the first thousand."""

    read: int
    added: int
    merged: int
    refused: int
    refusals: list[RowRefusal]
    dropped: list[str]


class FoundPage(Struct, frozen=True):
    """The wire form of a list of people found."""

    people: list[Found]


class BatchPage(Struct, frozen=True):
    """The wire form of a batch."""

    people: list[BatchItem]


class ConsentPage(Struct, frozen=True):
    """The wire form of consents."""

    consents: list[Consent]


class ActPage(Struct, frozen=True):
    """The wire form of a page of acts."""

    acts: list[Act]
    next: str | None


class Recorded(Struct, frozen=True):
    """The wire form of something that was only recorded."""

    act: int
