"""How does an order for copies that lie somewhere reach a process of its own? As one for a copy."""

from kept.flows.copy_orders import Failed, Look, Stop
from kept.flows.upkeep_orders import (
    CheckDone,
    CheckOrder,
    RehearseDone,
    RehearseOrder,
    RestoreDone,
    RestoreOrder,
    RoomDone,
    RoomOrder,
    UnlockDone,
    UnlockOrder,
)
from kept.wiring.copy_engine import run_child


class UpkeepChild:
    """`UpkeepEngine` that starts one child an order."""

    def restore(self, order: RestoreOrder, *, look: Look, stop: Stop) -> RestoreDone | Failed:
        """See `UpkeepEngine`."""
        return run_child("restore", order, RestoreDone, look=look, stop=stop)

    def check(self, order: CheckOrder, *, look: Look, stop: Stop) -> CheckDone | Failed:
        """See `UpkeepEngine`."""
        return run_child("check", order, CheckDone, look=look, stop=stop)

    def rehearse(self, order: RehearseOrder, *, look: Look, stop: Stop) -> RehearseDone | Failed:
        """See `UpkeepEngine`."""
        return run_child("rehearse", order, RehearseDone, look=look, stop=stop)

    def make_room(self, order: RoomOrder, *, look: Look, stop: Stop) -> RoomDone | Failed:
        """See `UpkeepEngine`."""
        return run_child("room", order, RoomDone, look=look, stop=stop)

    def unlock(self, order: UnlockOrder, *, look: Look, stop: Stop) -> UnlockDone | Failed:
        """See `UpkeepEngine`."""
        return run_child("unlock", order, UnlockDone, look=look, stop=stop)
