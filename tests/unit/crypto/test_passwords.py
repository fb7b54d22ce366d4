"""Are passwords hashed dearly, judged rightly and never all at once?"""

import threading

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from kept.base.errors import MalformedError, RefusedError, TamperedError, UnavailableError
from kept.crypto.argon import RFC9106_SECOND, Cost, check_length, stretch
from kept.crypto.passwords import Passwords
from kept.crypto.secret import Secret

CHEAP = Cost(passes=1, memory_kib=32, lanes=4)
RIGHT = "correct horse battery staple"


@pytest.fixture(scope="module")
def desk() -> Passwords:
    """A hasher whose hashes cost nothing."""
    return Passwords(CHEAP)


def test_round_trip(desk: Passwords) -> None:
    """The right password fits, another does not, and no two hashes are alike."""
    one, other = desk.hash(RIGHT), desk.hash(RIGHT)
    assert one != other
    assert desk.is_right(one, RIGHT)
    assert not desk.is_right(one, RIGHT + " ")
    assert not desk.is_right(one, "")


def test_unknown_account(desk: Passwords) -> None:
    """Without an account the answer is no, whatever is typed."""
    assert not desk.is_right(None, RIGHT)
    assert not desk.is_right(None, "")


def test_two_keyboards(desk: Passwords) -> None:
    """Composed and decomposed, wide and narrow letters are one password."""
    stored = desk.hash("caf\u00e9 Ｐassword 12")
    assert desk.is_right(stored, "cafe\u0301 Password 12")


@pytest.mark.parametrize(
    "typed", ["", "short", "a" * 11, "a" * 257, "ﬃ" * 100, "a" + "\u0301" * 3000]
)
def test_unfit_length(desk: Passwords, typed: str) -> None:
    """Under 12 or over 256 characters after normalising is refused."""
    with pytest.raises(RefusedError):
        desk.hash(typed)


@pytest.mark.parametrize("typed", ["a" * 12, "a" * 256, "пароль длинный", "🦊" * 12])
def test_fit_length(typed: str) -> None:
    """12 to 256 of any characters, with no other rule."""
    check_length(typed)


def test_long_guess(desk: Passwords) -> None:
    """A guess of a megabyte is a plain no."""
    stored = desk.hash("a" * 256)
    assert desk.is_right(stored, "a" * 256)
    assert not desk.is_right(stored, "a" * 1_000_000)


def test_long_decomposed(desk: Passwords) -> None:
    """A password of many joined letters fits however the keyboard sends it, to its last letter."""
    stored = desk.hash("\u1ed9" * 250)
    assert desk.is_right(stored, "o\u0323\u0302" * 250)
    assert not desk.is_right(stored, "o\u0323\u0302" * 249 + "o\u0323")


def test_rehash(desk: Passwords) -> None:
    """A hash made cheaper than today's cost asks to be made again."""
    stored = desk.hash(RIGHT)
    assert not desk.needs_rehash(stored)
    assert Passwords(Cost(passes=2, memory_kib=32, lanes=4)).needs_rehash(stored)


def test_stored_form(desk: Passwords) -> None:
    """The stored text names Argon2id, version 19 and its cost."""
    assert desk.hash(RIGHT).startswith("$argon2id$v=19$m=32,t=1,p=4$")
    assert (RFC9106_SECOND.passes, RFC9106_SECOND.memory_kib, RFC9106_SECOND.lanes) == (3, 65536, 4)


@pytest.mark.parametrize("stored", ["x", "$argon2id$", "plain:" + RIGHT, "$2b$12$abc"])
def test_no_hash(desk: Passwords, stored: str) -> None:
    """A stored text that is no Argon2 hash is a changed row, never a match."""
    with pytest.raises(TamperedError):
        desk.is_right(stored, RIGHT)


def test_full_waiting_room() -> None:
    """Over the limit of those hashing and waiting, the next is sent away, and room comes back."""
    desk = Passwords(CHEAP, at_once=1, waiting=1)
    with desk._turn:  # somebody is hashing for a long time
        results: list[bool] = []
        waiting = [
            threading.Thread(target=lambda: results.append(desk.is_right(None, RIGHT)))
            for _ in range(2)
        ]
        for thread in waiting:
            thread.start()
        while desk._room._value:  # until both stand in the room
            pass
        with pytest.raises(UnavailableError):
            desk.is_right(None, RIGHT)
    for thread in waiting:
        thread.join()
    assert results == [False, False]
    assert not desk.is_right(None, RIGHT)


def test_stretch_equals_another_implementation() -> None:
    """The stretched phrase is what OpenSSL's Argon2id gives."""
    cost, salt = Cost(passes=2, memory_kib=256, lanes=2), bytes(range(16))
    other = Argon2id(salt=salt, length=32, iterations=2, lanes=2, memory_cost=256)
    assert stretch(Secret(b"phrase"), salt, cost).reveal() == other.derive(b"phrase")


@pytest.mark.parametrize(
    ("passes", "memory_kib", "lanes"),
    [(0, 64, 1), (17, 64, 1), (1, 7, 1), (1, 2**21 + 1, 1), (1, 64, 0), (1, 2**20, 17)],
)
def test_hostile_cost(passes: int, memory_kib: int, lanes: int) -> None:
    """A cost that would eat the machine, or is none, is refused before it is tried."""
    with pytest.raises(MalformedError):
        Cost(passes, memory_kib, lanes)
