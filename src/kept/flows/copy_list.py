"""What should lie at a place, as the house knows it? So that what somebody took away shows.

It is the list kept of the newest copy, without what the house itself took away since: snapshots
that it forgot, key files that it removed, and all parts and indexes once it has cleaned, for
cleaning packs anew what stays. The next copy makes a new list.
"""

from collections.abc import Iterable

from kept.backup.acts import runs
from kept.backup.model.inventory import Item, decode
from kept.backup.model.places import KnownPlace
from kept.base.clock import to_micros
from kept.db.seam import Database, Tx
from kept.ledger.acts.dossier import Dossier
from kept.ledger.model import Kind
from kept.ledger.ports import TileStore

PACKED = frozenset({"data", "index"})
SNAPSHOTS, KEYS = "snapshots", "keys"
_KINDS = (Kind.BACKUP_PRUNED, Kind.BACKUP_KEY_CHANGED)


def listed(db: Database, tiles: TileStore, place: KnownPlace, /) -> tuple[Item, ...]:
    """What should lie there; nothing before the first copy.

    Raises:
        MalformedError: the list was changed in data.db.
        UnavailableError: data.db cannot be read.
    """

    def look(tx: Tx) -> tuple[int, bytes, frozenset[str]]:
        copy = runs.last_copy(tx, place)
        if copy is None or copy.ended_at is None:
            return 0, b"", frozenset()
        kept = frozenset(name.hex() for name in runs.first_seen(tx, place))
        return to_micros(copy.ended_at), runs.inventory_of(tx, copy) or b"", kept

    acts, (since, raw, kept) = Dossier(tiles).of_house(db, _KINDS, look)
    own = [act for act in acts if act.at >= since and act.detail.get("place") == place.order.name]
    is_cleaned = any(act.kind == Kind.BACKUP_PRUNED for act in own)
    removed = {str(act.detail.get("key")) for act in own if act.detail.get("change") == "removed"}

    def should_lie(item: Item) -> bool:
        if item.kind in PACKED:
            return not is_cleaned
        if item.kind == SNAPSHOTS:
            return item.name in kept
        return item.kind != KEYS or item.name not in removed

    return tuple(item for item in decode(raw) if should_lie(item))


def gone_from(listed: Iterable[Item], now: Iterable[Item], /) -> tuple[Item, ...]:
    """What should lie at a place and does not, or has another size."""
    there = frozenset(now)
    return tuple(item for item in listed if item not in there)
