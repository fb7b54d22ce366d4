"""Which doors of the team were closed for good? Noted in keys.db, which outlives old data.

A copy of data.db from before somebody left would let them in again. So the verb that closes a door
notes it here before its own COMMIT, and each start compares (`kept.flows.replay_leavers`). A note
whose verb failed at COMMIT closes the door at the next start: that errs on the safe side.
"""

from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import from_micros, to_micros
from kept.base.ids import KeyId, StaffId
from kept.db.seam import Database, Pending
from kept.staff.store import closings
from kept.staff.store.closings import KEY, LEAVER


@dataclass(frozen=True, slots=True)
class Closed:
    """Everybody who left, and every key that was revoked, with the time of the last closing."""

    leavers: dict[StaffId, datetime]
    keys: dict[KeyId, datetime]


class Closings:
    """The notes in keys.db. Thread-safe."""

    def __init__(self, keys: Database) -> None:
        self._keys = keys

    def note_leaver(self, staff: StaffId, *, at: datetime) -> None:
        """Somebody left. Durable on return.

        Raises:
            UnavailableError: keys.db cannot be written.
        """
        self._note(LEAVER, staff.raw, at)

    def note_key(self, key: KeyId, *, at: datetime) -> None:
        """A key was revoked. Durable on return.

        Raises:
            UnavailableError: keys.db cannot be written.
        """
        self._note(KEY, key.raw, at)

    def every(self) -> Closed:
        """All that was ever closed."""
        rows = self._keys.read(closings.every)
        return Closed(
            {StaffId(raw): from_micros(at) for kind, raw, at in rows if kind == LEAVER},
            {KeyId(raw): from_micros(at) for kind, raw, at in rows if kind == KEY},
        )

    def _note(self, kind: str, raw_id: bytes, at: datetime) -> None:
        self._keys.write(lambda tx: Pending(closings.note(tx, kind, raw_id, at=to_micros(at))))
