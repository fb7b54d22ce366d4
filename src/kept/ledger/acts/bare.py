"""What can be told of acts without opening any? Kind, role, purpose, time and place: rows alone.

Nothing here is sealed and nothing names a person: for the desk's lists, where details and reasons
are nobody's business.
"""

from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import from_micros
from kept.db.seam import Tx
from kept.ledger.notes import Checkpoint, Note
from kept.ledger.store import act_rows, checkpoint_rows
from kept.ledger.store.act_rows import ActRow


@dataclass(frozen=True, slots=True)
class BareAct:
    """One act as its row tells it. `mask` has the bits of its categories; `index` None: waits."""

    act_id: int
    kind: str
    role: str
    purpose: str
    mask: int
    at: datetime
    index: int | None
    is_of_a_person: bool


@dataclass(frozen=True, slots=True)
class SignedPage:
    """One checkpoint of a log that is kept."""

    size: int
    root: bytes
    at: datetime


def bare_acts_about(tx: Tx, person_n: int, /, *, limit: int = 50) -> list[BareAct]:
    """The newest acts about one person, by their row number. Reads only."""
    return [_bare(row) for row in act_rows.acts_before(tx, person_n, before_n=1 << 62, limit=limit)]


def newest_acts(tx: Tx, /, *, before: int | None = None, limit: int = 50) -> list[BareAct]:
    """The newest acts of the house, about anybody or nobody, before an act's number. Reads only."""
    top = 1 << 62 if before is None else before
    return [_bare(row) for row in act_rows.newest_acts(tx, before=top, limit=limit)]


def signed_pages(tx: Tx, origin: str, /, *, limit: int = 10) -> list[SignedPage]:
    """The newest checkpoints of a log. Reads only."""
    return [
        SignedPage(size, Checkpoint.parse(Note.parse(note).text).root, from_micros(at))
        for size, note, at in checkpoint_rows.newest_checkpoints(tx, origin, limit=limit)
    ]


def _bare(row: ActRow) -> BareAct:
    return BareAct(
        row.id,
        row.kind,
        row.role,
        row.purpose,
        row.categories,
        from_micros(row.at),
        row.idx,
        row.person is not None,
    )
