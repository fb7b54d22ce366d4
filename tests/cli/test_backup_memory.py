"""Does a run stay within its memory, also with the largest parts?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backup_yard import Yard, planted
from terminal import clean

MIB = 1 << 20
MOST = 256 * MIB  # the smallest board that is meant
COPIED = 5 * 80 * MIB


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    """400 MiB that no program makes smaller."""
    made = planted(tmp_path)
    for number in range(5):
        with (made.source / f"film{number}").open("wb") as file:
            for _ in range(80):
                file.write(os.urandom(MIB))
    assert made.kept("init").code == 0
    return made


MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


def peak(yard: Yard, *words: object) -> int:
    """The most bytes of memory that a command held at once; it ends well.

    Measured from a small process, for a program begins with what its parent holds.
    """
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *yard.words(*words)],
        env=clean(),
        cwd=yard.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout) * 1024


@pytest.mark.needs("restic")
@pytest.mark.parametrize("part_mib", [16, 128])
def test_a_run_holds_less_than_a_small_board_has(yard: Yard, part_mib: int) -> None:
    """With the usual parts and with the largest, which are as large as was asked; all is whole."""
    told = () if part_mib == 16 else ("--part-size", part_mib)
    assert peak(yard, "run", "source", *told) < MOST
    sizes = sorted(path.stat().st_size for path in yard.parts())
    assert part_mib * MIB <= sizes[-1] <= (part_mib + 6) * MIB
    assert sum(sizes) > COPIED
    assert "no errors were found" in yard.restic("check", "--read-data")
    assert peak(yard, "run", "source") < MOST
