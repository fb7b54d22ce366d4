"""How long does a backup take, how much does it use, how large is it, beside restic and borg?

A figure for each of them, all from one measuring, made when the first is asked for. Where a program
is not on this machine its figures say so. And a run of 200,000 small files, beside restic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.backup_measuring import Measured, Used, measured, measured_many, rounds_of, scale
from bench.backup_programs import BORG, OURS, RESTIC
from bench.figures import Figure, Peer

Bench = Callable[[Path, float], Figure]


@dataclass(frozen=True)
class Asked:
    """What is taken from the runs of a program: a name with a place for the peer's, and how."""

    name: str
    unit: str
    of: Callable[[Measured], float]


def _median(runs: list[Used], of: Callable[[Used], float]) -> float:
    return median(of(used) for used in runs)


ASKED = (
    Asked("backup_full_vs_{}_wall", "s", lambda runs: _median(runs.full, lambda u: u.wall_s)),
    Asked("backup_full_vs_{}_cpu", "s", lambda runs: _median(runs.full, lambda u: u.cpu_s)),
    Asked("backup_full_vs_{}_rss", "MB", lambda runs: _median(runs.full, lambda u: u.peak_mb)),
    Asked(
        "backup_unchanged_vs_{}_wall", "s", lambda runs: _median(runs.unchanged, lambda u: u.wall_s)
    ),
    Asked("restore_vs_{}_wall", "s", lambda runs: _median(runs.restore, lambda u: u.wall_s)),
    Asked("backup_size_vs_{}", "MB", lambda runs: runs.stored_mb),
)


def _beside(asked: Asked, peer: str) -> Bench:
    def bench(_folder: Path, seconds: float) -> Figure:
        rounds = rounds_of(seconds)
        runs = measured(rounds)
        limits = f"medians of {rounds} rounds in turn, data x {scale()}; ours opens what it sealed"
        return _figure(asked, asked.name.format(peer), peer, runs=runs, limits=limits)

    return bench


def _figure(
    asked: Asked, name: str, peer: str, *, runs: dict[str, Measured], limits: str
) -> Figure:
    theirs = asked.of(runs[peer]) if peer in runs else None
    n = len(runs[OURS].full)
    return Figure(name, asked.of(runs[OURS]), asked.unit, n, Peer(peer, theirs), limits)


def backup_200k_vs_restic_wall(_folder: Path, _seconds: float) -> Figure:
    """A first backup of 200,000 small files: seconds on the clock."""
    return _figure(
        ASKED[0], "backup_200k_vs_restic_wall", RESTIC, runs=measured_many(), limits=_many()
    )


def backup_200k_mb(_folder: Path, _seconds: float) -> Figure:
    """The same: the most memory held at once."""
    return _figure(ASKED[2], "backup_200k_mb", RESTIC, runs=measured_many(), limits=_many())


def _many() -> str:
    return f"files: 200,000 x {scale()}"


BACKUP_BENCHES: dict[str, Bench] = {
    **{asked.name.format(peer): _beside(asked, peer) for peer in (RESTIC, BORG) for asked in ASKED},
    "backup_200k_vs_restic_wall": backup_200k_vs_restic_wall,
    "backup_200k_mb": backup_200k_mb,
}
