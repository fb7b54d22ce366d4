"""`python -m bench [NAME…] [--json] [--strict] [--seconds N] [--scale F]`: figures beside peers'.

One line a figure; with --json one object a line: name, value, unit, n, peer, ratio. The machine
stands on standard error. With --strict a figure that misses its floor ends the command with 1.
With --scale 0.01 copies are measured on a hundredth of the data: that they can be, no more.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.acts import acts_per_s
from bench.backup import BACKUP_BENCHES
from bench.backup_measuring import SCALE
from bench.cli import cli_help_s
from bench.figures import Figure, tell_machine, verdict
from bench.http import (
    import_people_per_s,
    open_category_p99_ms,
    open_category_per_s,
    server_idle_mb,
)
from bench.ledger import audit_100k_s, ledger_entries_per_s
from bench.sftp import sftp_mb_per_s

BENCHES: dict[str, Callable[[Path, float], Figure]] = {
    **{
        bench.__name__: bench
        for bench in (
            import_people_per_s,
            open_category_per_s,
            open_category_p99_ms,
            acts_per_s,
            ledger_entries_per_s,
            audit_100k_s,
            server_idle_mb,
            cli_help_s,
        )
    },
    **BACKUP_BENCHES,
    "sftp_mb_per_s": sftp_mb_per_s,
}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--strict", action="store_true", help="1 where a floor is missed")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each figure, about")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the data of copies")
    asked = parser.parse_args()
    os.environ[SCALE] = f"{asked.scale:g}"
    if unknown := set(asked.names) - BENCHES.keys():
        parser.error(f"no figure is called {', '.join(sorted(unknown))}")
    tell_machine()
    missed: list[str] = []
    for name in asked.names or BENCHES:
        with tempfile.TemporaryDirectory(prefix="kept-bench-") as folder:
            figure = BENCHES[name](Path(folder), asked.seconds)
        print(figure.as_json() if asked.json else figure.as_text(), flush=True)
        missed += [name] if verdict(figure) == "miss" else []
    if asked.strict and missed:
        sys.exit(f"below the floor: {', '.join(missed)}")


if __name__ == "__main__":
    main()
    sys.stdout.flush()
