"""Does each role get exactly what it needs?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import RefusedError
from kept.staff.model.permissions import GRANTS, PERSONAL, Grants, Permission, ask_whom, demand, may
from kept.vault.model.rules import Role

ROLES = st.sampled_from(list(Role))
PERMISSIONS = st.sampled_from(list(Permission))
TABLES = st.dictionaries(ROLES, st.frozensets(PERMISSIONS))
MATRIX = {  # written by hand from what each role is for, not from the table
    "own_account": "owner senior operator auditor",
    "see_evidence": "owner senior operator auditor",
    "see_team": "owner senior auditor",
    "find_person": "owner senior operator",
    "open_data": "owner senior operator",
    "correct_data": "owner senior operator",
    "record_consent": "owner senior operator",
    "export_person": "owner senior",
    "restrict_person": "owner senior",
    "forget_person": "owner senior",
    "import_data": "owner",
    "manage_team": "owner",
    "manage_keys": "owner",
    "manage_settings": "owner",
}


@pytest.mark.parametrize("permission", list(Permission))
def test_the_table_is_the_written_one(permission: Permission) -> None:
    """Every permission has its line; a new one without a line fails here."""
    assert {r.value for r in Role if may(r, permission)} == set(MATRIX[permission].split())


def test_the_auditor_never_sees_personal_data() -> None:
    """No permission that shows a person is the auditor's."""
    assert not GRANTS[Role.AUDITOR] & PERSONAL


@given(table=TABLES, role=ROLES, gone=PERMISSIONS, asked=PERMISSIONS)
def test_taking_a_permission_away_never_grants(
    table: Grants, role: Role, gone: Permission, asked: Permission
) -> None:
    """Whatever is allowed after a removal was allowed before it."""
    less = {**table, role: table.get(role, frozenset()) - {gone}}
    for someone in Role:
        assert may(someone, asked, table) or not may(someone, asked, less)
    assert not may(role, gone, less)


@given(table=TABLES, role=ROLES, asked=PERMISSIONS)
def test_a_role_without_a_row_may_nothing(table: Grants, role: Role, asked: Permission) -> None:
    """Absence is refusal."""
    assert not may(role, asked, {r: p for r, p in table.items() if r is not role})


def test_a_refusal_says_whom_to_ask() -> None:
    """The operator is sent to a senior for an erasure, to the owner for an import."""
    with pytest.raises(RefusedError, match="Ask a senior") as refused:
        demand(Role.OPERATOR, Permission.FORGET_PERSON)
    assert refused.value.code == "role"
    with pytest.raises(RefusedError, match="Ask the owner"):
        demand(Role.SENIOR, Permission.IMPORT_DATA)
    assert ask_whom(Permission.OPEN_DATA) is Role.OPERATOR
    demand(Role.OWNER, Permission.IMPORT_DATA)


@pytest.mark.parametrize("role", ["", "root", "Owner", "share", "service", "self", "worker"])
def test_other_words_may_nothing(role: str) -> None:
    """Roles of other entrances and unknown words are refused, not errors."""
    for permission in Permission:
        with pytest.raises(RefusedError):
            demand(role, permission)
