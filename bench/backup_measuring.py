"""What does each program take for the same data, in the same run, one after the other and again?

Rounds are interleaved and their order turns; medians are compared. Our modules are compiled once
beforehand, as an installed program's are. The data is made by a process of its own: a child's peak
of memory begins with its parent's.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from bench.backup_programs import OURS, PASSWORD, PROGRAMS, RESTIC, Place, Program, surroundings

SCALE = "KEPT_BENCH_SCALE"  # share of the data; 1 unless told otherwise
SCRATCH = "KEPT_BENCH_SCRATCH"  # a folder on a disk, not in memory; else the system's usual one
MOST_ROUNDS = 5
MANY_ROUNDS = 1  # 200,000 files


@dataclass(frozen=True)
class Used:
    """What one run took; `peak_mb` is of resident memory, in 10^6 bytes."""

    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass
class Measured:
    """Every run of one program, and the repository's size after the first."""

    full: list[Used] = field(default_factory=list[Used])
    unchanged: list[Used] = field(default_factory=list[Used])
    restore: list[Used] = field(default_factory=list[Used])
    stored_mb: float = 0.0


def rounds_of(seconds: float) -> int:
    """How many rounds for so many seconds a figure."""
    return max(1, min(MOST_ROUNDS, int(seconds * 0.6)))


@lru_cache(maxsize=1)
def measured(rounds: int) -> dict[str, Measured]:
    """All three programs that are here, on 2 GB."""
    place = _made("usual")
    here = [program for program in PROGRAMS if program.is_here]
    runs = {program.name: Measured() for program in here}
    for number in range(rounds):
        order = [*here[number % len(here) :], *here[: number % len(here)]]
        for program in order:
            _copy(program, place, runs[program.name])
        for program in order:
            _empty(place.target)
            runs[program.name].restore.append(_used(program.restore(place), place.target))
    return runs


@lru_cache(maxsize=1)
def measured_many() -> dict[str, Measured]:
    """Ours and restic, a first copy of 200,000 small files."""
    place = _made("many")
    here = [one for one in PROGRAMS if one.name in {OURS, RESTIC} and one.is_here]
    runs = {program.name: Measured() for program in here}
    for _ in range(MANY_ROUNDS):
        for program in here:
            _copy(program, place, runs[program.name])
    return runs


def _copy(program: Program, place: Place, into: Measured) -> None:
    """A first copy, and another of the same."""
    repository = place.repository(program.name)
    shutil.rmtree(repository, ignore_errors=True)
    _used(program.make(place), place.work)
    into.full.append(_used(program.copy(place, "first"), place.work))
    into.stored_mb = _size(repository)
    into.unchanged.append(_used(program.copy(place, "second"), place.work))


@lru_cache(maxsize=2)
def _made(data: str) -> Place:
    """The data, made once; gone when the program ends."""
    work = Path(tempfile.mkdtemp(prefix="kept-bench-backup-", dir=os.environ.get(SCRATCH)))
    atexit.register(shutil.rmtree, work, ignore_errors=True)
    place = Place(work / "source", work, work / "target")
    place.password_file.write_text(PASSWORD, encoding="utf-8")
    making = [sys.executable, "-m", "bench.backup_data", data, str(place.source), scale()]
    subprocess.run(making, check=True, cwd=Path(__file__).parents[1])
    return place


def scale() -> str:
    """The share of the data that is measured on."""
    return os.environ.get(SCALE, "1")


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def _used(command: list[str], folder: Path) -> Used:
    """Run something in a folder and ask the system what it took."""
    os.sync()  # what the run before left to be written is not this one's
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_environment(), cwd=folder)
    _, status, usage = os.wait4(child.pid, 0)
    took = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return Used(took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def _environment() -> dict[str, str]:
    """This process's, and where each program keeps what it keeps."""
    kept = {name: said for name, said in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | surroundings(_caches())


@lru_cache(maxsize=1)
def _caches() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="kept-bench-caches-", dir=os.environ.get(SCRATCH)))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
