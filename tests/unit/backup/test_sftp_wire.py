"""Is SFTP read strictly, and written as the draft says?"""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.places.sftp_link import steps
from kept.backup.places.sftp_wire import (
    Attributes,
    Code,
    Data,
    Extended,
    Handle,
    Limits,
    Names,
    Status,
    ask_flush,
    ask_open,
    ask_replace,
    ask_write,
    hello,
    packet,
    read_answer,
    read_hello,
    read_limits,
)
from kept.base.errors import MalformedError

TEXT = b"\0\0\0\2ab"


def sent(ask) -> bytes:
    """A request as one piece."""
    return b"".join(packet(ask, 0x01020304))


def test_requests_are_the_drafts() -> None:
    """Golden bytes, spelt by hand from the draft and from OpenSSH's PROTOCOL."""
    assert hello() == bytes.fromhex("00000005 01 00000003")
    assert sent(ask_open(b"ab", 2 | 8 | 32, 0o400)) == bytes.fromhex(
        "00000017 03 01020304 00000002 6162 0000002a 00000004 00000100"
    )
    assert sent(ask_write(b"ab", 5, memoryview(b"xyz"))) == bytes.fromhex(
        "0000001a 06 01020304 00000002 6162 0000000000000005 00000003 78797a"
    )
    assert sent(ask_flush(b"ab")) == (
        struct.pack(">IBI", 5 + 4 + 17 + 6, 200, 0x01020304) + b"\0\0\0\x11fsync@openssh.com" + TEXT
    )
    assert sent(ask_replace(b"ab", b"ab")) == (
        struct.pack(">IBI", 5 + 4 + 24 + 12, 200, 0x01020304)
        + b"\0\0\0\x18posix-rename@openssh.com"
        + TEXT * 2
    )


ATTRIBUTES = struct.pack(">IQIIIII", 15, 7, 1, 2, 0o100400, 8, 9)
ANSWERS = [
    (b"\x65\0\0\0\1" + b"\0\0\0\2" + TEXT * 2, Status(Code.NO_SUCH_FILE)),
    (b"\x65\0\0\0\1" + b"\0\0\0\0", Status(Code.OK)),
    (b"\x65\0\0\0\1" + b"\0\0\0\x1f" + TEXT * 2, Status(Code.FAILURE)),
    (b"\x66\0\0\0\1" + TEXT, Handle(b"ab")),
    (b"\x67\0\0\0\1" + TEXT, Data(b"ab")),
    (b"\x69\0\0\0\1" + ATTRIBUTES, Attributes(7, 0o100400, 9)),
    (b"\x69\0\0\0\1" + b"\0\0\0\0", Attributes()),
    (
        b"\x69\0\0\0\1" + struct.pack(">II", 0x8000_0004, 0o040700) + b"\0\0\0\1" + TEXT * 2,
        Attributes(mode=0o040700),
    ),
    (
        b"\x68\0\0\0\1" + b"\0\0\0\1" + TEXT * 2 + ATTRIBUTES,
        Names(((b"ab", Attributes(7, 0o100400, 9)),)),
    ),
    (b"\xc9\0\0\0\1" + b"anything", Extended(b"anything")),
]


@pytest.mark.parametrize(("raw", "answer"), ANSWERS)
def test_answers_are_read(raw: bytes, answer: object) -> None:
    """Each kind of answer gives its value and the number of its request."""
    assert read_answer(raw) == (1, answer)


@pytest.mark.parametrize(("raw", "answer"), ANSWERS)
def test_cut_answers_are_refused(raw: bytes, answer: object) -> None:
    """An answer that ends early is none; only a status may leave out its words."""
    least = 5 if isinstance(answer, Extended) else 9 if isinstance(answer, Status) else len(raw)
    for size in range(least):
        with pytest.raises(MalformedError):
            read_answer(raw[:size])
    if not isinstance(answer, Status | Extended):
        with pytest.raises(MalformedError):
            read_answer(raw + b"x")


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """A hostile server gets no other failure out of us."""
    for reader in (read_answer, read_hello, read_limits):
        try:
            reader(raw)
        except MalformedError:
            continue


def test_many_names_that_are_not_there() -> None:
    """A count is not believed."""
    with pytest.raises(MalformedError):
        read_answer(b"\x68\0\0\0\1" + b"\xff\xff\xff\xff" + TEXT * 2 + ATTRIBUTES)


def test_greeting() -> None:
    """Version 3 with its extensions; nothing else."""
    assert read_hello(b"\2\0\0\0\3" + TEXT * 4) == {(b"ab", b"ab")}
    for raw in (b"\2\0\0\0\4", b"\1\0\0\0\3", b"\2\0\0\0\3" + TEXT, b""):
        with pytest.raises(MalformedError):
            read_hello(raw)


@pytest.mark.parametrize(
    ("limits", "wanted"),
    [
        (Limits(262_144, 261_120, 261_120), (32_768, 32_768)),
        (Limits(0, 0, 0), (32_768, 32_768)),
        (Limits(34_000, 0, 0), (32_768, 32_768)),
        (Limits(20_000, 0, 0), (18_976, 18_976)),
        (Limits(262_144, 4_096, 1_000), (4_096, 1_000)),
        (Limits(100, 0, 0), (1, 1)),
    ],
)
def test_servers_limits_are_kept(limits: Limits, wanted: tuple[int, int]) -> None:
    """Never more than 32 KiB, and never more than the server takes."""
    assert steps(limits) == wanted
