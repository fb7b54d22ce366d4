"""With what does each of us sign in, and who is here now? For the page of the team."""

from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import from_micros
from kept.base.ids import StaffId
from kept.db.seam import Tx
from kept.staff.store import seats


@dataclass(frozen=True, slots=True)
class Seat:
    """One account's second factors. `seen_at` is of an open session, None without one."""

    has_codes: bool
    passkeys: int
    seen_at: datetime | None


def list_seats(tx: Tx, /) -> dict[StaffId, Seat]:
    """Every account's seat. Reads only."""
    return {
        StaffId(raw): Seat(codes, keys, None if at is None else from_micros(at))
        for raw, codes, keys, at in seats.factors(tx)
    }
