"""How long does somebody wait for `kept --help`?"""

import subprocess
import sys
import time
from pathlib import Path

from bench.figures import Figure, Peer

KEPT = Path(sys.executable).with_name("kept")


def cli_help_s(folder: Path, seconds: float) -> Figure:
    """The median of several runs, each a process of its own."""
    del folder
    runs = max(3, min(15, int(seconds * 3)))
    took = [_run([str(KEPT), "--help"]) for _ in range(runs)]
    bare = [_run([sys.executable, "-c", "pass"]) for _ in range(runs)]
    return Figure(
        "cli_help_s",
        sorted(took)[runs // 2],
        "s",
        runs,
        Peer("Python that does nothing", sorted(bare)[runs // 2]),
        "imports: Python itself, then cyclopts and rich",
    )


def _run(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
