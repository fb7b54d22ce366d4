"""Which keys of the reserve are somebody's by now? Those stay for ever; old leftovers go."""

from datetime import datetime

from kept.db.seam import Database
from kept.vault.acts.keyroom import KeyRoom
from kept.vault.acts.listing import which_exist

AT_ONCE = 1000


def settle_reserve(db: Database, keys: KeyRoom, /, *, now: datetime) -> None:
    """Mark keys of people who were created live; drop what was left lying for a day.

    Raises:
        UnavailableError: a database is away; the next call goes on.
    """
    after = b""
    while ids := keys.reserved_ids(after=after, limit=AT_ONCE):
        exists = db.read(lambda tx, ids=ids: which_exist(tx, ids))
        keys.settle(exists, now=now)
        after = ids[-1]
