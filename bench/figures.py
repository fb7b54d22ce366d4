"""What is a figure, what should it be, and how is it told?"""

import json
import os
import sys
import time
from dataclasses import dataclass

import apsw

ADDITIONS = 2_000_000
NOT_HERE = "not on this machine"


@dataclass(frozen=True)
class Peer:
    """What a figure is compared with, measured in the same run."""

    what: str
    value: float | None  # None: it is not on this machine


@dataclass(frozen=True)
class Figure:
    """One figure. `n` is how many things were done for it; `limits` says what held it back."""

    name: str
    value: float
    unit: str
    n: int
    peer: Peer
    limits: str = ""

    @property
    def ratio(self) -> float:
        """The figure over its peer's; 0 where there is none."""
        return self.value / self.peer.value if self.peer.value else 0.0

    def as_json(self) -> str:
        """One line."""
        said = {
            "name": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "n": self.n,
            "peer": f"{self.peer.what}: {self._peers('.6g')}",
            "ratio": round(self.ratio, 4),
        }
        return json.dumps(said, ensure_ascii=False)

    def _peers(self, form: str) -> str:
        value = self.peer.value
        return NOT_HERE if value is None else f"{value:{form}} {self.unit}"

    def as_text(self) -> str:
        """One line for a reader, and what limits it."""
        line = f"{self.name:32} {self.value:>12,.2f} {self.unit:6} {verdict(self):6} n={self.n:,}"
        ratio = "" if self.peer.value is None else f"{self.ratio:.2f} of "
        line += f"  {ratio}{self.peer.what} ({self._peers(',.1f')})"
        return f"{line}\n{'':33}{self.limits}" if self.limits else line


@dataclass(frozen=True)
class Floor:
    """What a figure should reach: its value, or its ratio to the peer."""

    bound: float
    is_upper: bool = False
    is_ratio: bool = False


# On two quiet cores. Only `--strict` fails below them: a shared machine stops nobody.
FLOORS = {
    "import_people_per_s": Floor(3_000),
    "open_category_per_s": Floor(1_500),
    "open_category_p99_ms": Floor(16, is_upper=True),
    "acts_per_s": Floor(8_000),
    "ledger_entries_per_s": Floor(0.4, is_ratio=True),
    "audit_100k_s": Floor(0.3, is_upper=True),
    "cli_help_s": Floor(0.3, is_upper=True),
    "backup_full_vs_restic_wall": Floor(1.0, is_upper=True, is_ratio=True),
    "backup_full_vs_restic_cpu": Floor(1.0, is_upper=True, is_ratio=True),
    "backup_full_vs_restic_rss": Floor(1.5, is_upper=True, is_ratio=True),
    "backup_unchanged_vs_restic_wall": Floor(1.0, is_upper=True, is_ratio=True),
    "backup_size_vs_restic": Floor(1.02, is_upper=True, is_ratio=True),
    "restore_vs_restic_wall": Floor(1.1, is_upper=True, is_ratio=True),
    "backup_full_vs_borg_wall": Floor(1.0, is_upper=True, is_ratio=True),
    "backup_full_vs_borg_cpu": Floor(1.0, is_upper=True, is_ratio=True),
    "backup_full_vs_borg_rss": Floor(1.5, is_upper=True, is_ratio=True),
    "backup_unchanged_vs_borg_wall": Floor(1.0, is_upper=True, is_ratio=True),
    "backup_size_vs_borg": Floor(1.02, is_upper=True, is_ratio=True),
    "restore_vs_borg_wall": Floor(1.1, is_upper=True, is_ratio=True),
    "backup_200k_vs_restic_wall": Floor(1.0, is_upper=True, is_ratio=True),
    "backup_200k_mb": Floor(160, is_upper=True),
    "sftp_mb_per_s": Floor(200),
}


def verdict(figure: Figure) -> str:
    """`pass` or `miss`; nothing where no floor is set, `none` without the peer it asks for."""
    floor = FLOORS.get(figure.name)
    if floor is None:
        return ""
    if floor.is_ratio and figure.peer.value is None:
        return "none"
    value = figure.ratio if floor.is_ratio else figure.value
    return "pass" if (value <= floor.bound if floor.is_upper else value >= floor.bound) else "miss"


def pace() -> float:
    """Millions of additions a second of processor time: two runs compare by it."""
    began, total = time.thread_time(), 0
    for number in range(ADDITIONS):
        total += number
    return ADDITIONS / (time.thread_time() - began) / 1e6


def tell_machine() -> None:
    """On which machine, and how busy it is, on standard error."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    print(
        f"{cores} cores, load {load:.1f}, Python {sys.version.split()[0]},"
        f" SQLite {apsw.sqlite_lib_version()}, {pace():.0f} M additions a second",
        file=sys.stderr,
    )
    if load > cores * 0.5:
        print(
            "This machine is busy with something else: figures are too low, ratios hold better.",
            file=sys.stderr,
        )
