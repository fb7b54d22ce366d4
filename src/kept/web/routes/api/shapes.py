"""What do the bodies of the API look like? One struct for each; the OpenAPI page is made of them.

The law: append only. A new member of an answer may come at any time, a new member of a request has
a default; nothing is renamed. Requests refuse members they do not know.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Id = Annotated[str, Meta(pattern="^[a-z2-7]{25}[aeimquy4]$", description="A random id.")]
Key = Annotated[str, Meta(min_length=1, max_length=64, description="A key of the house's book.")]
Count = Annotated[int, Meta(ge=0)]
Act = Annotated[int, Meta(ge=1, description="Number of the act; its receipt can be fetched.")]
Words = Annotated[str, Meta(max_length=400)]
Value = str | int | float | bool
LevelName = Literal["present", "masked", "full"]


class FieldProblem(Struct, omit_defaults=True):
    """One part of a request that does not fit; never what was sent."""

    where: str
    why: str


class ProblemDocument(Struct, omit_defaults=True):
    """A failure (RFC 9457). `code` is stable; `detail` is for people."""

    type: str
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str
    code: str
    errors: list[FieldProblem] = []
    instance: str = ""


class FindOrder(Struct, forbid_unknown_fields=True):
    """Whom to look for: by an exact e-mail, phone, order or customer number."""

    value: Annotated[str, Meta(min_length=1, max_length=320)]
    kind: Literal["email", "phone", "order_no", "customer_no"] | None = None


class FoundPerson(Struct):
    """Somebody found; values are masked, by category and field."""

    id: Id
    alias: str
    masked: dict[str, dict[str, str | None]]
    act: Act


class FoundPeople(Struct):
    """Everybody who has that value."""

    people: list[FoundPerson]


class PersonOrder(Struct, forbid_unknown_fields=True):
    """One person to take in: values by field key. What is left out comes from the book."""

    fields: Annotated[dict[Key, Annotated[str, Meta(max_length=8000)]], Meta(min_length=1)]
    purpose: Key | None = None
    basis: Key | None = None
    source: Words | None = None


class PersonTaken(Struct):
    """Whose record it became. `act` is null when everything was known before."""

    id: Id
    outcome: Literal["added", "merged"]
    act: Act | None


class RowRefusal(Struct):
    """One line that was not taken. `row` counts from 1."""

    row: Count
    column: str | None
    code: str
    sentence: str


class ImportDone(Struct):
    """What became of a list. `dropped` names members that are no field this key may write."""

    read: Count
    added: Count
    merged: Count
    refused: Count
    refusals: list[RowRefusal]
    dropped: list[str]


class CellOutline(Struct):
    """That something is kept in a category; not what."""

    rev: Count
    written_at: datetime
    due_at: datetime | None


class PersonOutline(Struct):
    """What can be said of somebody without opening anything."""

    id: Id
    alias: str
    state: Literal["live", "restricted"]
    since: datetime
    categories: dict[str, CellOutline]


class OpenedCell(Struct):
    """One category, opened. `rev` 0 and no values: nothing is kept there."""

    id: Id
    alias: str
    category: str
    rev: Count
    values: dict[str, Value | None]
    malformed: list[str]
    written_at: datetime | None
    due_at: datetime | None
    act: Act


class BatchOrder(Struct, forbid_unknown_fields=True):
    """Whose categories to open, all for the same purpose."""

    ids: Annotated[list[Id], Meta(min_length=1, max_length=500)]
    categories: Annotated[list[Key], Meta(min_length=1, max_length=63)]
    level: LevelName = "full"


class BatchCell(Struct):
    """One category of one person in a batch."""

    rev: Count
    values: dict[str, Value | None]


class BatchItem(Struct, omit_defaults=True):
    """One person of a batch: opened, or why not (`code` as in a problem document)."""

    id: Id
    alias: str | None = None
    categories: dict[str, BatchCell] = {}
    act: Act | None = None
    code: str | None = None
    detail: str | None = None


class Batch(Struct):
    """The people of a batch, in the order asked for."""

    people: list[BatchItem]


class Change(Struct, forbid_unknown_fields=True):
    """New values by field key; null takes a value out."""

    values: Annotated[
        dict[Key, Annotated[str, Meta(max_length=8000)] | None], Meta(min_length=1, max_length=500)
    ]


class Changed(Struct):
    """The new revision. `problems`: fields kept as written, with a code each."""

    rev: Count
    act: Act
    problems: dict[str, str]


class ConsentState(Struct):
    """What somebody said about a purpose; the last word counts."""

    purpose: str
    state: Literal["given", "refused", "withdrawn", "expired"]
    notice: str
    at: datetime
    expires_at: datetime | None


class Consents(Struct):
    """The last word on each purpose that this key works for."""

    consents: list[ConsentState]


class ConsentOrder(Struct, forbid_unknown_fields=True):
    """What somebody said, to which words, by which way."""

    purpose: Key
    state: Literal["given", "refused", "withdrawn"]
    lang: Literal["en", "ru"]
    text: Annotated[str, Meta(min_length=1, max_length=20_000)]
    method: Literal["box", "link", "spoken", "import", "signal"]
    source: Words = ""
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class Recorded(Struct):
    """It is recorded."""

    act: Act


class ErasureBegun(Struct):
    """It goes on by itself. `follow` is for the person alone: it shows how far it has come."""

    act: Act
    state: Literal["erasing"]
    follow: str


class ActLine(Struct):
    """One act as its public entry tells it. `index` null: it waits for its place in the log."""

    act: Act
    kind: str
    role: str
    purpose: str
    at: datetime
    index: Count | None


class Acts(Struct):
    """A page of acts, newest first. `next` is the cursor of the page after it."""

    acts: list[ActLine]
    next: str | None


class Waiting(Struct):
    """The act is recorded and not signed yet."""

    act: Act
    state: Literal["waiting"]
