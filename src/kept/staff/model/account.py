"""Who works here, and may this account be used today?

Staff are not people of the vault: their e-mail and name stand in `data.db` as plain normalised
text, because the owner must be able to list and mend the team while nothing is unsealed. Only
what would let somebody in is hashed (password, links, sessions, keys) or sealed (TOTP secret).

Rules: an account is invited, active or disabled; disabled is final for its sessions, not for the
account, which a new invitation revives. Access is looked over every `REVIEW_EVERY`.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kept.base.errors import MalformedError
from kept.base.ids import StaffId
from kept.vault.model.rules import Role

STAFF_ROLES = frozenset({Role.OWNER, Role.SENIOR, Role.OPERATOR, Role.AUDITOR})
REVIEW_EVERY = timedelta(days=180)  # our choice; the check-up row `access.who` shows the last one
EMAIL_MAX = 254  # characters, RFC 5321 §4.5.3.1.3 less the angle brackets
NAME_MAX = 80  # characters
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)*")


class AccountState(StrEnum):
    """Where an account stands. Stored by value."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who works here. `reviewed_at` is when their access was last looked over."""

    id: StaffId
    email: str
    name: str
    role: Role
    state: AccountState
    created_at: datetime
    reviewed_at: datetime
    disabled_at: datetime | None = None

    def is_review_overdue(self, now: datetime) -> bool:
        """True when nobody looked over this access for `REVIEW_EVERY`; the gate then refuses."""
        return now - self.reviewed_at > REVIEW_EVERY

    def may_sign_in(self) -> bool:
        """True for an active account only."""
        return self.state is AccountState.ACTIVE


def parse_login(text: str) -> str:
    """The one stored form of a login e-mail: NFC, stripped, lower case. Hostile input.

    Raises:
        MalformedError: no address, or longer than `EMAIL_MAX`.
    """
    login = unicodedata.normalize("NFC", text).strip().lower()
    if len(login) > EMAIL_MAX or not _EMAIL.fullmatch(login) or not login.isprintable():
        raise MalformedError("email", "not an e-mail address")
    return login


def parse_name(text: str) -> str:
    """A name as it is shown: NFC, inner spaces single. Hostile input.

    Raises:
        MalformedError: empty, unprintable or longer than `NAME_MAX`.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise MalformedError("name", f"a name has 1 to {NAME_MAX} printable characters")
    return name


def parse_staff_role(text: str) -> Role:
    """One of the four roles of staff. Hostile input.

    Raises:
        MalformedError: any other word, also `service`, `self` and `worker`.
    """
    for role in STAFF_ROLES:
        if role.value == text:
            return role
    raise MalformedError("role", "one of owner, senior, operator, auditor")
