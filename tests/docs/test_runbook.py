"""Does the command on the runbook's page really open a house whose passphrase is lost?"""

import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from kept.base.errors import KeptError
from kept.crypto.secret import Secret
from kept.wiring.founding import Founding, found_with_passphrase
from kept.wiring.house import open_house
from kept.wiring.settings import Settings
from markdown_pages import ROOT

RUNBOOK = ROOT / "docs" / "runbook"
OLD, NEW = "the river at dawn, alone", "another walk, another river"


@dataclass(frozen=True)
class Lost:
    """A house whose passphrase nobody knows, and the sheet of paper."""

    folder: Path
    words: Path
    phrase: Path

    def run(self) -> "subprocess.CompletedProcess[str]":
        """The page's command, as its page says to run it."""
        page = (RUNBOOK / "passphrase-lost.md").read_text(encoding="utf-8")
        told = re.search(r"`kept (--data .* keyring recover .*)`", page)
        assert told is not None
        given = {"./shop": self.folder, "WORDS": self.words, "NEW": self.phrase}
        words = [str(given.get(word, word)) for word in told[1].split()]
        command = [sys.executable, "-m", "kept.cli.main", *words]
        env = {name: value for name, value in os.environ.items() if "KEPT_" not in name}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def opens(folder: Path, phrase: str) -> bool:
    """Whether a passphrase opens the house."""
    try:
        open_house(folder, Settings(passphrase=Secret(phrase.encode()))).close()
    except KeptError:
        return False
    return True


@pytest.fixture
def lost(tmp_path: Path) -> Lost:
    """A new house, its words on two lines of paper."""
    folder = tmp_path / "shop"
    founding = Founding("Tea Shop", "owner@example.org")
    made = found_with_passphrase(folder, founding, Secret(OLD.encode()), Settings())
    words, phrase = tmp_path / "words", tmp_path / "phrase"
    paper = made.recovery_words
    words.write_text(f"{' '.join(paper[:9])}\n{' '.join(paper[9:])}\n", encoding="utf-8")
    phrase.write_text(f"{NEW}\n", encoding="utf-8")
    return Lost(folder, words, phrase)


def test_words_give_a_new_passphrase(lost: Lost) -> None:
    """Afterwards the new passphrase opens the house, and the old one does not."""
    done = lost.run()
    assert done.returncode == 0, done.stderr
    assert opens(lost.folder, NEW)
    assert not opens(lost.folder, OLD)


def test_wrong_words_change_nothing(lost: Lost) -> None:
    """Words of another house open nothing, and the ring stays as it was."""
    ring = (lost.folder / "keyring.json").read_bytes()
    lost.words.write_text("babab " * 16 + "kinom\n", encoding="utf-8")
    assert lost.run().returncode != 0
    assert (lost.folder / "keyring.json").read_bytes() == ring


def test_every_bad_day_is_listed() -> None:
    """The runbook's first page leads to each other page."""
    listed = (RUNBOOK / "README.md").read_text(encoding="utf-8")
    pages = [path.name for path in RUNBOOK.glob("*.md") if path.name != "README.md"]
    assert len(pages) >= 13
    assert [name for name in pages if f"({name})" not in listed] == []


def test_every_decision_is_listed_and_whole() -> None:
    """Each decision stands in the index and answers each of its questions."""
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    pages = sorted(folder.glob("[0-9]*.md"))
    parts = ("Status: ", "**Question.**", "**Drivers.**", "**Options.**", "**Decision.**")
    parts += ("**Consequences.**", "**What would change our mind.**")
    assert len(pages) >= 15
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert f"]({page.name})" in listed
        assert [part for part in parts if part not in text] == [], page.name


def test_every_dependency_has_its_reason() -> None:
    """The register of decision 0011 names exactly the packages that the project names."""
    page = (ROOT / "docs" / "decisions" / "0011-dependencies.md").read_text(encoding="utf-8")
    first = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")]
    told = {re.split(r"[ ,]", part.strip())[0] for row in first[1:] for part in row.split(", ")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.split(r"[^a-z0-9-]", one)[0] for one in project["dependencies"]}
    assert told == named
