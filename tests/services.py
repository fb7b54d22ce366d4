"""How does a test stand at the API as a service? With a key of its own and a browserless client."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from houses import Home
from kept.ledger.model import Actor
from kept.staff.acts.keys import IssuedKey, KeyOrder, issue_key
from kept.staff.model.keys import Capability, KeyScope
from kept.vault.model.rules import RevealLimits

PURPOSES = ("answer", "deliver", "marketing", "legal_claim")
CATEGORIES = ("contact", "delivery", "orders", "profile")
OWNER = Actor("staff", "owner", "owner")
WIDE = RevealLimits(1_000_000, timedelta(minutes=10), 1_000_000)


def issued(
    home: Home,
    *,
    can: Iterable[Capability] = tuple(Capability),
    purposes: Iterable[str] = PURPOSES,
    categories: Iterable[str] = CATEGORIES,
    limits: RevealLimits = WIDE,
) -> IssuedKey:
    """A new key of this house; it can everything unless told otherwise."""
    now = home.clock.now()
    scope = KeyScope(frozenset(can), frozenset(purposes), frozenset(categories), limits)
    order = KeyOrder("the shop", scope, now + timedelta(days=30))
    rules = home.house.book.rules
    return home.write(
        lambda tx: issue_key(tx, home.house.staff, actor=OWNER, order=order, rules=rules, now=now)
    )


@dataclass
class Service:
    """A program with a key."""

    client: TestClient[Litestar]
    key: str
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, *, purpose: str = "", **more: Any) -> Any:
        """Send one request; `purpose` becomes Kept-Purpose."""
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        if purpose:
            headers["Kept-Purpose"] = purpose
        return self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    def take_in(self, **fields: str) -> str:
        """A new person's id."""
        answer = self.ask("POST", "/people", json={"fields": fields})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]
