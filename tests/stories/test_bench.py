"""Does `./dev bench` tell each figure in the form others read?"""

import json
import os
import shutil
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


COPIES = (
    "backup_full_vs_{}_wall",
    "backup_full_vs_{}_cpu",
    "backup_full_vs_{}_rss",
    "backup_unchanged_vs_{}_wall",
    "restore_vs_{}_wall",
    "backup_size_vs_{}",
)


def bench(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run the bench as ./dev does, with more in the environment."""
    environment = {name: value for name, value in os.environ.items() if "KEPT_" not in name}
    environment |= more
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
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


def told_copies(**more: str) -> list[dict[str, object]]:
    """The figures of copies on a five-hundredth of the data."""
    names = [name.format(peer) for peer in ("restic", "borg") for name in COPIES]
    names += ["backup_200k_vs_restic_wall", "backup_200k_mb"]
    done = bench(*names, "--json", "--seconds", "0.2", "--scale", "0.002", **more)
    assert done.returncode == 0, done.stderr[-2000:]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [said["name"] for said in told] == names
    assert all(said["value"] > 0 and said["n"] == 1 for said in told)
    return told


@pytest.mark.needs("restic")
def test_copies_are_measured_beside_others():
    """Each figure of a copy stands beside restic's, and borg's where it is there."""
    for said in told_copies():
        if shutil.which("borg") or "borg" not in str(said["name"]):
            assert isinstance(said["ratio"], float)
            assert said["ratio"] > 0


def test_a_program_that_is_not_here_is_said_to_be_missing(tmp_path: Path):
    """Our own figures are there all the same; a ratio to nothing is none."""
    for said in told_copies(PATH=str(tmp_path)):
        assert str(said["peer"]).endswith(": not on this machine")
        assert said["ratio"] == 0


@pytest.mark.needs("sshd")
def test_parts_go_over_ssh():
    """The speed of parts on loopback stands beside OpenSSH's client."""
    done = bench("sftp_mb_per_s", "--json", "--scale", "0.01")
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert said["value"] > 0
    assert said["ratio"] > 0


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
