"""Ours, in a process of its own: `backup_run.py make|copy|restore REPOSITORY PASSWORD [PATH]`.

PASSWORD is a file. `copy` reads from PATH, `restore` writes the newest snapshot to it.
"""

import os
import sys
import time
from pathlib import Path

from kept.backup.places.local import LocalPlace
from kept.backup.repo.repository import Repository, create_repository, open_repository
from kept.base.clock import SystemClock
from kept.crypto.secret import Secret

CLOCK = SystemClock()


def main(what: str, folder: str, password_file: str, *paths: str) -> None:
    """Do it, and fail where anything is amiss."""
    place = LocalPlace(Path(folder), clock=CLOCK)
    password = Secret(Path(password_file).read_bytes())
    if what == "make":
        create_repository(place, password, now=CLOCK.now())
        return
    (path,) = paths
    repository = open_repository(place, password)
    if what == "copy":
        copy(repository, os.fsencode(path))
    else:
        put_back(repository, os.fsencode(path))


def copy(repository: Repository, source: bytes) -> None:
    """One backup."""
    from kept.backup.pipeline.backing_up import back_up  # noqa: PLC0415 - of this verb alone
    from kept.backup.pipeline.own_process import settle  # noqa: PLC0415 - the same
    from kept.backup.pipeline.run_plan import Around, RunPlan  # noqa: PLC0415 - the same
    from kept.backup.sources.walk import plain_root  # noqa: PLC0415 - the same

    settle()
    plan = RunPlan(roots=(plain_root(source),))
    done = back_up(repository, plan, Around(CLOCK, time.monotonic, time.sleep))
    assert done.snapshot is not None
    assert not done.unread
    assert not done.unsteady


def put_back(repository: Repository, target: bytes) -> None:
    """One restore; every piece is compared with its name."""
    from kept.backup.pipeline.loading import load_snapshots  # noqa: PLC0415 - of this verb alone
    from kept.backup.pipeline.own_process import settle  # noqa: PLC0415 - the same
    from kept.backup.pipeline.restore_values import Wish  # noqa: PLC0415 - the same
    from kept.backup.pipeline.restoring import restore  # noqa: PLC0415 - the same

    settle()
    snapshot = load_snapshots(repository)[0][0].snapshot
    assert restore(repository, snapshot, Wish(target=target)).exit_code == 0


if __name__ == "__main__":
    main(*sys.argv[1:])
