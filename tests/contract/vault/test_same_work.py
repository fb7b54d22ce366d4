"""Does looking up an address that nobody has take the work of one that somebody has?

Work is counted, not timed: a shared machine's clock proves nothing.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from houses import HOME, TINA, Home
from kept.vault.acts import find as finding
from kept.vault.acts import keyroom, visit
from kept.vault.acts.evidence import openings as openings_of
from vault_cases import faults, find, kinds, openings

WORK = (
    (keyroom, "unwrap_key"),
    (keyroom, "unwrap_secret"),
    (finding, "open_cell"),
    (finding.store, "person_by_n"),
    (finding.store, "cells"),
)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each step was taken."""
    done: Counter[str] = Counter()

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            done[name] += 1
            return real(*args, **kwargs)

        return step

    for module, name in WORK:
        monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    return done


def ask(home: Home, address: str) -> None:
    """A stranger asks for a code."""
    vault, pepper, now = home.house.vault, home.worker.parts.pepper, home.clock.now()
    home.write(lambda tx: visit.ask_code(tx, vault, pepper, address=address, lang="en", now=now))


def spent(work: Counter[str], deed: Callable[[], object]) -> Counter[str]:
    """The steps of one deed."""
    work.clear()
    deed()
    return Counter(work)


def test_at_the_door(any_home: Home, work: Counter[str]) -> None:
    """Who asks for a code to an address learns nothing from the work it takes."""
    any_home.add(contact=TINA, delivery=HOME)
    known = spent(work, lambda: ask(any_home, TINA["email"]))
    unknown = spent(work, lambda: ask(any_home, "nobody@example.org"))
    assert set(known) == {name for _, name in WORK}
    assert unknown == known


def test_at_the_desk(any_home: Home, work: Counter[str]) -> None:
    """A look-up opens as many keys, rows and cells; nobody's are counted as no opening."""
    any_home.add(contact=TINA)
    known = spent(work, lambda: find(any_home, TINA["email"]))
    before = openings(any_home)
    unknown = spent(work, lambda: find(any_home, "nobody@example.org"))
    for name in ("unwrap_key", "unwrap_secret", "open_cell", "cells"):
        assert 0 < known[name] <= unknown[name], name
    assert openings(any_home) == before
    assert kinds(any_home)["nobody.found"] == 1
    found = any_home.read(lambda tx: openings_of(tx, since=any_home.clock.now().replace(year=2000)))
    assert found.opened == found.recorded == 1
    assert faults(any_home) == []
