"""What does the house know of the snapshots at a place, before any of them is forgotten?

Each run is a look at the place; the rules of `backup.model.forgetting` go by these looks where a
snapshot's own time cannot be true.
"""

from kept.backup.acts import proofs, runs
from kept.backup.model.forgetting import Noted
from kept.backup.model.places import KnownPlace
from kept.base.clock import EPOCH
from kept.db.seam import Tx


def noted(tx: Tx, place: KnownPlace, /) -> Noted:
    """When each was first seen, when the house looked last, when drills of it passed. Reads only.

    Args:
        tx: a snapshot of the database.
        place: holds data.
    """
    sights, looked_at = runs.sights(tx, place)
    passed = tuple(
        one.at for one in proofs.drills(tx, since=EPOCH) if one.place_n == place.n and one.is_passed
    )
    return Noted(sights, looked_at, passed)
