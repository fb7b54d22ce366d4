"""Is a known password found, and is a broken table refused?"""

import hashlib
import struct
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import MalformedError, TamperedError, UnavailableError
from kept.staff.acts.passwords import SHIPPED, open_table
from kept.staff.model.breached import BreachedTable, build_table
from kept.staff.model.guessable import common_passwords, shipped_lines

# SHA-1 of "password", as `printf password | sha1sum` prints it
PASSWORD_SHA1 = "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"


def line(password: str) -> str:
    """A line of a published list."""
    return f"{hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()}:3"


def test_the_layout_is_the_documented_one() -> None:
    """Magic, count, first eight bytes of the sum: as docs/formats/breached.md says."""
    assert build_table([f"{PASSWORD_SHA1}:9545824\n"]) == (
        b"KEPTSHA1" + struct.pack(">Q", 1) + bytes.fromhex("5baa61e4c9b93f3f")
    )


@given(known=st.lists(st.text(min_size=1), max_size=40), other=st.text(min_size=1))
def test_a_table_holds_exactly_its_passwords(known: list[str], other: str) -> None:
    """In any order, doubled or not; what was not put in is not found."""
    encodable = [p for p in known if p.isprintable()]
    table = BreachedTable(build_table([line(p) for p in encodable + encodable]))
    assert len(table) == len(set(encodable))
    assert all(table.holds(p) for p in encodable)
    if other.isprintable() and not {other, other.lower()} & set(encodable):
        assert not table.holds(other)


def test_capitals_do_not_hide_a_known_password() -> None:
    """The lower-case form is looked up too."""
    assert BreachedTable(build_table([line("correcthorse")])).holds("CorrectHorse")


def test_sorted_and_shuffled_lists_make_one_table() -> None:
    """The order of lines does not show in the bytes."""
    lines = [line(str(i)) for i in range(500)]
    assert build_table(sorted(lines)) == build_table(lines) == build_table(lines[::-1])


def test_blank_lines_are_passed_over() -> None:
    """As the end of a file often is one."""
    assert build_table(["", line("a"), "\n"]) == build_table([line("a")])


@pytest.mark.parametrize(
    "bad",
    [
        "password",
        "5baa61:1",
        PASSWORD_SHA1,
        f"{PASSWORD_SHA1}:",
        f"{PASSWORD_SHA1}:x",
        f"g{PASSWORD_SHA1[1:]}:1",
    ],
)
def test_another_line_is_named_by_number(bad: str) -> None:
    """The message says where, and not what stood there."""
    with pytest.raises(MalformedError) as error:
        build_table([line("a"), bad])
    assert str(error.value) == "line 2: not SHA1:count"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"KEPTSHA1",
        b"KEPTSHA2" + bytes(8),
        b"KEPTSHA1" + struct.pack(">Q", 1),
        b"KEPTSHA1" + struct.pack(">Q", 1) + bytes(7),
        b"KEPTSHA1" + struct.pack(">Q", 1) + bytes(16),
    ],
)
def test_a_broken_table_is_refused(data: bytes) -> None:
    """Cut, lengthened or foreign: never "no password is known"."""
    with pytest.raises(TamperedError):
        BreachedTable(data)


def test_a_table_is_read_from_a_mapped_file(tmp_path: Path) -> None:
    """Mmap and bytes give the same answers."""
    path = tmp_path / "table"
    path.write_bytes(build_table([line("a"), line("b")]))
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
        table = BreachedTable(mapped)
        assert [table.holds(p) for p in "abc"] == [True, True, False]


def test_the_shipped_table_is_what_its_rules_make() -> None:
    """Change the rules and the file is rebuilt, or this fails."""
    assert SHIPPED.read_bytes() == build_table(shipped_lines())


def test_the_shipped_table_knows_what_everybody_thinks_of() -> None:
    """Written by hand: walks, words with years, Russian and its Latin spellings."""
    table = open_table()
    assert 50_000 < len(table) < 200_000
    for password in (
        "Password1234",
        "qwertyuiopas",
        "1q2w3e4r5t6y",
        "iloveyou2024!",
        "пароль123456",
        "ghbdtnghbdtn",
        "spartak1990!",
        "aaaaaaaaaaaa",
        "123456789012",
    ):
        assert table.holds(password), password
    assert not table.holds("four brown mugs on a shelf")


def test_no_entry_of_the_rules_is_too_short() -> None:
    """Shorter ones are refused anyway and would only fill the file."""
    assert min(map(len, common_passwords())) == 12


@pytest.mark.parametrize("content", [None, b""])
def test_a_table_that_cannot_be_read_is_said(tmp_path: Path, content: bytes | None) -> None:
    """Absent or empty: the house does not start without a table."""
    path = tmp_path / "table"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnavailableError):
        open_table(path)
