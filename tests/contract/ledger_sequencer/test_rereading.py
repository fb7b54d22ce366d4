"""Is an old file that was changed found by itself, within a day, and forgotten once mended?"""

from datetime import timedelta

import pytest

from kept.ledger.acts.reread import Rereading
from ledger_yard import NOW, Yard

A_ROUND = [NOW + timedelta(minutes=n) for n in range(6)]  # one place a turn; a log of four


@pytest.fixture
def full(yard: Yard) -> Yard:
    """A log with four full tiles of hashes and their bundles."""
    yard.house_acts(1030)
    sequencer = yard.sequencer()
    yard.run(sequencer)
    yard.house_acts(1)
    yard.run(sequencer)  # the pass after the one that filled them marks them as stored
    return yard


def round_of(yard: Yard, watch: Rereading) -> int:
    """All turns of a round; how many places were looked at."""
    return sum(watch.turn(yard.db, yard.tiles, now=at) for at in A_ROUND)


def test_a_whole_log_has_nothing_to_find(full: Yard) -> None:
    """No false alarm, and no turn reads more than one place of so small a log."""
    watch = Rereading()
    assert round_of(full, watch) == len(A_ROUND)
    assert watch.found == ()


@pytest.mark.parametrize("path", ["tile/entries/001", "tile/0/002"])
def test_a_flipped_byte_is_found_and_forgotten_when_mended(full: Yard, path: str) -> None:
    """Start-up signs on, as the newest tiles are whole; the round names the file."""
    file = full.folder / "tiles" / path
    whole = file.read_bytes()
    file.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
    watch = Rereading()
    round_of(full, watch)
    assert watch.found == (path,)
    file.write_bytes(whole)
    watch.turn(full.db, full.tiles, now=NOW)
    assert watch.found == ()


def test_a_missing_file_is_found(full: Yard) -> None:
    """A file taken away counts as changed."""
    (full.folder / "tiles" / "tile" / "0" / "000").unlink()
    watch = Rereading()
    round_of(full, watch)
    assert watch.found == ("tile/0/000",)


def test_an_empty_log_is_no_work(yard: Yard) -> None:
    """Nothing is read before the first full tile."""
    assert Rereading().turn(yard.db, yard.tiles, now=NOW) == 0
