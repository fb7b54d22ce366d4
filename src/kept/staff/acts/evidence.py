"""What do the check-up and the promises learn about the team? Figures, never names."""

from dataclasses import dataclass
from datetime import datetime

from kept.db.seam import Tx
from kept.staff.model.account import AccountState
from kept.staff.model.passwords import PasswordFault
from kept.staff.store import accounts, counts


@dataclass(frozen=True, slots=True)
class TeamFigures:
    """Counts of today. `last_review` is None while the house is without accounts."""

    active: int
    invited: int
    disabled: int
    with_second_factor: int
    with_passkey: int
    reviews_overdue: int
    breached_refused: int
    last_review: datetime | None


def team_figures(tx: Tx, /, *, now: datetime) -> TeamFigures:
    """Evidence for `pass.strong`, `access.who` and `team.own.accounts`. Reads only."""
    team = accounts.all_accounts(tx)
    by_state = {state: [a for a in team if a.state is state] for state in AccountState}
    active = by_state[AccountState.ACTIVE]
    return TeamFigures(
        active=len(active),
        invited=len(by_state[AccountState.INVITED]),
        disabled=len(by_state[AccountState.DISABLED]),
        with_second_factor=counts.with_totp(tx),
        with_passkey=counts.with_passkey(tx),
        reviews_overdue=sum(a.is_review_overdue(now) for a in active),
        breached_refused=counts.refused_passwords(tx, PasswordFault.BREACHED.value),
        last_review=max((a.reviewed_at for a in active), default=None),
    )
