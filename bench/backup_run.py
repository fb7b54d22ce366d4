"""One backup in a process of its own: `python backup_run.py REPOSITORY PASSWORD_FILE [SOURCE]`.

Without a source a repository is made there.
"""

import os
import sys
import time
from pathlib import Path

from kept.backup.pipeline.backing_up import back_up
from kept.backup.pipeline.own_process import settle
from kept.backup.pipeline.run_plan import Around, RunPlan
from kept.backup.places.local import LocalPlace
from kept.backup.repo.repository import create_repository, open_repository
from kept.backup.sources.walk import plain_root
from kept.base.clock import SystemClock
from kept.crypto.secret import Secret


def main(repository: str, password_file: str, *sources: str) -> None:
    """Make it, or write to it."""
    clock = SystemClock()
    place = LocalPlace(Path(repository), clock=clock)
    password = Secret(Path(password_file).read_bytes())
    if not sources:
        create_repository(place, password, now=clock.now())
        return
    opened = open_repository(place, password)
    settle()
    plan = RunPlan(roots=tuple(plain_root(os.fsencode(source)) for source in sources))
    done = back_up(opened, plan, Around(clock, time.monotonic, time.sleep))
    assert done.snapshot is not None
    assert not done.unread
    assert not done.unsteady


if __name__ == "__main__":
    main(*sys.argv[1:])
