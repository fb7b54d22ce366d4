"""Does `./dev bench` tell each figure in the form others read?"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "import_people_per_s",
    "open_category_per_s",
    "open_category_p99_ms",
    "acts_per_s",
    "ledger_entries_per_s",
    "audit_100k_s",
    "server_idle_mb",
    "cli_help_s",
)


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the bench as ./dev does."""
    environment = {name: value for name, value in os.environ.items() if "KEPT_" not in name}
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_figure_is_one_object_a_line(name: str):
    """A short run of each prints one JSON object, and the machine on standard error."""
    done = bench(name, "--json", "--seconds", "0.2")
    assert done.returncode == 0, done.stderr[-2000:]
    (line,) = done.stdout.splitlines()
    said = json.loads(line)
    assert list(said) == ["name", "value", "unit", "n", "peer", "ratio"]
    assert said["name"] == name
    assert said["value"] > 0
    assert said["n"] > 0
    assert said["ratio"] > 0
    assert "SQLite 3." in done.stderr


def test_an_unknown_figure_is_refused():
    """A name that is no figure ends with 2 and says which there are."""
    done = bench("speed")
    assert done.returncode == 2
    assert "speed" in done.stderr


def test_a_reader_sees_pass_or_miss():
    """Without --json a line says how the figure stands to its floor."""
    done = bench("cli_help_s", "--seconds", "0.2")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "pass" in done.stdout or "miss" in done.stdout
