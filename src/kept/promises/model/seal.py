"""What may be said of all promises together? The seal, its colour, and its signed note.

Rules: the seal lists every promise, also those not measured; `this_update` is the oldest
measurement it rests on, `next_update` 24 h later; past it every viewer shows grey. Colour: any
broken is red; else any at risk is yellow; else any stale, a passed `next_update`, or fewer than
half kept is grey; else green. The served bytes are signed, no canonical form is needed.
Source: `docs/formats/seal.md`.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kept.base.errors import MalformedError
from kept.promises.model.promise import Promise
from kept.promises.model.status import Judged, State
from kept.promises.model.versions import version_of
from kept.promises.model.words import when

VALID_FOR = timedelta(hours=24)
NOTE_TAG = "kept-seal/v1"  # domain separation: first line of the signed text
_RESTS_ON = frozenset({State.KEPT, State.AT_RISK, State.BROKEN})
_SECOND = timedelta(seconds=1)


class Colour(StrEnum):
    """The badge's colour; never told by colour alone."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    GREY = "lightgrey"


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The checkpoint the seal refers to."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """Everything the seal says. `promises` holds all that are in force.

    `is_demo` marks the house of a demo, whose rows come from a simulated clock.
    """

    domain: str
    this_update: datetime
    next_update: datetime
    ledger: LedgerHead
    promises: tuple[tuple[Promise, Judged], ...]
    is_demo: bool = False

    def states(self) -> tuple[State, ...]:
        """The state of each promise."""
        return tuple(judged.state for _, judged in self.promises)

    def colour(self, now: datetime) -> Colour:
        """What a viewer shows at `now`."""
        return colour_of(self.states(), is_current=now <= self.next_update)


def make_seal(
    domain: str,
    ledger: LedgerHead,
    promises: Sequence[tuple[Promise, Judged]],
    *,
    now: datetime,
    is_demo: bool = False,
) -> Seal:
    """Sum up all promises at `now`; times are cut to whole seconds."""
    at = [j.measured_at for _, j in promises if j.state in _RESTS_ON and j.measured_at]
    this_update = min(at, default=now).replace(microsecond=0)
    return Seal(
        domain, this_update, this_update + VALID_FOR, ledger, tuple(promises), is_demo=is_demo
    )


def colour_of(states: Sequence[State], *, is_current: bool) -> Colour:
    """The colour rule above; nothing declared is grey."""
    if State.BROKEN in states:
        return Colour.RED
    if State.AT_RISK in states:
        return Colour.YELLOW
    few = 2 * states.count(State.KEPT) < len(states)
    if State.STALE in states or not is_current or few or not states:
        return Colour.GREY
    return Colour.GREEN


def encode_status(seal: Seal) -> bytes:
    """`status.json`: the exact bytes that are served and signed."""
    data = {
        "domain": seal.domain,
        "demo": seal.is_demo,
        "this_update": when(seal.this_update),
        "next_update": when(seal.next_update),
        "ledger": {
            "origin": seal.ledger.origin,
            "size": seal.ledger.size,
            "root": base64.b64encode(seal.ledger.root).decode("ascii"),
        },
        "promises": [_promise(promise, judged) for promise, judged in seal.promises],
    }
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


def _promise(promise: Promise, judged: Judged) -> dict[str, object]:
    version, number = version_of(promise), judged.number
    return {
        "key": promise.key,
        "version": promise.version,
        "text_sha256": version.text_sha256(),
        "kind": promise.kind,
        "grade": "+".join(promise.grade),
        "status": judged.state,
        "ok": number.ok,
        "n": number.n,
        "window_days": number.window.days,
        "value": number.text.en,
        "bound": iso_duration(promise.bound) if promise.bound else None,
        "slowest_s": number.slowest // _SECOND if number.slowest is not None else None,
        "measured_at": when(judged.measured_at) if judged.measured_at else None,
        "broken_until": when(judged.broken_until) if judged.broken_until else None,
        "reason": {"en": judged.reason.en, "ru": judged.reason.ru} if judged.reason else None,
    }


def iso_duration(length: timedelta) -> str:
    """ISO 8601 in days if whole, else in seconds."""
    return f"PT{length // _SECOND}S" if length % timedelta(days=1) else f"P{length.days}D"


@dataclass(frozen=True, slots=True)
class SealNote:
    """The text that is signed: six lines."""

    domain: str
    status_sha256: bytes
    this_update: str
    next_update: str
    root: bytes

    def encode(self) -> bytes:
        """The six lines, each with its line feed."""
        lines = (
            NOTE_TAG,
            self.domain,
            self.status_sha256.hex(),
            self.this_update,
            self.next_update,
            base64.b64encode(self.root).decode("ascii"),
        )
        return ("\n".join(lines) + "\n").encode()

    @classmethod
    def decode(cls, text: bytes) -> "SealNote":
        """Read the text of a note, hostile.

        Raises:
            MalformedError: anything that `encode` would not write.
        """
        try:
            tag, domain, digest, this, following, root, end = text.decode("ascii").split("\n")
            note = cls(domain, bytes.fromhex(digest), this, following, base64.b64decode(root))
        except ValueError:
            raise MalformedError("seal", "is not six lines of a seal") from None
        if tag != NOTE_TAG or end or note.encode() != text or len(note.status_sha256) != 32:
            raise MalformedError("seal", "is not six lines of a seal")
        return note


def note_of(seal: Seal, status: bytes) -> SealNote:
    """The note that vouches for exactly these bytes of `status.json`."""
    return SealNote(
        domain=seal.domain,
        status_sha256=hashlib.sha256(status).digest(),
        this_update=when(seal.this_update),
        next_update=when(seal.next_update),
        root=seal.ledger.root,
    )


@dataclass(frozen=True, slots=True)
class SignedSeal:
    """What is served: the bytes of `status.json` and of `status.note`."""

    status: bytes
    note: bytes


def sign_seal(seal: Seal, sign: Callable[[bytes], bytes]) -> SignedSeal:
    """Sign the seal.

    Args:
        seal: what is to be vouched for.
        sign: takes the note's text, returns the whole signed note (C2SP signed-note).
    """
    status = encode_status(seal)
    return SignedSeal(status, sign(note_of(seal, status).encode()))
