"""Which services may use the API? Keys issued, listed and revoked from the terminal."""

from datetime import timedelta

from kept.base.encoding import Json
from kept.base.errors import MalformedError
from kept.base.ids import KeyId
from kept.cli.commands.call import Call
from kept.staff.acts.keys import KeyOrder, issue_key, list_keys, revoke_key
from kept.staff.model.keys import UNLIMITED, ApiKey, Capability, KeyScope

DAYS = 90  # a key's life unless told otherwise


def issue(call: Call) -> Json:
    """Make a key for one service; its text is in the answer once.

    With `unlimited` it has no reveal limit; else the book's, which are made for people.
    """
    house, now = call.house, call.house.clock.now()
    order = KeyOrder(
        call.text("name"), _scope(call), now + timedelta(days=call.number("days", DAYS))
    )
    made = house.db.write(
        lambda tx: issue_key(
            tx, house.staff, actor=call.actor, order=order, rules=house.book.rules, now=now
        )
    )
    return {**_told(made.key), "key": made.text}


def _scope(call: Call) -> KeyScope:
    rules = call.house.book.rules
    purposes = frozenset(call.texts("purposes"))
    covered = frozenset[str]().union(
        *(rules.purposes[p].categories for p in purposes if p in rules.purposes)
    )
    try:
        can = frozenset(Capability(one) for one in call.texts("capabilities"))
    except ValueError:
        words = ", ".join(Capability)
        raise MalformedError("can", f"one of {words}") from None
    limits = UNLIMITED if call.number("unlimited", 0) else rules.limits
    return KeyScope(can, purposes, frozenset(call.texts("categories")) or covered, limits)


def listing(call: Call) -> Json:
    """Every key ever issued, without secrets."""
    now = call.house.clock.now()
    return [{**_told(k), "live": k.is_live(now)} for k in call.house.db.read(list_keys)]


def revoke(call: Call) -> Json:
    """End a key at once."""
    house, key = call.house, KeyId.parse(call.text("id"))
    house.db.write(
        lambda tx: revoke_key(tx, house.staff, actor=call.actor, key=key, now=house.clock.now())
    )
    return {"id": str(key), "live": False}


def _limits(key: ApiKey) -> Json:
    """How many people it may open in so many minutes and in a day; None without a limit."""
    held = key.scope.reveal_limits
    if held is None:
        return None
    minutes = int(held.window.total_seconds()) // 60
    return {"people": held.people, "minutes": minutes, "people_a_day": held.people_a_day}


def _told(key: ApiKey) -> dict[str, Json]:
    return {
        "id": str(key.id),
        "name": key.name,
        "can": sorted(key.scope.capabilities),
        "purposes": sorted(key.scope.purposes),
        "categories": sorted(key.scope.categories),
        "limits": _limits(key),
        "expires_at": key.expires_at.isoformat(timespec="seconds"),
    }
