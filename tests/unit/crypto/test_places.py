"""Is every place distinct, and is an id of the wrong length refused?"""

import pytest

from kept.base.errors import MalformedError
from kept.crypto import places

ID = bytes(range(16))


def test_object_chunk_bytes() -> None:
    """The last byte, the chunk's number and the key version stand where the format says."""
    aad = places.object_chunk(
        vault_id=ID, object_id=ID, owner_id=ID, chunk_no=1, is_last=True, key_version=2
    )
    one = "00000010" + ID.hex()
    tail = "00000004" + "00000001" + "00000001" + "01" + "00000004" + "00000002"
    assert aad.hex() == "0000000e" + b"kept/object/v1".hex() + one * 3 + tail


def test_truncation_changes_the_place() -> None:
    """The same chunk as the last one is another place."""
    made = {
        places.object_chunk(
            vault_id=ID, object_id=ID, owner_id=ID, chunk_no=0, is_last=last, key_version=1
        )
        for last in (True, False)
    }
    assert len(made) == 2


def test_opening_bytes() -> None:
    """Origin, act and commitment stand where the ledger's format says."""
    aad = places.opening(origin="shop.example/ledger", act_id=5, c=b"c" * 32)
    expected = "0000000f" + b"kept/opening/v1".hex() + "00000013" + b"shop.example/ledger".hex()
    assert aad.hex() == expected + "00000008" + "0000000000000005" + "00000020" + "63" * 32


@pytest.mark.parametrize("bad", [b"", bytes(15), bytes(17), bytes(32)])
def test_wrong_lengths(bad: bytes) -> None:
    """An id of the wrong length is refused rather than bound."""
    with pytest.raises(MalformedError):
        places.cell(vault_id=bad, person_id=ID, category_id=1, rev=1, key_version=1)
    with pytest.raises(MalformedError):
        places.wrap(
            vault_id=ID, person_id=bad, kind="seal", key_version=1, commitment=bytes(32), epoch=1
        )


def test_wrong_commitment_lengths() -> None:
    """A commitment has 32 bytes."""
    with pytest.raises(MalformedError):
        places.opening(origin="o", act_id=1, c=bytes(31))
    with pytest.raises(MalformedError):
        places.wrap(
            vault_id=ID, person_id=ID, kind="seal", key_version=1, commitment=bytes(31), epoch=1
        )
