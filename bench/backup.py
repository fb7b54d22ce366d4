"""How long does a backup take, how much does it use, how large is it, beside restic?

The same folders, in the same run, one after the other and again: medians are compared. Both are
processes of their own, both open the repository with a password, both keep their caches. Ours opens
again what it sealed and hashes it; restic 0.14 does not. Our modules are compiled once beforehand,
as an installed program's are, also where Python was told to keep no bytecode. All figures come from
one measuring, made when the first of them is asked for.
"""

import atexit
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import median

from bench.backup_data import empty, make
from bench.figures import Figure, Peer

PASSWORD = "walk by the river"  # noqa: S105 - guards nothing
MOST_ROUNDS = 5
_RUN = Path(__file__).parent / "backup_run.py"


@dataclass(frozen=True)
class Used:
    """What one run took; `peak_mb` is of resident memory, in 10^6 bytes."""

    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class Measured:
    """Every run of one program, and the repository's size after the first."""

    full: list[Used]
    unchanged: list[Used]
    stored_mb: float


@dataclass(frozen=True)
class Yard:
    """Folders of the measuring."""

    source: Path
    source_bytes: int
    password_file: Path
    work: Path


def backup_full_vs_restic_wall(_folder: Path, seconds: float) -> Figure:
    """A first backup of 2 GB: seconds on the clock."""
    return _timed("backup_full_vs_restic_wall", seconds, lambda m: m.full, lambda u: u.wall_s)


def backup_full_vs_restic_cpu(_folder: Path, seconds: float) -> Figure:
    """The same: seconds of processor time."""
    return _timed("backup_full_vs_restic_cpu", seconds, lambda m: m.full, lambda u: u.cpu_s)


def backup_full_vs_restic_rss(_folder: Path, seconds: float) -> Figure:
    """The same: the most memory held at once."""
    return _timed(
        "backup_full_vs_restic_rss", seconds, lambda m: m.full, lambda u: u.peak_mb, unit="MB"
    )


def backup_unchanged_vs_restic_wall(_folder: Path, seconds: float) -> Figure:
    """Another backup when nothing changed: seconds on the clock."""
    return _timed(
        "backup_unchanged_vs_restic_wall", seconds, lambda m: m.unchanged, lambda u: u.wall_s
    )


def backup_size_vs_restic(_folder: Path, seconds: float) -> Figure:
    """What the repository takes after the first backup."""
    ours, restic = _measured(_rounds(seconds))
    return Figure(
        "backup_size_vs_restic", ours.stored_mb, "MB", 1, Peer("restic", restic.stored_mb)
    )


def _rounds(seconds: float) -> int:
    return max(1, min(MOST_ROUNDS, int(seconds * 0.6)))


def _timed(
    name: str,
    seconds: float,
    runs: Callable[[Measured], list[Used]],
    of: Callable[[Used], float],
    *,
    unit: str = "s",
) -> Figure:
    ours, restic = _measured(_rounds(seconds))
    value = median(of(used) for used in runs(ours))
    peer = median(of(used) for used in runs(restic))
    rounds = len(runs(ours))
    limits = f"medians of {rounds} rounds, ours and restic's in turn; ours verifies what it sealed"
    return Figure(name, value, unit, rounds, Peer("restic", peer), limits)


@lru_cache(maxsize=1)
def _yard() -> Yard:
    """The data, made once; gone when the program ends."""
    work = Path(tempfile.mkdtemp(prefix="kept-bench-backup-", dir=_scratch()))
    atexit.register(shutil.rmtree, work, ignore_errors=True)
    password_file = work / "password"
    password_file.write_text(PASSWORD, encoding="utf-8")
    source = empty(work / "source")
    return Yard(source, make(source), password_file, work)


def _scratch() -> str | None:
    """A disk, not memory: where KEPT_BENCH_SCRATCH says, or the system's usual folder."""
    return os.environ.get("KEPT_BENCH_SCRATCH")


@lru_cache(maxsize=1)
def _measured(rounds: int) -> tuple[Measured, Measured]:
    """Ours and restic's."""
    yard = _yard()
    programs = {"ours": _ours, "restic": _restic}
    runs = {name: Measured([], [], 0.0) for name in programs}
    for number in range(rounds):
        order = list(programs) if number % 2 == 0 else list(reversed(programs))
        for name in order:
            repository = yard.work / name
            shutil.rmtree(repository, ignore_errors=True)
            first, command = programs[name](yard, repository)
            _used(first)
            runs[name].full.append(_used(command))
            size = _size(repository)
            runs[name].unchanged.append(_used(command))
            runs[name] = Measured(runs[name].full, runs[name].unchanged, size)
    return runs["ours"], runs["restic"]


def _ours(yard: Yard, repository: Path) -> tuple[list[str], list[str]]:
    common = [sys.executable, str(_RUN), str(repository), str(yard.password_file)]
    return common, [*common, str(yard.source)]


def _restic(yard: Yard, repository: Path) -> tuple[list[str], list[str]]:
    options = ["-q", "-r", str(repository), "-p", str(yard.password_file)]
    common = ["restic", *options, "--cache-dir", str(yard.work / "cache")]
    return [*common, "init"], [*common, "backup", str(yard.source)]


def _used(command: list[str]) -> Used:
    """Run something and ask the system what it took."""
    os.sync()  # what the run before left to be written is not this one's
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_surroundings())
    _, status, usage = os.wait4(child.pid, 0)
    took = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return Used(took, usage.ru_utime + usage.ru_stime, _peak_mb(usage))


@lru_cache(maxsize=1)
def _surroundings() -> dict[str, str]:
    """This process's, with a place for bytecode, which making the repository fills."""
    dropped = {"PYTHONDONTWRITEBYTECODE"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "PYTHONPYCACHEPREFIX": str(_yard().work / "bytecode")}


def _peak_mb(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss * 1024 / 1e6


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
