"""What is the process that looks inside a place asked, and what does it answer? A line each.

Plain values that travel as JSON over a pipe, passwords among them: nothing here has a repr.
"""

from datetime import timedelta

import msgspec

from kept.base.errors import (
    ConflictError,
    KeptError,
    MalformedError,
    NotFoundError,
    RefusedError,
    TamperedError,
    UnavailableError,
)
from kept.flows.copy_orders import Access

SOON = timedelta(minutes=1)


class Knock(msgspec.Struct, tag=True, frozen=True):
    """Is the place there at all? Nothing is opened."""

    access: Access


class AskSnapshots(msgspec.Struct, tag=True, frozen=True):
    """What lies there, newest first."""

    access: Access


class AskFolder(msgspec.Struct, tag=True, frozen=True):
    """What a folder of a snapshot (64 hex digits) holds."""

    access: Access
    snapshot: str
    path: bytes


Question = Knock | AskSnapshots | AskFolder


class Trouble(msgspec.Struct, frozen=True):
    """A failure as it travels: which one of the family, and what it says."""

    kind: str
    said: str
    about: str = ""  # the code of a refusal, the place of what is malformed


class Answer(msgspec.Struct, frozen=True):
    """One answer: what was asked for, or why not."""

    found: msgspec.Raw = msgspec.Raw(b"null")
    trouble: Trouble | None = None


def told(error: KeptError, /) -> Trouble:
    """A failure, to be sent."""
    match error:
        case RefusedError():
            return Trouble("refused", error.reason, error.code)
        case MalformedError():
            return Trouble("malformed", error.why, error.where)
        case TamperedError():
            return Trouble("tampered", error.what)
        case NotFoundError():
            return Trouble("not found", str(error))
        case ConflictError():
            return Trouble("conflict", str(error))
        case _:
            return Trouble("unavailable", str(error))


def heard(trouble: Trouble, /) -> KeptError:
    """A failure, as it was where it happened."""
    match trouble.kind:
        case "refused":
            return RefusedError(trouble.about, trouble.said)
        case "malformed":
            return MalformedError(trouble.about, trouble.said)
        case "tampered":
            return TamperedError(trouble.said)
        case "not found":
            return NotFoundError(trouble.said)
        case "conflict":
            return ConflictError(trouble.said)
        case _:
            return UnavailableError(trouble.said, retry_after=SOON)
