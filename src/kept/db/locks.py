"""What may only one transaction decide at a time? Locks until COMMIT, where several may write.

SQLite has one writer, so nothing is to be done. On PostgreSQL two servers may look for the same
thing, both find nothing, and both write it; no constraint can forbid that where a key is a hint
only (two people may share a telephone). Whoever looks holds the key's lock from before the look.
Keys fall into few buckets, so a long list takes few locks; always in ascending order.
Source: postgresql.org/docs/current/explicit-locking.html, advisory locks.
"""

from collections.abc import Iterable
from enum import IntEnum

from kept.db.seam import Tx

BUCKETS = 256  # of one transaction: far below the server's table, 64 locks a connection


class Space(IntEnum):
    """What is locked. Append only: servers of two versions may write at once."""

    TAGS = 1  # who has this e-mail, phone or number
    IMPORTS = 2  # who takes this very file in


def hold(tx: Tx, space: Space, keys: Iterable[bytes], /) -> None:
    """Wait until nobody else holds one of these keys, and hold them until the end of the unit.

    `keys` are not empty and spread evenly in their first byte: tags, hashes. Look only afterwards:
    each statement sees what was committed before it began.
    """
    if tx.dialect != "postgres":
        return
    buckets = sorted({key[0] % BUCKETS for key in keys})
    if buckets:
        values = ", ".join(f"({bucket})" for bucket in buckets)
        tx.rows(
            f"select pg_advisory_xact_lock(:space, b.n) from (values {values}) as b (n)",  # noqa: S608
            space=int(space),
        )
