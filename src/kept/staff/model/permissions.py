"""Which part of the desk may each role use?

One table, read by every entrance: what is not in it is refused. The auditor sees evidence and
never personal data; the operator opens data for purposes; the senior also approves what cannot
be undone; the owner also manages team, keys, imports and settings. Opening data needs the gate
*and* this table: neither replaces the other.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from kept.base.errors import RefusedError
from kept.vault.model.rules import Role


class Permission(StrEnum):
    """One thing the desk can do. The value is stable: routes and tests name it."""

    OWN_ACCOUNT = "own_account"  # own password, second factor, sessions
    SEE_EVIDENCE = "see_evidence"  # promises, acts without personal data, ledger, check-up
    SEE_TEAM = "see_team"  # who works here, roles, reviews
    FIND_PERSON = "find_person"
    OPEN_DATA = "open_data"
    CORRECT_DATA = "correct_data"
    RECORD_CONSENT = "record_consent"
    EXPORT_PERSON = "export_person"  # a person's own copy, on their request
    RESTRICT_PERSON = "restrict_person"
    FORGET_PERSON = "forget_person"  # approve an erasure
    IMPORT_DATA = "import_data"
    MANAGE_TEAM = "manage_team"
    MANAGE_KEYS = "manage_keys"
    MANAGE_SETTINGS = "manage_settings"  # the business, what is "not yours" in the check-up


Grants = Mapping[Role, frozenset[Permission]]

_AUDITOR = frozenset({Permission.OWN_ACCOUNT, Permission.SEE_EVIDENCE, Permission.SEE_TEAM})
_OPERATOR = frozenset({
    Permission.OWN_ACCOUNT,
    Permission.SEE_EVIDENCE,
    Permission.FIND_PERSON,
    Permission.OPEN_DATA,
    Permission.CORRECT_DATA,
    Permission.RECORD_CONSENT,
})
_SENIOR = _OPERATOR | {
    Permission.SEE_TEAM,
    Permission.EXPORT_PERSON,
    Permission.RESTRICT_PERSON,
    Permission.FORGET_PERSON,
}
_OWNER = _SENIOR | {
    Permission.IMPORT_DATA,
    Permission.MANAGE_TEAM,
    Permission.MANAGE_KEYS,
    Permission.MANAGE_SETTINGS,
}

PERSONAL = frozenset(  # permissions that bring personal data onto a screen
    {
        Permission.FIND_PERSON,
        Permission.OPEN_DATA,
        Permission.CORRECT_DATA,
        Permission.RECORD_CONSENT,
        Permission.EXPORT_PERSON,
        Permission.RESTRICT_PERSON,
        Permission.FORGET_PERSON,
        Permission.IMPORT_DATA,
    }
)
GRANTS: Grants = MappingProxyType({
    Role.OWNER: _OWNER,
    Role.SENIOR: _SENIOR,
    Role.OPERATOR: _OPERATOR,
    Role.AUDITOR: _AUDITOR,
})


_ASK: dict[Role, str] = {  # message ids of the catalogues
    Role.OPERATOR: "This needs another role. Ask support.",
    Role.SENIOR: "This needs another role. Ask a senior.",
    Role.OWNER: "This needs another role. Ask the owner.",
}


def may(role: str, permission: Permission, grants: Grants = GRANTS) -> bool:
    """True when the table grants it; a role that is not in the table may nothing."""
    return any(role == known and permission in granted for known, granted in grants.items())


def demand(role: str, permission: Permission) -> None:
    """Let through what the table grants; any word may stand for the role.

    Raises:
        RefusedError: `role`, with whom to ask.
    """
    if not may(role, permission):
        raise RefusedError("role", _ASK[ask_whom(permission)])


def ask_whom(permission: Permission) -> Role:
    """The nearest role that holds the permission: whom a refusal names."""
    for role in (Role.OPERATOR, Role.SENIOR):
        if may(role, permission):
            return role
    return Role.OWNER
