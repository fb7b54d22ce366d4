"""Which programs copy beside us, and with which commands and settings?

All three: a password opens the repository, caches are kept between runs, everything is sealed and
compressed with zstd at its usual level (3), files are read by as many threads as each likes.
- restic (Debian's): version 2, compression `auto`, which is zstd; it opens nothing again.
- borg (Debian's): `repokey-blake2`, `--compression zstd,3`, its own chunks, flags of ext not read
  as neither of us reads them.
- Kept: its defaults; it opens again and hashes what it sealed.
restic restores the repository that Kept wrote, so both read the same bytes; borg its own.
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "walk by the river"  # noqa: S105 - guards nothing
OURS, RESTIC, BORG = "ours", "restic", "borg"
_RUN = Path(__file__).parent / "backup_run.py"


@dataclass(frozen=True)
class Place:
    """Where one round works."""

    source: Path
    work: Path  # repositories, caches and the password's file lie in it
    target: Path  # to restore to; empty

    @property
    def password_file(self) -> Path:
        """Holds PASSWORD."""
        return self.work / "password"

    def repository(self, program: str) -> Path:
        """A program's."""
        return self.work / program


Command = list[str]


@dataclass(frozen=True)
class Program:
    """Its commands; `restore` runs in the target."""

    name: str
    make: Callable[[Place], Command]
    copy: Callable[[Place, str], Command]  # under a name of its own
    restore: Callable[[Place], Command]

    @property
    def is_here(self) -> bool:
        """Whether this machine has it."""
        return self.name == OURS or shutil.which(self.name) is not None


def surroundings(work: Path) -> dict[str, str]:
    """What the programs are told by the environment."""
    return {
        "PYTHONPYCACHEPREFIX": str(work / "bytecode"),
        "BORG_BASE_DIR": str(work / "borg-base"),
        "BORG_PASSPHRASE": PASSWORD,
        "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
    }


def _ours(place: Place, what: str, *path: str) -> Command:
    repository = str(place.repository(OURS))
    return [sys.executable, str(_RUN), what, repository, str(place.password_file), *path]


def _restic(place: Place, program: str, *arguments: str) -> Command:
    options = ["-q", "-r", str(place.repository(program)), "-p", str(place.password_file)]
    return ["restic", *options, "--cache-dir", str(place.work / "restic-cache"), *arguments]


def _borg(place: Place, verb: str, *options: str, archive: str = "") -> Command:
    at = str(place.repository(BORG)) + (f"::{archive}" if archive else "")
    return ["borg", verb, *options, at]


PROGRAMS = (
    Program(
        OURS,
        make=lambda place: _ours(place, "make"),
        copy=lambda place, _: _ours(place, "copy", str(place.source)),
        restore=lambda place: _ours(place, "restore", str(place.target)),
    ),
    Program(
        RESTIC,
        make=lambda place: _restic(place, RESTIC, "init"),
        copy=lambda place, _: _restic(place, RESTIC, "backup", str(place.source)),
        restore=lambda place: _restic(
            place, OURS, "restore", "latest", "--target", str(place.target)
        ),
    ),
    Program(
        BORG,
        make=lambda place: _borg(place, "init", "--critical", "--encryption", "repokey-blake2"),
        copy=lambda place, name: [
            *_borg(place, "create", "--compression", "zstd,3", "--noflags", archive=name),
            str(place.source),
        ],
        restore=lambda place: _borg(place, "extract", archive="first"),
    ),
)
