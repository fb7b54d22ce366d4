"""Where do forgotten snapshots wait, in case somebody wants them back?

A folder of the trusted host, `<time>-<name>` for each: the file as it lay in the repository, sealed
as ever, and when it was forgotten. For 14 days `prune` spares all it leans on, and it can be
brought back. Source: `docs/formats/backup.md`, decision 0042.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kept.backup.model.forgetting import GRACE
from kept.base.durable import replace_file
from kept.base.errors import NotFoundError, TamperedError

_TIME = "%Y%m%dT%H%M%SZ"
_FILE = re.compile(r"(?P<at>\d{8}T\d{6}Z)-(?P<name>[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A snapshot file in its grace; `at` (aware) is when it was forgotten."""

    name: str
    at: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether nobody can want it back any more."""
        return now - self.at > GRACE


class GraceFolder:
    """The waiting room of one repository."""

    def __init__(self, folder: Path) -> None:
        """Args: made when the first snapshot is put there."""
        self._folder = folder

    def put(self, name: str, sealed: bytes, at: datetime) -> None:
        """Keep a snapshot file durably before it is removed from its place.

        Raises:
            OSError: the folder cannot be made or written; nothing may be removed then.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        later = at.astimezone(UTC) + timedelta(seconds=1)  # whole seconds, never too few
        path = self._folder / f"{later.strftime(_TIME)}-{name}"
        replace_file(path, sealed, mode=0o400)

    def waiting(self) -> list[Forgotten]:
        """All that wait, the longest first."""
        if not self._folder.is_dir():
            return []
        found = sorted(path.name for path in self._folder.iterdir())
        return [
            Forgotten(form["name"], datetime.strptime(form["at"], _TIME).replace(tzinfo=UTC))
            for form in map(_FILE.fullmatch, found)
            if form
        ]

    def read(self, name: str) -> bytes:
        """The sealed file.

        Raises:
            NotFoundError: it does not wait here.
            TamperedError: its bytes are not those it is named after.
        """
        for path in self._paths(name):
            sealed = path.read_bytes()
            if hashlib.sha256(sealed).hexdigest() != name:
                raise TamperedError(f"snapshots/{name} in grace")
            return sealed
        raise NotFoundError(f"no snapshot {name} waits to be brought back")

    def remove(self, name: str) -> None:
        """Let go of it; one that is not there is fine."""
        for path in self._paths(name):
            path.unlink(missing_ok=True)

    def _paths(self, name: str) -> list[Path]:
        return sorted(self._folder.glob(f"*-{name}")) if self._folder.is_dir() else []
