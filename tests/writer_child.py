"""What is killed: a backup of one folder into another, in a process of its own.

Run as `python writer_child.py REPOSITORY PASSWORD_FILE SOURCE`: says `begun`, then what was done.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from kept.backup.pipeline.backing_up import back_up
from kept.backup.pipeline.own_process import settle
from kept.backup.pipeline.run_plan import Around, RunPlan
from kept.backup.places.local import LocalPlace
from kept.backup.repo.repository import open_repository
from kept.backup.sources.walk import plain_root
from kept.base.clock import SystemClock
from kept.crypto.secret import Secret


def main(repository: str, password_file: str, source: str) -> None:
    """One run; SIGTERM stops it."""
    clock = SystemClock()
    password = Secret(Path(password_file).read_bytes().strip())
    opened = open_repository(LocalPlace(Path(repository), clock=clock), password)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    settle()
    os.write(1, b"begun\n")
    plan = RunPlan(roots=(plain_root(os.fsencode(source)),), part_bytes=4 * 2**20)
    done = back_up(opened, plan, Around(clock, time.monotonic, time.sleep), stop=stop.is_set)
    told = {
        "snapshot": done.snapshot,
        "adopted": len(done.adopted),
        "broken": done.broken_parts,
        "unread": len(done.unread),
        "added": done.summary.data_added_packed if done.summary else None,
        "unmodified": done.summary.files_unmodified if done.summary else None,
    }
    os.write(1, json.dumps(told).encode() + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
