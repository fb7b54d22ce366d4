"""Does an API key open what it is bound to, until it ends, and is it shown once?"""

import hashlib
from datetime import timedelta

import pytest

from kept.base.errors import MalformedError, NotFoundError, RefusedError
from kept.base.ids import KeyId
from kept.ledger.model import Actor
from kept.staff.acts.keys import (
    IssuedKey,
    KeyOrder,
    actor_of_key,
    find_key,
    issue_key,
    list_keys,
    note_key_use,
    revoke_key,
)
from kept.staff.acts.team import disable
from kept.staff.model.keys import ApiKey, Capability, KeyScope
from kept.vault.model.rules import (
    Basis,
    Category,
    ImportDefaults,
    Purpose,
    RevealLimits,
    Role,
    Rules,
    Text,
)
from staff_desk import Desk, Member

T = Text("", "")
ROLES = frozenset({Role.OWNER})


def purpose(key: str, *categories: str) -> Purpose:
    """A purpose that may use these categories."""
    return Purpose(key, T, T, Basis.CONTRACT, ROLES, frozenset(categories))


RULES = Rules(
    categories={key: Category(i, key, T, ()) for i, key in enumerate(("contact", "delivery"))},
    purposes={p.key: p for p in (purpose("answer", "contact"), purpose("deliver", "delivery"))},
    import_defaults=ImportDefaults("answer", Basis.CONTRACT, "shop"),
)
SCOPE = KeyScope(
    frozenset({Capability.READ, Capability.FIND}),
    frozenset({"answer"}),
    frozenset({"contact"}),
    RevealLimits(people=5, window=timedelta(minutes=1), people_a_day=50),
)


def issue(desk: Desk, actor: Actor, scope: KeyScope = SCOPE, days: float = 30) -> IssuedKey:
    """A key for the web shop."""
    order = KeyOrder("Web shop", scope, desk.now + timedelta(days=days))
    return desk.write(issue_key, actor=actor, order=order, rules=RULES)


def found(desk: Desk, text: str) -> ApiKey | None:
    """What the key opens now."""
    return desk.read(lambda tx: find_key(tx, text, now=desk.now))


def test_a_key_comes_back_as_it_was_issued(desk: Desk, owner: Member) -> None:
    """Scope, limits and end survive the row; the actor is the service, not the owner."""
    issued = issue(desk, owner.actor)
    key = found(desk, issued.text)
    assert key == issued.key
    assert key is not None
    assert key.scope == SCOPE
    assert str(actor_of_key(key)) == f"service:{key.id}"
    assert desk.kinds()[-1] == "key.issued"


def test_only_the_hash_of_the_secret_is_stored(desk: Desk, owner: Member) -> None:
    """SHA-256 of the last part; listing shows no secret."""
    issued = issue(desk, owner.actor)
    secret = issued.text.rpartition("_")[2]
    [(stored,)] = desk.read(lambda tx: tx.rows("select secret_hash from api_key"))
    assert bytes(stored) == hashlib.sha256(secret.encode()).digest()
    assert secret not in repr(issued) + repr(desk.read(list_keys))


def test_every_other_secret_is_refused(desk: Desk, owner: Member) -> None:
    """One changed letter, another key's secret, another key's id."""
    first, second = issue(desk, owner.actor), issue(desk, owner.actor)
    head, _, secret = first.text.rpartition("_")
    swapped = f"{head}_{second.text.rpartition('_')[2]}"
    changed = f"{head}_{'b' if secret[0] == 'a' else 'a'}{secret[1:]}"
    unknown = f"kept_{'a' * 26}_{secret}"
    assert [found(desk, text) for text in (swapped, changed, unknown)] == [None] * 3


@pytest.mark.parametrize("text", ["", "kept__", "kept_x_y", "Bearer kept", "é" * 84, "k" * 5000])
def test_nonsense_is_nobodys_key(desk: Desk, owner: Member, text: str) -> None:
    """Hostile headers find nothing and raise nothing."""
    issue(desk, owner.actor)
    assert found(desk, text) is None


def test_a_key_ends(desk: Desk, owner: Member) -> None:
    """A moment before its end it lives, at its end it does not."""
    issued = issue(desk, owner.actor, days=1)
    desk.later(days=1, microseconds=-1)
    assert found(desk, issued.text) is not None
    desk.later(microseconds=1)
    assert found(desk, issued.text) is None


def test_a_revoked_key_is_dead_at_once(desk: Desk, owner: Member) -> None:
    """And revoking twice is said."""
    issued = issue(desk, owner.actor)
    desk.write(revoke_key, actor=owner.actor, key=issued.key.id)
    assert found(desk, issued.text) is None
    assert desk.kinds()[-1] == "key.revoked"
    with pytest.raises(NotFoundError):
        desk.write(revoke_key, actor=owner.actor, key=issued.key.id)


@pytest.mark.parametrize("role", ["senior", "operator", "auditor", "service"])
def test_only_an_owner_manages_keys(desk: Desk, owner: Member, role: str) -> None:
    """Also a key cannot make keys."""
    actor = Actor("staff", "x", role)
    with pytest.raises(RefusedError):
        issue(desk, actor)
    with pytest.raises(RefusedError):
        desk.write(revoke_key, actor=actor, key=KeyId(bytes(16)))


@pytest.mark.parametrize(
    ("capabilities", "purposes", "categories"),
    [
        ((), ("answer",), ("contact",)),
        (("read",), (), ()),
        (("read",), ("answer", "sell"), ("contact",)),
        (("read",), ("answer",), ("contact", "delivery")),
        (("read",), ("answer",), ("nowhere",)),
    ],
)
def test_a_scope_beyond_the_book_is_malformed(
    desk: Desk,
    owner: Member,
    capabilities: tuple[str, ...],
    purposes: tuple[str, ...],
    categories: tuple[str, ...],
) -> None:
    """Nothing to do, unknown words, or categories that no named purpose covers."""
    scope = KeyScope(
        frozenset(map(Capability, capabilities)), frozenset(purposes), frozenset(categories)
    )
    with pytest.raises(MalformedError):
        issue(desk, owner.actor, scope)
    assert desk.read(list_keys) == []


@pytest.mark.parametrize("days", [-1, 0, 366.01])
def test_a_key_always_ends_within_a_year(desk: Desk, owner: Member, days: float) -> None:
    """No key that is over already, none that lives for ever."""
    with pytest.raises(MalformedError):
        issue(desk, owner.actor, days=days)


def test_use_is_noted_by_the_hour(desk: Desk, owner: Member) -> None:
    """Due at first, not within the hour, due after it."""
    issued = issue(desk, owner.actor)
    assert issued.key.is_use_due(desk.now)
    desk.database.write(lambda tx: note_key_use(tx, issued.key.id, now=desk.now))
    key = found(desk, issued.text)
    assert key is not None
    assert key.last_used_at == desk.now
    assert not key.is_use_due(desk.now + timedelta(minutes=59))
    assert key.is_use_due(desk.now + timedelta(hours=1))


def test_a_leavers_keys_are_named(desk: Desk, owner: Member) -> None:
    """Whoever saw a secret may have kept it: the live ones they issued are listed."""
    other = desk.member(Role.OWNER, "two@example.org")
    seen, gone = issue(desk, other.actor), issue(desk, other.actor)
    issue(desk, owner.actor)
    desk.write(revoke_key, actor=owner.actor, key=gone.key.id)
    left = desk.write(disable, actor=owner.actor, staff=other.id)
    assert [k.id for k in left.keys_seen] == [seen.key.id]
