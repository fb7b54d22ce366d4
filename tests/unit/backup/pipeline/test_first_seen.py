"""Does this machine remember when it first saw a snapshot?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kept.backup.model.forgetting import Sight
from kept.backup.pipeline.first_seen import FirstSeen
from kept.base.errors import MalformedError, UnavailableError

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
A, B, C = "a" * 64, "b" * 64, "c" * 64


def test_what_stood_there_first_has_no_sight_and_later_ones_have(tmp_path: Path) -> None:
    """The look before and the look that found it; both stay as they were noted."""
    assert FirstSeen(tmp_path / "x").look([A], NOON, is_noted=True) == {}
    assert FirstSeen(tmp_path / "x").look([A, B], NOON + DAY, is_noted=True) == {
        B: Sight(NOON, NOON + DAY)
    }
    assert FirstSeen(tmp_path / "x").look([A, B, C], NOON + 3 * DAY, is_noted=True) == {
        B: Sight(NOON, NOON + DAY),
        C: Sight(NOON + DAY, NOON + 3 * DAY),
    }


def test_a_dry_look_notes_nothing(tmp_path: Path) -> None:
    """It says what it would say, and the folder stays as it is."""
    seen = FirstSeen(tmp_path / "x")
    assert seen.look([A], NOON, is_noted=False) == {}
    assert not (tmp_path / "x").exists()
    seen.look([A], NOON, is_noted=True)
    assert seen.look([B], NOON + DAY, is_noted=False) == {B: Sight(NOON, NOON + DAY)}
    assert seen.look([B], NOON + 2 * DAY, is_noted=False) == {B: Sight(NOON, NOON + 2 * DAY)}


def test_a_clock_that_ran_back_makes_no_sight_that_ends_before_it_begins(tmp_path: Path) -> None:
    """The look before is never later than the look that found it."""
    seen = FirstSeen(tmp_path)
    seen.look([], NOON, is_noted=True)
    assert seen.look([A], NOON - DAY, is_noted=True) == {A: Sight(NOON - DAY, NOON - DAY)}


@pytest.mark.parametrize(
    "said",
    ["", "{}", '{"looked":"2026-05-01T12:00:00","seen":{}}', '{"looked":1,"seen":[]}', "\xff"],
)
def test_a_strange_file_decides_nothing(tmp_path: Path, said: str) -> None:
    """It is named, with what to do, and left alone."""
    (tmp_path / "first-seen.json").write_text(said, encoding="latin-1")
    with pytest.raises(MalformedError, match="Nothing was forgotten"):
        FirstSeen(tmp_path).look([A], NOON, is_noted=True)
    assert (tmp_path / "first-seen.json").read_text(encoding="latin-1") == said


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """Nothing is forgotten on a guess."""
    (tmp_path / "x").write_text("a file", encoding="utf-8")
    with pytest.raises(UnavailableError, match="cannot be"):
        FirstSeen(tmp_path / "x").look([A], NOON, is_noted=True)
