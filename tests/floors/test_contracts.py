"""Do the import contracts hold, and would they break if somebody broke them?"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from floors.violations import ROWS

ROOT = Path(__file__).parent.parent.parent
CLEAN = "the tree as it stands"
FORBIDDEN_NAMES = re.compile(r"(utils?|helpers?|commons?|managers?)(\.\w+)?")
FEWEST_ROWS = 60


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> dict[str, list[str]]:
    """The broken contracts of each row, and of the clean tree."""
    folder = tmp_path_factory.mktemp("floors")
    shutil.copytree(ROOT / "src" / "kept", folder / "kept")
    config, cache = ROOT / "pyproject.toml", folder / "cache"
    rows = {CLEAN: {}} | {name: files for name, files, _ in ROWS}
    run = subprocess.run(
        [sys.executable, Path(__file__).with_name("lint_each.py"), folder / "kept", config, cache],
        input=json.dumps(rows),
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_clean_tree_keeps_all(broken) -> None:
    """Nothing in the tree looks where it must not."""
    assert broken[CLEAN] == []


@pytest.mark.parametrize(("row", "contract"), [(name, contract) for name, _, contract in ROWS])
def test_violation_is_caught(broken, row: str, contract: str) -> None:
    """Each deliberate violation breaks the contract that names it."""
    assert contract in broken[row]


def test_table_is_whole(broken) -> None:
    """The table has its rows, each its own, and every contract is tried."""
    names = [name for name, _, _ in ROWS]
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = re.findall(
        r'^\[\[tool\.importlinter\.contracts\]\]\nname = "(.*)"', config, re.MULTILINE
    )
    assert len(names) == len(set(names))
    assert len(names) >= FEWEST_ROWS
    assert {contract for _, _, contract in ROWS} == set(contracts)


@pytest.mark.parametrize("folder", ["src", "tests", "tools", "bench"])
def test_no_attic(folder: str) -> None:
    """No file or folder has a name that says nothing about what is inside."""
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if FORBIDDEN_NAMES.fullmatch(path.name)
    ]
    assert found == []


def test_floors_say_what_they_are_for() -> None:
    """A floor's own module holds a docstring and nothing else."""
    speaking = sorted((ROOT / "src" / "kept").glob("*/__init__.py"))
    assert speaking
    for path in speaking:
        text = path.read_text(encoding="utf-8")
        assert re.fullmatch(r'""".+?"""\s*', text, re.DOTALL), path
