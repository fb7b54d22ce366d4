"""Does the project name only itself: no machine's paths, no address of a package index?"""

import re
import subprocess
from pathlib import Path

import pytest

from markdown_pages import ROOT

LOCKS = ["requirements.lock", "requirements-dev.lock"]
# Written so that this file does not hold what it looks for.
MACHINE = re.compile(
    r"(?<![\w.])/(?:work|home|root|Users)/\w|pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)"
)
CHANGE = re.compile(
    r"Kind: (?:added|changed|fixed|removed|security)\n"
    r"For the shopkeeper: .+\n"
    r"When upgrading: .+\n(?:\n.*)?",
    re.DOTALL,
)


def tracked() -> list[Path]:
    """The files of the project as git knows them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert found
    return [path for path in found if path.is_file()]


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_no_place(name: str) -> None:
    """Where packages come from is pip's own configuration."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize("name", LOCKS)
def test_locks_pin_and_hash_everything(name: str) -> None:
    """Each package has one version and at least one hash."""
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    wrong = [e.partition("\n")[0] for e in entries if "==" not in e or "--hash=sha256:" not in e]
    assert len(entries) > 1
    assert wrong == []


def test_second_lock_holds_the_first() -> None:
    """Growing the environment for tests changes no package that the program runs on."""
    first, second = ((ROOT / name).read_text(encoding="utf-8") for name in LOCKS)
    pinned = re.compile(r"^[a-z0-9_.\-\[\],]+==\S+", re.MULTILINE)
    assert set(pinned.findall(first)) - set(pinned.findall(second)) == set()


def test_no_machine_path_or_index_host() -> None:
    """A checkout elsewhere finds nothing that was true on one machine alone."""
    found: list[str] = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" in content:
            continue
        text = content.decode("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {m.group()}" for m in MACHINE.finditer(text)]
    assert found == []


def test_changes_have_their_shape() -> None:
    """Each change note says its kind, what it means, and what to do."""
    notes = sorted((ROOT / "changes").glob("[0-9]*.md"))
    wrong = [p.name for p in notes if not CHANGE.fullmatch(p.read_text(encoding="utf-8"))]
    assert wrong == []
    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name) for path in notes)
