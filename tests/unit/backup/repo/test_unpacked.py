"""Are documents sealed as version 2 says, and are bombs refused?"""

import json

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.repo import unpacked
from kept.backup.repo.frames import compress, expand_exactly, expand_up_to
from kept.backup.repo.unpacked import decode_unpacked, encode_unpacked, read_object, write_json
from kept.base.errors import MalformedError, TamperedError
from kept.crypto.repo_sealing import fresh_repo_key, open_sealed, seal

KEY = fresh_repo_key()


def untold(content: bytes) -> bytes:
    """A frame that does not tell its size."""
    return zstandard.ZstdCompressor(write_content_size=False).compress(content)


def test_a_document_is_2_and_a_frame() -> None:
    """Read by zstandard's plain interface; the frame tells its size and carries no checksum."""
    content = open_sealed(KEY, encode_unpacked(KEY, b'{"a":1}'))
    frame = zstandard.get_frame_parameters(content[1:])
    assert content[:1] == b"\x02"
    assert (frame.content_size, frame.has_checksum, frame.dict_id) == (7, False, 0)
    assert zstandard.decompress(content[1:]) == b'{"a":1}'


@given(st.binary(max_size=5000))
def test_documents_come_back(document: bytes) -> None:
    """Whatever their bytes."""
    sealed = encode_unpacked(KEY, document)
    assert decode_unpacked(KEY, sealed, where="x") == document


@pytest.mark.parametrize("plain", [b'{"a":1}', b"[]"])
def test_plain_json_is_taken(plain: bytes) -> None:
    """As version 1 wrote it."""
    assert decode_unpacked(KEY, seal(KEY, plain), where="x") == plain


@pytest.mark.parametrize(
    "content", [b"", b" {}", b"\x01{}", b"\x02", b"\x02{}", b"\x03", b"(\xb5/\xfd"]
)
def test_other_first_bytes_are_refused(content: bytes) -> None:
    """Nothing is guessed."""
    with pytest.raises(MalformedError):
        decode_unpacked(KEY, seal(KEY, content), where="x")


@given(st.data())
def test_every_changed_bit_is_refused(data: st.DataObject) -> None:
    """Of the sealed file."""
    sealed = bytearray(encode_unpacked(KEY, b'{"a":1}'))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(TamperedError):
        decode_unpacked(KEY, bytes(sealed), where="x")


@pytest.mark.parametrize("make", [compress, untold])
def test_bombs_are_refused(make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame of a few KiB that holds more than allowed, whether it tells so or not."""
    monkeypatch.setattr(unpacked, "MAX_DOCUMENT_BYTES", 2**20)
    fits, bomb = (b"{" + bytes(size - 1) for size in (2**20, 2**20 + 1))
    assert decode_unpacked(KEY, seal(KEY, b"\x02" + make(fits)), where="x") == fits
    with pytest.raises(MalformedError, match="more than"):
        decode_unpacked(KEY, seal(KEY, b"\x02" + make(bomb)), where="x")


def test_a_bomb_takes_no_memory() -> None:
    """4 GiB in 130 KiB: refused after some megabytes."""
    import tracemalloc

    maker = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    frame = b"".join([maker.compress(bytes(2**26)) for _ in range(64)]) + maker.flush()
    tracemalloc.start()
    with pytest.raises(MalformedError):
        expand_up_to(frame, 2**20, where="x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20


@pytest.mark.parametrize("make", [compress, untold])
@pytest.mark.parametrize("size", [1, 2000, 500_000])
def test_cut_off_or_too_much_is_refused(make, size: int) -> None:
    """A frame is whole, and nothing stands behind it."""
    import hashlib

    content = b"".join(
        hashlib.sha256(bytes([n % 256, n >> 8])).digest() for n in range(size // 32 + 1)
    )
    frame = make(content)
    assert expand_up_to(frame, len(content), where="x") == content
    for broken in (frame[:-1], frame + b"\x00", frame + frame, frame[:3], b""):
        with pytest.raises(MalformedError):
            expand_up_to(broken, 2 * len(content), where="x")


@pytest.mark.parametrize("make", [compress, untold])
@pytest.mark.parametrize("told", [1, 99, 101, 2**30])
def test_another_size_than_told_is_refused(make, told: int) -> None:
    """The index says how long a blob is."""
    assert expand_exactly(make(bytes(100)), 100, where="x") == bytes(100)
    with pytest.raises(MalformedError):
        expand_exactly(make(bytes(100)), told, where="x")


def test_json_keeps_its_order() -> None:
    """Compact, and in UTF-8."""
    assert write_json({"b": 1, "a": ["é<>"], "c": None}) == '{"b":1,"a":["é<>"],"c":null}'.encode()


@pytest.mark.parametrize("value", ["\ud800", object(), {1j: 2}])
def test_json_refuses_what_it_cannot_hold(value: object) -> None:
    """With our own refusal."""
    with pytest.raises(MalformedError):
        write_json({"a": value})


@given(st.binary(max_size=100))
def test_any_bytes_are_an_object_or_refused(document: bytes) -> None:
    """Nothing else comes out."""
    try:
        read = read_object(document, "x")
    except MalformedError:
        return
    assert read == json.loads(document)


def test_deep_nesting_is_refused() -> None:
    """No deeper than the reader can stand."""
    with pytest.raises(MalformedError):
        read_object(b'{"a":' * 100_000, "x")
