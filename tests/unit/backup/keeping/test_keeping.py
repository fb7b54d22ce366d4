"""Who is let in, how long they are known, and what a quota lets grow?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kept.backup.keeping import accounts
from kept.backup.keeping.accounts import Accounts, Client, Wanted
from kept.backup.keeping.door import KNOWN_FOR, WRONG_MOST, Door, TooMany
from kept.backup.keeping.folder import Folder, is_client
from kept.backup.keeping.shelf import BLOCK, SPARE, Room, charge
from kept.backup.ports import FileKind
from kept.base.errors import ConflictError, MalformedError, NotFoundError
from kept.crypto.argon import Cost
from kept.crypto.passwords import Passwords

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CHEAP = Passwords(Cost(1, 64, 1))
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.9"


@pytest.fixture
def folder(tmp_path) -> Folder:
    """A keeper's folder without accounts."""
    return Folder(tmp_path / "keeper")


def door_of(folder: Folder) -> Door:
    """The door to it."""
    return Door(Accounts(folder), CHEAP)


def test_a_password_is_known_for_an_hour(folder) -> None:
    """Then it costs Argon2 again; a wrong one is never known."""
    password, door = accounts.add(folder, Wanted("ann", 1), CHEAP, now=NOW), door_of(folder)
    assert door.known("ann", password, now=NOW) is None
    assert isinstance(door.enter("ann", password, network=HOME, now=NOW), Client)
    assert door.known("ann", password, now=NOW + KNOWN_FOR - timedelta(seconds=1))
    assert door.known("ann", password + "x", now=NOW) is None
    assert door.known("ann", password, now=NOW + KNOWN_FOR) is None


def test_a_new_password_makes_the_old_one_unknown(folder) -> None:
    """Taken away and made anew, an account forgets who was let in before."""
    door = door_of(folder)
    old = accounts.add(folder, Wanted("ann", 1), CHEAP, now=NOW)
    assert isinstance(door.enter("ann", old, network=HOME, now=NOW), Client)
    accounts.remove(folder, "ann", now=NOW)
    assert door.known("ann", old, now=NOW) is None
    new = accounts.add(folder, Wanted("ann", 1), CHEAP, now=NOW)
    assert door.known("ann", old, now=NOW) is None
    assert door.enter("ann", old, network=HOME, now=NOW) is None
    assert isinstance(door.enter("ann", new, network=HOME, now=NOW), Client)


def test_wrong_ones_are_counted_by_network_and_forgiven(folder) -> None:
    """Unknown names count like wrong passwords; elsewhere nobody waits."""
    password, door = accounts.add(folder, Wanted("ann", 1), CHEAP, now=NOW), door_of(folder)
    for number in range(WRONG_MOST):
        name = "ann" if number % 2 else "nobody"
        assert door.enter(name, "wrong", network=HOME, now=NOW) is None
    stopped = door.enter("ann", password, network=HOME, now=NOW)
    assert isinstance(stopped, TooMany)
    assert isinstance(door.enter("ann", password, network=ELSEWHERE, now=NOW), Client)
    later = NOW + stopped.wait
    assert isinstance(door.enter("ann", password, network=HOME, now=later), Client)
    assert door.enter("ann", "wrong", network=HOME, now=later) is None
    assert isinstance(door.enter("ann", "wrong", network=HOME, now=later), TooMany)


def test_a_name_is_given_once(folder) -> None:
    """Not twice, and not while a repository of that name lies there."""
    accounts.add(folder, Wanted("ann", 1), CHEAP, now=NOW)
    with pytest.raises(ConflictError):
        accounts.add(folder, Wanted("ann", 2), CHEAP, now=NOW)
    folder.repository("bob").mkdir(parents=True)
    with pytest.raises(ConflictError):
        accounts.add(folder, Wanted("bob", 1), CHEAP, now=NOW)
    with pytest.raises(NotFoundError):
        accounts.remove(folder, "bob", now=NOW)
    assert Accounts(folder).named("ann").quota_bytes == 1 << 30


@pytest.mark.parametrize(
    "name", ["", "Ann", "-ann", "a" * 33, "ann/bob", "..", "ann\n", "ann.", "анна", "static"]
)
def test_names_that_no_account_has(folder, name: str) -> None:
    """None of them reaches a path."""
    assert not is_client(name)
    with pytest.raises(MalformedError):
        Wanted(name, 1)
    with pytest.raises(MalformedError):
        folder.repository(name)


@pytest.mark.parametrize("quota", [0, -1, float("nan"), float("inf"), 2.0**21])
def test_quotas_out_of_range(quota: float) -> None:
    """A quota is above nothing and below a PiB."""
    with pytest.raises(MalformedError):
        Wanted("ann", quota)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"version":2,"clients":[]}',
        b'{"version":1,"clients":[{"name":"ann"}]}',
        b"\xff",
    ],
)
def test_accounts_that_are_none(folder, content: bytes) -> None:
    """A spoiled file lets nobody in, instead of everybody or nobody in silence."""
    Path(folder.root).mkdir()
    folder.clients.write_bytes(content)
    with pytest.raises(MalformedError):
        Accounts(folder).all()


def test_a_room_never_grows_above_its_quota() -> None:
    """What comes in now counts; a refused step keeps what it had; locks have a little more."""
    room = Room(quota=charge(BLOCK) * 2)
    first = room.grow(0, 1, FileKind.DATA)
    assert first == charge(1) == 2 * BLOCK
    assert room.grow(2 * BLOCK, BLOCK, FileKind.DATA) == first
    second = room.grow(0, BLOCK, FileKind.DATA)
    assert second == 2 * BLOCK
    assert room.grow(2 * BLOCK, BLOCK + 1, FileKind.DATA) is None
    assert room.coming == room.quota
    assert room.grow(0, 0, FileKind.INDEX) is None
    assert room.grow(0, SPARE - BLOCK, FileKind.LOCK) == SPARE
    assert room.grow(0, 0, FileKind.LOCK) is None
