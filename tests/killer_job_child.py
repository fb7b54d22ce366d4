"""A worker whose job ends its process: `killer_job_child.py WHERE TIMES LEASE_S START_US`.

Forks TIMES processes, one after another, each a lease later: it opens the database (a path or a
DSN), claims one job and is killed (SIGKILL) by doing it. Says for each `killed` or `nothing`.
"""

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from kept.base.clock import from_micros
from kept.db import jobs
from kept.db.postgres import PostgresDatabase
from kept.db.seam import Database
from kept.db.sqlite import SqliteDatabase


def main(where: str, times: int, lease_s: float, start_us: int) -> None:
    """Be killed again and again."""
    for turn in range(times):
        child = os.fork()
        if child == 0:
            database: Database = (
                SqliteDatabase(Path(where)) if where.startswith("/") else PostgresDatabase(where)
            )
            now = from_micros(start_us) + timedelta(seconds=turn * lease_s)
            if database.write(lambda tx, now=now: jobs.claim(tx, ("mail.code",), now=now, most=1)):
                os.kill(os.getpid(), signal.SIGKILL)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else "nothing", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
