"""Is a test that lacks its browser or server ever mistaken for one that passed?"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
SMALL = """
import socket
import pytest

@pytest.mark.needs("chromium")
def test_in_a_browser():
    pass

def test_far_away():
    socket.create_connection(("192.0.2.1", 9), timeout=1)
"""
CONFIG = f"""
[pytest]
pythonpath = {TESTS}
markers = needs(what): x
addopts = -ra -p no:cacheprovider
"""


def outcome(folder: Path, **variables: str) -> tuple[int, str]:
    """Run the small suite on a machine without a browser."""
    shutil.copy(TESTS / "conftest.py", folder)
    (folder / "test_small.py").write_text(SMALL, encoding="utf-8")
    (folder / "pytest.ini").write_text(CONFIG, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KEPT_")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "."],
        cwd=folder,
        env={**kept, "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


def test_absent_is_a_printed_skip(tmp_path: Path) -> None:
    """Without a browser the test skips, the reason and the count are printed."""
    _, said = outcome(tmp_path)
    assert "no chromium on this machine" in said
    assert "needs chromium: 0 ran, 1 skipped" in said


def test_demanded_and_absent_is_red(tmp_path: Path) -> None:
    """KEPT_REQUIRE turns the same absence into an error."""
    code, said = outcome(tmp_path, KEPT_REQUIRE="chromium")
    assert code == 1
    assert "KEPT_REQUIRE demands it" in said
    assert "1 skipped" not in said


def test_unknown_demand_is_refused(tmp_path: Path) -> None:
    """A misspelt demand does not pass for a met one."""
    code, said = outcome(tmp_path, KEPT_REQUIRE="cromium")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "cromium" in said


def test_no_test_reaches_another_machine(tmp_path: Path) -> None:
    """A connection beyond loopback fails the test that tries it."""
    code, said = outcome(tmp_path)
    assert code == 1
    assert "PermissionError: a test tried to reach ('192.0.2.1', 9)" in said
