"""Who may write in a data folder? One process at a time, and it says so before it opens anything.

On PostgreSQL the database itself may be shared by servers on several machines: there the sequencer
is held apart by the ledger's own fences, and the folder's lock keeps its files to one process.
"""

from pathlib import Path

from kept.base.errors import ConflictError
from kept.db.lead import FolderLock
from kept.wiring.folder import DataFolder
from kept.wiring.settings import Settings


def lead(folder: Path) -> FolderLock:
    """The folder's lock, taken; use it as a context.

    Raises:
        NotFoundError: no data folder there.
        ConflictError: another process holds it, named by its number.
        UnavailableError: the folder cannot be written.
    """
    place = DataFolder(folder)
    place.require()
    return FolderLock(place.lock).take()


def require_shared(settings: Settings, role: str) -> None:
    """Refuse a part of a server where only a whole one can be.

    Raises:
        ConflictError: one role alone needs PostgreSQL.
    """
    if role != "all" and settings.dsn is None:
        raise ConflictError(
            "A data folder with SQLite is served by one whole server: --role all. Parts of a server"
            " need PostgreSQL (dsn). Nothing was started."
        )
