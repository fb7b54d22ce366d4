"""Whom, and which key, did a copy of older data let in again? Shut out before anybody is served.

keys.db remembers who left and which keys were revoked. Whoever stands open in the data, and was not
invited again since, is shut out again, with an act each. What the data alone knows (it is older
than these notes, or an old keys.db was put back) is noted for the next time.
"""

from dataclasses import dataclass

from kept.base.clock import Clock
from kept.db.seam import Database
from kept.ledger.model import Actor
from kept.staff.acts.keys import list_keys, revoke_again
from kept.staff.acts.parts import StaffParts
from kept.staff.acts.team import disable_again, list_team
from kept.staff.model.account import AccountState

RESTORER = Actor("worker", "restore", "worker")


@dataclass(frozen=True, slots=True)
class ShutOut:
    """How many were shut out again."""

    people: int
    keys: int


def replay_leavers(clock: Clock, db: Database, staff: StaffParts, /) -> ShutOut:
    """Shut out again whom old data let in; at every start, and finds nobody at most.

    Raises:
        UnavailableError: a database cannot be written; nobody may be served.
    """
    closed = staff.closings.every()
    team, keys = db.read(list_team), db.read(list_keys)
    people = [
        account.id
        for account in team
        if account.state is not AccountState.DISABLED
        and (at := closed.leavers.get(account.id)) is not None
        and account.reviewed_at < at  # an invitation since would have set it
    ]
    for one in people:
        db.write(
            lambda tx, one=one: disable_again(tx, staff, actor=RESTORER, staff=one, now=clock.now())
        )
    open_keys = [key.id for key in keys if key.revoked_at is None and key.id in closed.keys]
    for key in open_keys:
        db.write(
            lambda tx, key=key: revoke_again(tx, staff, actor=RESTORER, key=key, now=clock.now())
        )
    for account in team:
        if account.disabled_at is not None and account.id not in closed.leavers:
            staff.closings.note_leaver(account.id, at=account.disabled_at)
    for key in keys:
        if key.revoked_at is not None and key.id not in closed.keys:
            staff.closings.note_key(key.id, at=key.revoked_at)
    return ShutOut(len(people), len(open_keys))
