"""What does a house tell of the snapshots at its place, before the terminal forgets any of them?"""

from typing import TYPE_CHECKING, Any

from kept.base.clock import from_micros

if TYPE_CHECKING:
    from kept.backup.model.forgetting import Noted
    from kept.cli.repos import Copies


def house_noted(of: "Copies") -> "Noted":
    """When each was first seen, when the house looked last, when drills passed.

    Raises:
        KeptError: the house cannot be reached, or has no such place.
    """
    from kept.backup.model.forgetting import Noted, Sight

    told: Any = of.at.do("backup sights", place=of.way.name)
    return Noted(
        sights={
            name: Sight(from_micros(before), from_micros(first))
            for name, (before, first) in told["sights"].items()
        },
        looked_at=None if told["looked_at"] is None else from_micros(told["looked_at"]),
        drills=tuple(from_micros(at) for at in told["drills"]),
    )
