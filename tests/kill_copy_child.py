"""What is killed: a house whose copy lies at its place, just before it would write that down.

Run as `python kill_copy_child.py FOLDER KEY_FILE DSN PLACE`; ends by SIGKILL.
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from kept.crypto.secret import Secret
from kept.db.lead import FolderLock
from kept.flows.back_up import COPIER, back_up
from kept.wiring.copies import copy_parts
from kept.wiring.house import open_house
from kept.wiring.settings import Settings

LAST_WRITE = 3  # who died before, the beginning, the end


class Killing:
    """A database whose last write of a run never comes."""

    def __init__(self, inner: Any) -> None:
        self._inner, self._count = inner, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, verb: Any) -> Any:
        """Write, or be killed."""
        self._count += 1
        if self._count == LAST_WRITE:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._inner.write(verb)


def main(folder: Path, key_file: str, dsn: str, place: str) -> None:
    """Copy, and be killed."""
    settings = Settings(key_file=key_file, dsn=Secret(dsn.encode()) if dsn else None)
    with FolderLock(folder / "lock"):
        house = open_house(folder, settings)
        db: Any = Killing(house.db)
        back_up(replace(copy_parts(house), db=db), place, actor=COPIER)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
