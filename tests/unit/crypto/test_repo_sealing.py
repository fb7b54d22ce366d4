"""Are restic's sealed bytes sealed and opened as its design document says?"""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import MalformedError, TamperedError
from kept.crypto import repo_sealing
from kept.crypto.repo_sealing import (
    RepoKey,
    ScryptCost,
    fresh_repo_key,
    open_sealed,
    password_key,
    seal,
    seal_into,
)
from kept.crypto.secret import Secret

KEY = RepoKey(Secret(bytes(range(32))), Secret(b"k" * 16), Secret(b"r" * 16))


def key_of(*, encrypt: str = "00" * 32, k: str = "00" * 16, r: str = "00" * 16) -> RepoKey:
    """A key from hex."""
    return RepoKey(*(Secret(bytes.fromhex(part)) for part in (encrypt, k, r)))


@pytest.mark.parametrize(
    ("message", "r", "k", "nonce", "mac"),
    [
        (
            "f3f6",
            "851fc40c3467ac0be05cc20404f3f700",
            "ec074c835580741701425b623235add6",
            "fb447350c4e868c52ac3275cf9d4327e",
            "f4c633c3044fc145f84f335cb81953de",
        ),
        (
            "",
            "a0f3080000f46400d0c7e9076c834403",
            "75deaa25c09f208e1dc4ce6b5cad3fbf",
            "61ee09218d29b0aaed7e154a2c5509cc",
            "dd3fab2251f11ac759f0887129cc2ee7",
        ),
    ],
)
def test_mac_is_poly1305_aes(message: str, r: str, k: str, nonce: str, mac: str) -> None:
    """The vectors of Bernstein's paper, appendix B."""
    made = key_of(k=k, r=r).mac_at(bytes.fromhex(nonce))
    made.update(bytes.fromhex(message))
    assert made.finalize().hex() == mac


