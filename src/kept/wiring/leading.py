"""Who may write in a data folder? One process at a time, and it says so before it opens anything.

On PostgreSQL the database itself may be shared by servers on several machines: there one worker
at a time leads by a session lock, the ledger's own fences hold whatever that lock does, and the
folder's lock keeps its files to one process.
"""

from pathlib import Path

from kept.base.errors import ConflictError
from kept.db.lead import FolderLock
from kept.db.lead_postgres import AdvisoryLock
from kept.wiring.folder import DataFolder
from kept.wiring.house import House
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


def worker_lock(house: House) -> AdvisoryLock | None:
    """What holds apart the workers of several folders on one database; None for one in a folder."""
    dsn = house.settings.dsn
    if dsn is None:
        return None
    key = int.from_bytes(house.opened.vault_id[:8], "big", signed=True)
    return AdvisoryLock(dsn.reveal().decode(), key)


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
