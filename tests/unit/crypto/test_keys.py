"""Are keys derived as RFC 5869 says, and do wraps give back what they hold?"""

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import MalformedError
from kept.crypto import keys, labels
from kept.crypto.chance import fresh_secret
from kept.crypto.keys import VaultKey, WrapPlace
from kept.crypto.secret import Secret


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40), st.integers(1, 300))
def test_expand_equals_another_implementation(raw: bytes, label: bytes, size: int) -> None:
    """Our expand gives the bytes of cryptography's HKDFExpand."""
    other = HKDFExpand(algorithm=SHA256(), length=size, info=label).derive(raw)
    assert keys.expand(Secret(raw), label, size) == other


@pytest.mark.parametrize("size", [-1, 0, 8161])
def test_expand_limits(size: int) -> None:
    """Lengths HKDF cannot give are refused."""
    with pytest.raises(MalformedError):
        keys.expand(fresh_secret(), b"x", size)


def test_labels_are_apart() -> None:
    """No two uses of one secret share a label, but for the opening, which the format names once."""
    found = [value for name, value in vars(labels).items() if name.isupper()]
    assert len(found) - len(set(found)) == 1
    assert labels.OPENING_KEY == labels.OPENING


@given(st.binary(min_size=32, max_size=32), st.sampled_from(["seal", "trail", "index"]))
def test_wrap_round_trip(raw: bytes, kind: str) -> None:
    """A wrapped secret comes back at its place, with its commitment."""
    vk = VaultKey.of(fresh_secret(), 1)
    place = WrapPlace(bytes(16), None if kind == "index" else bytes(range(16)), kind, 1)
    wrapped = keys.wrap_secret(vk, Secret(raw), place)
    assert len(wrapped.wrap) == 66
    assert keys.unwrap_secret(vk, wrapped, place) == Secret(raw)
    assert keys.unwrap_key(vk, wrapped, place).commitment == wrapped.commitment


def test_house_place_is_not_a_person() -> None:
    """A secret of nobody is bound to sixteen zero bytes."""
    commitment = bytes(32)
    nobody = WrapPlace(b"v" * 16, None, "index", 1).aad(commitment, 1)
    assert nobody == WrapPlace(b"v" * 16, bytes(16), "index", 1).aad(commitment, 1)
