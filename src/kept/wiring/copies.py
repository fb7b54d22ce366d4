"""What does making copies get of an opened house?"""

from functools import partial
from pathlib import Path

from kept.backup.acts.secrets import repository_password
from kept.backup.model.runs import HouseFound, HouseSeen
from kept.base.errors import RefusedError, TamperedError, UnavailableError
from kept.crypto import keyring_file
from kept.crypto.keyring import Keyring
from kept.crypto.secret import Secret
from kept.db.dump import put_back, read_through
from kept.db.postgres import PostgresDatabase
from kept.db.scratch import scratch
from kept.db.sqlite import SqliteDatabase
from kept.flows.back_up import CopyParts, CopySecrets
from kept.flows.copy_orders import Engine
from kept.flows.drill import look_through
from kept.ledger.notes import VerifierKey
from kept.ledger.tile_stores.file import FileTiles
from kept.wiring.copy_engine import ChildEngine
from kept.wiring.house import House

NO_SERVER = (
    "The copy holds a PostgreSQL database, and this house has none to try it in. It was read alone."
)
_ALIVE: dict[Path, set[int]] = {}  # by data folder; empty sets once nothing is under way


def copy_parts(house: House, *, engine: Engine | None = None) -> CopyParts:
    """The parts. All of one house in this process know the same runs as alive.

    Args:
        house: opened; its folder's lock is held by the caller.
        engine: in place of processes of its own.
    """
    return CopyParts(
        clock=house.clock,
        db=house.db,
        keys_db=house.keys_db,
        vault=house.vault,
        folder=house.place.root,
        engine=engine or ChildEngine(),
        secrets=CopySecrets(
            password=repository_password(house.opened.house_keys["house"]),
            vault_id=house.opened.vault_id,
            current=house.opened.current,
            epochs=house.opened.vault_keys,
            recipients=recovery_recipients(keyring_file.load(house.place.keyring)),
            log_keys=(house.sequencer.key,),
        ),
        tiles=house.tiles,
        look_at_house=partial(
            look_at_house, dsn=house.settings.dsn, named=house.settings.drill_dsn
        ),
        dsn=house.settings.dsn,
        alive=_ALIVE.setdefault(house.place.root.absolute(), set()),
    )


def look_at_house(
    folder: Path,
    keys: tuple[VerifierKey, ...],
    /,
    *,
    dsn: Secret | None = None,
    named: Secret | None = None,
) -> HouseSeen:
    """How a restored folder is. It is ours alone: the house at work lies elsewhere.

    Args:
        folder: with `tiles/`, and `data.db` or `postgres.dump`.
        keys: who may have signed.
        dsn: of the house's own PostgreSQL database.
        named: an empty database of the owner's, for dumps.
    """
    tiles, dump = FileTiles(folder / "tiles"), folder / "postgres.dump"
    if (folder / "data.db").is_file():
        return HouseSeen(_look_at_file(folder / "data.db", tiles, keys))
    if not dump.is_file():
        return HouseSeen(HouseFound.ABSENT)
    try:
        return HouseSeen(_look_at_dump(dump, tiles, keys, dsn=dsn, named=named))
    except (RefusedError, UnavailableError) as error:
        return HouseSeen(HouseFound.UNTRIED, str(error))
    except TamperedError:
        return HouseSeen(HouseFound.DAMAGED)


def _look_at_file(path: Path, tiles: FileTiles, keys: tuple[VerifierKey, ...]) -> HouseFound:
    try:
        db = SqliteDatabase(path)
        try:
            return look_through(db, tiles, keys)
        finally:
            db.close()
    except UnavailableError:
        return HouseFound.DAMAGED


def _look_at_dump(
    dump: Path,
    tiles: FileTiles,
    keys: tuple[VerifierKey, ...],
    *,
    dsn: Secret | None,
    named: Secret | None,
) -> HouseFound:
    """How a dump is, put into a database of its own.

    Raises:
        RefusedError: there is none to put it into.
        TamperedError: the server does not take it.
        UnavailableError: the server is away or full.
    """
    if not read_through(dump):
        return HouseFound.DAMAGED
    if dsn is None:
        raise RefusedError("backup.no_scratch", NO_SERVER)
    with scratch(dsn, named) as at:
        put_back(dump, at)
        db = PostgresDatabase(at.reveal().decode())
        try:
            return look_through(db, tiles, keys)
        finally:
            db.close()


def recovery_recipients(ring: Keyring) -> tuple[str, ...]:
    """To whom a copy of the keys is sealed: whoever holds the recovery words."""
    found = {
        recipient
        for held in ring.current.wraps
        if held.role == "recovery" and held.wrap.provider == "age"
        for recipient in str(held.wrap.params.get("recipients", "")).split()
    }
    return tuple(sorted(found))