def test_keystream_counts_from_the_whole_iv() -> None:
    """NIST SP 800-38A F.5.5, and again after the cipher was used for something else."""
    key = key_of(encrypt="603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    iv = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    for _ in range(2):
        made = key.keystream_at(iv).update(
            bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
        )
        assert made.hex() == "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
        key.keystream_at(b"\x01" * 16).update(b"something else")


@given(st.binary(max_size=300))
def test_what_is_sealed_opens(plain: bytes) -> None:
    """32 bytes longer, never the same twice, and back again."""
    sealed = seal(KEY, plain)
    assert len(sealed) == len(plain) + 32
    assert sealed != seal(KEY, plain)
    assert open_sealed(KEY, sealed) == plain
    assert open_sealed(KEY, memoryview(bytearray(sealed))) == plain


@given(st.binary(max_size=40), st.data())
def test_every_changed_bit_is_refused(plain: bytes, data: st.DataObject) -> None:
    """In IV, ciphertext or MAC."""
    sealed = bytearray(seal(KEY, plain))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(TamperedError, match="the thing"):
        open_sealed(KEY, sealed, what="the thing")


def test_every_bit_of_one_sealing() -> None:
    """All of them, once."""
    sealed = seal(KEY, b"a few bytes")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(TamperedError):
            open_sealed(KEY, changed)


@pytest.mark.parametrize("length", range(32))
def test_cut_off_is_refused(length: int) -> None:
    """Less than IV and MAC is nothing at all."""
    with pytest.raises(TamperedError):
        open_sealed(KEY, seal(KEY, b"")[:length])


def test_sealing_into_a_buffer_touches_nothing_else() -> None:
    """The bytes around it stay."""
    buffer = bytearray(b"\xaa" * 200)
    assert seal_into(KEY, b"plain" * 10, memoryview(buffer)[20:150]) == 82
    assert open_sealed(KEY, buffer[20:102]) == b"plain" * 10
    assert buffer[:20] + buffer[102:] == b"\xaa" * 118
    with pytest.raises(MalformedError):
        seal_into(KEY, b"plain" * 10, memoryview(buffer)[:81])


def test_the_example_of_the_formats_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """As OpenSSL computes it; `docs/formats/backup.md` shows how."""
    raw = bytes(range(64))
    key = key_of(encrypt=raw[:32].hex(), k=raw[32:48].hex(), r=raw[48:].hex())
    monkeypatch.setattr(repo_sealing, "draw", lambda size: bytes(range(64, 64 + size)))
    sealed = seal(key, b'{"version":2}').hex()
    assert sealed == (
        "404142434445464748494a4b4c4d4e4fd85ca95ae529d380fd5958f5f09651a27a9832038ec4757162e7aaeb72"
    )


def test_an_iv_of_zeros_is_neither_drawn_nor_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restic refuses it, so we draw again."""
    draws = [bytes(16), b"\x07" * 16]
    monkeypatch.setattr(repo_sealing, "draw", lambda size: draws.pop(0))
    assert seal(KEY, b"x")[:16] == b"\x07" * 16
    assert not draws
    body = KEY.keystream_at(bytes(16)).update(b"x")
    mac = KEY.mac_at(bytes(16))
    mac.update(body)
    with pytest.raises(TamperedError):
        open_sealed(KEY, bytes(16) + body + mac.finalize())


def test_a_clamped_r_is_the_same_key() -> None:
    """RFC 8439 §2.5: the bits Poly1305 clears do not matter."""
    mask = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    raw = b"\xff" * 16
    clamped = (int.from_bytes(raw, "little") & mask).to_bytes(16, "little")
    drawn, masked = (RepoKey(KEY.encrypt, KEY.mac_k, Secret(r)) for r in (raw, clamped))
    assert raw != clamped
    assert open_sealed(masked, seal(drawn, b"x")) == b"x"
    assert open_sealed(drawn, seal(masked, b"x")) == b"x"


def test_another_key_does_not_open() -> None:
    """Whichever of the MAC's two parts differs."""
    sealed = seal(KEY, b"x")
    for other in (
        RepoKey(KEY.encrypt, Secret(b"x" * 16), KEY.mac_r),
        RepoKey(KEY.encrypt, KEY.mac_k, Secret(b"x" * 16)),
        fresh_repo_key(),
    ):
        with pytest.raises(TamperedError):
            open_sealed(other, sealed)


def test_a_key_shows_nothing_and_has_one_shape() -> None:
    """Neither in a message nor in a log."""
    assert not re.search("k{3}|r{3}|6b6b", repr(KEY))
    assert str(KEY.encrypt.reveal()) not in repr(KEY)
    with pytest.raises(MalformedError):
        RepoKey(Secret(b"x" * 32), Secret(b"x" * 15), Secret(b"x" * 16))


def test_threads_do_not_disturb_each_other() -> None:
    """One key in four threads: everything opens, and to the right thing."""
    start = threading.Barrier(4)

    def work(number: int) -> bool:
        start.wait()
        plains = [bytes([number]) * size for size in range(1, 400)]
        sealed = [seal(KEY, plain) for plain in plains]
        return [open_sealed(KEY, one) for one in sealed] == plains

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))


def test_scrypt_cuts_its_bytes_in_the_order_of_the_key_file() -> None:
    """AES key, `k`, `r`; a salt of another length is no key file's."""
    made = password_key(Secret(b"pw"), b"s" * 64, ScryptCost(n=16, r=1, p=1))
    import hashlib

    raw = hashlib.scrypt(b"pw", salt=b"s" * 64, n=16, r=1, p=1, dklen=64)
    assert (made.encrypt.reveal(), made.mac_k.reveal(), made.mac_r.reveal()) == (
        raw[:32],
        raw[32:48],
        raw[48:],
    )
    with pytest.raises(MalformedError):
        password_key(Secret(b"pw"), b"s" * 63, ScryptCost(n=16, r=1, p=1))


@pytest.mark.parametrize(
    ("n", "r", "p"),
    [
        (0, 8, 1),
        (1, 8, 1),
        (-2, 8, 1),
        (3, 8, 1),
        (16, 0, 1),
        (16, 8, 0),
        (2**21, 8, 1),  # 2 GiB
        (2**20, 9, 1),
        (2**15, 8, 2**10),  # half an hour
        (2**10000, 1, 1),
    ],
)
def test_hostile_scrypt_is_refused(n: int, r: int, p: int) -> None:
    """Before any memory is taken."""
    with pytest.raises(MalformedError):
        ScryptCost(n, r, p)


def test_the_most_scrypt_may_ask() -> None:
    """1 GiB is still taken; restic's usual values are."""
    assert ScryptCost(2**20, 8, 1).n == 2**20
    assert ScryptCost(2**15, 8, 20).p == 20
