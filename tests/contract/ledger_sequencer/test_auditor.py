"""Does the independent auditor see what it is there to see?"""

import pytest

from ledger_yard import Yard


@pytest.mark.parametrize(
    "change",
    [
        "update acts set role = 'senior' where id = :act",
        "update acts set at = at + 3600000000 where id = :act",
        "delete from acts where id = :act",
        "update act_places set n = n - 1 where :act > 0",
        "update act_openings set sealed = substr(sealed, 2) where act = :act",
        "delete from ledger_outbox where act = :act",
        "update ledger_outbox set entry = substr(entry, 2) where act = :act",
        "update ledger_checkpoints set size = 299 where :act > 0",
        "update ledger_head set root = substr(root, 2) where :act > 0",
    ],
)
def test_a_changed_row_fails_the_audit(yard: Yard, change: str):
    """Rows that disagree with entries, doubled acts, changed roots."""
    yard.house_acts(299)
    yard.run()
    assert yard.audit().entries == 300
    yard.change(change, act=yard.act_at(299))
    with pytest.raises(AssertionError):
        yard.audit()


@pytest.mark.parametrize("path", ["tiles/tile/entries/000", "tiles/tile/0/000", "high-water"])
def test_a_changed_file_fails_the_audit(yard: Yard, path: str):
    """One bit of a bundle, a tile or the mark."""
    yard.house_acts(299)
    yard.run()
    file = yard.folder / path
    data = bytearray(file.read_bytes())
    data[25] ^= 1
    file.write_bytes(data)
    with pytest.raises(Exception):  # noqa: B017, PT011  # a signature or a number fails in its own way
        yard.audit()
