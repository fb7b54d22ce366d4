"""How does data leave by itself? What is past its time goes; people without any are forgotten."""

from datetime import datetime

from kept.crypto.chance import draw
from kept.db.seam import Database, Pending, Tx
from kept.vault.acts import erase, retain
from kept.vault.acts.erase import TOKEN_BYTES
from kept.vault.acts.parts import VaultParts
from kept.vault.acts.retain import AT_ONCE, SWEEPER, Swept


def expire_data(db: Database, vault: VaultParts, /, *, now: datetime) -> tuple[Swept, ...]:
    """Sweep until nothing is due, a bounded group a transaction.

    Raises:
        UnavailableError: the database is away; the next call goes on.
    """
    done: list[Swept] = []
    while not done or done[-1].categories == AT_ONCE:
        done.append(db.write(lambda tx: _sweep(tx, vault, now)))
    return tuple(done)


def _sweep(tx: Tx, vault: VaultParts, now: datetime) -> Pending[Swept]:
    return retain.sweep(tx, vault, now=now).then(lambda swept: _forget(tx, vault, swept, now))


def _forget(tx: Tx, vault: VaultParts, swept: Swept, now: datetime) -> Pending[Swept]:
    for person in swept.empty:
        token = draw(TOKEN_BYTES)  # nobody asked, so nobody follows
        erase.begin_erasure(tx, vault, actor=SWEEPER, person=person, token=token, now=now)
    return Pending(swept)
