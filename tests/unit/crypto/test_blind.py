"""Do tags tell kinds, versions, vaults and secrets apart?"""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from kept.crypto.blind import BlindIndex
from kept.crypto.secret import Secret


@given(st.text(st.characters(codec="utf-8")), st.integers(0, 2**32 - 1))
def test_equals_the_formula(value: str, kind: int) -> None:
    """The copied start gives what one plain HMAC over the whole list gives."""
    index = BlindIndex(Secret(b"k" * 32), vault_id=b"v" * 16, kind=kind, version=3)
    parts = [b"kept/find/v1", b"v" * 16, kind.to_bytes(4, "big"), b"\0\0\0\3", value.encode()]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    assert index.tag(value) == hmac.digest(b"k" * 32, message, hashlib.sha256)[:8]


def test_all_parts_matter() -> None:
    """Another secret, vault, kind, version or value is another tag."""
    tags = {
        BlindIndex(Secret(key), vault_id=vault, kind=kind, version=version).tag(value)
        for key in (b"k" * 32, b"l" * 32)
        for vault in (b"v" * 16, b"w" * 16)
        for kind in (1, 2)
        for version in (1, 2)
        for value in ("a", "b")
    }
    assert len(tags) == 32
