"""Which adapters does this house use, and what does each pillar get?"""

from kept.crypto.keyring import Opened
from kept.crypto.passwords import Passwords
from kept.db.postgres import PostgresDatabase
from kept.db.seam import Database
from kept.db.sqlite import SqliteDatabase
from kept.promises.model.book import Book
from kept.staff.acts.closings import Closings
from kept.staff.acts.parts import Site, StaffParts, StaffSecrets
from kept.staff.acts.passwords import open_table
from kept.vault.acts.keyroom import KeyRoom
from kept.vault.acts.parts import VaultParts
from kept.wiring.folder import DataFolder
from kept.wiring.settings import Settings

UNPLACED = frozenset({"", "localhost"})  # domains that name no place others could reach


def open_databases(place: DataFolder, settings: Settings) -> tuple[Database, Database]:
    """(data with find, keys): PostgreSQL where a DSN is set, files in the folder otherwise.

    Raises:
        UnavailableError: a server cannot be reached or a file cannot be opened.
    """
    data: Database
    keys: Database
    if settings.dsn is not None:
        data = PostgresDatabase(settings.dsn.reveal().decode())
    else:
        data = SqliteDatabase(place.data, find=place.find)
    if settings.keys_dsn is not None:
        keys = PostgresDatabase(settings.keys_dsn.reveal().decode())
    else:
        keys = SqliteDatabase(place.keys)
    return data, keys


def first_origin(book: Book, opened: Opened) -> str:
    """The name of the house's first log: its public place, or a name of its own without one."""
    if book.business.domain in UNPLACED:
        return f"kept.local/{opened.vault_id.hex()[:12]}/ledger"
    return f"{book.business.domain}/ledger"


def vault_parts(book: Book, opened: Opened, keys: Database, *, origin: str) -> VaultParts:
    """The vault's parts; `KeyRoom.open` still has to be called."""
    room = KeyRoom(
        keys,
        vault_id=opened.vault_id,
        epochs=opened.vault_keys,
        current=opened.current.epoch,
    )
    return VaultParts(book.rules, origin, room)


def staff_parts(
    book: Book, opened: Opened, settings: Settings, *, keys: Database, origin: str
) -> StaffParts:
    """The staff's parts."""
    url = settings.public_url or f"http://localhost:{settings.port}"
    scheme, _, rest = url.rstrip("/").partition("://")
    host = rest.partition("/")[0]
    return StaffParts(
        origin=origin,
        business=book.business.name,
        secrets=StaffSecrets.of(opened.house_keys["house"]),
        passwords=Passwords(),
        breached=open_table(),
        site=Site(host.partition(":")[0], (f"{scheme}://{host}",)),
        closings=Closings(keys),
    )
