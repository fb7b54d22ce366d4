"""What did the newest act of the house of a kind say? For verbs that keep no row of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import from_micros
from kept.base.encoding import Json
from kept.base.errors import MalformedError
from kept.db.seam import Tx
from kept.ledger.entry import Opening
from kept.ledger.model import Kind
from kept.ledger.store import trail_rows


@dataclass(frozen=True, slots=True)
class Told:
    """One act of the house, and its detail."""

    act_id: int
    at: datetime
    detail: Mapping[str, Json]


def newest_detail(tx: Tx, kind: Kind, /, *, name: str, value: str) -> Told | None:
    """The newest act of a kind whose detail has this value under this name. Reads only."""
    for act_id, at, sealed in trail_rows.newest_of_house(tx, kind.value):
        detail = _detail(sealed)
        if detail.get(name) == value:
            return Told(act_id, from_micros(at), detail)
    return None


def _detail(sealed: bytes) -> Mapping[str, Json]:
    try:
        return Opening.decode(sealed).read()
    except MalformedError:  # `verify` names it
        return {}
